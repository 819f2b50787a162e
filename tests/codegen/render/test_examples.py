"""Example values as Python text."""

from __future__ import annotations

import ast

import pytest

from codegen.render.examples import filled

WIDE = {
    "id": "run_1",
    "status": "completed",
    "steps": [{"id": f"step_{i}", "output": {"n": i, "ok": True}} for i in range(8)],
    "error": None,
    "empty": {},
    "none": [],
    "ratio": -0.5,
}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        ("it's", '"it\'s"'),
        ({"a": [1, {"b": None}]}, '{"a": [1, {"b": None}]}'),
        ([[], {}], "[[], {}]"),
    ],
)
def test_a_short_value_is_one_line_of_python(value, text):
    assert filled(value, "    ") == ["    " + text]


def test_a_long_value_is_filled_into_lines_and_stays_the_same_value():
    lines = filled(WIDE, "        ")

    assert len(lines) == 6
    assert all(len(line) <= 100 for line in lines)
    assert ast.literal_eval("".join(lines).strip()) == WIDE


def test_a_text_stays_on_its_line():
    texts = ["a text of several words"] * 20

    counts = [line.count("a text of several words") for line in filled(texts, "")]
    assert counts == [3, 3, 3, 3, 3, 3, 2]


def test_a_long_text_is_cut_and_what_is_still_too_long_is_left_out():
    assert filled("x" * 100, "") == ['"' + "x" * 72 + '..."']
    assert filled({"k" * 100: 1, "a": 2}, "") == ['..., "a": 2}']
