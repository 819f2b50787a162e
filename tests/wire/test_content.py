"""From the bytes of a body to its value: gzip, UTF-8, JSON, and what is too much of each."""

from __future__ import annotations

import gzip
import json
import math
import random
import zlib

import pytest

from ironflow._options import DEFAULT_MAX_RESPONSE_BYTES
from ironflow._wire import content as content_module
from ironflow._wire.content import decode, inflate, parse
from ironflow._wire.replies import BadReply, Reply

LIMIT = 1000
NEVER = math.inf
MIB = 1024 * 1024


def replied(content, coding=None, status=200):
    headers = {} if coding is None else {"content-encoding": coding}
    return Reply(status, "", headers, content)


def inflated(content, coding="gzip", *, status=200, limit=LIMIT, deadline=NEVER):
    """Return what a body inflates to."""
    reply = replied(content, coding, status)
    inflate(reply, limit, deadline)
    return bytes(reply.content)


def decoded(content, *, text=False, limit=LIMIT, status=200):
    return decode(replied(content, status=status), limit, text)


def packed(content, level=9):
    return gzip.compress(content, level, mtime=0)


def problem_of(call, *arguments, **options):
    with pytest.raises(BadReply) as caught:
        call(*arguments, **options)
    return caught.value


# gzip.


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "X-Gzip"])
def test_a_gzip_is_inflated(coding):
    assert inflated(packed(b'{"a": 1}'), coding) == b'{"a": 1}'


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_without_a_coding_stays_as_it_is(coding):
    assert inflated(b"\x1f\x8b", coding) == b"\x1f\x8b"


def test_an_empty_body_is_empty_in_any_coding():
    for coding in ("gzip", "br", "identity"):
        assert inflated(b"", coding) == b""
    assert inflated(packed(b"")) == b""


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, identity", "*"])
def test_a_coding_that_nobody_asked_for_is_refused(coding):
    error = problem_of(inflated, packed(b"{}"), coding)
    assert error.problem == f"has a content coding that was not requested ({coding!r})"
    assert (error.reply.status, error.retryable) == (200, False)


def test_a_gzip_of_several_members_is_one_body():
    assert inflated(packed(b"[1,") + packed(b"") + packed(b"2]")) == b"[1,2]"
    assert inflated(packed(b"x") * 100) == b"x" * 100


@pytest.mark.parametrize("member", [b"", b"x"])
def test_a_gzip_of_more_than_a_hundred_members_is_refused(member):
    error = problem_of(inflated, packed(member) * 101)
    assert (error.problem, error.retryable) == ("has too many gzip members", False)


def test_four_mib_of_empty_members_are_refused_and_not_read():
    members = packed(b"") * (4 * MIB // 20)
    assert problem_of(inflated, members).problem == "has too many gzip members"


def test_a_gzip_that_is_cut_anywhere_is_worth_another_try():
    whole = packed(b'{"a": "bcd", "e": [1, 2, 3]}')
    for end in range(1, len(whole)):
        error = problem_of(inflated, whole[:end])
        assert (error.problem, error.retryable) == ("was cut short within its gzip data", True)
    # And the same behind a member that is whole.
    error = problem_of(inflated, whole + whole[:15])
    assert (error.problem, error.retryable) == ("was cut short within its gzip data", True)


@pytest.mark.parametrize(
    "broken",
    [
        b"{}",
        b"\x1f\x8bnonsense",
        zlib.compress(b"{}"),
        packed(b"{}")[:-8] + b"x" * 8,  # a wrong checksum
        packed(b"{}")[:-4] + b"\0\0\0\1",  # a wrong length
        packed(b"{}") + b"{}",
        packed(b"{}") + b"\0" * 8,
    ],
)
def test_what_is_not_gzip_is_refused(broken):
    error = problem_of(inflated, broken)
    assert (error.problem, error.retryable) == ("is not gzip, as it says it is", False)


def test_a_gzip_is_inflated_up_to_the_limit_and_refused_beyond_it():
    assert len(inflated(packed(b"x" * 1000))) == 1000
    error = problem_of(inflated, packed(b"x" * 1001))
    assert error.problem == "is larger than max_response_bytes (1000), inflated"
    assert error.retryable is False
    assert problem_of(inflated, packed(b"x" * 600) * 2).problem == error.problem


@pytest.mark.parametrize("size", [MIB - 1, MIB, MIB + 1, 2 * MIB, 5 * MIB + 12345])
@pytest.mark.parametrize("level", [0, 9])
def test_a_large_gzip_is_inflated_whole(size, level):
    # More than what goes in, and more than what comes out, at one time.
    noise = random.Random(1).getrandbits(8 * 65_536).to_bytes(65_536, "big")
    body = (noise * (size // 65_536 + 1))[:size]
    assert inflated(packed(body, level), limit=size) == body
    assert inflated(packed(body, level) * 2, limit=2 * size) == body * 2


def test_inflating_ends_when_the_deadline_has_passed(monkeypatch):
    with pytest.raises(TimeoutError):
        inflated(packed(b"{}"), deadline=0.0)
    # Also half way: the clock ticks once for each part.
    ticks = iter(range(100))
    monkeypatch.setattr(content_module, "monotonic", lambda: next(ticks))
    with pytest.raises(TimeoutError):
        inflated(packed(b"x" * 50 * MIB), limit=100 * MIB, deadline=10)
    assert next(ticks) == 12


# The bodies of errors: as far as they go.


@pytest.mark.parametrize(
    ("content", "coding", "shown"),
    [
        (packed(b"not found"), "gzip", b"not found"),
        (packed(b"not found", 0)[:-9], "gzip", b"not foun"),
        (packed(b"not found", 0)[:12], "gzip", packed(b"not found", 0)[:12]),
        (packed(b"not found") + b"junk", "gzip", b"not found"),
        (b"not found", "gzip", b"not found"),
        (b"not found", "br", b"not found"),
        (packed(b"x") * 200, "gzip", b"x" * 100),
        (packed(b"x" * 5 * MIB), "gzip", b"x" * 65_536),
        (packed(b"x" * 2000), "gzip", b"x" * 2000),  # more than the limit of a success
    ],
    ids=range(9),
)
def test_the_body_of_an_error_is_inflated_as_far_as_it_goes(content, coding, shown):
    assert inflated(content, coding, status=404) == shown


def test_the_status_of_an_error_does_not_wait_for_the_clock():
    assert inflated(packed(b"not found"), status=404, deadline=0.0) == b"not found"


# JSON.


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"{}", {}),
        (b"[]", []),
        (b'"a"', "a"),
        (b"0", 0),
        (b"-0.5e3", -500.0),
        (b"true", True),
        (b"null", None),
        (b" \t\r\n[1]\n\r\t ", [1]),
        (b"\xef\xbb\xbf[1]", [1]),
        (b"\xef\xbb\xbf [1]", [1]),
        ('"Ä€😀"'.encode(), "Ä€😀"),
        (b'"\\u00c4\\u20ac\\ud83d\\ude00"', "Ä€😀"),
        (b'"\\ud83d"', "\ud83d"),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"1" * 4000, int("1" * 4000)),
        (b"1e400", math.inf),
        (b"[" * 50 + b"]" * 50, json.loads("[" * 50 + "]" * 50)),
    ],
)
def test_json_is_decoded(content, value):
    got = decoded(content, limit=10_000)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize("content", [b"", bytearray(b"")])
def test_an_empty_body_is_none(content):
    assert decoded(content) is None
    assert decoded(content, text=True) is None


def test_a_204_is_none_whatever_it_holds():
    assert decoded(b"{}", status=204) is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"{", b"}", b'{"a"}', b"[1,]", b"[1 2]", b"{'a':1}", b"01", b".5", b"+1", b"nul", b"1 2"),
        *(
            b"NaN",
            b"Infinity",
            b"-Infinity",
            b"[NaN]",
            b'{"a":-Infinity}',
            b"[] []",
            b"[]x",
            b"<a>",
        ),
        *(b'"\x00"', b'"\n"', b'"', b'"\\x"', b'"\\ud8"', b"//", b"\xff\xfe[\x00]\x00", b'"\xff"'),
        *(b'"\xed\xa0\x80"', b"\xc0\x80", b'"\xc3', b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2 + b"[1]"),
        *(
            b" \xef\xbb\xbf[1]",
            b"\x0b[1]",
            b"[1]\x0c",
            b"\xc2\xa0[1]",
            b" ",
            b"\0",
            b"1" * 5000 + b"]",
        ),
    ],
)
def test_what_is_not_json_is_refused(content):
    error = problem_of(decoded, content)
    assert (error.problem, error.retryable, error.reply.status) == ("is not JSON", False, 200)


@pytest.mark.parametrize("unit", [b"[", b'{"a":'])
def test_json_that_is_nested_too_deeply_is_refused(unit):
    assert problem_of(decoded, unit * 200_000, limit=10**9).problem == (
        "is JSON that is nested too deeply"
    )


@pytest.mark.parametrize("mistake", ["[1", "NaN", "", "[1] 2", "\ufeff"])
def test_parse_gives_a_value_or_a_value_error(mistake):
    assert parse("\ufeff [1] ") == [1]
    with pytest.raises(ValueError):
        parse(mistake)


# Text.


@pytest.mark.parametrize("content", ["a", "{}", " a\r\n", "Ä€😀", "\ufeffa", "\0"])
def test_a_text_is_given_as_it_is(content):
    assert decoded(content.encode(), text=True) == content


def test_a_text_that_is_not_utf8_is_refused():
    for content in (b"\xff", b"a\xc3", b"\xed\xa0\x80"):
        assert problem_of(decoded, content, text=True).problem == "is not UTF-8 text"


# What decoding may take. What it takes in fact is the subject of test_memory.


def record(number, name):
    return {
        "id": f"run_{number:026}",
        "function_id": "order.created",
        "status": "completed",
        "name": name,
        "attempt": number % 4,
        "started_at": "2026-11-24T09:12:54.123456Z",
        "output": {"total": 12.5 * number, "items": [1, 2, 3], "note": None, "paid": True},
    }


@pytest.mark.parametrize("name", ["Anna", "Jürgen", "Łukasz", "Anna 😀"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_usual_reply_of_10_mb_is_decoded_with_the_default_limit(name, escaped):
    value = {"runs": [record(number, name) for number in range(44_000)], "next": None}
    body = json.dumps(value, ensure_ascii=escaped, separators=(",", ":")).encode()
    assert len(body) > 10_000_000
    assert decoded(body, limit=DEFAULT_MAX_RESPONSE_BYTES) == value


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"[" + b"[]," * 200_000 + b"0]", False),
        (b"[" + b'{"a":0},' * 200_000 + b"0]", False),
        (b'"' + b"x" * 400_000 + b'\\ud83d\\ude00"', False),
        (b'"' + b"x" * 400_000 + '😀"'.encode(), False),
        (b"x" * 600_000 + "😀".encode(), True),
    ],
    ids=["lists", "objects", "an escaped emoji", "an emoji", "an emoji in a text"],
)
def test_a_body_that_takes_more_than_the_limit_allows_is_refused_undecoded(content, text):
    assert decoded(content, text=text, limit=100 * MIB) is not None
    error = problem_of(decoded, content, text=text, limit=MIB)
    assert error.problem == "takes too much memory to decode for max_response_bytes (1048576)"
    assert (error.retryable, bytes(error.reply.content)) == (False, content)


def test_the_limit_is_on_what_is_decoded_and_not_on_what_looks_like_it():
    assert len(decoded(b'"' + b"x" * 1_000_000 + b'"', limit=MIB)) == 1_000_000
    assert len(decoded(b"x" * 1_000_000, text=True, limit=MIB)) == 1_000_000
    assert len(decoded("é".encode() * 500_000, text=True, limit=MIB)) == 500_000
    assert decoded(b" " * 1_000_000 + b"1", limit=MIB) == 1


def test_a_small_body_is_always_decoded():
    assert len(decoded(b"[" + b"[]," * 80_000 + b"0]", limit=1000)) == 80_001


def test_a_large_body_is_let_go_of_once_it_is_text():
    reply = replied(bytearray(b'"' + b"x" * 100_000 + b'"'))
    assert decode(reply, MIB, False) == "x" * 100_000
    assert bytes(reply.content) == b'"' + b"x" * 65_535
    reply = replied(b"[1]")
    decode(reply, MIB, False)
    assert reply.content == b"[1]"
