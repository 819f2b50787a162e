"""The body of a streamed reply: its bytes, as they come.

Rules:

1. There is no deadline for the whole body, only for each silence: more bytes have to come within
   ``timeout`` seconds of a read. The time that the reader spends between reads is not counted.
2. Nothing is buffered: a piece is at most what one receive returns.
3. Nothing is lost: bytes that came before a failure, even in the same receive, are returned before
   the error.
4. Failures become an ``IronflowError`` here as they do in ``transport``. Whatever ends the stream
   closes its connection, which is not used again.
"""

from __future__ import annotations

from time import monotonic

from .connection import TIMEOUTS
from .failures import Silence
from .replies import BadReply
from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._errors import IronflowError
    from .connection import Connection
    from .limits import Limits
    from .messages import Request
    from .replies import Reply
    from .transport import Transport


class Stream:
    """A successful reply whose body has not come yet.

    Args:
        transport: The transport that sent the request.
        connection: The connection that the reply comes on; the stream closes it.
        request: The call.
        limits: Its limits; ``timeout`` is that of each silence.
        reply: The head of the reply.
    """

    __slots__ = (
        "_connection",
        "_has_ended",
        "_limits",
        "_problem",
        "_request",
        "_started",
        "_transport",
        "reply",
    )

    def __init__(
        self,
        transport: Transport,
        connection: Connection,
        request: Request,
        limits: Limits,
        reply: Reply,
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._request = request
        self._limits = limits
        self._started = monotonic()
        self._has_ended = False
        self._problem: BadReply | None = None  # raised after the bytes that came before it
        self.reply = reply

    def read(self) -> bytes | bytearray:
        """Return the next bytes of the body, none at its end.

        Raises:
            IronflowError: The body broke off, is not HTTP, or nothing came in time.
        """
        try:
            return self._read()
        except BaseException as error:
            self.close()
            if not isinstance(error, Exception) or is_from_signal_handler(error):
                raise
            problem = Silence() if isinstance(error, TIMEOUTS) else error
        raise self.failed(problem)

    def failed(self, problem: Exception | Reply) -> IronflowError:
        """Close the stream, and return the error to raise.

        Args:
            problem: An exception, or the reply that the received bytes stand for.
        """
        self.close()
        return self._transport.failure(problem, self._request, self._limits, self._started)

    def close(self) -> None:
        """Close the connection; nothing more is read."""
        self._connection.close()

    def _read(self) -> bytes | bytearray:
        if self._has_ended:
            return b""
        if self._problem is not None:
            raise self._problem
        try:
            return self._next_piece()
        except BadReply as error:
            if error.reply is None or not error.reply.content:
                raise
            piece, error.reply.content = error.reply.content, b""
            self._problem = error
            return piece

    def _next_piece(self) -> bytes | bytearray:
        connection, parser = self._connection, self._connection.parser
        end = parser.advance()
        while end is None:
            piece = parser.take_body()
            if piece:
                return piece
            data = connection.receive(monotonic() + self._limits.timeout)
            end = parser.feed(data) if data else parser.end(connection.end_announced)
        self._has_ended = True
        return end.content
