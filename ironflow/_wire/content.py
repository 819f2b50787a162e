"""From the bytes of a body to its value, within bounds that a hostile body cannot break.

Rules:

1. Inflating is bounded: in the bytes that come out, in the members of the gzip, and in time. The
   input goes through in slices, because what zlib leaves over it copies.
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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_MEMBERS = 100

DECODED_LIMIT = 2.5  # with the body itself this stays below four times the size limit
MARK_COST = 100  # bytes: a dict with one member takes 80 for each of its marks, and keys 20 more

_SLICE = 64 * 1024
_BLOCK = 1024 * 1024
_ALWAYS_FITS = 256 * 1024  # not worth an estimate: a hundred bytes for each byte are 25 MB
_MARKS = b",:[{"
_PAIR = re.compile(rb"\\u[dD][89abAB]")  # the first half of a pair of surrogates
_WIDE_ESCAPE = re.compile(rb"\\u(?!00)")
_SPACE = " \t\r\n"
_BEFORE_A_VALUE = _SPACE + "\ufeff"
_BELOW_WIDE = bytes(range(0xC4))  # without these: what starts a character above Latin-1
_BELOW_WIDEST = bytes(range(0xF0))  # likewise, outside of the Basic Multilingual Plane


def inflate(reply: Reply, limit: int, deadline: float) -> None:
    """Undo the gzip of a reply's body; of an error's, as far as it goes.

    Args:
        reply: The reply; its content is replaced.
        limit: Most bytes of the inflated body.
        deadline: When to give up, on the monotonic clock.

    Raises:
        BadReply: It is no gzip, too large, or cut short.
        TimeoutError: The deadline has passed.
    """
    coding = reply.headers["content-encoding"].lower()
    success = reply.status <= 299
    if coding in ("", "identity") or not reply.content:
        return
    if coding not in ("gzip", "x-gzip"):
        if success:
            raise BadReply(f"is in a coding that nobody asked for ({opening(coding)!r})", reply)
        return
    inflated = bytearray()
    problem, retryable = _gunzip(reply.content, inflated, limit, deadline)
    if not success:
        reply.content = inflated[:ERROR_BODY_LIMIT] or reply.content
    elif problem:
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
                return "is a gzip of too many members", False
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
            return "was cut short inside of its gzip", True
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
    if len(content) > _ALWAYS_FITS and _estimate(content, text) > DECODED_LIMIT * limit:
        problem = f"takes too much memory to decode for max_response_bytes ({limit})"
        raise BadReply(problem, reply)
    try:
        decoded = str(content, "utf-8")
        if len(content) > ERROR_BODY_LIMIT:
            reply.content = bytes(content[:ERROR_BODY_LIMIT])
            del content
        return decoded if text else parse(decoded)
    except RecursionError:
        problem = "is JSON that is nested too deeply"
    except ValueError:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        problem = "is not UTF-8 text" if text else "is not JSON"
    raise BadReply(problem, reply)


def parse(text: str) -> Any:
    """Return the value of a JSON text; ``json.loads`` takes half as long again.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    if text[:1] in _BEFORE_A_VALUE:
        text = text.lstrip("\ufeff").lstrip(_SPACE)
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("it is no JSON value") from error
    if end != len(text) and text[end:].strip(_SPACE):
        raise ValueError("there is more than one JSON value")
    return value


def _estimate(content: bytes | bytearray, text: bool) -> int:
    """Return how many bytes of memory a body takes, decoded."""
    size = len(content)
    # Every character takes as many bytes as the widest one, and while Python decodes a text, it
    # makes room for a character for each byte.
    width = _width(content)
    if text:
        return width * size
    strings = max(width, _escaped_width(content)) * size
    return width * size + strings + MARK_COST * (size - _without(content, _MARKS))


def _width(content: bytes | bytearray) -> int:
    """Return how many bytes the widest character of a text in UTF-8 takes in memory."""
    if content.isascii():
        return 1
    return 4 if _without(content, _BELOW_WIDEST) else 2 if _without(content, _BELOW_WIDE) else 1


def _escaped_width(content: bytes | bytearray) -> int:
    """Return how many bytes the widest character takes that JSON escapes as ``\\u…``."""
    if content.find(b"\\u") < 0:
        return 1
    return 4 if _PAIR.search(content) else 2 if _WIDE_ESCAPE.search(content) else 1


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
