"""Envelopes, end-of-stream messages and codes of the Connect protocol, without a socket."""

from __future__ import annotations

import pytest

from ironflow._connect import Envelopes, as_object, ending, envelope, not_a_stream
from ironflow._wire.replies import BadReply, Reply

from .connect import ended, enveloped, failed

LIMIT = 20


def reply(content=b"", **headers):
    return Reply(200, "OK", headers, content)


def cut_out(*pieces, limit=LIMIT):
    """The envelopes in these pieces."""
    envelopes = Envelopes(limit)
    found = []
    for piece in pieces:
        envelopes.feed(piece)
        while True:
            one = envelopes.next()
            if one is None:
                break
            found.append(one)
    return found


# Envelopes


def test_a_message_is_sent_with_no_flags_and_its_length_in_four_bytes():
    assert envelope(b'{"a":1}') == b'\x00\x00\x00\x00\x07{"a":1}'
    assert envelope(b"x" * 70_000)[:5] == b"\x00\x00\x01\x11\x70"


def test_envelopes_are_the_same_wherever_the_bytes_are_cut():
    data = enveloped(b"one") + enveloped(b"") + enveloped(b"x" * LIMIT) + ended(b"{}")
    whole = [(0, b"one"), (0, b""), (0, b"x" * LIMIT), (2, b"{}")]

    assert cut_out(data) == whole
    for at in range(len(data)):
        assert cut_out(data[:at], data[at:]) == whole, at
    assert cut_out(*[bytes([byte]) for byte in data]) == whole


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (enveloped(b"x", 1), "holds a compressed message, although none was requested"),
        (enveloped(b"x", 3), "holds a compressed message, although none was requested"),
        (enveloped(b"x", 4), "holds an envelope with unknown flags (0x04)"),
        (enveloped(b"x", 0x82), "holds an envelope with unknown flags (0x82)"),
        (b"\0\0\0\0\x15", "holds a message larger than max_response_bytes (20)"),
        (b"\x02\xff\xff\xff\xff", "holds a message larger than max_response_bytes (20)"),
    ],
)
def test_an_envelope_that_cannot_be_used_is_refused_before_its_message_has_come(data, problem):
    envelopes = Envelopes(LIMIT)
    envelopes.feed(data[:5])

    with pytest.raises(BadReply) as caught:
        envelopes.next()

    assert caught.value.problem == problem
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "was cut short before its end-of-stream message"),
        (b"\0\0\0", "was cut short in the middle of a message"),
        (enveloped(b"abc")[:-1], "was cut short in the middle of a message"),
    ],
)
def test_what_is_missing_is_told(data, problem):
    envelopes = Envelopes(LIMIT)
    envelopes.feed(enveloped(b"abc") + data)
    assert envelopes.next() == (0, b"abc")
    assert envelopes.next() is None

    assert (envelopes.cut().problem, envelopes.cut().retryable) == (problem, True)


# What they hold


def test_an_empty_reply_is_a_message_without_members():
    assert as_object(reply(), None) == {}


@pytest.mark.parametrize(("content", "value"), [(b"null", None), (b"[1]", [1]), (b"0", 0)])
def test_a_reply_that_is_no_object_is_refused(content, value):
    answer = reply(content)

    with pytest.raises(BadReply) as caught:
        as_object(answer, value)

    assert caught.value.problem == "is not a JSON object"
    assert caught.value.reply is answer


@pytest.mark.parametrize("content", [b"", b"{}", b'{"error": null}', b'{"metadata": {"a": ["b"]}}'])
def test_a_stream_without_an_error_ends_well(content):
    assert ending(reply(content), 1000) is None


# https://connectrpc.com/docs/protocol#error-codes, with the statuses of unary replies
CODES = [
    ("canceled", 499),
    ("unknown", 500),
    ("invalid_argument", 400),
    ("deadline_exceeded", 504),
    ("not_found", 404),
    ("already_exists", 409),
    ("permission_denied", 403),
    ("resource_exhausted", 429),
    ("failed_precondition", 400),
    ("aborted", 409),
    ("out_of_range", 400),
    ("unimplemented", 501),
    ("internal", 500),
    ("unavailable", 503),
    ("data_loss", 500),
    ("unauthenticated", 401),
    ("a_code_of_tomorrow", 500),
]


@pytest.mark.parametrize(("code", "status"), CODES)
def test_each_code_stands_for_the_status_that_a_unary_reply_has(code, status):
    content = failed(code)[5:]

    found = ending(reply(content, server="go"), 1000)

    assert (found.status, found.headers, found.content) == (status, {"server": "go"}, content)


@pytest.mark.parametrize("error", [b"{}", b'{"code": 5}', b'{"code": ["x"]}', b'"text"', b"[]"])
def test_an_error_without_a_code_is_a_failure_of_the_server(error):
    assert ending(reply(b'{"error": %s}' % error), 1000).status == 500


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"NaN"])
def test_an_end_that_is_no_json_object_is_refused(content):
    with pytest.raises(BadReply):
        ending(reply(content), 1000)


# Heads


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/connect+json"},
        {"content-type": "Application/Connect+JSON; charset=utf-8"},
        {"content-type": "application/connect+json", "content-encoding": "identity"},
    ],
)
def test_a_stream_says_what_it_is(headers):
    assert not_a_stream(Reply(200, "OK", headers, b"")) is None


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "is not a stream of messages (application/connect+json)"),
        ({"content-type": "text/html"}, "is not a stream of messages (application/connect+json)"),
        (
            {"content-type": "application/connect+json", "content-encoding": "gzip"},
            "has a content coding that was not requested ('gzip')",
        ),
    ],
)
def test_a_reply_that_is_no_stream_is_known_by_its_head(headers, why):
    assert not_a_stream(Reply(200, "OK", headers, b"")) == why
