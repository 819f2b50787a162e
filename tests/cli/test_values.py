"""Durations, numbers and JSON as users write them."""

from __future__ import annotations

import pytest

from ironflow._cli.errors import UsageError
from ironflow._cli.table import DURATION, FILE, INT, PAIRS, TRUTH, Flag
from ironflow._cli.values import convert, parsed, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30), ("5m", 300), ("720h", 2_592_000), ("1h30m", 5400), ("1.5s", 1.5),
        ("250ms", 0.25), ("0", 0), ("-5s", -5), (".5m", 30), ("1m0.5s", 60.5),
    ],
)  # fmt: skip
def test_durations_are_read_as_the_product_reads_them(text, expected):
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["", "30", "s", "5 m", "1d", "1.2.3s", "\u0663s", "1e3s", "5m-", "."]
)
def test_what_is_no_duration_is_none(text):
    assert seconds(text) is None


def test_a_duration_must_be_more_than_nothing_unless_a_look_is_enough():
    with pytest.raises(UsageError, match="--wait: must be more than 0"):
        convert(Flag("wait", DURATION, ""), "0s")
    with pytest.raises(UsageError, match="--wait: must be more than 0"):
        convert(Flag("wait", DURATION, "", zero=True), "-1s")
    assert convert(Flag("wait", DURATION, "", zero=True), "0s") == 0
    assert convert(Flag("wait", DURATION, "", verbatim=True), "720h") == "720h"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{bad", r"--data: not JSON: .* \(line 1, column 2\)"),
        ('{"a":\n [1,}', r"--data: not JSON: .* \(line 2, column \d\)"),
        ("[NaN]", "--data: not JSON: NaN is not allowed in JSON"),
        ("[" * 100_000, "--data: not JSON: nested too deeply"),
    ],
)
def test_bad_json_is_refused_with_its_place(text, message):
    with pytest.raises(UsageError, match=message):
        parsed(text, "--data")


def test_numbers_switches_and_pairs():
    assert convert(Flag("n", INT, ""), "-12") == -12
    assert convert(Flag("n", TRUTH, ""), "false") is False
    assert convert(Flag("n", PAIRS, ""), "k=a=b") == {"k": "a=b"}
    for text in ("1.5", "", "\u0661", "9" * 30, "+"):
        with pytest.raises(UsageError, match="--n: must be a whole number"):
            convert(Flag("n", INT, ""), text)


def test_text_that_is_no_utf_8_is_refused_not_mangled():
    with pytest.raises(UsageError, match="--n: is not valid UTF-8"):
        convert(Flag("n", FILE, ""), "a\udcff")
