"""Replies of HTTP/1.x, read without any I/O: bytes in, replies out (RFC 9112).

Rules:

1. What does not follow RFC 9112 is refused: contradictory or malformed lengths, a transfer coding
   other than chunked, control characters in a head, bare line feeds, endless heads, a body cut
   short. A reply that two readers could read in two ways is how replies get mixed up.
2. A body is gathered in one buffer and never grows past its limit. Its pieces are not kept one by
   one: a list of them would take 60 bytes for each byte of a hostile reply.
3. The body of an error is read up to ``ERROR_BODY_LIMIT``. If it breaks off, what came of it is
   kept: the status alone is worth more than a complaint about the body.
4. A connection may carry another reply only if this one ended where it said it would.

Design: ``expect`` says what the next reply answers, ``feed`` takes what the connection gave and
returns the reply once it is whole. Most replies come in one piece and are cut out of it; the others
have one of three kinds of body: of a known length, chunked, or ended by the end of the stream. What
comes behind a reply is kept for the next one, because requests may be sent in a row. With
``stream``, a body that goes on for hours is handed out in pieces.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ERROR_BODY_LIMIT = 64 * 1024

MAX_HEAD = 64 * 1024
MAX_HEADERS = 100
MAX_INTERIM = 10
MAX_SIZE_LINE = 1024

_CHUNKED = -1
_UNTIL_CLOSE = -2
_NO_LIMIT = 1 << 62

_NO_BODY = frozenset({101, 204, 304})

_OPENING_LIMIT = 80
_END = b"\r\n\r\n"
_START = b"HTTP/1."
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?\Z")
# Name and value. The white space around the value is stripped later: a pattern that leaves it out
# tries every way to cut a long row of spaces, which takes hours.
_HEADER = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)\Z")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_KEEP_ALIVE = re.compile(r"(?:^|[,;\s])timeout=\"?([0-9]{1,9})", re.IGNORECASE)
_LAST_WORD = re.compile(r"\S*\Z")


class Reply:
    """What came back.

    Attributes:
        status: HTTP status.
        reason: Reason phrase of the status line, maybe empty.
        headers: Headers, names in lower case; those that came several times joined by commas.
        content: The body, or the part of it that was read.
        value: What the body decodes to; set by who decodes it.
    """

    __slots__ = ("content", "headers", "reason", "status", "value")

    def __init__(
        self, status: int, reason: str, headers: dict[str, str], content: bytes | bytearray
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content
        self.value: Any = None


class BadReply(Exception):
    """A reply cannot be used; ``problem`` completes the sentence "the reply …".

    Args:
        problem: What is wrong with it.
        reply: What there is of it, None without a status line.
        retryable: Whether another try may well get a better one.
    """

    def __init__(self, problem: str, reply: Reply | None = None, retryable: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.reply = reply
        self.retryable = retryable


class ReplyParser:
    """Reads the replies of one connection.

    Attributes:
        began: Whether anything has come of the reply that is expected.
        reusable: Whether the connection may carry another reply after the latest one; once it may
            not, it never may.
        idle_limit: Seconds after which the server closes an idle connection, None if unsaid.
    """

    __slots__ = (
        "_body",
        "_head",
        "_head_bytes",
        "_interim",
        "_left",
        "_limit",
        "_method",
        "_rest",
        "_step",
        "_stream",
        "_trailers",
        "_upgrade",
        "began",
        "idle_limit",
        "reusable",
    )

    def __init__(self) -> None:
        self._rest = b""  # what came and was not read yet
        self._body = bytearray()
        self._left = 0
        self._trailers = 0
        self._interim = 0
        # Not a bound method: it would keep the parser, and the body in it, alive in a cycle.
        self._step: Callable[[ReplyParser], Reply | None] = ReplyParser._read_head
        self._head: _Head | None = None
        # Calls in a row often get the same head to the byte: it is parsed once.
        self._head_bytes = b"\0"
        self.reusable = True
        self.idle_limit: int | None = None
        self.expect("GET", 0)

    def expect(
        self, method: str, limit: int, *, upgrade: bool = False, stream: bool = False
    ) -> None:
        """Say what the next reply answers.

        Args:
            method: Method of the request: a reply to HEAD has no body.
            limit: Most bytes of a body.
            upgrade: Whether a switch of protocols (101) was asked for; it counts as a reply, and
                what comes behind it is left to ``take_rest``.
            stream: Whether the body of a success is wanted in pieces. Then a reply stands for its
                head, ``take_body`` gives what has come of its body, and another reply, with what
                is left of it, stands for its end. ``limit`` is that of an error's body only.
        """
        self._method = method
        self._limit = limit
        self._upgrade = upgrade
        self._stream = stream
        if stream:
            self._head_bytes = b"\0"  # the short way for a head that is known gives a whole reply
        self.began = self._rest != b""

    def feed(self, data: bytes) -> Reply | None:
        """Take what the connection gave.

        Returns:
            The reply once it is whole, None when more is needed.

        Raises:
            BadReply: It breaks a rule, is too large, or was cut short.
        """
        if not self.began and data.startswith(self._head_bytes) and self._method != "HEAD":
            head = self._head
            start = len(self._head_bytes)
            if head is not None and len(data) - start == head.length <= self._limit:
                return Reply(head.status, head.reason, head.headers, data[start:])
        self.began = True
        self._rest = self._rest + data if self._rest else data
        return self.advance()

    def end(self, announced: bool = True) -> Reply | None:
        """Take the end of the stream.

        Args:
            announced: Whether the peer has said that it ends here; under TLS anybody on the way
                can end a stream without.

        Returns:
            The reply, where this is how it ends.

        Raises:
            BadReply: It was cut short.
        """
        self.reusable = False
        if self._step is ReplyParser._read_head:
            problem = "is not HTTP: the server closed the connection in the middle of its head"
            raise BadReply(problem, retryable=True)
        if self._step is ReplyParser._read_until_close and announced:
            return self._reply()
        partial = self.partial()
        if partial is not None:
            return partial
        is_fixed = self._step is ReplyParser._read_fixed
        missing = f", {self._left} bytes are missing" if is_fixed else ""
        raise BadReply(f"was cut short{missing}", self._reply(), retryable=True)

    def advance(self) -> Reply | None:
        """Read on in what has come; for a further reply in what was fed before.

        Returns:
            As ``feed`` does.
        """
        return self._step(self)

    @property
    def is_idle(self) -> bool:
        """Whether the connection may carry another request: nothing is left over from this one."""
        return self.reusable and not self._rest

    @property
    def in_body(self) -> bool:
        """Whether the head of a reply has come, and its body has not come whole."""
        return self._step is not ReplyParser._read_head

    def take_rest(self) -> bytes:
        """Return what has come behind the latest reply; it is no longer the parser's."""
        rest, self._rest = self._rest, b""
        return rest

    def take_body(self) -> bytearray:
        """Return what has come of a body in pieces since the last time."""
        body, self._body = self._body, bytearray()
        return body

    def partial(self) -> Reply | None:
        """Return what there is of an error whose body broke off; None if that is not a reply."""
        head = self._head
        if head is None or self._step is ReplyParser._read_head or head.status <= 299:
            return None
        self.reusable = False
        return self._reply()

    def _reply(self) -> Reply:
        head, body = self._head, self._body
        assert head is not None  # a body follows a head
        self._body = bytearray()  # whoever has the reply may let go of its body
        self._interim = 0
        self._step = ReplyParser._read_head
        return Reply(head.status, head.reason, head.headers, body)

    def _read_head(self) -> Reply | None:
        """Read heads until one is not interim, then go on to its body."""
        while True:
            data = self._rest
            if self._head is not None and data.startswith(self._head_bytes):
                self._rest = data[len(self._head_bytes) :]
                return self._begin_body(self._head)
            if not data.startswith(_START[: len(data)]):
                raise BadReply(_not_http(data))
            end = data.find(_END)
            if end > MAX_HEAD or (end < 0 and len(data) > MAX_HEAD):
                raise BadReply("is not HTTP: its head is too large")
            if end < 0:
                return None
            head = _Head(data[:end])
            self._rest = data[end + 4 :]
            if head.status >= 200 or (head.status == 101 and self._upgrade):
                break
            self._interim += 1
            if head.status == 101:
                raise BadReply("switches protocols without being asked to", head.reply())
            if self._interim > MAX_INTERIM:
                raise BadReply("never comes: too many interim replies", head.reply())
        self._head, self._head_bytes = head, data[: end + 4]
        if head.status > 299 and head.length > ERROR_BODY_LIMIT:
            self._head_bytes = b"\0"  # its body is cut, which the short way does not do
        self.idle_limit = head.idle_limit
        self.reusable = self.reusable and head.keeps_open
        return self._begin_body(head)

    def _begin_body(self, head: _Head) -> Reply | None:
        """Choose how the body is read (RFC 9112, 6.3)."""
        success = head.status <= 299
        length = head.length
        tunnel = self._method == "CONNECT" and success
        if tunnel or self._method == "HEAD":
            length = 0
        streams = self._stream and success
        if streams:
            self._limit = _NO_LIMIT
        if length > self._limit and success:
            raise self._too_large()
        is_here = 0 <= length <= len(self._rest) and not streams
        if is_here and (success or length <= ERROR_BODY_LIMIT):
            content, self._rest = self._rest[:length], self._rest[length:]
            self._interim = 0
            return Reply(head.status, head.reason, head.headers, content)
        if not success:
            self._limit = ERROR_BODY_LIMIT
        self._left = length
        if length == _CHUNKED:
            self._left = 0
            self._step = ReplyParser._read_chunk_size
        elif length == _UNTIL_CLOSE:
            self.reusable = False
            self._step = ReplyParser._read_until_close
        else:
            self._step = ReplyParser._read_fixed
        return head.reply() if streams else self.advance()

    def _read_fixed(self) -> Reply | None:
        if not self._gather():
            return self._reply()
        return None if self._left else self._reply()

    def _read_until_close(self) -> Reply | None:
        self._left = len(self._rest)
        return None if self._gather() else self._reply()

    def _read_chunk_size(self) -> Reply | None:
        line = self._take_line(MAX_SIZE_LINE)
        if line is None:
            return self._without_line(MAX_SIZE_LINE)
        size = _CHUNK_SIZE.match(line)
        if size is None:
            return self._broken("is not HTTP: a chunk has no size")
        self._left = int(size[1], 16)
        self._trailers = 0
        self._step = ReplyParser._read_chunk if self._left else ReplyParser._read_trailer
        return self.advance()

    def _read_chunk(self) -> Reply | None:
        """Read chunks up to the end of what has come.

        A loop over positions: there may be one chunk for each byte, and cutting every one of them
        off the front would copy all that is behind it.
        """
        data, at = self._rest, 0
        while True:
            count = min(self._left, len(data) - at)
            if not self._add(data[at : at + count]):
                return self._reply()
            at += count
            self._left -= count
            if self._left or data[at : at + 2] != b"\r\n":
                break
            end = data.find(b"\r\n", at + 2, at + 2 + MAX_SIZE_LINE)
            size = _CHUNK_SIZE.match(data[at + 2 : end]) if end > 0 else None
            self._left = int(size[1], 16) if size else 0
            if not self._left:  # the last chunk, or a line that asks for a closer look
                self._rest = data[at + 2 :]
                self._step = ReplyParser._read_chunk_size
                return self.advance()
            at = end + 2
        self._rest = data[at:]
        if not self._left and not b"\r\n".startswith(self._rest):
            return self._broken("is not HTTP: a chunk has the wrong size")
        return None

    def _read_trailer(self) -> Reply | None:
        while True:
            line = self._take_line(MAX_HEAD)
            if line is None:
                return self._without_line(MAX_HEAD)
            if not line:
                return self._reply()
            if not _HEADER.match(line.decode("latin-1")):
                return self._broken("is not HTTP: it has a malformed trailer")
            self._trailers += 1
            if self._trailers > MAX_HEADERS:
                return self._broken("is not HTTP: it has too many trailers")

    def _take_line(self, limit: int) -> bytes | None:
        """Take a line off what has come, None when there is no whole one."""
        end = self._rest.find(b"\n", 0, limit)
        if end < 0 or self._rest[end - 1 : end] != b"\r":
            return None
        line = self._rest[: end - 1]
        self._rest = self._rest[end + 1 :]
        return line

    def _without_line(self, limit: int) -> Reply | None:
        """Wait for the rest of a line, unless it is broken already."""
        if b"\n" in self._rest[:limit]:
            return self._broken("is not HTTP: a chunk line has the wrong ending")
        if len(self._rest) >= limit:
            return self._broken("is not HTTP: a chunk line is too long")
        return None

    def _broken(self, problem: str) -> Reply:
        """Return what there is of an error whose body is broken.

        Raises:
            BadReply: It is not an error: the body counts.
        """
        partial = self.partial()
        if partial is None:
            raise BadReply(problem, self._reply())
        return partial

    def _gather(self) -> bool:
        """Move what belongs to the body into it; False when an error has as much as it needs."""
        rest = self._rest
        count = min(self._left, len(rest))
        if not self._add(rest[:count]):
            return False
        self._left -= count
        self._rest = rest[count:]
        return True

    def _add(self, piece: bytes) -> bool:
        """Add a piece to the body; False when an error has as much as it needs.

        Raises:
            BadReply: The body is larger than its limit.
        """
        body = self._body
        if len(body) + len(piece) <= self._limit:
            body += piece
            return True
        if self._head is not None and self._head.status <= 299:
            raise self._too_large()
        body += piece[: self._limit - len(body)]
        self.reusable = False
        return False

    def _too_large(self) -> BadReply:
        return BadReply(f"is larger than max_response_bytes ({self._limit})", self._reply())


class _Head:
    """A parsed head (RFC 9112, 4 to 6).

    Args:
        raw: Status line and headers, without the empty line behind them.

    Raises:
        BadReply: They are not HTTP.
    """

    __slots__ = ("headers", "idle_limit", "keeps_open", "length", "reason", "status")

    def __init__(self, raw: bytes) -> None:
        first, *lines = raw.decode("latin-1").split("\r\n")
        status_line = _STATUS_LINE.match(first)
        if status_line is None:
            raise BadReply(_not_http(raw.partition(b"\r\n")[0]))
        minor, status, reason = status_line.groups()
        self.status = int(status)
        self.reason = reason or ""
        self.headers = headers = self._fields(lines)
        connection = headers.get("connection", "").lower()
        self.keeps_open = "close" not in connection and (minor == "1" or "keep-alive" in connection)
        length = self._body_length()  # refuses a contradiction, also where there is no body
        self.length = 0 if self.status in _NO_BODY else length
        if minor == "0" and "transfer-encoding" in headers:
            self.keeps_open = False  # faulty framing (RFC 9112, 6.1)
        keep_alive = _KEEP_ALIVE.search(headers["keep-alive"]) if "keep-alive" in headers else None
        self.idle_limit = int(keep_alive[1]) if keep_alive else None

    def reply(self) -> Reply:
        """Return the reply as it is without a body."""
        return Reply(self.status, self.reason, self.headers, b"")

    def _fields(self, lines: list[str]) -> dict[str, str]:
        headers: dict[str, str] = {}
        if len(lines) > MAX_HEADERS:
            raise self._refused("it has too many headers", headers)
        for line in lines:
            field = _HEADER.match(line)
            if field is None:
                raise self._refused("it has a malformed header", headers)
            name, value = field.groups()
            name = name.lower()
            value = value.strip(" \t")  # not part of it (RFC 9112, 5.1)
            if name in headers:
                if name in ("content-length", "transfer-encoding"):
                    raise self._refused(f"it has more than one {name}", headers)
                value = f"{headers[name]}, {value}"
            headers[name] = value
        return headers

    def _body_length(self) -> int:
        """Return the length of the body, below 0 when the body marks its own end."""
        length = self.headers.get("content-length")
        coding = self.headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise self._refused("its transfer-encoding is not valid", self.headers)
            return _CHUNKED
        if length is None:
            return _UNTIL_CLOSE
        if not _LENGTH.match(length):
            raise self._refused("its content-length is not a length", self.headers)
        return int(length)

    def _refused(self, problem: str, headers: dict[str, str]) -> BadReply:
        reply = Reply(self.status, self.reason, headers, b"")
        return BadReply(f"is not HTTP: {problem}", reply)


def _not_http(data: bytes) -> str:
    """Return what is wrong with bytes that are not the head of a reply."""
    if data[:1] in (b"\x15", b"\x16"):
        return "is not HTTP but TLS: does the server want https:// in server_url?"
    return f"is not HTTP: it begins {opening(data.decode('latin-1'))!r}"


def opening(text: str) -> str:
    """Return the first words of a text of the server, where its credentials cannot be masked."""
    if len(text) <= _OPENING_LIMIT:
        return text
    return _LAST_WORD.sub("…", text[:_OPENING_LIMIT], count=1)
