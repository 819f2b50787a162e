"""RPC over HTTP: the Connect protocol as JSON, from a request to a handler and back.

Rules (https://connectrpc.com/docs/protocol):

1. A method is called by POST. One that the product does not have is a 404; one that this server
   does not offer is a 501. Both have the code ``unimplemented``, as a Connect server says it.
2. A unary request is ``application/json``, a streaming one ``application/connect+json``. Any other
   codec is a 415. A compressed request is taken, and bounded like any other; replies are plain.
3. Most methods call the handler of a REST route. If it refuses with a status, the reply has the
   code that belongs to the status, and the status that belongs to the code.
4. Once a stream has begun, an error is in its end-of-stream message.
"""

from __future__ import annotations

import json
import re
import socket
import zlib
from collections.abc import Callable
from typing import Any

from ironflow._connect import COMPRESSED, END, STATUS_BY_CODE, STREAM_TYPE, envelope
from ironflow._rpc_methods import METHODS

from . import _messages
from ._call import Created, Frames, WithHeaders
from ._engine.refusals import Refusal
from ._engine.state import Record
from ._handlers import HANDLERS, Handler
from ._handlers.rpc import OFFERED, Method
from ._http import MAX_BODY, Delivery, ReceivedRequest, Reply, caller_check, json_reply
from ._reading import decoded
from ._router import Route

PREFIX = "/ironflow.v1."

# For faults to be set on; the names are those of the methods.
ROUTES = tuple(Route("POST", f"{PREFIX}{name}", name) for name in METHODS)

_JSON = "application/json"
_STREAM_HEAD = (
    f"HTTP/1.1 200 OK\r\nContent-Type: {STREAM_TYPE}\r\n"
    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
).encode()
_SNAKE_CASE = ("WebhookService/", "IronflowService/GetPausedState")  # as the product has them
_PLACEHOLDER = re.compile(r"\{(\w+)(?:\.\.\.)?\}")
_CODES = {
    401: "unauthenticated",
    402: "failed_precondition",
    403: "permission_denied",
    404: "not_found",
    405: "unimplemented",
    408: "deadline_exceeded",
    412: "failed_precondition",
    415: "unimplemented",
    429: "resource_exhausted",
    501: "unimplemented",
    503: "unavailable",
    504: "deadline_exceeded",
}
_KEPT_STATUSES = (405, 415)  # they speak of the HTTP request, not of the method


class _Unknown(Refusal):
    """The product has no such method."""


class Exchange:
    """One RPC: which handler it calls with what, and how the reply is written.

    Args:
        request: The request; it has not been checked yet.

    Attributes:
        message: The message of the request, by the names of the engine; empty until it is read.
    """

    def __init__(self, request: ReceivedRequest) -> None:
        self.name = request.path[len(PREFIX) :]
        self.request = request
        self._method: Method | None = OFFERED.get(self.name)
        self._streams = METHODS.get(self.name, ("unary",))[0] != "unary"
        self.message: Record = {}
        self._asked: dict[str, str] = {}
        self._has_begun = False  # a stream; rule 4

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        kind, is_pure, _ = METHODS.get(self.name, ("unary", False, False))
        asks = self._method is not None and self._method.verb == "GET"
        return is_pure or asks or kind != "unary"

    def question(self) -> tuple[Handler, ReceivedRequest, list[str]]:
        """Return the handler to call, the request that it reads, and the values of its path."""
        if self.name not in METHODS:
            raise _Unknown(404, f"there is no RPC method {self.name}")
        if self.request.method != "POST":
            raise Refusal(405, "an RPC method is called by POST", Allow="POST")
        _check_codec(self.request, STREAM_TYPE if self._streams else _JSON)
        self._has_begun = self._streams
        if self._method is None:
            raise Refusal(501, f"the local server does not offer {self.name}")
        try:
            message = decoded(_message_bytes(self.request, self._streams))
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
            raise Refusal(400, "the message is not valid JSON") from None
        self.message = _messages.read({} if message is None else message, self._method.request)
        return self._inner(self._method, dict(self.message))

    def _inner(self, method: Method, record: Record) -> tuple[Handler, ReceivedRequest, list[str]]:
        verb, path = method.verb, method.path or self.request.path
        if method.path_without and not all(record.get(n) for n in _PLACEHOLDER.findall(path)):
            path = method.path_without
        inner = ReceivedRequest(verb, path, self.request.headers, b"")
        arguments = [_taken(record, name) for name in _PLACEHOLDER.findall(path)]
        if verb in ("GET", "DELETE"):
            self._asked = {name: _as_text(name, value) for name, value in record.items()}
        else:
            inner.body = json.dumps(record).encode()
        inner.query = self._asked
        return HANDLERS[verb if method.path else "POST", path], inner, arguments

    def reply(self, value: Any, observe: Callable[[Record], None] | None) -> Reply:
        """Return the reply for a handler's value; ``observe`` gets it under the models' names."""
        if isinstance(value, Frames):
            return Reply(200, deliver=self._delivery(value))
        if isinstance(value, (Created, WithHeaders)):
            value = value.value  # a status and headers are those of REST
        assert self._method is not None
        record = self._method.shape(value, self._asked) if self._method.shape else value or {}
        if observe is not None:
            observe(_messages.written(record, self._method.reply, camel=False))
        return json_reply(200, self._written(record))

    def refused(self, refusal: Refusal) -> Reply:
        """Return the reply for a request that is refused."""
        error, status = self._error(refusal)
        if not self._has_begun:
            return json_reply(status, error, refusal.headers)

        def deliver(connection: socket.socket, _content: bytes) -> bool:
            connection.sendall(_STREAM_HEAD + _end_of_stream(error))
            return False

        return Reply(200, deliver=deliver)

    def _error(self, refusal: Refusal) -> tuple[Record, int]:
        status, code = refusal.status, self._code(refusal)
        if status not in _KEPT_STATUSES and not isinstance(refusal, _Unknown):
            status = STATUS_BY_CODE[code]
        return {"code": code, "message": refusal.message}, status

    def _code(self, refusal: Refusal) -> str:
        if isinstance(refusal, _Unknown):
            return "unimplemented"
        if refusal.status == 409 and self._method is not None:
            return self._method.conflict
        return _CODES.get(
            refusal.status, "internal" if refusal.status >= 500 else "invalid_argument"
        )

    def _written(self, record: Record) -> Record:
        assert self._method is not None
        camel = not self.name.startswith(_SNAKE_CASE)
        return _messages.written(record, self._method.reply, camel=camel)

    def _delivery(self, frames: Frames) -> Delivery:
        """Return a function that sends the messages of a stream as they come, and its end."""

        def deliver(connection: socket.socket, _content: bytes) -> bool:
            error: Record | None = None
            is_open, has_gone = False, caller_check()
            try:
                with frames.begin() as records:
                    connection.sendall(_STREAM_HEAD)
                    is_open = True
                    for record in records:
                        if record is not None:
                            content = json.dumps(self._written(record)).encode()
                            connection.sendall(_chunk(envelope(content)))
                        elif has_gone():
                            return False
            except Refusal as refusal:
                error, _ = self._error(refusal)
            connection.sendall((b"" if is_open else _STREAM_HEAD) + _end_of_stream(error))
            return False

        return deliver


def _end_of_stream(error: Record | None) -> bytes:
    """Return the end-of-stream message and the end of the body."""
    content = json.dumps({"error": error} if error else {}).encode()
    return _chunk(bytes([END]) + envelope(content)[1:]) + b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _check_codec(request: ReceivedRequest, wanted: str) -> None:
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != wanted:
        message = f"the local server takes {wanted} here, not {given[:100]!r}"
        raise Refusal(415, message, Accept_Post=wanted)


def _message_bytes(request: ReceivedRequest, streams: bool) -> bytes:
    """Return the message of a request: its body, or what its one envelope holds."""
    header = "connect-content-encoding" if streams else "content-encoding"
    coding = request.headers.get(header, "identity").strip().lower()
    if coding not in ("", "identity", "gzip"):
        raise Refusal(501, f"unknown compression {coding[:40]!r}: supported encodings are gzip")
    body = request.body
    if streams:
        flags, length = body[:1], int.from_bytes(body[1:5], "big")
        if len(body) < 5 or len(body) != 5 + length or flags not in (b"\0", b"\1"):
            raise Refusal(400, "the body must be one whole envelope: flags, length, message")
        body = body[5:]
        if flags[0] & COMPRESSED and coding != "gzip":
            raise Refusal(400, "the message is compressed, but no encoding is named")
        coding = "gzip" if flags[0] & COMPRESSED else ""
    return _inflated(body) if coding == "gzip" and body else body


def _inflated(body: bytes) -> bytes:
    """Undo gzip; what comes out is bounded like a body that comes plain."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise Refusal(400, "the message is not valid gzip") from None
    if len(content) > MAX_BODY:
        raise Refusal(429, f"the message is larger than {MAX_BODY} bytes")
    if not inflater.eof or inflater.unused_data:
        raise Refusal(400, "the message is not valid gzip")
    return content


def _taken(record: Record, name: str) -> str:
    """Remove the value of a path's parameter and return it."""
    value = record.pop(name, "")
    if value == "":
        raise Refusal(400, f"{name} is required")
    return _as_text(name, value)


def _as_text(name: str, value: Any) -> str:
    """Return a value as a query or a path has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        raise Refusal(400, f"{name} is of the wrong type")
    return str(value)
