"""The parser of replies, without a socket: what it reads, what it refuses, and what it leaves."""

from __future__ import annotations

import pytest

from ironflow._wire.replies import ERROR_BODY_LIMIT, BadReply, ReplyParser

from .reading import LIMIT, Outcome, in_bytes, outcome, shown

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Length: 10\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = OK + b"Content-Type: text/plain\r\n\r\n"


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


# Heads.


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200 OK", 200, "OK"),
        (b"HTTP/1.0 200 OK", 200, "OK"),
        (b"HTTP/1.1 200", 200, ""),
        (b"HTTP/1.1 200 ", 200, ""),
        (b"HTTP/1.1 200  two spaces", 200, " two spaces"),
        (b"HTTP/1.1 404 Not\tFound", 404, "Not\tFound"),
        (b"HTTP/1.1 599 \xe4\xff", 599, "\xe4\xff"),
        (b"HTTP/1.1 200 HTTP/1.1 200 OK", 200, "HTTP/1.1 200 OK"),
    ],
)
def test_a_status_line_of_the_grammar_is_read(line, status, reason):
    got = outcome(line + b"\r\nContent-Length: 0\r\n\r\n")
    assert (got.status, got.reason, got.headers) == (status, reason, {"content-length": "0"})


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\r\n", b" ", b"HTTP", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 20", b"HTTP/1.1 2000"),
        *(b"HTTP/1.2 200 OK", b"HTTP/2 200 OK", b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK"),
        *(b"HTTP/1 200 OK", b"HTTP/1.10 200 OK", b"HTTP/11 200 OK", b"HTTP/01.1 200 OK"),
        *(b"http/1.1 200 OK", b"HTTPS/1.1 200 OK", b"ICY 200 OK", b" HTTP/1.1 200 OK"),
        *(b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1200 OK", b"HTTP /1.1 200 OK"),
        *(b"HTTP/1.1 abc OK", b"HTTP/1.1 -20 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 2 0 OK"),
        *(b"HTTP/1.1 000 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 600 OK", b"HTTP/1.1 2\xb2\xb3 OK"),
        *(b"HTTP/1.1 200OK", b"HTTP/1.1 200\tOK", b"HTTP/1.1 200,OK"),
        *(b"HTTP/1.1 200 O\0K", b"HTTP/1.1 200 O\x7fK", b"HTTP/1.1 200 O\x1b[2JK"),
        *(b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\nK", b"HTTP/1.1 200 O\x0bK", b"HTTP/1.1\r200 OK"),
    ],
)
def test_a_status_line_outside_of_the_grammar_is_refused(line):
    assert refusal(line + b"\r\nContent-Length: 0\r\n\r\n").problem.startswith("is not HTTP")


@pytest.mark.parametrize("start", [b"\x15\x03\x01\x00\x02\x02\x46", b"\x16\x03\x03\x00\x7a\x02"])
def test_tls_where_http_was_expected_is_named(start):
    problem = "is not HTTP but TLS: does the server want https:// in server_url?"
    assert refusal(start).problem == problem


def test_what_is_not_http_is_refused_by_its_first_byte_and_shows_its_first_words():
    assert refusal(b"S").problem == "is not HTTP: it begins 'S'"
    assert refusal(b"SSH-2.0-OpenSSH_9.6\r\n").problem == (
        "is not HTTP: it begins 'SSH-2.0-OpenSSH_9.6\\r\\n'"
    )
    words = b"no such thing as HTTP is spoken here, " * 10
    assert refusal(words).problem == (
        "is not HTTP: it begins"
        " 'no such thing as HTTP is spoken here, no such thing as HTTP is spoken here, no …'"
    )


HEADERS = [
    # what stands between the colon and the end of the line, and the value that it is
    (b"b", "b"),
    (b" b", "b"),
    (b" \t b \t ", "b"),
    (b"", ""),
    (b" \t ", ""),
    (b" b c\td", "b c\td"),
    (b" b: c", "b: c"),
    (b" caf\xe9", "caf\xe9"),
    (b" \x80\xa0\xff", "\x80\xa0\xff"),
    (b' "b, c"', '"b, c"'),
]


@pytest.mark.parametrize(("sent", "value"), HEADERS)
def test_the_value_of_a_header_is_what_stands_between_its_white_space(sent, value):
    got = outcome(OK + b"X-A:" + sent + b"\r\nContent-Length: 0\r\n\r\n")
    assert got.headers == {"x-a": value, "content-length": "0"}


@pytest.mark.parametrize(
    "line",
    [
        *(b"X-A", b": b", b":", b"X-A : b", b"X-A\t: b", b" X-A: b", b"\tX-A: b", b"X A: b"),
        *(b"X(A): b", b"X\xc4: b", b"X/A: b", b'X"A": b', b"X\0: b", b"X\x7f: b"),
        *(b"X-A: b\0", b"X-A: \x01b", b"X-A: b\x08c", b"X-A: b\x1b[31m", b"X-A: b\x7f"),
        *(b"X-A: b\rc", b"X-A: b\r", b"\rX-A: b", b"X-A: b\x0b", b"X-A: \x0cb", b"X-A: b\x1f"),
        *(b"X-A: b\nX-B: c", b"X-A: b\r\n c", b"X-A: b\r\n\tc", b"\nX-A: b"),
    ],
)
def test_a_malformed_header_is_refused_with_its_reply(line):
    error = refusal(OK + line + b"\r\nContent-Length: 0\r\n\r\n")
    assert error.problem == "is not HTTP: it has a malformed header"
    assert (error.reply.status, error.reply.reason, error.retryable) == (200, "OK", False)


@pytest.mark.parametrize("end", [b"\x01", b"b", b"b\x01", b"\r"])
def test_a_header_of_nothing_but_spaces_is_read_or_refused_at_once(end):
    # A pattern that leaves the spaces around a value out took hours for this.
    got = outcome(OK + b"X-A:" + b" " * 60_000 + end + b"\r\nContent-Length: 0\r\n\r\n")
    if end == b"b":
        assert got.headers == {"x-a": "b", "content-length": "0"}
    else:
        assert got.problem == "is not HTTP: it has a malformed header"


def test_headers_that_come_several_times_are_joined_and_names_are_in_lower_case():
    got = outcome(OK + b"VARY: a\r\nvary: b\r\nX: 1\r\nVary:\r\nCONTENT-LENGTH: 0\r\n\r\n")
    assert got.headers == {"vary": "a, b, ", "x": "1", "content-length": "0"}


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (b"Content-Length: 2\r\nContent-Length: 2", "it has more than one content-length"),
        (b"Content-Length: 2\r\ncontent-length: 3", "it has more than one content-length"),
        (b"Content-Length: 2, 2", "its content-length is no length"),
        (b"Content-Length: -2", "its content-length is no length"),
        (b"Content-Length: +2", "its content-length is no length"),
        (b"Content-Length: 0x2", "its content-length is no length"),
        (b"Content-Length: 2_0", "its content-length is no length"),
        (b"Content-Length: 2.0", "its content-length is no length"),
        (b"Content-Length: 2 0", "its content-length is no length"),
        (b"Content-Length: two", "its content-length is no length"),
        (b"Content-Length:", "its content-length is no length"),
        (b"Content-Length: \xb2", "its content-length is no length"),
        (b"Content-Length: " + b"1" * 19, "its content-length is no length"),
        (b"Content-Length: " + b"1" * 5000, "its content-length is no length"),
        (
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "it has more than one transfer-encoding",
        ),
        (
            b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            "it has more than one transfer-encoding",
        ),
        (
            b"Transfer-Encoding: chunked\r\nContent-Length: 2",
            "its transfer-encoding cannot be right",
        ),
        (
            b"Content-Length: 2\r\nTransfer-Encoding: chunked",
            "its transfer-encoding cannot be right",
        ),
        (b"Transfer-Encoding: chunked, chunked", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: gzip, chunked", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: chunked, gzip", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: gzip", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: identity", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: xchunked", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: chunked;a=b", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: 'chunked'", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding:", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: \x0bchunked", "it has a malformed header"),
        (b"Transfer-Encoding: chunked\x0b", "it has a malformed header"),
        (b"Transfer-Encoding: \x0cchunked", "it has a malformed header"),
        (b"Transfer-Encoding: chunked\x1f", "it has a malformed header"),
        (b"Transfer-Encoding: \xa0chunked", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding: chunked\x85", "its transfer-encoding cannot be right"),
        (b"Transfer-Encoding : chunked", "it has a malformed header"),
        (b"Content-Length : 2", "it has a malformed header"),
    ],
    ids=shown,
)
def test_a_length_that_two_readers_could_read_in_two_ways_is_refused(lines, problem):
    error = refusal(OK + lines + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert error.problem == f"is not HTTP: {problem}"
    assert (error.reply.status, error.retryable) == (200, False)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified", b"404 Not Found"])
def test_contradictory_lengths_are_refused_whatever_the_status(status):
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert refusal(head).problem == "is not HTTP: its transfer-encoding cannot be right"


def test_a_head_of_64_kb_is_read_and_one_byte_more_is_refused():
    filled = OK + b"X: " + b"y" * (65536 - len(OK) - len(b"X: ") - len(b"\r\nContent-Length: 0"))
    fits = filled + b"\r\nContent-Length: 0"
    assert len(fits) == 65536
    assert outcome(fits + b"\r\n\r\n").status == 200
    larger = filled + b"y\r\nContent-Length: 0\r\n\r\n"
    assert outcome(larger).problem == "is not HTTP: its head is too large"


def test_a_head_that_never_ends_is_refused_when_it_is_larger_than_64_kb():
    got = outcome(OK + b"X: ", b"y" * 30_000, b"y" * 30_000)
    assert got == Outcome()
    got = outcome(OK + b"X: ", b"y" * 30_000, b"y" * 36_000)
    assert got.problem == "is not HTTP: its head is too large"


def test_a_head_of_100_headers_is_read_and_one_more_is_refused():
    fields = b"X: y\r\n" * 99 + b"Content-Length: 0\r\n"
    assert outcome(OK + fields + b"\r\n").status == 200
    assert outcome(OK + fields + b"X: y\r\n\r\n").problem == "is not HTTP: it has too many headers"


def test_a_stream_that_ends_inside_of_a_head_is_worth_another_try():
    for part in (b"H", b"HTTP/1.1 20", OK, OK + b"Content-Le", LENGTH[:-1]):
        error = refusal(part)
        assert error.problem == ("is not HTTP: the server closed the connection inside of its head")
        assert (error.reply, error.retryable) == (None, True)


def test_lines_that_end_in_a_bare_line_feed_end_no_head():
    assert outcome(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}") == Outcome()
    assert outcome(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}\r\n\r\n").problem == "is not HTTP:"
    assert outcome(b"HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n\r\n").problem == (
        "is not HTTP: it has a malformed header"
    )


# Interim replies and switches of protocols.


def test_interim_replies_are_passed_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n"
    got = outcome(interim + LENGTH + b"0123456789")
    assert (got.status, got.headers, got.content) == (200, {"content-length": "10"}, b"0123456789")
    assert got.is_idle is True
    assert outcome(interim) == Outcome()


def test_an_interim_reply_has_no_body_whatever_its_length_says():
    got = outcome(b"HTTP/1.1 102 P\r\nContent-Length: 5\r\n\r\n" + LENGTH + b"0123456789")
    assert (got.status, got.content) == (200, b"0123456789")


def test_ten_interim_replies_are_passed_over_and_no_more():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert read(interim * 10 + LENGTH + b"0123456789") == (200, b"0123456789")
    error = refusal(interim * 11)
    assert error.problem == "never comes: too many interim replies"
    assert error.reply.status == 100
    # The count starts anew with each reply.
    parser = ReplyParser()
    for _ in range(2):
        assert read(interim * 10 + LENGTH + b"0123456789", parser=parser)[0] == 200


SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def test_a_switch_of_protocols_that_nobody_asked_for_is_refused():
    error = refusal(SWITCH)
    assert error.problem == "switches protocols, which nobody asked for"
    assert (error.reply.status, error.reply.headers) == (101, {"upgrade": "websocket"})


@pytest.mark.parametrize("more", [b"", b"\x81\x02hi", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_switch_that_was_asked_for_is_a_reply_and_what_follows_it_is_not_http(more):
    parser = ReplyParser()
    got = outcome(b"HTTP/1.1 103 E\r\n\r\n" + SWITCH + more, upgrade=True, parser=parser)
    assert (got.status, got.reason, got.content) == (101, "Switching Protocols", b"")
    assert parser.take_rest() == more
    assert parser.take_rest() == b""


def test_a_switch_has_no_body_whatever_its_length_says():
    parser = ReplyParser()
    head = SWITCH.replace(b"Upgrade", b"Content-Length: 4\r\nUpgrade")
    got = outcome(head + b"\x81\x02hi", upgrade=True, parser=parser)
    assert (got.status, got.content) == (101, b"")
    assert parser.take_rest() == b"\x81\x02hi"


def test_a_server_that_does_not_switch_gives_an_ordinary_reply():
    refused = b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno"
    assert read(refused, upgrade=True) == (426, b"no")


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
        (b"2\nab\r\n0\r\n\r\n", "a line of its chunks ends wrong"),
        (b"2\r\nab\r\n0\n\r\n", "a line of its chunks ends wrong"),
        (b"2\r\nab\r\n0\r\n\n", "a line of its chunks ends wrong"),
        (b"2\r\nab\r\n0\r\nX: y\n\r\n", "a line of its chunks ends wrong"),
        (b"2;" + b"x" * 1022, "a line of its chunks is too long"),
        (b"2;" + b"x" * 1022 + b"\r\nab\r\n0\r\n\r\n", "a line of its chunks is too long"),
        (b"0" * 1024, "a line of its chunks is too long"),
        (b"2\r\nab\r\n0\r\nX: " + b"y" * 65533, "a line of its chunks is too long"),
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
