"""Opening a TCP connection to a host that may have several addresses (a small RFC 8305).

Rules:

1. Addresses are tried in the resolver's order, alternating between IPv6 and IPv4.
2. If an attempt has not ended after ``ATTEMPT_DELAY``, the next address is tried beside it. So one
   that swallows packets costs a quarter of a second, not the whole timeout.
3. The first that connects wins, and the others are closed. If all fail, the first failure is
   reported: it belongs to the address that the resolver prefers. That this machine has no route to
   an address, as without IPv6, is reported only if that is true of all of them.
4. A caller that may give up earlier is asked every ``CHECK_EVERY`` seconds whether it has.

No threads are used: the sockets do not block, and one selector waits for all of them. With the
standard library, name resolution cannot be bounded.
"""

from __future__ import annotations

# getaddrinfo imports it, which is too late: in a thread's first call, as ``loading`` explains.
import encodings.idna  # noqa: F401
import errno
import os
import selectors
import socket
from itertools import chain, zip_longest
from time import monotonic

from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

ATTEMPT_DELAY = 0.25
CHECK_EVERY = 0.05
LONGEST_WAIT = 2**31 // 1000  # seconds; what waits counts milliseconds in a C int

_WINDOWS_WOULD_BLOCK = 10035  # errno has it there alone
_NO_WAY = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETUNREACH})
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, _WINDOWS_WOULD_BLOCK})


def connect(
    host: str, port: int, deadline: float, has_given_up: Callable[[], bool] | None = None
) -> socket.socket:
    """Return a connected socket that does not block.

    Args:
        host: Name or address.
        port: TCP port.
        deadline: When to give up, on the monotonic clock.
        has_given_up: Tells that the connection is not wanted any more.

    Raises:
        OSError: No address accepts a connection, the name has none, or the caller has given up.
        TimeoutError: The deadline has passed, on the monotonic clock.
    """
    # As bytes: the codec that a name in a str goes through is Python code, and wraps what the
    # caller's signal handlers raise in it.
    name = host.encode("ascii") if host.isascii() else host
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    race = _Race(in_turn(found), deadline, has_given_up)
    try:
        return race.winner()
    finally:
        race.close()


def in_turn(found: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return addresses so that the families take turns, the preferred one first."""
    families: dict[Any, list[tuple[Any, ...]]] = {}
    for address in found:
        families.setdefault(address[0], []).append(address)
    return [address for address in chain(*zip_longest(*families.values())) if address]


class _Race:
    """The attempts to connect to one host."""

    def __init__(
        self,
        addresses: list[tuple[Any, ...]],
        deadline: float,
        has_given_up: Callable[[], bool] | None,
    ) -> None:
        self._waiting = addresses
        self._deadline = deadline
        self._has_given_up = has_given_up
        self._selector = selectors.DefaultSelector()
        self._failure: OSError | None = None

    def winner(self) -> socket.socket:
        """Return the first socket that is connected."""
        while True:
            connected = self._start_next() if self._waiting else None
            if connected is None:
                connected = self._wait()
            if connected is not None:
                return connected
            if not self._waiting and not self._selector.get_map():
                failure = self._failure or OSError("the host name has no address")
                try:
                    raise failure
                finally:
                    self._failure = failure = None  # type: ignore[assignment]

    def close(self) -> None:
        """Close the sockets that did not win."""
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _start_next(self) -> socket.socket | None:
        """Begin to connect to the next address; return the socket if it is connected at once."""
        family, kind, protocol, _, address = self._waiting.pop(0)
        sock: socket.socket | None = None
        try:
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = sock.connect_ex(address)
            if code in _UNDER_WAY:
                self._selector.register(sock, selectors.EVENT_WRITE)
                return None
            if code:
                raise OSError(code, os.strerror(code))
            return sock
        except BaseException as error:
            if sock is not None:
                sock.close()
            if not isinstance(error, OSError) or is_from_signal_handler(error):
                raise
            self._note(error)
        return None

    def _wait(self) -> socket.socket | None:
        """Wait for an attempt to end, or for the time of the next one."""
        if not self._selector.get_map():
            return None
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        longest = ATTEMPT_DELAY if self._waiting else LONGEST_WAIT
        for key, _ in self._select(min(left, longest)):
            sock: Any = key.fileobj
            self._selector.unregister(sock)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                return sock  # type: ignore[no-any-return]
            sock.close()
            self._note(OSError(code, os.strerror(code)))
        return None

    def _select(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until an attempt has ended, the time has passed, or the caller has given up."""
        if self._has_given_up is None:
            return self._selector.select(seconds)
        end = monotonic() + seconds
        while True:
            if self._has_given_up():
                raise ConnectionAbortedError(errno.ECONNABORTED, "the connection is not wanted")
            left = max(0.0, end - monotonic())
            ready = self._selector.select(min(left, CHECK_EVERY))
            if ready or left <= CHECK_EVERY:
                return ready

    def _note(self, error: OSError) -> None:
        error.__traceback__ = None
        known = self._failure
        if known is None or (known.errno in _NO_WAY and error.errno not in _NO_WAY):
            self._failure = error
