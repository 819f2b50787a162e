"""Faults on request: what goes wrong, for which requests, and how often.

Rules:

1. A fault is a function from an exchange to a reply. It answers by itself, or goes on and changes
   the reply, or only goes on.
2. It is for a method (``*`` for any) and a path: as sent, as a template (``/api/v1/runs/{id}``) or
   with ``*`` for any text.
3. It is met by ``times`` requests, then it is gone.
4. The faults of one request form a chain: its delays, oldest first, up to the first fault of
   another kind, which decides the reply. Younger ones wait for the next request, so that two
   failures in a row are two faults.
5. A delayed request is dropped without effect when the server stops or is reset.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple

from ._http import Reply
from ._router import Target
from ._user_arguments import check_whole

# RFC 9293, section 3.10.4: closing with a linger time of zero sends RST instead of FIN.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Exchange(NamedTuple):
    """A request that met a fault.

    Attributes:
        go_on: Returns the reply of the next fault, or of the server if there is none.
        pause: Waits some seconds; returns False when the server stopped or was reset meanwhile.
    """

    go_on: Callable[[], Reply]
    pause: Callable[[float], bool]


class Fault(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        kind: Name of the method that makes it, such as ``fail``.
        target: Which requests meet it.
        act: Returns the reply.
    """

    kind: str
    target: Target
    act: Callable[[Exchange], Reply]


class _Waiting:
    """A fault that is still to be met."""

    def __init__(self, fault: Fault, times: int) -> None:
        self.fault = fault
        self.left = times
        self.is_met = False


class Faults:
    """The faults that are still to be met; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault, times: int) -> None:
        check_whole(times, "times", 1)
        with self._lock:
            self._waiting.append(_Waiting(fault, times))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def unmet(self) -> list[Fault]:
        """Return the faults that no request has met."""
        with self._lock:
            return [waiting.fault for waiting in self._waiting if not waiting.is_met]

    def drop(self, faults: list[Fault]) -> None:
        """Forget some faults."""
        with self._lock:
            self._waiting = [waiting for waiting in self._waiting if waiting.fault not in faults]

    def take(self, method: str, path: str, template: str) -> list[Fault]:
        """Return the chain of faults that a request meets; rule 4."""
        met: list[Fault] = []
        with self._lock:
            for waiting in self._waiting:
                if waiting.fault.target.fits(method, path, template):
                    met.append(waiting.fault)
                    waiting.left, waiting.is_met = waiting.left - 1, True
                    if waiting.fault.kind != "delay":
                        break
            self._waiting = [waiting for waiting in self._waiting if waiting.left]
        return met


def reply_to(
    faults: list[Fault], handle: Callable[[], Reply], pause: Callable[[float], bool]
) -> Reply:
    """Return the reply to a request that meets a chain of faults, with the server at its end."""
    if not faults:
        return handle()
    first, *others = faults
    return first.act(Exchange(lambda: reply_to(others, handle, pause), pause))


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

    return lambda exchange: exchange.go_on()._replace(deliver=deliver)


def trickling(interval: float, size: int) -> Callable[[Exchange], Reply]:
    """Send ``size`` bytes every ``interval`` seconds, head and all."""

    def act(exchange: Exchange) -> Reply:
        def deliver(connection: socket.socket, content: bytes) -> bool:
            for start in range(0, len(content), size):
                connection.sendall(content[start : start + size])
                if not exchange.pause(interval):
                    return False
            return True

        return exchange.go_on()._replace(deliver=deliver)

    return act


def resetting(handled: bool) -> Callable[[Exchange], Reply]:
    """Reset the connection instead of answering, and handle the request or not."""

    def deliver(connection: socket.socket, content: bytes) -> bool:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        connection.close()
        return False

    def act(exchange: Exchange) -> Reply:
        if handled:
            exchange.go_on()
        return Reply(204, deliver=deliver)

    return act


def _drop(connection: socket.socket, content: bytes) -> bool:
    return False


DROPPED = Reply(503, deliver=_drop)  # nothing is sent and the connection is closed
