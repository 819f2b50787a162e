"""The parser of replies: where a body ends, how large it may be, and what is kept of an error's."""

from __future__ import annotations

import pytest

from ironflow._wire.replies import ERROR_BODY_LIMIT, ReplyParser

from .reading import (
    CHUNKED,
    LENGTH,
    LIMIT,
    OK,
    UNTIL_CLOSE,
    Outcome,
    in_bytes,
    outcome,
    read,
    refusal,
    shown,
)

# Which replies have no body.

WITH_A_LENGTH = b"\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK" + WITH_A_LENGTH),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 404 Not Found" + WITH_A_LENGTH),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content" + WITH_A_LENGTH),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified" + WITH_A_LENGTH),
        ("GET", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 Connection established" + WITH_A_LENGTH),
        ("CONNECT", b"HTTP/1.1 200 Connection established\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 299 Odd\r\n\r\n"),
    ],
)
def test_a_reply_without_a_body_ends_with_its_head(method, head):
    parser = ReplyParser()
    # Twice: the second head is one that the parser has seen before.
    for _ in range(1 if method == "CONNECT" else 2):
        got = outcome(head + b"0123456789", method=method, parser=parser)
        assert (got.content, got.is_idle) == (b"", False)
        assert parser.take_rest() == b"0123456789"
        assert parser.is_idle is True


def test_a_refused_connect_has_a_body():
    head = b"HTTP/1.1 407 Proxy Authentication Required" + WITH_A_LENGTH
    assert read(head, b"01234", b"56789", method="CONNECT") == (407, b"0123456789")


def test_a_head_that_was_seen_before_is_read_by_the_method_of_its_own_request():
    parser = ReplyParser()
    for method, body in [("GET", b"0123456789"), ("HEAD", b""), ("GET", b"9876543210")]:
        assert read(LENGTH + body, method=method, parser=parser) == (200, body)
        assert parser.is_idle is True


# Bodies of a known length.


def test_a_body_of_a_known_length_ends_there():
    assert outcome(LENGTH, b"0123", b"456789").content == b"0123456789"
    got = outcome(LENGTH + b"0123456789rest")
    assert (got.content, got.is_idle) == (b"0123456789", False)
    assert outcome(OK + b"Content-Length: 000\r\n\r\n").content == b""


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_a_known_length_that_is_cut_short_says_how_much_is_missing(announced):
    error = refusal(LENGTH + b"012", end=announced)
    assert (error.problem, error.retryable) == ("was cut short, 7 bytes are missing", True)
    assert (error.reply.status, bytes(error.reply.content)) == (200, b"012")


def test_a_body_up_to_the_limit_is_read_and_a_larger_one_is_refused_by_its_head():
    assert len(read(OK + b"Content-Length: 1000\r\n\r\n", b"x" * 1000)[1]) == 1000
    error = refusal(OK + b"Content-Length: 1001\r\n\r\n")
    assert error.problem == "is larger than max_response_bytes (1000)"
    assert (error.reply.status, error.retryable) == (200, False)


# Chunks.


@pytest.mark.parametrize(
    ("chunks", "content"),
    [
        (b"0\r\n\r\n", b""),
        (b"2\r\nab\r\n0\r\n\r\n", b"ab"),
        (b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"0000000000002\r\nab\r\n00\r\n\r\n", b"ab"),
        (b"2;a=b\r\nab\r\n0;c\r\n\r\n", b"ab"),
        (b"2 \t;a=b\r\nab\r\n0 ;\r\n\r\n", b"ab"),
        (b'2;a="\x00;\xff"\r\nab\r\n0\r\n\r\n', b"ab"),
        (b"2  \r\nab\r\n0\t\r\n\r\n", b"ab"),
        (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
        (b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
        (b"2\r\nab\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", b"ab"),
        (b"2;" + b"x" * 1019 + b"\r\nab\r\n0\r\n\r\n", b"ab"),
    ],
    ids=shown,
)
def test_chunks_are_put_together_and_trailers_dropped(chunks, content):
    got = outcome(CHUNKED + chunks)
    assert (got.content, got.headers) == (content, {"transfer-encoding": "chunked"})
    assert got.is_idle is True


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"CHUNKED", b"\t chunked \t"], ids=repr)
def test_chunked_is_written_in_any_case(coding):
    assert read(OK + b"Transfer-Encoding:" + coding + b"\r\n\r\n1\r\na\r\n0\r\n\r\n")[1] == b"a"


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        *(
            (size + b"\r\nab\r\n0\r\n\r\n", "a chunk has no size")
            for size in (
                *(b"", b" ", b";a", b"zz", b"-2", b"+2", b"0x2", b"2_0", b"2.0", b"2 2", b" 2"),
                *(b"\t2", b"2\x0b", b"2\0", b"2\r", b"2;a\rb", b"\xb2", b"1" * 16, b"f" * 1000),
            )
        ),
        (b"2\r\nab0\r\n\r\n", "a chunk has the wrong size"),
        (b"1\r\nab\r\n0\r\n\r\n", "a chunk has the wrong size"),
        (b"2\r\nab\n\n0\r\n\r\n", "a chunk has the wrong size"),
        (b"2\r\nab\r\r0\r\n\r\n", "a chunk has the wrong size"),
        (b"2\r\nab\n0\r\n\r\n", "a chunk has the wrong size"),
        (b"3\r\nab\r\n0\r\n\r\n", "a chunk has the wrong size"),
        (b"2\nab\r\n0\r\n\r\n", "a chunk line has the wrong ending"),
        (b"2\r\nab\r\n0\n\r\n", "a chunk line has the wrong ending"),
        (b"2\r\nab\r\n0\r\n\n", "a chunk line has the wrong ending"),
        (b"2\r\nab\r\n0\r\nX: y\n\r\n", "a chunk line has the wrong ending"),
        (b"2;" + b"x" * 1022, "a chunk line is too long"),
        (b"2;" + b"x" * 1022 + b"\r\nab\r\n0\r\n\r\n", "a chunk line is too long"),
        (b"0" * 1024, "a chunk line is too long"),
        (b"2\r\nab\r\n0\r\nX: " + b"y" * 65533, "a chunk line is too long"),
        (b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n", "it has too many trailers"),
        (b"0\r\nX\r\n\r\n", "it has a malformed trailer"),
        (b"0\r\n X: y\r\n\r\n", "it has a malformed trailer"),
        (b"0\r\nX : y\r\n\r\n", "it has a malformed trailer"),
        (b"0\r\nX: y\rz\r\n\r\n", "it has a malformed trailer"),
        (b"0\r\nX: y\0\r\n\r\n", "it has a malformed trailer"),
        (b"0\r\nHTTP/1.1 200 OK\r\n\r\n", "it has a malformed trailer"),
    ],
    ids=shown,
)
def test_a_chunk_that_breaks_the_grammar_is_refused(chunks, problem):
    error = refusal(CHUNKED + chunks)
    assert error.problem == f"is not HTTP: {problem}"
    assert (error.reply.status, error.retryable) == (200, False)
    # And again a byte at a time, where no chunk and no line comes whole.
    assert outcome(*in_bytes(CHUNKED + chunks)).problem == error.problem


def test_a_hundred_trailers_are_dropped():
    assert read(CHUNKED + b"1\r\na\r\n0\r\n" + b"X: y\r\n" * 100 + b"\r\n") == (200, b"a")


@pytest.mark.parametrize(
    "part",
    [
        *(b"", b"2", b"2\r", b"2\r\n", b"2\r\na", b"2\r\nab", b"2\r\nab\r", b"2\r\nab\r\n"),
        *(b"2\r\nab\r\n0", b"2\r\nab\r\n0\r\n", b"2\r\nab\r\n0\r\n\r", b"2\r\nab\r\n0\r\nX: y\r\n"),
        *(b"2\r\nab\r\n3ffffffffffff\r\n", b"2\r\nab\r\n2;x"),
    ],
)
def test_a_chunked_body_that_is_cut_short_is_worth_another_try(part):
    error = refusal(CHUNKED + part)
    assert (error.problem, error.reply.status, error.retryable) == ("was cut short", 200, True)
    assert bytes(error.reply.content) == (b"ab" if b"ab" in part else b"a" if b"a" in part else b"")


@pytest.mark.parametrize(
    "chunks", [b"3e9\r\n" + b"x" * 1001, b"1f4\r\n%s\r\n" % (b"x" * 500) * 3], ids=["one", "many"]
)
def test_a_chunked_body_over_the_limit_is_refused(chunks):
    error = refusal(CHUNKED + chunks)
    assert error.problem == "is larger than max_response_bytes (1000)"
    assert len(error.reply.content) <= 1000


def test_a_chunked_body_of_exactly_the_limit_is_read():
    assert len(read(CHUNKED + b"1f4\r\n%s\r\n" % (b"x" * 500) * 2 + b"0\r\n\r\n")[1]) == 1000


def test_chunks_in_http_1_0_are_read_and_the_connection_is_not_used_again():
    head = b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = outcome(head + b"1\r\na\r\n0\r\n\r\n")
    assert (got.content, got.is_idle) == (b"a", False)


# Bodies that end with the stream.


def test_a_body_without_a_length_ends_with_the_stream():
    assert outcome(UNTIL_CLOSE + b"ab") == Outcome()
    got = outcome(UNTIL_CLOSE + b"ab", b"cd", end=True)
    assert (got.content, got.is_idle) == (b"abcd", False)
    assert outcome(UNTIL_CLOSE, end=True).content == b""


def test_an_end_that_nobody_announced_cuts_a_body_without_a_length_short():
    error = refusal(UNTIL_CLOSE + b"ab", end=False)
    assert (error.problem, error.retryable) == ("was cut short", True)
    assert bytes(error.reply.content) == b"ab"


def test_a_body_without_a_length_is_refused_over_the_limit():
    assert len(read(UNTIL_CLOSE, b"x" * 1000, end=True)[1]) == 1000
    error = refusal(UNTIL_CLOSE, b"x" * 1001)
    assert error.problem == "is larger than max_response_bytes (1000)"


# The bodies of errors: kept as far as they came.

FRAMINGS = {
    "length": (b"Content-Length: 200000\r\n\r\n", lambda body: body),
    "chunked": (
        b"Transfer-Encoding: chunked\r\n\r\n",
        lambda body: b"%x\r\n%s" % (len(body), body),
    ),
    "close": (b"X: y\r\n\r\n", lambda body: body),
}


@pytest.mark.parametrize("framing", list(FRAMINGS))
@pytest.mark.parametrize("status", [b"300", b"404", b"500"])
def test_the_body_of_an_error_is_read_up_to_its_own_limit(framing, status):
    head, framed = FRAMINGS[framing]
    head = b"HTTP/1.1 " + status + b" No\r\n" + head
    got = outcome(head, framed(b"x" * 100_000))
    assert (got.content, got.is_idle) == (b"x" * 65536, False)
    got = outcome(head, framed(b"x" * 65535), end=True)
    assert (got.content, got.is_idle) == (b"x" * 65535, False)
    assert ERROR_BODY_LIMIT == 65536


@pytest.mark.parametrize("framing", list(FRAMINGS))
@pytest.mark.parametrize("announced", [True, False])
def test_the_body_of_an_error_that_is_cut_short_is_kept(framing, announced):
    head, framed = FRAMINGS[framing]
    got = outcome(b"HTTP/1.1 404 No\r\n" + head, framed(b"abc"), end=announced)
    assert (got.status, got.content, got.is_idle) == (404, b"abc", False)


@pytest.mark.parametrize(
    "chunks",
    [b"3\r\nabc\r\nzz\r\n", b"3\r\nabcd", b"3\r\nabc\r\n0\r\nX\r\n", b"3\r\nabc\r\n1\n"],
)
def test_the_body_of_an_error_that_is_broken_is_kept(chunks):
    got = outcome(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert (got.status, got.content, got.is_idle) == (500, b"abc", False)


def test_an_error_that_is_larger_than_the_limit_of_a_success_is_no_complaint_about_size():
    head = b"HTTP/1.1 500 No\r\nContent-Length: 2000\r\n\r\n"
    got = outcome(head + b"x" * 2000)
    assert (got.status, len(got.content), got.is_idle) == (500, 2000, True)


def test_a_large_error_whose_head_was_seen_before_is_cut_too():
    parser = ReplyParser()
    head = b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n"
    for _ in range(2):
        got = outcome(head + b"x" * 100_000, limit=200_000, parser=parser)
        assert (len(got.content), got.is_idle) == (65536, False)
        parser.take_rest()


def test_what_there_is_of_an_error_can_be_had_before_its_end():
    parser = ReplyParser()
    assert parser.partial() is None
    parser.feed(b"HTTP/1.1 404 No\r\nContent-Length: 10\r\n\r\nabc")
    reply = parser.partial()
    assert (reply.status, bytes(reply.content), parser.reusable) == (404, b"abc", False)
    assert parser.partial() is None


def test_there_is_no_part_of_a_success():
    parser = ReplyParser()
    parser.expect("GET", LIMIT)
    parser.feed(LENGTH + b"abc")
    assert parser.partial() is None
    assert parser.feed(b"defghij").status == 200
