"""WebSocket messages (RFC 6455) without any I/O: bytes in, events and bytes to send out.

Rules:

1. No extension is negotiated, so reserved bits must be zero and only the six opcodes of section
   5.2 exist.
2. A client masks every frame with a fresh key; a server masks none. Each refuses a peer that does
   the opposite (5.1).
3. A peer that breaks the protocol ends the connection: ``ProtocolError`` is raised once, a close
   frame with the fitting code is ready to be sent, and what comes later is dropped (7.1.7).
4. Invalid UTF-8 is refused at the first byte that no valid text can have there, even in the middle
   of a frame.
5. A message that is too large is refused as soon as the head of a frame announces its size.
   Memory holds at most one message and the bytes received last: fragments are joined in one
   buffer. An empty fragment before the last counts as one byte, so an endless run of them fails.
6. Every ping is answered in turn, and a close frame is answered with the same code (5.5).

Design: bytes are parsed only when an event is asked for. So a caller can answer one message before
the next is parsed, and its answer leaves ahead of the close frame that a later error causes. The
parser is a generator: it yields events, and None where it needs more bytes. The opening handshake
is in ``websocket_handshake``.

Until ``done``, a caller receives from the socket, passes the bytes to ``receive`` and takes events
until there are none, sending ``take_output()`` after each and after a ``ProtocolError``. Then a
server closes the socket; a client waits briefly for the server to do so first (7.1.1).
"""

from __future__ import annotations

import codecs
import os
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Union

    Event = Union["Message", "Ping", "Pong", "Closed"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

NORMAL = 1000
PROTOCOL_ERROR = 1002
NO_CODE = 1005  # stands for a close frame without a code; never sent
NO_CLOSE = 1006  # stands for an end without a close frame; never sent
INVALID_DATA = 1007
TOO_LARGE = 1009

# What a close frame may say: section 7.4.1, and 1012 to 1014 of the IANA registry.
_DEFINED_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_FREE_CODES = range(3000, 5000)  # section 7.4.2

_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})
_FINAL, _RESERVED, _OPCODE = 0x80, 0x70, 0x0F
_MASKED, _LENGTH = 0x80, 0x7F
_CONTROL = 0x08  # the bit that all control opcodes have
_MAX_CONTROL_PAYLOAD = 125
# Value of the length field: bytes of the length that follows, smallest length that needs them.
_LONG_LENGTHS = {126: (2, 126), 127: (8, 1 << 16)}

_new_decoder = codecs.getincrementaldecoder("utf-8")


class Message(NamedTuple):
    """A whole message: text as ``str``, binary as ``bytes``."""

    data: str | bytes


class Ping(NamedTuple):
    """A ping; its pong is ready to be sent."""

    payload: bytes


class Pong(NamedTuple):
    """A pong, solicited or not."""

    payload: bytes


class Closed(NamedTuple):
    """The last event: the peer's close frame, or the end of its stream without one.

    Attributes:
        code: The frame's code; ``NO_CODE`` if it has none, ``NO_CLOSE`` if there was no frame.
        reason: The frame's reason, often empty.
    """

    code: int
    reason: str


class ProtocolError(Exception):
    """The peer broke the protocol.

    Args:
        code: The close code that tells the peer so.
        problem: What the peer did, at most 123 bytes of ASCII.
    """

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


class WebSocket:
    """One side of a connection after its opening handshake.

    Not safe for use by several threads at once. Bytes that came behind the head of the handshake
    are the first to pass to ``receive``.

    Args:
        client: Whether this is the client's side.
        max_message_bytes: Largest message to take, in bytes on the wire.
        random: Returns that many random bytes, for masks. They must be unpredictable (10.3).

    Attributes:
        done: Whether the last event was returned or ``ProtocolError`` was raised.
    """

    def __init__(
        self,
        *,
        client: bool,
        max_message_bytes: int,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.done = False
        self._client = client
        self._limit = max_message_bytes
        self._random = random
        self._input = bytearray()
        self._input_ended = False
        self._output: list[bytes] = []
        self._close_sent = False
        self._opcode: int | None = None  # of the message that is coming in
        self._size = 0  # announced so far
        self._message = bytearray()
        self._decoder = _new_decoder()
        self._parser = self._parse()

    @property
    def open(self) -> bool:
        """Whether messages may still be sent."""
        return not (self._close_sent or self.done)

    def receive(self, data: bytes) -> None:
        """Take what came from the peer; empty bytes mean nothing."""
        if not self.done:
            self._input += data

    def receive_end(self) -> None:
        """Note that the peer's stream has ended."""
        self._input_ended = True

    def next_event(self) -> Event | None:
        """Return the next event, None when that needs more bytes or when ``done``.

        Raises:
            ProtocolError: The peer broke the protocol. The close frame is in the output.
        """
        try:
            event = next(self._parser, None)
        except ProtocolError as error:
            self._finish()
            self.close(error.code, str(error))
            raise
        if isinstance(event, Closed):
            self._finish()
        return event

    def send(self, data: str | bytes) -> None:
        """Send a message: text for a ``str``, binary for ``bytes``.

        Raises:
            BrokenPipeError: A close frame was sent, or the connection has ended.
            ValueError: The text holds a surrogate, which UTF-8 cannot encode.
        """
        if isinstance(data, str):
            self._write_open(TEXT, data.encode("utf-8"))
        else:
            self._write_open(BINARY, data)

    def ping(self, payload: bytes = b"") -> None:
        """Send a ping; the peer answers with a pong of the same payload.

        Args:
            payload: At most 125 bytes.

        Raises:
            BrokenPipeError: A close frame was sent, or the connection has ended.
            ValueError: The payload is too long.
        """
        if len(payload) > _MAX_CONTROL_PAYLOAD:
            raise ValueError(f"a ping carries at most {_MAX_CONTROL_PAYLOAD} bytes")
        self._write_open(PING, payload)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Send a close frame, unless one was sent before; the peer's answer comes as ``Closed``.

        Args:
            code: Close code.
            reason: Why, for a person to read; at most 123 bytes of UTF-8.

        Raises:
            ValueError: The code must not be sent, or the reason is too long.
        """
        if not _may_be_sent(code):
            raise ValueError(f"{code} is not a close code that can be sent")
        payload = code.to_bytes(2, "big") + reason.encode("utf-8")
        if len(payload) > _MAX_CONTROL_PAYLOAD:
            raise ValueError(f"a close reason has at most {_MAX_CONTROL_PAYLOAD - 2} bytes")
        self._write_close(payload)

    def take_output(self) -> bytes:
        """Return the bytes to send now, and forget them."""
        output = b"".join(self._output)
        self._output.clear()
        return output

    def _finish(self) -> None:
        self.done = True
        self._parser.close()
        self._input.clear()
        self._message.clear()

    def _write_open(self, opcode: int, payload: bytes) -> None:
        if not self.open:
            raise BrokenPipeError("the WebSocket is closed")
        self._write(opcode, payload)

    def _write_close(self, payload: bytes) -> None:
        if not self._close_sent:
            self._close_sent = True
            self._write(CLOSE, payload)

    def _write(self, opcode: int, payload: bytes) -> None:
        if not self._client:
            self._output += [_frame_head(opcode, len(payload), 0), payload]
            return
        key = self._random(4)
        self._output += [_frame_head(opcode, len(payload), _MASKED), key, mask(payload, key)]

    def _parse(self) -> Generator[Event | None, None, None]:
        try:
            while True:
                frame = yield from self._read_head()
                if not frame.opcode & _CONTROL:
                    yield from self._read_data(frame)
                    continue
                payload = yield from self._take(frame.length)
                event = self._answer(frame.opcode, mask(payload, frame.key))
                yield event
                if isinstance(event, Closed):
                    return
        except EOFError:
            pass
        yield Closed(NO_CLOSE, "")

    def _take(self, size: int) -> Generator[None, None, bytes]:
        """Return the next ``size`` bytes, once they are there."""
        while len(self._input) < size:
            yield from self._wait()
        taken = bytes(self._input[:size])
        del self._input[:size]
        return taken

    def _wait(self) -> Generator[None, None, None]:
        if self._input_ended:
            raise EOFError
        yield None

    def _read_head(self) -> Generator[None, None, _Frame]:
        first, second = yield from self._take(2)
        masked, length = bool(second & _MASKED), second & _LENGTH
        _check_head(first, length)
        if masked is self._client:
            raise ProtocolError(PROTOCOL_ERROR, f"a frame is {'masked' if masked else 'unmasked'}")
        if length in _LONG_LENGTHS:
            size, smallest = _LONG_LENGTHS[length]
            length = int.from_bytes((yield from self._take(size)), "big")
            if length < smallest or length >> 63:
                raise ProtocolError(PROTOCOL_ERROR, "a length is not in its shortest form")
        key = (yield from self._take(4)) if masked else b""
        return _Frame(bool(first & _FINAL), first & _OPCODE, length, key)

    def _expect(self, frame: _Frame) -> None:
        """Check that a data frame follows those before it and is not too large."""
        if frame.opcode == CONTINUATION:
            if self._opcode is None:
                raise ProtocolError(PROTOCOL_ERROR, "a message begins with a continuation")
        elif self._opcode is not None:
            raise ProtocolError(PROTOCOL_ERROR, "a message begins before the last one ends")
        else:
            self._opcode = frame.opcode
            self._size = 0
        self._size += frame.length if frame.final else max(frame.length, 1)
        if self._size > self._limit:
            raise ProtocolError(TOO_LARGE, f"a message is larger than {self._limit} bytes")

    def _read_data(self, frame: _Frame) -> Generator[Event | None, None, None]:
        self._expect(frame)
        left, key = frame.length, frame.key
        while True:
            piece = yield from self._take(min(left, len(self._input)))
            left -= len(piece)
            data = self._join(mask(piece, key), last=frame.final and not left)
            if not left:
                break
            turned = len(piece) % 4
            key = key[turned:] + key[:turned]
            yield from self._wait()
        if data is not None:
            yield Message(data)

    def _join(self, piece: bytes, last: bool) -> str | bytes | None:
        """Add a piece to the message, and return the message with its last piece."""
        text = _decode(self._decoder, piece, last) if self._opcode == TEXT else None
        if not last:
            self._message += piece
            return None
        self._opcode = None
        if not self._message:
            return piece if text is None else text
        self._message += piece
        whole, self._message = self._message, bytearray()
        return bytes(whole) if text is None else whole.decode("utf-8")

    def _answer(self, opcode: int, payload: bytes) -> Event:
        """Answer a control frame, and return what it says."""
        if opcode == PONG:
            return Pong(payload)
        if opcode == PING:
            if self.open:
                self._write(PONG, payload)
            return Ping(payload)
        closed = _read_close(payload)
        self._write_close(payload[:2])
        return closed


class _Frame(NamedTuple):
    final: bool
    opcode: int
    length: int
    key: bytes


def mask(data: bytes, key: bytes) -> bytes:
    """Return ``data`` masked or unmasked (section 5.3); an empty key leaves it as it is."""
    if not key or not data:
        return data
    size = len(data)
    stream = (key * (size // 4 + 1))[:size]
    # One operation on two long integers is some hundred times faster than a loop over bytes.
    masked = int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")
    return masked.to_bytes(size, "little")


def _frame_head(opcode: int, length: int, masked: int) -> bytes:
    for field, (size, smallest) in reversed(_LONG_LENGTHS.items()):
        if length >= smallest:
            return bytes([_FINAL | opcode, masked | field]) + length.to_bytes(size, "big")
    return bytes([_FINAL | opcode, masked | length])


def _check_head(first: int, length: int) -> None:
    opcode = first & _OPCODE
    if first & _RESERVED:
        raise ProtocolError(PROTOCOL_ERROR, "a frame has a reserved bit set")
    if opcode not in _OPCODES:
        raise ProtocolError(PROTOCOL_ERROR, f"a frame has the unknown opcode {opcode}")
    if opcode & _CONTROL:
        if not first & _FINAL:
            raise ProtocolError(PROTOCOL_ERROR, "a control frame is fragmented")
        if length > _MAX_CONTROL_PAYLOAD:
            raise ProtocolError(PROTOCOL_ERROR, "a control frame is longer than 125 bytes")


def _decode(decoder: codecs.IncrementalDecoder, piece: bytes, last: bool) -> str:
    try:
        text = decoder.decode(piece, last)
    except UnicodeDecodeError:
        pass  # raised below: the decoder's error would carry the message along
    else:
        # Of a surrogate, ED A0 to ED BF, the decoder would wait for the third byte.
        pending = b"" if last else decoder.getstate()[0]
        if not b"\xed\xa0" <= pending < b"\xee":
            return text
    raise ProtocolError(INVALID_DATA, "a text is not valid UTF-8")


def _read_close(payload: bytes) -> Closed:
    if not payload:
        return Closed(NO_CODE, "")
    code = int.from_bytes(payload[:2], "big")
    if not _may_be_sent(code):  # a single byte is not a valid code either
        raise ProtocolError(PROTOCOL_ERROR, "a close frame has no valid code")
    return Closed(code, _decode(_new_decoder(), payload[2:], last=True))


def _may_be_sent(code: int) -> bool:
    return code in _DEFINED_CODES or code in _FREE_CODES
