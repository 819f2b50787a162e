"""From bytes to values, within bounds."""

from __future__ import annotations

import gzip
import json
import zlib
from time import monotonic

import pytest

from ironflow._wire.content import MAX_MEMBERS, decode, inflate, parse
from ironflow._wire.replies import ERROR_BODY_LIMIT, BadReply, Reply

MB = 1024 * 1024


def reply(content, coding="gzip", status=200):
    return Reply(status, "", {"content-encoding": coding}, content)


def inflated(content, limit=MB, deadline=None, **options):
    made = reply(content, **options)
    inflate(made, limit, monotonic() + 60 if deadline is None else deadline)
    return bytes(made.content)


def refusal(content, **options):
    with pytest.raises(BadReply) as caught:
        inflated(content, **options)
    return caught.value


# gzip


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3 * MB])
def test_a_gzip_of_any_size_is_inflated(size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    assert inflated(gzip.compress(content), limit=size) == content


def test_members_are_joined_up_to_a_number_of_them():
    member = gzip.compress(b"ab")
    assert inflated(member * MAX_MEMBERS) == b"ab" * MAX_MEMBERS
    error = refusal(member * (MAX_MEMBERS + 1))
    assert (error.problem, error.retryable) == ("is a gzip of too many members", False)


def test_four_mebibytes_of_empty_members_end_at_once():
    assert refusal(gzip.compress(b"") * 200_000).problem == "is a gzip of too many members"


@pytest.mark.parametrize("cut", [1, 5, 12, 40])
def test_a_gzip_that_is_cut_short_says_so_and_may_be_tried_again(cut):
    whole = gzip.compress(json.dumps(list(range(1000))).encode())
    error = refusal(whole[:-cut])
    assert (error.problem, error.retryable) == ("was cut short inside of its gzip", True)


def test_what_is_no_gzip_is_refused():
    for content in (b"{}", b"\x1f\x8b\x08\x00junk and more junk of it", zlib.compress(b"{}")):
        assert refusal(content).problem == "is not gzip, as it says it is"
    damaged = bytearray(gzip.compress(b"x" * 1000))
    damaged[-5] ^= 1  # the checksum
    assert refusal(bytes(damaged)).problem == "is not gzip, as it says it is"


def test_a_gzip_is_inflated_up_to_the_limit_and_no_further():
    content = gzip.compress(b"\0" * (8 * MB))
    assert len(inflated(content, limit=8 * MB)) == 8 * MB
    problem = "is larger than max_response_bytes (1048576), inflated"
    assert refusal(content, limit=MB).problem == problem


def test_inflating_keeps_the_deadline():
    with pytest.raises(TimeoutError, match="the deadline has passed"):
        inflated(gzip.compress(b"{}"), deadline=monotonic() - 1)


def test_other_codings_are_refused_and_identity_is_none():
    assert refusal(b"x", coding="br").problem == "is in a coding that nobody asked for ('br')"
    assert inflated(b"x", coding="identity") == b"x"
    assert inflated(gzip.compress(b"x"), coding="X-GZIP") == b"x"


def test_of_an_error_what_can_be_read_is_kept():
    body = b'{"error": "no"}' + b" " * (2 * ERROR_BODY_LIMIT)
    assert inflated(gzip.compress(body), status=500) == body[:ERROR_BODY_LIMIT]
    assert inflated(gzip.compress(b"x" * 1000)[:-3], status=500).startswith(b"x")
    assert inflated(b"plain", status=500) == b"plain"
    assert inflated(b"plain", status=500, coding="br") == b"plain"


# Decoding


def decoded(content, limit=MB, text=False, status=200):
    return decode(Reply(status, "", {}, content), limit, text)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"", None),
        (b"null", None),
        (b' \r\n\t{"a": [1, 2.5, true]} \n', {"a": [1, 2.5, True]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"\xef\xbb\xbf \n[1]", [1]),
        ('"ä😀"'.encode(), "ä😀"),
        (bytearray(b"[]"), []),
    ],
)
def test_json_is_decoded(content, value):
    assert decoded(content) == value


@pytest.mark.parametrize(
    "content",
    [b"{", b"{}{}", b"[1,]", b"NaN", b"[Infinity]", b"-Infinity", b"'a'", b" ", b"\xef\xbb\xbf",
     b"{} x", b"\xff", b'"\xed\xa0\x80"', b"01", b"tru"],
)  # fmt: skip
def test_what_is_no_json_is_refused(content):
    with pytest.raises(BadReply, match="is not JSON"):
        decoded(content)


def test_json_that_is_nested_too_deeply_is_refused_and_what_is_not_is_read():
    assert decoded(b"[" * 100 + b"]" * 100) is not None
    with pytest.raises(BadReply, match="is JSON that is nested too deeply"):
        decoded(b"[" * 200_000)


def test_text_is_text():
    assert decoded(b"{", text=True) == "{"
    assert decoded("ä".encode(), text=True) == "ä"
    with pytest.raises(BadReply, match="is not UTF-8 text"):
        decoded(b"\xff", text=True)


def test_a_204_is_nothing_whatever_it_holds():
    assert decoded(b"{}", status=204) is None


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'{"a":0},', b"0,", b'"ab",'])
def test_values_that_would_take_too_much_memory_are_refused_before_they_are_made(unit):
    body = b"[" + unit * (4 * MB // len(unit)) + b"0]"
    with pytest.raises(BadReply, match=r"takes too much memory to decode .* \(5242880\)"):
        decoded(body, limit=5 * MB)
    assert len(decoded(body, limit=256 * MB)) == 4 * MB // len(unit) + 1


def test_a_character_that_makes_a_text_wide_counts():
    plain = b'"' + b"x" * (4 * MB) + b'"'
    assert len(decoded(plain, limit=5 * MB)) == 4 * MB
    wide = b'"' + b"x" * (4 * MB) + "😀".encode() + b'"'
    with pytest.raises(BadReply, match="takes too much memory"):
        decoded(wide, limit=5 * MB)
    assert len(decoded(wide, limit=16 * MB)) == 4 * MB + 1
    assert len(decoded(wide, limit=7 * MB, text=True)) == 4 * MB + 3


def test_an_escaped_character_that_makes_a_text_wide_counts_too():
    for escape in (b"\\ud83d\\ude00", b"\\uD83D\\uDE00"):
        body = b'"' + b"x" * (4 * MB) + escape + b'"'
        with pytest.raises(BadReply, match="takes too much memory"):
            decoded(body, limit=6 * MB)
        assert len(decoded(body, limit=16 * MB)) == 4 * MB + 1
    assert len(decoded(b'"' + b"x" * (4 * MB) + b'\\u00e4"', limit=5 * MB)) == 4 * MB + 1


def test_a_usual_reply_of_ten_megabytes_is_decoded_with_the_default_limit():
    run = {"id": "run_1", "function_id": "process-order", "status": "completed", "attempt": 1,
           "created_at": "2026-01-15T09:30:00Z", "n": 12, "x": 1.5}  # fmt: skip
    body = json.dumps([run] * (10 * MB // 150), separators=(",", ":")).encode()
    assert len(body) > 8 * MB
    assert decoded(body, limit=64 * MB)[-1] == run


def test_a_large_body_is_let_go_of_once_its_text_is_there():
    made = Reply(200, "", {}, bytearray(b'"' + b"x" * 500_000 + b'"'))
    decode(made, MB, False)
    assert len(made.content) == ERROR_BODY_LIMIT


def test_parse_refuses_what_follows_a_value():
    assert parse(" [1] ") == [1]
    with pytest.raises(ValueError, match="more than one JSON value"):
        parse("1 2")
