"""Faults on request: what goes wrong, for which requests, and how often.

Rules:

1. A fault is for a method and a path: ``*`` is any method, and a path is written as it is sent, as
   a template (``/api/v1/runs/{id}``) or with ``*`` for any text.
2. Each fault is used up: ``times`` requests meet it, then it is gone. Of several that fit, the one
   that was asked for first is met first; a delay lets the next one act as well.
3. A request that is delayed while the server stops or is reset is dropped, and nothing is done.
"""

from __future__ import annotations

import socket
import struct
import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from ._arguments import check_whole

if TYPE_CHECKING:
    from ._http import Delivery, Reply

_METHODS = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

# RFC 9293, section 3.10.4: closing with a linger time of zero sends RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Fault(NamedTuple):
    """One thing that goes wrong.

    Args:
        method: HTTP method it is for, ``*`` for any.
        path: Path it is for.
        reply: Reply that is given instead of the server's own.
        delay: Seconds to wait before the request is handled.
        deliver: How the reply is delivered instead of whole and at once.
        unhandled: Whether the request is dropped instead of handled.
    """

    method: str
    path: str
    reply: Reply | None = None
    delay: float = 0.0
    deliver: Delivery | None = None
    unhandled: bool = False


class Faults:
    """The faults that were asked for and not yet met; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []  # with the times that are left

    def add(self, fault: Fault, times: int) -> None:
        check_whole(times, "times", 1)
        fault = fault._replace(method=str(fault.method).upper())
        if fault.method not in _METHODS:
            raise ValueError(f"method must be one of {', '.join(_METHODS)}, not {fault.method!r}")
        with self._lock:
            self._waiting.append((fault, times))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str, template: str) -> list[Fault]:
        """Return the faults that this request meets: delays, then at most one other."""
        met: list[Fault] = []
        with self._lock:
            kept = []
            for fault, left in self._waiting:
                if (met and not met[-1].delay) or not _fits(fault, method, path, template):
                    kept.append((fault, left))
                    continue
                met.append(fault)
                if left > 1:
                    kept.append((fault, left - 1))
            self._waiting = kept
        return met


def _fits(fault: Fault, method: str, path: str, template: str) -> bool:
    if fault.method not in ("*", method):
        return False
    return fault.path in (path, template) or fnmatchcase(path, fault.path)


def truncated(at: int | None) -> Delivery:
    """Deliver the head and the first ``at`` bytes of the body (None: half of it), then close."""
    if at is not None:
        check_whole(at, "at", 0)

    def deliver(connection: socket.socket, content: bytes) -> bool:
        head, separator, body = content.partition(b"\r\n\r\n")
        kept = len(body) // 2 if at is None else min(at, len(body))
        connection.sendall(head + separator + body[:kept])
        return False

    return deliver


def dropped(connection: socket.socket, content: bytes) -> bool:
    """Deliver nothing and close the connection."""
    return False


def reset(connection: socket.socket, content: bytes) -> bool:
    """Deliver nothing and reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    connection.close()
    return False


def trickled(interval: float, piece: int, stopping: threading.Event) -> Delivery:
    """Deliver ``piece`` bytes every ``interval`` seconds, head and all."""

    def deliver(connection: socket.socket, content: bytes) -> bool:
        for start in range(0, len(content), piece):
            connection.sendall(content[start : start + piece])
            if stopping.wait(interval):
                return False
        return True

    return deliver
