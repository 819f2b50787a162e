"""Reading a stream with the parser of replies, and what comes of it in a form to compare."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ironflow._wire.replies import BadReply, ReplyParser

LIMIT = 1000

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 10\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = OK + b"Content-Type: text/plain\r\n\r\n"


class Outcome(NamedTuple):
    """What a parser made of a stream: a reply, or what is wrong with it, or neither yet.

    ``problem`` leaves out the bytes that a refusal shows, for these depend on how much had come.
    """

    status: int | None = None
    reason: str | None = None
    headers: dict | None = None
    content: bytes | None = None
    problem: str | None = None
    retryable: bool | None = None
    is_idle: bool | None = None


def outcome(*pieces, method="GET", limit=LIMIT, upgrade=False, end=None, parser=None):
    """Feed pieces to a parser and return what came of it.

    Args:
        pieces: What the connection gives, one after the other.
        method: Method of the request.
        limit: Most bytes of a body.
        upgrade: Whether a switch of protocols was asked for.
        end: Whether the stream ends then, announced (True) or not (False); None for no end.
        parser: One that has been used before.
    """
    parser = parser or ReplyParser()
    parser.expect(method, limit, upgrade=upgrade)
    pieces = list(pieces)
    try:
        reply = None
        while reply is None and pieces:
            reply = parser.feed(pieces.pop(0))
        if reply is None and end is not None:
            reply = parser.end(end)
    except BadReply as error:
        problem = error.problem.partition(" it begins ")[0]
        return of_reply(error.reply)._replace(problem=problem, retryable=error.retryable)
    if reply is None:
        return Outcome()
    rest = b"".join(pieces)
    return of_reply(reply)._replace(is_idle=parser.is_idle and not rest)


def refusal(*pieces, **options):
    """Return why a stream is refused, as the whole message."""
    parser = ReplyParser()
    parser.expect(options.get("method", "GET"), options.get("limit", LIMIT))
    with pytest.raises(BadReply) as caught:
        for piece in pieces:
            assert parser.feed(piece) is None
        parser.end(options.get("end", True))
    return caught.value


def read(*pieces, **options):
    """Return status and body of a stream that must be a reply."""
    got = outcome(*pieces, **options)
    assert got.problem is None, got
    return got.status, got.content


def of_reply(reply):
    if reply is None:
        return Outcome()
    return Outcome(reply.status, reply.reason, reply.headers, bytes(reply.content))


def in_bytes(content):
    """Return a stream cut behind each of its bytes."""
    return [content[at : at + 1] for at in range(len(content))]


def shown(value):
    """Return how a value is called in the name of a test."""
    return repr(value)[:40]
