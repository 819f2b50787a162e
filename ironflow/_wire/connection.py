"""One connection: it moves bytes, each time until a deadline, and reads one reply at a time.

Rules:

1. Every wait is bounded by the deadline of the call: connecting, TLS, sending and every single
   receive. Only name resolution cannot be.
2. Head and body leave in one send; Nagle's algorithm is off.
3. A server may answer and close before it has read all of a request, as it does to one that is too
   large. Then the reply counts, not the failure to send the rest.
4. An end of the stream under TLS that the peer did not announce (close_notify) is a loss: anybody
   on the way can send it.

Design: a plain socket does not block, and ``poll`` waits for it: that takes one system call less
for each send than the timeouts of the standard library. A TLS socket has these timeouts, because
``ssl`` reads before it waits.
"""

from __future__ import annotations

import os
import select
import socket
import sys
from time import monotonic

from .._errors import RETRYABLE_STATUSES
from .addresses import LONGEST_WAIT, connect
from .replies import BadReply, ReplyParser, opening
from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

    from .proxies import Proxy
    from .replies import Reply

RECEIVE = 64 * 1024

TIMEOUTS = (TimeoutError, socket.timeout)  # two types on Python 3.9

# By name: ssl is loaded where there is TLS, but not by this module.
_WANTS_MORE = frozenset({"SSLWantReadError", "SSLWantWriteError"})

_UNANNOUNCED_END = "UNEXPECTED_EOF_WHILE_READING"

_READ = getattr(select, "POLLIN", 1)  # Windows has no poll
_WRITE = getattr(select, "POLLOUT", 4)

# Counts the forks that this process is behind: a child must not touch its parent's connections.
_generation = 0


def _forked() -> None:
    global _generation
    _generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class TunnelRefused(ConnectionError):
    """The proxy does not open a tunnel to the server."""

    def __init__(self, problem: str, retryable: bool) -> None:
        super().__init__(problem)
        self.retryable = retryable


def seconds_left(deadline: float) -> float:
    """Return the seconds until a deadline, as many as can be waited for at a time.

    Raises:
        TimeoutError: It has passed.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left if left < LONGEST_WAIT else LONGEST_WAIT


def _milliseconds_left(deadline: float) -> float:
    """Return the time until a deadline as ``poll`` takes it.

    Raises:
        TimeoutError: It has passed.
    """
    left = (deadline - monotonic()) * 1000
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left if left < LONGEST_WAIT * 1000 else LONGEST_WAIT * 1000


class _SelectPoll:
    """Stands in for ``select.poll`` where there is none: on Windows."""

    def __init__(self) -> None:
        self._sock: Any = None
        self._events = _READ

    def register(self, sock: socket.socket, events: int) -> None:
        self._sock = sock
        self._events = events

    modify = register

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        watched = [self._sock]
        writing = watched if self._events & _WRITE else []
        readable, writable, _ = select.select(watched, writing, [], milliseconds / 1000)
        ready = (_READ if readable else 0) | (_WRITE if writable else 0)
        return [(0, ready)] if ready else []


def _poll_of(sock: socket.socket) -> Any:
    """Return what waits for a socket to be readable."""
    poll = select.poll() if hasattr(select, "poll") else _SelectPoll()
    poll.register(sock, _READ)
    return poll


class Connection:
    """One open connection to the server or to its proxy.

    Args:
        sock: A connected socket that does not block.

    Attributes:
        used: Whether a call has been made on it before.
        heard: Whether anything came back for the call that is on it.
        sent: Whether anything of that call may have left.
        end_announced: Whether an end of the stream is one that the peer has announced.
        parser: Reads the replies.
        idle_since: When its latest call was over, on the monotonic clock.
    """

    __slots__ = (
        "_generation",
        "_poll",
        "end_announced",
        "heard",
        "idle_since",
        "parser",
        "sent",
        "sock",
        "used",
    )

    def __init__(self, sock: socket.socket) -> None:
        self.sock: Any = sock
        self.used = False
        self.heard = False
        self.sent = False
        self.end_announced = True
        self.parser = ReplyParser()
        self.idle_since = 0.0
        self._generation = _generation
        self._poll: Any = _poll_of(sock)

    @classmethod
    def open(
        cls,
        host: str,
        port: int,
        deadline: float,
        has_given_up: Callable[[], bool] | None = None,
    ) -> Connection:
        """Connect to a host by TCP; the arguments are those of ``addresses.connect``."""
        return cls(connect(host, port, deadline, has_given_up))

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: float) -> TlsConnection:
        """Run the TLS handshake and return what speaks TLS; this object is of no more use."""
        self.sock.settimeout(seconds_left(deadline))
        self.sock = with_tls(self.sock, context, host)
        if not wraps_in_its_own_way(context):
            self.sock.do_handshake()
        return TlsConnection(self.sock)

    def tunnel(self, where: str, proxy: Proxy, deadline: float) -> None:
        """Ask the proxy at the other end for a tunnel to ``where`` (RFC 9110, 9.3.6)."""
        parser = self.parser
        parser.expect("CONNECT", 0)
        self.send(memoryview(_connect_message(where, proxy)), deadline)
        reply = None
        while reply is None:
            data = self.receive(deadline)
            if not data and not parser.began:
                raise TunnelRefused("the proxy closed the connection without a reply", True)
            reply = parser.feed(data) if data else parser.end(self.end_announced)
        if not 200 <= reply.status <= 299:
            problem = f"the proxy answers {reply.status} {opening(reply.reason)} to CONNECT"
            raise TunnelRefused(problem, reply.status in RETRYABLE_STATUSES)
        if parser.take_rest():
            raise BadReply("of the proxy is not HTTP: it continues after its end")
        self.parser = ReplyParser()

    def is_alive(self) -> bool:
        """Tell whether an idle connection may carry another call.

        Anything to read on it means the end: a close, a reset, or bytes that nobody asked for.
        """
        return self.is_ours and not self._poll.poll(0)

    @property
    def is_ours(self) -> bool:
        """Whether this process has opened it, not one that it was forked from."""
        return self._generation == _generation

    def close(self) -> None:
        """Close the socket; in a forked child this leaves the parent's connection as it is."""
        self.sock.close()

    def converse(
        self,
        message: memoryview,
        method: str,
        limit: int,
        deadline: float,
        *,
        upgrade: bool = False,
        stream: bool = False,
    ) -> Reply:
        """Send a request and read its reply.

        Args:
            message: The whole request; as a view, whose ``repr`` shows nothing of it.
            method: Its method; a reply to HEAD has no body.
            limit: Most bytes of a body.
            deadline: When to give up.
            upgrade: Whether the message asks for another protocol.
            stream: Whether the body of a success is wanted in pieces, so that its head is enough.

        Raises:
            BadReply: The reply is not HTTP, cut short, or too large.
            OSError: The connection failed, or ended before the reply began.
        """
        self.heard = self.sent = False
        parser = self.parser
        parser.expect(method, limit, upgrade=upgrade, stream=stream)
        try:
            answer = self.send(message, deadline)
        except OSError as error:
            if not self.sent or isinstance(error, TIMEOUTS) or is_from_signal_handler(error):
                raise
            reply = self._early_reply(deadline)
            if reply is None:
                raise
            return reply
        return answer or self._reply(deadline)

    def _early_reply(self, deadline: float) -> Reply | None:
        """Return what the server said before it closed its side, None when that was nothing."""
        try:
            reply = self._reply(deadline)
        except (BadReply, OSError) as error:
            if is_from_signal_handler(error):
                raise
            return None
        self.parser.reusable = False
        return reply

    def _reply(self, deadline: float) -> Reply:
        """Receive until the reply is whole."""
        parser = self.parser
        while True:
            try:
                data = self.receive(deadline)
            except OSError as error:
                partial = None if is_from_signal_handler(error) else parser.partial()
                if partial is None:
                    raise
                return partial
            if data:
                self.heard = True
                reply = parser.feed(data)
            elif parser.began:
                reply = parser.end(self.end_announced)
            else:
                raise ConnectionAbortedError("the server closed the connection without a reply")
            if reply is not None:
                return reply

    # How bytes move over a plain socket.

    def send(self, message: memoryview, deadline: float) -> Reply | None:
        """Send a message, within the deadline however slowly the other side reads.

        It stops early when the other side stops reading and answers instead. An interim reply is no
        answer: who sends one means to read on.

        Returns:
            The answer, if it is whole by then.
        """
        while True:
            count = self.send_now(message)
            if count == len(message):
                return None
            message = message[count:]
            ready = self._wait_to_send(deadline)
            if ready & _READ and not ready & _WRITE:
                data = self.receive_now()
                if data is None:
                    continue
                answer = None
                if data:
                    self.heard = True
                    answer = self.parser.feed(data)
                if answer or not data or self.parser.in_body:
                    self.parser.reusable = False
                    return answer

    def send_now(self, data: memoryview) -> int:
        """Send what the socket takes without waiting; return how much that was."""
        try:
            count: int = self.sock.send(data)
        except BlockingIOError as error:
            if is_from_signal_handler(error):
                raise
            return 0
        self.sent = True
        return count

    def receive_now(self) -> bytes | None:
        """Return what has come, empty at the end of the stream, None when nothing has."""
        try:
            data: bytes = self.sock.recv(RECEIVE)
        except BlockingIOError as error:
            if is_from_signal_handler(error):
                raise
            return None
        return data

    @property
    def has_decrypted(self) -> bool:
        """Whether there is something to receive that no selector can see."""
        return False

    def stop_waiting(self) -> None:
        """Let no operation wait until ``send`` or ``receive`` is called again."""

    def _wait_to_send(self, deadline: float) -> int:
        """Wait until the socket takes more, or has something to read; return which."""
        self._poll.modify(self.sock, _READ | _WRITE)
        try:
            ready: list[tuple[int, int]] = []
            while not ready:
                ready = self._poll.poll(_milliseconds_left(deadline))
            return ready[0][1]
        finally:
            self._poll.modify(self.sock, _READ)

    def receive(self, deadline: float) -> bytes:
        """Return what comes next, empty at the end of the stream."""
        while True:
            if self._poll.poll(_milliseconds_left(deadline)):
                data = self.receive_now()
                if data is not None:  # else woken up for nothing
                    return data


class TlsConnection(Connection):
    """One open connection under TLS, with the timeouts of the standard library."""

    __slots__ = ("_timeout",)

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._timeout = -1.0

    def is_alive(self) -> bool:
        """Tell whether an idle connection may carry another call: nothing waits to be read."""
        return not self.has_decrypted and super().is_alive()

    def send(self, message: memoryview, deadline: float) -> Reply | None:
        """Send a message, within the deadline however slowly the other side reads."""
        self.sent = True  # nobody can tell what TLS has sent before it failed
        while message:
            self._set_timeout(deadline)
            message = message[self.sock.send(message) :]
        return None

    def receive(self, deadline: float) -> bytes:
        """Return what comes next, empty at the end of the stream."""
        self._set_timeout(deadline)
        return self.receive_now() or b""

    @property
    def has_decrypted(self) -> bool:
        """Whether there is something to receive that no selector can see."""
        return bool(self.sock.pending())

    def send_now(self, data: memoryview) -> int:
        """Send what the socket takes without waiting; return how much that was."""
        self.sent = True
        try:
            count: int = self.sock.send(data)
        except OSError as error:
            if type(error).__name__ not in _WANTS_MORE:
                raise
            return 0
        return count

    def receive_now(self) -> bytes | None:
        """Return what has come, empty at the end of the stream, None when nothing has."""
        try:
            data: bytes = self.sock.recv(RECEIVE)
        except OSError as error:
            kind = type(error).__name__
            if kind in _WANTS_MORE:
                return None
            # Python 3.9 has no class for it.
            is_end = kind == "SSLEOFError" or getattr(error, "reason", "") == _UNANNOUNCED_END
            if not is_end:
                raise
            self.end_announced = False
            return b""
        return data

    def stop_waiting(self) -> None:
        """Let no operation wait until ``send`` or ``receive`` is called again."""
        self.sock.setblocking(False)
        self._timeout = -1.0

    def _set_timeout(self, deadline: float) -> None:
        """Let the next operation on the socket wait until the deadline.

        Setting a timeout is a system call; one that is right to within a hundredth stays.
        """
        left = seconds_left(deadline)
        if not left <= self._timeout <= left * 1.01:
            self._timeout = left
            self.sock.settimeout(left)


def wraps_in_its_own_way(context: ssl.SSLContext) -> bool:
    """Tell whether a context of the caller's does more than the standard one to wrap a socket."""
    standard: Any = sys.modules.get("ssl")
    kind: Any = type(context)
    return standard is None or kind.wrap_socket is not standard.SSLContext.wrap_socket


def with_tls(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Return a connected socket under TLS, before the handshake as a rule.

    In the handshake, an exception other than an OSError would leave it open. But a context that
    wraps sockets in its own way may check the peer there, and has to find its certificate.

    Raises:
        OSError: The peer has gone; no socket is left open.
    """
    sock.getpeername()  # without a peer, wrap_socket would give a socket without TLS
    in_its_own_way = wraps_in_its_own_way(context)
    name: str | bytes = host
    if host.isascii() and not in_its_own_way:
        name = host.encode("ascii")  # past the codec for names, as in addresses.connect
    try:
        return context.wrap_socket(
            sock,
            server_hostname=name,
            do_handshake_on_connect=in_its_own_way,
            suppress_ragged_eofs=False,
        )
    except OSError as error:
        # A peer that goes at this moment makes wrap_socket leave its new socket to its frame.
        traceback = error.__traceback__ and error.__traceback__.tb_next
        while traceback is not None:
            made = traceback.tb_frame.f_locals.get("self")
            # One that was interrupted while it was made has no file descriptor to close yet.
            if isinstance(made, socket.socket) and hasattr(made, "_io_refs"):
                made.close()
            traceback = traceback.tb_next
        raise


def _connect_message(where: str, proxy: Proxy) -> bytes:
    authorization = proxy.authorization
    credential = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    return f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{credential}\r\n".encode("ascii")
