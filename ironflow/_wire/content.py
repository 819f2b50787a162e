"""From the bytes of a body to its value, within bounds that a hostile body cannot break.

Rules:

1. Inflating is bounded: in the bytes that come out, in the number of gzip members, and in time. The
   input goes through in slices, because zlib copies what it leaves over.
2. Decoding JSON cannot be interrupted, so what it will take is estimated before: the text, the
   strings that are cut out of it, and ``MARK_COST`` for each comma, colon and opening bracket. A
   reply that would take more than ``DECODED_LIMIT`` times the size limit is refused. One character
   can make a text or a string take four times its size, whether it is written out or escaped.
3. JSON is what RFC 8259 says: NaN and infinity are refused, a byte order mark is skipped.
"""

from __future__ import annotations

import json
import re
import zlib
from time import monotonic

from .replies import ERROR_BODY_LIMIT, BadReply, Reply, opening
from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_MEMBERS = 100

DECODED_LIMIT = 3.3  # with Python itself this stays below four times the default size limit
MARK_COST = 110  # bytes: what dicts with one new key each take for each of their three marks

_MOST_COST = MARK_COST + 3 * 4  # of one byte: a mark, and three times a wide character
_SLICE = 64 * 1024
_BLOCK = 1024 * 1024
_ALWAYS_FITS = 256 * 1024  # not worth an estimate: a hundred bytes for each byte are 25 MB
_MARKS = b",:[{"
_SPACE = " \t\r\n"
_OPENINGS = ("{", "[")
_BEFORE_A_VALUE = re.compile(rf"\ufeff?[{_SPACE}]*")
_CONTINUATION = bytes(range(0x80, 0xC0))
_BELOW_WIDE = bytes(range(0xC4))  # without these: what starts a character above Latin-1
_BELOW_WIDEST = bytes(range(0xF0))  # likewise, outside of the Basic Multilingual Plane
_WIDE_ESCAPE = re.compile(rb"\\u(?!00)")
_WIDEST_ESCAPE = re.compile(rb"\\u[dD][89abAB]")
_QUOTE = re.compile(rb'[^\\]"')  # one that is not escaped; not all of these


def inflate(reply: Reply, limit: int, deadline: float) -> None:
    """Undo the gzip of a reply's body; of an error's, as far as it goes.

    Args:
        reply: The reply; its content is replaced.
        limit: Most bytes of the inflated body.
        deadline: When to give up, on the monotonic clock.

    Raises:
        BadReply: It is not gzip, too large, or cut short.
        TimeoutError: The deadline has passed.
    """
    coding = reply.headers["content-encoding"].lower()
    success = reply.status <= 299
    if coding in ("", "identity") or not reply.content:
        return
    if coding not in ("gzip", "x-gzip"):
        if success:
            raise BadReply(
                f"has a content coding that was not requested ({opening(coding)!r})", reply
            )
        return
    inflated = bytearray()
    if not success:  # little comes out of it: the status does not wait for the clock
        _gunzip(reply.content, inflated, ERROR_BODY_LIMIT, float("inf"))
        reply.content = inflated[:ERROR_BODY_LIMIT] or reply.content
        return
    problem, retryable = _gunzip(reply.content, inflated, limit, deadline)
    if problem:
        raise BadReply(problem, reply, retryable)
    else:
        reply.content = inflated


def _gunzip(
    content: bytes | bytearray, inflated: bytearray, limit: int, deadline: float
) -> tuple[str, bool]:
    """Inflate a gzip (RFC 1952) into a buffer.

    Returns:
        What is wrong with it, empty when nothing is, and whether another try may help.
    """
    view = memoryview(content)
    at, members, inflater = 0, 0, None
    while at < len(view) or inflater is not None:
        if monotonic() > deadline:
            raise TimeoutError("the deadline has passed")
        if inflater is None:
            members += 1
            if members > MAX_MEMBERS:
                return "has too many gzip members", False
            inflater = zlib.decompressobj(wbits=31)
        given = view[at : at + _SLICE]
        try:
            piece = inflater.decompress(given, _BLOCK)
        except zlib.error:
            return "is not gzip, as it says it is", False
        inflated += piece
        at += len(given) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
        if len(inflated) > limit:
            return f"is larger than max_response_bytes ({limit}), inflated", False
        if inflater.eof:
            inflater = None
        elif at == len(view) and len(piece) < _BLOCK:
            return "was cut short within its gzip data", True
    return "", False


def decode(reply: Reply, limit: int, text: bool) -> Any:
    """Return what the body of a successful reply holds, None for an empty one.

    Args:
        reply: The reply. A large body is let go of as soon as its text is there; an error shows
            no more than its first ``ERROR_BODY_LIMIT`` bytes.
        limit: The size limit of the client.
        text: Whether the body is text, not JSON.

    Raises:
        BadReply: It is not JSON, not UTF-8, or would take too much memory.
    """
    content = reply.content
    if not content or reply.status == 204:
        return None
    if len(content) > _ALWAYS_FITS and not _fits(content, text, DECODED_LIMIT * limit):
        problem = f"takes too much memory to decode for max_response_bytes ({limit})"
        raise BadReply(problem, reply)
    try:
        decoded = str(content, "utf-8")
        if len(content) > ERROR_BODY_LIMIT:
            reply.content = bytes(content[:ERROR_BODY_LIMIT])
            del content
        return decoded if text else parse(decoded)
    except (RecursionError, ValueError) as error:  # UnicodeDecodeError is a ValueError too
        if is_from_signal_handler(error):
            raise
        problem = "is not UTF-8 text" if text else "is not JSON"
        if isinstance(error, RecursionError):
            problem = "is JSON that is nested too deeply"
    raise BadReply(problem, reply)


def parse(text: str) -> Any:
    """Return the value of a JSON text; ``json.loads`` takes half as long again.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    at = 0
    if not text.startswith(_OPENINGS):  # most do, and a pattern takes four times as long
        at = _BEFORE_A_VALUE.match(text).end()  # type: ignore[union-attr]
    try:
        value, end = _scan(text, at)
    except StopIteration as error:
        if is_from_signal_handler(error):
            raise
        raise ValueError("it is not a JSON value") from error
    if end != len(text) and text[end:].strip(_SPACE):
        raise ValueError("there is more than one JSON value")
    return value


def _fits(content: bytes | bytearray, text: bool, room: float) -> bool:
    """Tell whether a body takes no more than some bytes of memory while it is decoded."""
    size = len(content)
    if size * _MOST_COST <= room:
        return True
    is_ascii = content.isascii()
    # Python stores every character of a text in as many bytes as its widest one needs. While it
    # decodes, there is room for a character for each byte, besides the body and what came before
    # the first wide character.
    width = 1 if is_ascii else _width(content)
    decoding = width * size + (size if is_ascii else 2 * size)
    if text or decoding > room:
        return decoding <= room
    marks = size - _without(content, _MARKS)
    characters = size if is_ascii else _without(content, _CONTINUATION)
    left = room - MARK_COST * marks - width * characters
    # Roughly, because that is fast: as if all strings were as wide as the widest, and there twice.
    widest = max(width, _escaped_width(content))
    return 2 * widest * size <= left or _strings(content) <= left


def _strings(content: bytes | bytearray) -> int:
    """Return how many bytes the strings of a JSON text take at most.

    One of them is there twice for a moment, while it is put together from the parts between its
    escapes.
    """
    total = largest = at = 0
    while at < len(content):
        # No string lies on both sides of a quotation mark that is not escaped.
        quote = _QUOTE.search(content, at + _BLOCK)
        end = quote.end() if quote else len(content)
        part = content[at:end]
        cost = len(part) * max(_width(part), _escaped_width(part))
        total += cost
        largest = max(largest, cost)
        at = end
    return total + largest


def _width(content: bytes | bytearray) -> int:
    """Return how many bytes the widest character of a text in UTF-8 takes."""
    if content.isascii():
        return 1
    return 4 if _without(content, _BELOW_WIDEST) else 2 if _without(content, _BELOW_WIDE) else 1


def _escaped_width(content: bytes | bytearray) -> int:
    """Return how many bytes the widest character takes that JSON writes as an escape."""
    has_escapes = b"\\" in content  # a pattern takes twenty times as long to find that out
    if not has_escapes or not _WIDE_ESCAPE.search(content):
        return 1
    return 4 if _WIDEST_ESCAPE.search(content) else 2


def _without(content: bytes | bytearray, left_out: bytes) -> int:
    """Return how many bytes of a body are none of those left out."""
    starts = range(0, len(content), _BLOCK)  # in parts, so that no second copy of it is made
    return sum(len(content[at : at + _BLOCK].translate(None, left_out)) for at in starts)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


# Not ``raw_decode``, which adds to it what an error message needs and nothing else.
_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
    parse_constant=_refuse_constant
).scan_once  # type: ignore[attr-defined]
