"""One connection: opening it, one request and one reply at a time, and what a reply may look like.

Rules:

1. Every wait is bounded by the deadline of the call: name resolution alone can not be (the standard
   library has no way to), connecting, TLS, sending and every single receive are.
2. Head and body leave in one send; Nagle's algorithm is off.
3. A reply that does not follow RFC 9112 is refused and the connection dropped: contradictory or
   malformed lengths, a transfer coding other than chunked, endless heads, a body cut short.
4. A connection is fit for another call only if its reply ended where it said it would.

Design: the head and most bodies come with the first receive and are cut out of it. A body that
does not is read by ``_body``, on the framing of ``http.client``.
"""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from time import monotonic

from ._errors import RETRYABLE_STATUSES
from ._messages import ERROR_BODY_LIMIT, BadReply, Reply, opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

RECEIVE = 64 * 1024
MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
MAX_INTERIM = 10

TIMEOUTS = (TimeoutError, socket.timeout)  # two types on Python 3.9

CHUNKED = -1
UNTIL_CLOSE = -2

_START = b"HTTP/1."
_CODES = frozenset(map(str, range(100, 600)))
_NO_BODY = frozenset({204, 304})

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
    """Return the seconds until a deadline.

    Raises:
        TimeoutError: It has passed.
    """
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return left


def connect(host: str, port: int, deadline: float) -> socket.socket:
    """Open a TCP connection to the first address of a host that accepts one."""
    failure = OSError("the host name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(seconds_left(deadline))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure


class Connection:
    """One open connection to the server or to its proxy."""

    __slots__ = (
        "_generation",
        "_head",
        "_head_bytes",
        "_pending",
        "_poll",
        "_timeout",
        "heard",
        "idle_since",
        "reusable",
        "sock",
        "used",
    )

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.used = False  # whether a call has been made on it before
        self.heard = False  # whether anything came back for the call that is on it
        self.reusable = True
        self.idle_since = 0.0
        self._timeout = sock.gettimeout() or 0.0
        self._generation = _generation
        # Calls in a row get the same head to the byte, within a second: it is parsed once.
        self._head_bytes = b""
        self._head: Head | None = None
        self._poll: Any = None
        self._pending: Any = None  # what TLS has decrypted and nobody has read

    def start_tls(self, context: ssl.SSLContext, host: str, deadline: float) -> None:
        """Run the TLS handshake, within the deadline."""
        self.sock.settimeout(seconds_left(deadline))
        # To a peer that has gone, wrap_socket gives a socket without TLS, or leaves one open.
        self.sock.getpeername()
        self.sock = tls = context.wrap_socket(self.sock, server_hostname=host)
        if tls.version() is None:
            raise ConnectionAbortedError("the server closed the connection before TLS")
        self._timeout = -1.0
        self._pending = tls.pending

    def tunnel(self, where: str, authorization: str | None, deadline: float) -> None:
        """Ask the proxy at the other end for a tunnel to ``where`` (RFC 9110, 9.3.6)."""
        credential = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
        request = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{credential}\r\n"
        self.wait_until(deadline)
        self.sock.sendall(request.encode("ascii"))
        data = self.receive(deadline)
        if not data:
            raise TunnelRefused("the proxy closed the connection without a reply", True)
        data, end, head = self._final_head(data, deadline)
        if not 200 <= head.status <= 299:
            problem = f"the proxy answers {head.status} {opening(head.reason)} to CONNECT"
            raise TunnelRefused(problem, head.status in RETRYABLE_STATUSES)
        if len(data) != end + 4:
            raise BadReply("of the proxy is not HTTP: it goes on behind its end")

    def is_alive(self) -> bool:
        """Tell whether an idle connection may carry another call.

        Anything to read on it means the end: a close, a reset, or bytes that nobody asked for.
        """
        if self._generation != _generation or (self._pending and self._pending()):
            return False
        if self._poll is None:
            if not hasattr(select, "poll"):  # Windows
                return not select.select([self.sock], [], [], 0)[0]
            self._poll = select.poll()
            self._poll.register(self.sock, select.POLLIN)
        return not self._poll.poll(0)

    def close(self) -> None:
        """Close the socket; in a forked child this leaves the parent's connection as it is."""
        self.sock.close()

    def receive(self, deadline: float) -> bytes:
        """Return what comes next, empty at the end of the stream."""
        self.wait_until(deadline)
        return self.sock.recv(RECEIVE)

    def converse(self, message: bytes, method: str, limit: int, deadline: float) -> Reply:
        """Send a request and read its reply.

        A server may answer and close before it has read all of a request, as it does to one that
        is too large: then the reply counts, not the failure to send the rest.

        Args:
            message: The whole request.
            method: Its method; a reply to HEAD has no body.
            limit: Most bytes of a body.
            deadline: When to give up.

        Raises:
            BadReply: It is not HTTP, cut short, or too large.
            OSError: The connection failed, or ended before the reply began.
        """
        self.heard = False
        self.wait_until(deadline)
        try:
            if len(message) <= RECEIVE:
                self.sock.sendall(message)
            else:
                self._send_in_parts(message, deadline)
        except OSError as error:
            self.reusable = False
            if not isinstance(error, TIMEOUTS):
                with suppress(BadReply, OSError):
                    return self._read_reply(self.receive(deadline), method, limit, deadline)
            raise
        return self._read_reply(self.receive(deadline), method, limit, deadline)

    def _read_reply(self, data: bytes, method: str, limit: int, deadline: float) -> Reply:
        """Read one reply whole, after any interim ones; ``data`` is what came first."""
        if not data:
            raise ConnectionAbortedError("the server closed the connection without a reply")
        self.heard = True
        end = data.find(b"\r\n\r\n")
        head = self._head if end >= 0 and data[:end] == self._head_bytes else None
        if head is None:
            data, end, head = self._final_head(data, deadline)
            self._head, self._head_bytes = head, data[:end]
        rest = data[end + 4 :]
        reply = Reply(head.status, head.reason, head.headers, rest)
        if not head.keeps_open:
            self.reusable = False
        if len(rest) == head.length <= limit and method != "HEAD":
            return reply
        self._read_body(reply, head, method, limit, deadline)
        return reply

    def _final_head(self, data: bytes, deadline: float) -> tuple[bytes, int, Head]:
        """Receive and parse heads until one is not interim; return it, and where it ends."""
        interim = 0
        while True:
            data, end = self._complete_head(data, deadline)
            head = Head(data[:end])
            if head.status >= 200:
                return data, end, head
            interim += 1
            if head.status == 101:
                raise BadReply("switches protocols, which nobody asked for", head.reply())
            if interim > MAX_INTERIM:
                raise BadReply("never comes: too many interim replies", head.reply())
            data = data[end + 4 :] or self.receive(deadline)

    def wait_until(self, deadline: float) -> None:
        """Let the next operation on the socket wait until the deadline.

        Setting a timeout is a system call; one that is right to within a hundredth stays.
        """
        left = seconds_left(deadline)
        if not left <= self._timeout <= left * 1.01:
            self._timeout = left
            self.sock.settimeout(left)

    def _send_in_parts(self, message: bytes, deadline: float) -> None:
        """Send a long message, within the deadline however slowly the other side reads."""
        view = memoryview(message)
        while view:
            self.wait_until(deadline)
            view = view[self.sock.send(view) :]

    def _complete_head(self, data: bytes, deadline: float) -> tuple[bytes, int]:
        """Receive until the head is whole; return it and where its last line ends."""
        while True:
            if not data.startswith(_START[: len(data)]):
                raise BadReply(f"is not HTTP: it begins {opening(data.decode('latin-1'))!r}")
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                return data, end
            if len(data) > MAX_HEAD:
                raise BadReply("is not HTTP: its head is too large")
            more = self.receive(deadline)
            if not more:
                raise BadReply(
                    "is not HTTP: the server closed the connection inside of its head",
                    retryable=True,
                )
            data += more

    def _read_body(
        self, reply: Reply, head: Head, method: str, limit: int, deadline: float
    ) -> None:
        """Read the body that the head announces (RFC 9112, 6.3) into ``reply.content``."""
        success = head.status <= 299
        if not success:
            limit = ERROR_BODY_LIMIT
        length = 0 if method == "HEAD" or head.status in _NO_BODY else head.length
        rest = reply.content
        if success and length > limit:
            raise _too_large(reply, limit)
        if 0 <= length <= len(rest):
            reply.content = rest[: min(length, limit)]
            self.reusable = self.reusable and len(rest) == length
        else:
            from ._body import Body  # http.client comes with it, 20 ms that most scripts never need

            body = Body(self, reply, length, deadline)
            failure = body.read_up_to(limit + 1)
            self.reusable = self.reusable and body.ended_cleanly()
            if success and failure is not None:
                raise failure
        if success and len(reply.content) > limit:
            raise _too_large(reply, limit)


def _too_large(reply: Reply, limit: int) -> BadReply:
    return BadReply(f"is larger than max_response_bytes ({limit})", reply)


class Head:
    """A parsed head (RFC 9112, 4 to 6).

    Args:
        raw: Status line and headers, without the empty line behind them.

    Raises:
        BadReply: They are not HTTP.
    """

    __slots__ = ("headers", "keeps_open", "length", "reason", "status")

    def __init__(self, raw: bytes) -> None:
        if len(raw) > MAX_HEAD:
            raise BadReply("is not HTTP: its head is too large")
        first, *lines = raw.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        code = rest[:3]
        known = version in ("HTTP/1.1", "HTTP/1.0") and code in _CODES
        if not known or rest[3:4].strip() or "\n" in rest:
            raise BadReply(f"is not HTTP: it begins {opening(first)!r}")
        self.status = int(code)
        self.reason = rest[4:]
        self.headers: dict[str, str] = {}
        self._parse_headers(lines)
        self.length = self._body_length()
        connection = self.headers.get("connection", "").lower()
        self.keeps_open = "close" not in connection and (
            version == "HTTP/1.1" or "keep-alive" in connection
        )

    def reply(self) -> Reply:
        """Return the reply as it is without a body."""
        return Reply(self.status, self.reason, self.headers, b"")

    def _parse_headers(self, lines: list[str]) -> None:
        if len(lines) > MAX_HEADERS:
            raise BadReply("is not HTTP: it has too many headers", self.reply())
        headers = self.headers
        for line in lines:
            name, colon, value = line.partition(":")
            name = name.lower()
            if not colon or not name or name.strip() != name or "\n" in line:
                raise BadReply("is not HTTP: it has a malformed header", self.reply())
            value = value.strip()
            if name in headers:
                if name in ("content-length", "transfer-encoding"):
                    raise BadReply(f"is not HTTP: it has more than one {name}", self.reply())
                value = f"{headers[name]}, {value}"
            headers[name] = value

    def _body_length(self) -> int:
        """Return the length of the body, below 0 when the body marks its own end."""
        length = self.headers.get("content-length")
        coding = self.headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BadReply("is not HTTP: its transfer-encoding can not be right", self.reply())
            return CHUNKED
        if length is None:
            return UNTIL_CLOSE
        if not length.isascii() or not length.isdecimal() or len(length) > 18:
            raise BadReply("is not HTTP: its content-length is no length", self.reply())
        return int(length)
