"""Python source text: whatever the text is, it stays text."""

from __future__ import annotations

import ast
import warnings

import pytest

from codegen.render.text import bracketed, docstring, literal, prose


def test_brackets_are_laid_out_as_the_formatter_would():
    assert bracketed("f(", ["a", "b"], ")", "    ") == ["    f(a, b)"]
    assert bracketed("f(", ["a" * 50, "b" * 44], ")", "") == [f"f({'a' * 50}, {'b' * 44})"]
    assert bracketed("f(", ["a" * 50, "b" * 44], "): pass", "") == [
        "f(",
        f"    {'a' * 50}, {'b' * 44}",
        "): pass",
    ]
    assert bracketed("f(", ["a" * 50, "b" * 50], ")", "") == [
        "f(",
        f"    {'a' * 50},",
        f"    {'b' * 50},",
        ")",
    ]
    assert bracketed("f(", ["a" * 99], ")", "") == ["f(", f"    {'a' * 99},", ")"]


@pytest.mark.parametrize("unit", ["\\", '"', '\\"', '"\\'])
def test_a_long_run_of_quotes_and_backslashes_survives(unit):
    for length in range(1, 300):
        text = "a" + unit * length + "."
        lines = docstring("A summary.", [prose(text, "    ")], "    ")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            documented = ast.get_docstring(ast.parse("\n".join(["def f():", *lines])).body[0])
        assert "".join(documented.partition("A summary.")[2].split()) == text


def test_a_docstring_that_fills_its_line_leaves_room_for_both_quotes():
    assert docstring(f"A {'b' * 87}.", [], "    ") == [f'    """A {"b" * 87}."""']
    assert docstring(f"A {'b' * 90}.", [], "    ") == ['    """A', f"    {'b' * 90}.", '    """']
    assert docstring(f"A {'b' * 90}.", [["    C."]], "    ") == [
        f'    """A {"b" * 90}.',
        "",
        "    C.",
        '    """',
    ]


@pytest.mark.parametrize(
    "text", ["", "a", 'a"b', "a'b", "a'\"b", "\\", "\n", "é", "{}", "%s", "\x00"]
)
def test_a_literal_is_the_text(text):
    assert ast.literal_eval(literal(text)) == text


def test_a_literal_is_in_double_quotes_where_that_needs_no_escape():
    assert literal("plain") == '"plain"'
    assert literal("it's") == '"it\'s"'
    assert literal('say "x"') == "'say \"x\"'"
