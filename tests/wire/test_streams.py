"""A reply whose body comes in pieces: the parser that hands them out, and the stream over it."""

from __future__ import annotations

import signal

import pytest

from ironflow import InvalidResponseError, IronflowClient, IronflowTimeoutError, NotFoundError
from ironflow._wire.replies import BadReply, ReplyParser

from ..conftest import KEY
from ..hostile import HostileServer, behave, pause, reply, request, stall
from .reading import CHUNKED, LENGTH, OK

UNTIL_CLOSE = OK + b"\r\n"


def pieces(*data, limit=4, method="POST", end=None, parser=None):
    """What a parser hands out of these data: the head, pieces of the body, and its rest."""
    parser = parser or ReplyParser()
    parser.expect(method, limit, stream=True)
    found = []
    replies = []
    for piece in data:
        reply = parser.feed(piece)
        while reply is not None:
            replies.append(reply)
            found.append(bytes(reply.content))
            reply = None if len(replies) == 2 else parser.advance()
        found.append(bytes(parser.take_body()))
    if end is not None:
        replies.append(parser.end(end))
        found.append(bytes(replies[-1].content))
    return replies, [piece for piece in found if piece], parser


# The parser


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (LENGTH + b"0123456789", None),
        (CHUNKED + b"4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n", None),
        (UNTIL_CLOSE + b"0123456789", True),
    ],
)
def test_the_head_comes_first_then_pieces_then_the_end(data, end):
    for size in (1, 2, 3, 7, 1000):
        cut = [data[at : at + size] for at in range(0, len(data), size)]

        replies, found, parser = pieces(*cut, end=end)

        assert [(reply.status, reply.reason) for reply in replies] == [(200, "OK")] * 2
        assert replies[0].content == b""
        assert b"".join(found) == b"0123456789"
        assert parser.is_idle is (end is None)


def test_the_limit_is_not_for_the_body_of_a_success():
    body = b"x" * 100_000

    replies, found, _ = pieces(
        OK + b"Content-Length: 100000\r\n\r\n", body[:50], body[50:], limit=9
    )

    assert (len(replies), b"".join(found)) == (2, body)


def test_nothing_that_was_taken_is_kept():
    parser = ReplyParser()
    parser.expect("POST", 4, stream=True)
    assert parser.feed(CHUNKED) is not None
    for _ in range(100):
        assert parser.feed(b"3\r\nabc\r\n") is None
        assert parser.take_body() == b"abc"
        assert parser.take_body() == b""


def test_a_head_that_was_seen_before_is_no_shortcut():
    parser = ReplyParser()
    parser.expect("GET", 100)
    assert parser.feed(LENGTH + b"0123456789").content == b"0123456789"

    replies, found, _ = pieces(LENGTH + b"9876543210", parser=parser)
    assert [bytes(reply.content) for reply in replies] == [b"", b"9876543210"]
    assert found == [b"9876543210"]

    parser.expect("GET", 100)
    assert parser.feed(LENGTH + b"0123456789").content == b"0123456789"


@pytest.mark.parametrize("status", [b"204 No Content", b"200 OK\r\nContent-Length: 0"])
def test_a_body_that_is_empty_ends_at_once(status):
    replies, found, parser = pieces(b"HTTP/1.1 %s\r\n\r\n" % status)

    assert (len(replies), found, parser.is_idle) == (2, [], True)


def test_an_error_comes_whole():
    replies, _, parser = pieces(b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n", b"abc")

    assert [(reply.status, bytes(reply.content)) for reply in replies] == [(404, b"abc")]
    assert parser.is_idle


@pytest.mark.parametrize(
    ("data", "announced", "problem"),
    [
        (LENGTH + b"012", True, "was cut short, 7 bytes are missing"),
        (CHUNKED + b"4\r\n01", True, "was cut short"),
        (CHUNKED + b"4\r\n0123\r\n", True, "was cut short"),
        (UNTIL_CLOSE + b"012", False, "was cut short"),
    ],
)
def test_a_body_that_is_cut_short_is_refused(data, announced, problem):
    with pytest.raises(BadReply) as caught:
        pieces(data, end=announced)

    assert (caught.value.problem, caught.value.retryable) == (problem, True)
    assert caught.value.reply.status == 200


# The stream


def opened(server, **options):
    client = IronflowClient(server.url, api_key=KEY, **{"timeout": 20, **options})
    return client._call("POST", "/x", body={"id": "1"}, stream=True)


def test_a_stream_gives_the_bytes_as_they_come_and_then_none():
    script = [request, CHUNKED + b"3\r\nabc\r\n", pause(0.1), b"2\r\nde\r\n0\r\n\r\n"]
    with HostileServer(script) as server:
        stream = opened(server)
        assert (stream.reply.status, stream.reply.reason) == (200, "OK")
        assert [bytes(stream.read()) for _ in range(4)] == [b"abc", b"de", b"", b""]
        stream.close()


def test_a_stream_asks_for_no_coding_and_a_call_for_gzip():
    with HostileServer([request, LENGTH + b"0123456789", stall]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            client._call("POST", "/x", body={"id": "1"}, stream=True).close()
            client.request("POST", "/x", body={"id": "2"})
        codings = [received.headers["accept-encoding"] for received in server.requests]

    assert codings == ["identity", "gzip"]


def test_what_goes_wrong_is_an_error_and_closes_the_connection():
    with HostileServer([request, CHUNKED + b"3\r\nabc\r\n", pause(0.1)]) as server:
        stream = opened(server)
        assert stream.read() == b"abc"
        with pytest.raises(InvalidResponseError, match="was cut short"):
            stream.read()
        assert stream._connection.sock.fileno() == -1


def test_what_came_with_a_break_is_given_before_the_error():
    with HostileServer([request, CHUNKED + b"3\r\nabc\r\nno size\r\n"]) as server:
        stream = opened(server)
        assert stream.read() == b"abc"
        for _ in range(2):
            with pytest.raises(InvalidResponseError, match="a chunk has no size"):
                stream.read()
        assert stream._connection.sock.fileno() == -1


def test_a_silence_is_told_as_one():
    with HostileServer([request, CHUNKED, stall]) as server:
        stream = opened(server, timeout=0.3)
        with pytest.raises(IronflowTimeoutError, match="nothing more came in time"):
            stream.read()
        assert stream._connection.sock.fileno() == -1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_what_a_signal_handler_raises_passes_and_closes_the_connection():
    def ring(signum, frame):
        raise TimeoutError("the caller's own")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with HostileServer([request, CHUNKED, stall]) as server:
            stream = opened(server)
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(TimeoutError, match="^the caller's own$"):
                stream.read()
            assert stream._connection.sock.fileno() == -1
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_error_is_no_stream_and_its_connection_is_used_again():
    body = b'{"code": "not_found", "message": "no such thing"}'
    scripts = [[request, reply(body, status="404 Not Found"), behave]]
    with HostileServer(*scripts) as server:
        with IronflowClient(server.url, timeout=20) as client:
            with pytest.raises(NotFoundError, match="no such thing"):
                client._call("POST", "/x", body={"id": "1"}, stream=True)
            assert client.request("POST", "/x", body={"id": "2"}) == {"id": "2"}
        assert server.accepted == 1
