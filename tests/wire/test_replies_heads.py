"""The parser of replies: heads, interim replies and switches of protocols."""

from __future__ import annotations

import pytest

from ironflow._wire.replies import ReplyParser

from .reading import LENGTH, OK, Outcome, outcome, read, refusal, shown

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
        (b"Content-Length: 2, 2", "its content-length is not a length"),
        (b"Content-Length: -2", "its content-length is not a length"),
        (b"Content-Length: +2", "its content-length is not a length"),
        (b"Content-Length: 0x2", "its content-length is not a length"),
        (b"Content-Length: 2_0", "its content-length is not a length"),
        (b"Content-Length: 2.0", "its content-length is not a length"),
        (b"Content-Length: 2 0", "its content-length is not a length"),
        (b"Content-Length: two", "its content-length is not a length"),
        (b"Content-Length:", "its content-length is not a length"),
        (b"Content-Length: \xb2", "its content-length is not a length"),
        (b"Content-Length: " + b"1" * 19, "its content-length is not a length"),
        (b"Content-Length: " + b"1" * 5000, "its content-length is not a length"),
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
            "its transfer-encoding is not valid",
        ),
        (
            b"Content-Length: 2\r\nTransfer-Encoding: chunked",
            "its transfer-encoding is not valid",
        ),
        (b"Transfer-Encoding: chunked, chunked", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: gzip, chunked", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: chunked, gzip", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: gzip", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: identity", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: xchunked", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: chunked;a=b", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: 'chunked'", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding:", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: \x0bchunked", "it has a malformed header"),
        (b"Transfer-Encoding: chunked\x0b", "it has a malformed header"),
        (b"Transfer-Encoding: \x0cchunked", "it has a malformed header"),
        (b"Transfer-Encoding: chunked\x1f", "it has a malformed header"),
        (b"Transfer-Encoding: \xa0chunked", "its transfer-encoding is not valid"),
        (b"Transfer-Encoding: chunked\x85", "its transfer-encoding is not valid"),
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
    assert refusal(head).problem == "is not HTTP: its transfer-encoding is not valid"


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
        assert error.problem == (
            "is not HTTP: the server closed the connection in the middle of its head"
        )
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
    assert error.problem == "switches protocols without being asked to"
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
