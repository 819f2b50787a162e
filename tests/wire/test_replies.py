"""The parser of replies on a connection: reuse, replies in a row, and bytes however they come."""

from __future__ import annotations

import pytest

from ironflow._wire.replies import ReplyParser

from .reading import CHUNKED, LENGTH, LIMIT, OK, UNTIL_CLOSE, Outcome, in_bytes, outcome, read

# Whether the connection may carry another call.


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close, X-A\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: X-A\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
        (b"HTTP/1.0 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 404 No\r\n", True),
    ],
)
def test_a_connection_is_used_again_where_its_reply_allows_that(head, reusable):
    got = outcome(head + b"Content-Length: 2\r\n\r\n{}")
    assert (got.content, got.is_idle) == (b"{}", reusable)


def test_a_connection_that_may_not_be_used_again_stays_so():
    # Whoever has sent half of a request, or has heard "close", must never hear otherwise.
    parser = ReplyParser()
    assert read(LENGTH + b"0123456789", parser=parser)[0] == 200
    parser.reusable = False
    for content in (LENGTH, LENGTH.replace(b"10", b"010")):  # a head that was seen, and a new one
        assert read(content + b"0123456789", parser=parser)[0] == 200
        assert (parser.reusable, parser.is_idle) == (False, False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"", None),
        (b"Keep-Alive: timeout=5\r\n", 5),
        (b"Keep-Alive: timeout=5, max=100\r\n", 5),
        (b"Keep-Alive: max=100, timeout=5\r\n", 5),
        (b"Keep-Alive: max=100\r\nKeep-Alive: timeout=5\r\n", 5),
        (b"Keep-Alive: TIMEOUT=5\r\n", 5),
        (b'Keep-Alive: timeout="5"\r\n', 5),
        (b"Keep-Alive: timeout=0\r\n", 0),
        (b"Keep-Alive: timeout=5.5\r\n", 5),
        (b"Keep-Alive: max=100\r\n", None),
        (b"Keep-Alive: 300\r\n", None),
        (b"Keep-Alive: timeout=-5\r\n", None),
        (b"Keep-Alive: timeout=soon\r\n", None),
        (b"Keep-Alive: xtimeout=5\r\n", None),
    ],
)
def test_the_server_may_say_how_long_it_keeps_an_idle_connection(header, seconds):
    parser = ReplyParser()
    outcome(OK + header + b"Content-Length: 0\r\n\r\n", parser=parser)
    assert parser.idle_limit == seconds


def test_the_idle_limit_is_that_of_the_latest_reply():
    parser = ReplyParser()
    told = OK + b"Keep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n"
    untold = OK + b"Content-Length: 0\r\n\r\n"
    limits = []
    for content in (told, told, untold, told):
        outcome(content, parser=parser)
        limits.append(parser.idle_limit)
    assert limits == [5, 5, None, 5]


# Several replies in what came at once, for requests that were sent in a row.

ROW = [
    ("GET", LENGTH + b"0123456789", 200, b"0123456789"),
    ("GET", LENGTH + b"9876543210", 200, b"9876543210"),
    ("HEAD", LENGTH, 200, b""),
    ("GET", CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n", 200, b"abcde"),
    ("GET", b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", 404, b"no"),
    ("DELETE", b"HTTP/1.1 204 N\r\n\r\n", 204, b""),
    ("GET", b"HTTP/1.1 304 N\r\nContent-Length: 10\r\n\r\n", 304, b""),
    ("GET", b"HTTP/1.1 304 N\r\nContent-Length: 10\r\n\r\n", 304, b""),
    ("GET", OK + b"Content-Length: 0\r\n\r\n", 200, b""),
]
ROW_CONTENT = b"".join(content for _, content, _, _ in ROW)
ROW_REPLIES = [(status, body) for _, _, status, body in ROW]


def read_row(pieces):
    """Read the replies of ``ROW`` from pieces, as somebody does who sends requests in a row."""
    parser = ReplyParser()
    pieces = list(pieces)
    replies = []
    for method, *_ in ROW:
        parser.expect(method, LIMIT)
        reply = parser.advance() if parser.began else None
        while reply is None:
            reply = parser.feed(pieces.pop(0))
        replies.append((reply.status, bytes(reply.content)))
    assert parser.is_idle is True
    assert pieces == []
    return replies


def test_replies_in_a_row_are_read_one_by_one():
    assert read_row([ROW_CONTENT]) == ROW_REPLIES
    assert read_row(in_bytes(ROW_CONTENT)) == ROW_REPLIES
    assert read_row([content for _, content, _, _ in ROW]) == ROW_REPLIES


def test_replies_in_a_row_are_the_same_wherever_they_are_cut():
    for at in range(1, len(ROW_CONTENT)):
        assert read_row([ROW_CONTENT[:at], ROW_CONTENT[at:]]) == ROW_REPLIES


def test_a_body_without_an_end_takes_the_replies_behind_it():
    parser = ReplyParser()
    parser.expect("GET", LIMIT)
    assert parser.feed(UNTIL_CLOSE + LENGTH) is None
    reply = parser.end()
    assert (bytes(reply.content), parser.reusable) == (LENGTH, False)


def test_what_is_left_of_a_broken_off_error_is_nobodys_reply():
    parser = ReplyParser()
    body = b"x" * 70_000
    head = b"HTTP/1.1 500 No\r\nContent-Length: 70000\r\n\r\n"
    got = outcome(head, body + LENGTH + b"0123456789", parser=parser)
    assert (got.status, len(got.content)) == (500, 65536)
    assert (parser.reusable, parser.is_idle) == (False, False)


# However the bytes come, they mean the same.


GOOD = [
    LENGTH + b"0123456789",
    LENGTH + b"0123456789HTTP/1.1 200 OK\r\n",
    OK + b"Content-Length: 0\r\n\r\n",
    CHUNKED + b'4\r\n{"a"\r\n3;x=y\r\n: 1\r\n1\r\n}\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n',
    CHUNKED + b"000000\r\n\r\nrest",
    CHUNKED + b"1;" + b"x" * 40 + b"\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: </x>\r\n\r\n" + LENGTH + b"0123456789",
    b"HTTP/1.0 200\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n1",
    b"HTTP/1.1 204 No Content\r\nVary: a\r\nVary: b\r\n\r\n",
    b"HTTP/1.1 304 N\r\nContent-Length: 10\r\n\r\n0123456789",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]
ENDING = [
    UNTIL_CLOSE + b"0123456789",
    b"HTTP/1.0 200 OK\r\n\r\n[1]",
    b"HTTP/1.1 403 No\r\n\r\nno",
    b"HTTP/1.1 403 No\r\nContent-Length: 30\r\n\r\nno",
    b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nab",
]
BROKEN = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 100 C\r\n\r\n" * 11,
    b"HTTP/2 200 OK\r\n\r\n",
    CHUNKED + b"3\r\nabc\r\nzz\r\n",
    CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    CHUNKED + b"3\r\nabc\r\n0\r\nX: y\rz\r\n\r\n",
    b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
]
CUT = [LENGTH + b"012", CHUNKED + b"3\r\nabc\r\n0\r\n", OK, b"HTTP/1.1 100 C\r\n\r\n"]

STREAMS = GOOD + ENDING + BROKEN + CUT


@pytest.mark.parametrize("content", STREAMS, ids=range(len(STREAMS)))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_reply_is_the_same_wherever_it_is_cut(content, method):
    end = None if content in GOOD + BROKEN else True
    whole = outcome(content, method=method, end=end)
    assert whole != Outcome()
    assert outcome(*in_bytes(content), method=method, end=end) == whole
    for at in range(1, len(content)):
        assert outcome(content[:at], content[at:], method=method, end=end) == whole, at


@pytest.mark.parametrize("content", GOOD, ids=range(len(GOOD)))
def test_a_reply_whose_head_was_seen_before_is_the_same_wherever_it_is_cut(content):
    whole = outcome(content)
    for at in range(len(content)):
        parser = ReplyParser()
        outcome(content, parser=parser)
        parser.take_rest()
        pieces = [piece for piece in (content[:at], content[at:]) if piece]
        assert outcome(*pieces, parser=parser) == whole, at


def test_replies_do_not_share_their_bodies():
    parser = ReplyParser()
    replies = []
    for body in (b"0123456789", b"9876543210"):
        for pieces in ([LENGTH + body], [LENGTH, body]):
            parser.expect("GET", LIMIT)
            *_, reply = [parser.feed(piece) for piece in pieces]
            replies.append(reply)
    assert [bytes(reply.content) for reply in replies] == [b"0123456789"] * 2 + [b"9876543210"] * 2
