"""Bodies that did not come with the head: long, chunked, or ended by the end of the stream.

Rules:

1. The framing is that of ``http.client.HTTPResponse``, made strict. Left to itself it takes ``-5``
   and ``0x5`` for chunk sizes, anything for the line break after a chunk, the end of the stream for
   the end of a chunked body, and a short read for a whole one.
2. Every single receive is within the deadline of the call.

Loaded by the first such body: ``http.client`` takes some 20 ms to import.
"""

from __future__ import annotations

import http.client
import io

from ._connection import CHUNKED, MAX_HEAD, MAX_HEADERS, RECEIVE, UNTIL_CLOSE, Connection
from ._messages import BadReply, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_SIZE_LINE = 1024
_HEX = frozenset(b"0123456789abcdefABCDEF")


class _Wire(io.RawIOBase):
    """What is left of the first receive, then the socket, each read within the deadline."""

    def __init__(self, connection: Connection, rest: bytes, deadline: float) -> None:
        self._connection = connection
        self._rest = rest
        self._deadline = deadline
        self.drained = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._rest:
            count = min(len(self._rest), len(buffer))
            buffer[:count] = self._rest[:count]
            self._rest = self._rest[count:]
            return count
        if self.drained:
            return None
        self._connection.wait_until(self._deadline)
        return self._connection.sock.recv_into(buffer)


class Body(http.client.HTTPResponse):
    """The body of a reply whose head is parsed.

    Args:
        connection: Where the rest of it comes from.
        reply: Its content is what came with the head; ``read_up_to`` completes it.
        length: Its length, ``CHUNKED`` or ``UNTIL_CLOSE``.
        deadline: When to give up.
    """

    def __init__(self, connection: Connection, reply: Reply, length: int, deadline: float) -> None:
        self._wire = _Wire(connection, reply.content, deadline)
        self.fp: Any = io.BufferedReader(self._wire, RECEIVE)
        self._reply = reply
        self._expected = length
        self.chunked: Any = length == CHUNKED
        self.chunk_left: Any = None
        self.length = length if length >= 0 else None
        self._method = ""
        self.will_close: Any = length == UNTIL_CLOSE
        self._is_at_end = False

    def read_up_to(self, limit: int) -> Exception | None:
        """Read at most ``limit`` bytes into the reply; return what ended it early, if anything."""
        pieces: list[bytes] = []
        failure: Exception | None = None
        room = limit
        try:
            while room and not self._is_at_end and self.length != 0:
                piece = self._next_piece(room)
                if not piece:
                    break
                pieces.append(piece)
                room -= len(piece)
        except (OSError, BadReply, http.client.IncompleteRead) as error:
            failure = error
        self._reply.content = b"".join(pieces)
        if isinstance(failure, http.client.IncompleteRead) or (
            failure is None and room and self.length
        ):
            return self._cut_short()
        return failure

    def _next_piece(self, room: int) -> bytes:
        """Return what one receive brings, so that a failure loses nothing of what came before."""
        if self.length is None:
            return self.read1(min(room, RECEIVE))
        # Not read1: on Python 3.9 to 3.11 it does not count.
        piece: bytes = self.fp.read1(min(room, self.length))
        self.length -= len(piece)
        return piece

    def ended_cleanly(self) -> bool:
        """Tell whether the body ended where it said, with nothing behind it."""
        if self.will_close or self.length or (self.chunked and not self._is_at_end):
            return False
        self._wire.drained = True
        return not self.fp.peek(1)

    def _cut_short(self) -> BadReply:
        got = len(self._reply.content)
        missing = f", {self._expected - got} bytes are missing" if self._expected > 0 else ""
        return BadReply(f"was cut short{missing}", self._reply, retryable=True)

    def _get_chunk_left(self) -> int | None:
        if self.chunk_left:
            return int(self.chunk_left)
        if self.chunk_left == 0 and self._line(3) != b"\r\n":
            raise BadReply("is not HTTP: a chunk has the wrong size", self._reply)
        size = self._line(MAX_SIZE_LINE).partition(b";")[0].strip(b" \t\r\n")
        if not size or len(size) > 15 or not _HEX.issuperset(size):
            raise BadReply("is not HTTP: a chunk has no size", self._reply)
        self.chunk_left = int(size, 16)
        if self.chunk_left:
            return int(self.chunk_left)
        for _ in range(MAX_HEADERS):
            if self._line(MAX_HEAD) == b"\r\n":
                self._is_at_end = True
                self.chunk_left = None
                return None
        raise BadReply("is not HTTP: it has too many trailers", self._reply)

    def _line(self, limit: int) -> bytes:
        line: bytes = self.fp.readline(limit)
        if line.endswith(b"\r\n"):
            return line
        if len(line) == limit:
            raise BadReply("is not HTTP: a line of its chunks is too long", self._reply)
        if line.endswith(b"\n"):
            raise BadReply("is not HTTP: a line of its chunks ends wrong", self._reply)
        raise http.client.IncompleteRead(b"")

    def _close_conn(self) -> None:
        """Leave the connection open: it is not this body's to close."""
