"""Faults on request: what goes wrong, for which requests, and how often.

Rules:

1. A fault is a function from an exchange to a reply. It may answer by itself, let the server
   handle the request and change the reply, or let the next fault act.
2. It is for a method (``*`` for any) and a path: as sent, as a template (``/api/v1/runs/{id}``) or
   with ``*`` for any text.
3. It is met by ``times`` requests, then it is gone. If several fit a request, the request meets
   the oldest one; a delay lets the next one act as well.
4. A delayed request is dropped without effect when the server stops or is reset.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from ._http import Reply
from ._user_arguments import check_whole

METHODS = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

# RFC 9293, section 3.10.4: closing with a linger time of zero sends RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Exchange(NamedTuple):
    """A request that met a fault.

    Attributes:
        go_on: Returns the reply of the next fault, or of the server if there is none.
        handle: Returns the reply of the server.
        pause: Waits some seconds; returns False when the server stopped or was reset meanwhile.
    """

    go_on: Callable[[], Reply]
    handle: Callable[[], Reply]
    pause: Callable[[float], bool]


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        method: HTTP method, ``*`` for any.
        path: Path; rule 2.
        act: Returns the reply.
        lets_next_act: Whether a request that meets it meets the next one too.
    """

    method: str
    path: str
    act: Callable[[Exchange], Reply]
    lets_next_act: bool = False

    def fits(self, method: str, path: str, template: str) -> bool:
        if self.method not in ("*", method):
            return False
        return self.path in (path, template) or fnmatchcase(path, self.path)


class Faults:
    """The faults that are still to be met; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int]] = []  # each with how often it is still to be met

    def add(self, fault: Fault, times: int) -> None:
        check_whole(times, "times", 1)
        with self._lock:
            self._waiting.append((fault, times))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str, template: str) -> list[Fault]:
        """Return the faults that a request meets: any delays, then at most one other."""
        met: list[Fault] = []
        kept: list[tuple[Fault, int]] = []
        with self._lock:
            for fault, left in self._waiting:
                may_act = not met or met[-1].lets_next_act
                if may_act and fault.fits(method, path, template):
                    met.append(fault)
                    left -= 1
                if left:
                    kept.append((fault, left))
            self._waiting = kept
        return met


def reply_to(
    faults: list[Fault], handle: Callable[[], Reply], pause: Callable[[float], bool]
) -> Reply:
    """Return the reply to a request that meets these faults, one after another."""
    if not faults:
        return handle()
    first, *others = faults
    return first.act(Exchange(lambda: reply_to(others, handle, pause), handle, pause))


def failing(reply: Reply) -> Callable[[Exchange], Reply]:
    """Answer with a reply; the request is not handled."""
    return lambda exchange: reply


def delaying(seconds: float) -> Callable[[Exchange], Reply]:
    """Go on after some seconds."""
    return lambda exchange: exchange.go_on() if exchange.pause(seconds) else DROPPED


def truncating(at: int | None) -> Callable[[Exchange], Reply]:
    """Send the head and the first ``at`` bytes of the body (None: half of it), then close."""
    if at is not None:
        check_whole(at, "at", 0)

    def deliver(connection: socket.socket, content: bytes) -> bool:
        head, separator, body = content.partition(b"\r\n\r\n")
        kept = len(body) // 2 if at is None else min(at, len(body))
        connection.sendall(head + separator + body[:kept])
        return False

    return lambda exchange: exchange.handle()._replace(deliver=deliver)


def trickling(interval: float, size: int) -> Callable[[Exchange], Reply]:
    """Send ``size`` bytes every ``interval`` seconds, head and all."""

    def act(exchange: Exchange) -> Reply:
        def deliver(connection: socket.socket, content: bytes) -> bool:
            for start in range(0, len(content), size):
                connection.sendall(content[start : start + size])
                if not exchange.pause(interval):
                    return False
            return True

        return exchange.handle()._replace(deliver=deliver)

    return act


def resetting(handled: bool) -> Callable[[Exchange], Reply]:
    """Reset the connection instead of answering, and handle the request or not."""

    def deliver(connection: socket.socket, content: bytes) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.close()
        return False

    def act(exchange: Exchange) -> Reply:
        if handled:
            exchange.handle()
        return Reply(204, deliver=deliver)

    return act


def _drop(connection: socket.socket, content: bytes) -> bool:
    return False


DROPPED = Reply(503, deliver=_drop)  # nothing is sent and the connection is closed
