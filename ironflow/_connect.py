"""The Connect protocol as JSON: envelopes, the end of a stream, and codes.

Rules (https://connectrpc.com/docs/protocol):

1. The messages of a stream travel in envelopes: a byte of flags, the length in four bytes, and the
   message. The last envelope is marked by ``END`` and says how the stream ended. A stream without
   it was cut short, even if the HTTP body is complete.
2. Compressed messages are refused, because none were asked for, and so are unknown flags.
3. A message may be as long as a reply. One that announces more is refused at once.
4. A code stands for the status that the same error has outside of a stream.

Design: ``Envelopes`` is fed with bytes and asked for envelopes, and ``message`` and ``ending`` read
an envelope, all without any I/O. ``messages`` drives them with the bytes of a stream.
"""

from __future__ import annotations

import os

from ._wire.content import decode
from ._wire.replies import BadReply, Reply, opening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from ._wire.streams import Stream

STREAM_TYPE = "application/connect+json"

COMPRESSED = 1
END = 2

_PREFIX = 5

STATUS_BY_CODE = {
    "canceled": 499,
    "unknown": 500,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
    "unauthenticated": 401,
}


def envelope(message: bytes) -> bytes:
    """Return a message in its envelope."""
    return b"\0" + len(message).to_bytes(4, "big") + message


class Envelopes:
    """The envelopes of a stream, cut out of its bytes.

    Args:
        limit: Largest message, in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._data = bytearray()

    def feed(self, data: bytes | bytearray) -> None:
        """Add the next bytes."""
        self._data += data

    def next(self) -> tuple[int, bytes] | None:
        """Return the flags and the message of the next envelope, None until it is whole.

        Raises:
            BadReply: It is larger than the limit, compressed, or marked in an unknown way.
        """
        data = self._data
        if len(data) < _PREFIX:
            return None
        flags, length = data[0], int.from_bytes(data[1:_PREFIX], "big")
        if flags & COMPRESSED:
            raise BadReply("holds a compressed message, although none was requested")
        if flags & ~END:
            raise BadReply(f"holds an envelope with unknown flags ({flags:#04x})")
        if length > self._limit:
            raise BadReply(f"holds a message larger than max_response_bytes ({self._limit})")
        if len(data) < _PREFIX + length:
            return None
        message = bytes(data[_PREFIX : _PREFIX + length])
        del data[: _PREFIX + length]
        return flags, message

    def cut(self) -> BadReply:
        """Return the error for a body that ended before the end of the stream."""
        where = "in the middle of a message" if self._data else "before its end-of-stream message"
        return BadReply(f"was cut short {where}", retryable=True)


def message(reply: Reply, limit: int) -> dict[str, Any]:
    """Return the message in a body: an object; an empty body is an empty message.

    Args:
        reply: The reply, or one that stands for an envelope: with its message as content.
        limit: The size limit of the client.

    Raises:
        BadReply: It is not JSON, or not an object.
    """
    return as_object(reply, decode(reply, limit, text=False))


def as_object(reply: Reply, value: Any) -> dict[str, Any]:
    """Return a decoded body if it is a message: an object, or nothing.

    Raises:
        BadReply: It is something else.
    """
    if value is None and not reply.content:
        return {}
    if not isinstance(value, dict):
        raise BadReply("is not a JSON object", reply)
    return value


def ending(reply: Reply, limit: int) -> Reply | None:
    """Return the error in an end-of-stream message, None if the stream ended well.

    Args:
        reply: A reply whose content is the message.
        limit: The size limit of the client.

    Returns:
        A reply with the status of the error's code and the message as its body.

    Raises:
        BadReply: It is not such a message.
    """
    error = message(reply, limit).get("error")
    if error is None:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    status = STATUS_BY_CODE.get(code, 500) if isinstance(code, str) else 500
    return Reply(status, "", reply.headers, reply.content)


def messages(stream: Stream, limit: int) -> Generator[dict[str, Any], None, None]:
    """Yield the messages of a stream as they come, and close it in the end.

    Args:
        stream: The reply to a streaming request.
        limit: Largest message, in bytes.

    Raises:
        IronflowError: It ended with an error, broke off, or is not such a stream.
        RuntimeError: It is used in a forked child: parent and child would share its bytes.
    """
    envelopes = Envelopes(limit)
    pid = os.getpid()
    try:
        refused = not_a_stream(stream.reply)
        if refused is not None:
            stream.reply.content = stream.read()  # for the error to show
            raise stream.failed(BadReply(refused, stream.reply))
        while True:
            found = _next(stream, envelopes, limit)
            if isinstance(found, (BadReply, Reply)):
                raise stream.failed(found)
            if found is None:
                return
            yield found
            if os.getpid() != pid:
                raise RuntimeError("a stream belongs to the process that opened it; open a new one")
    finally:
        stream.close()


def not_a_stream(reply: Reply) -> str | None:
    """Return why a successful reply is not a stream of messages, None if it is one."""
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != STREAM_TYPE:
        return f"is not a stream of messages ({STREAM_TYPE})"
    coding = reply.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        return f"has a content coding that was not requested ({opening(coding)!r})"
    return None


def _next(
    stream: Stream, envelopes: Envelopes, limit: int
) -> dict[str, Any] | Reply | BadReply | None:
    """Return the next message, or at the end None or the failure of the stream."""
    head = stream.reply
    try:
        while True:
            found = envelopes.next()
            if found is not None:
                break
            piece = stream.read()
            if not piece:
                raise envelopes.cut()
            envelopes.feed(piece)
        flags, content = found
        reply = Reply(head.status, head.reason, head.headers, content)
        return ending(reply, limit) if flags & END else message(reply, limit)
    except BadReply as error:
        problem = error
    problem.reply = problem.reply or head
    return problem
