"""The two streams of a command: how wide they are, and what they can encode."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ironflow._cli.screen import Screen, json_cell, json_text, plain, width_of


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and has no size of its own."""

    encoding = "utf-8"

    def isatty(self):
        return True


def on_terminal(monkeypatch, **variables):
    """A screen whose streams are terminals."""
    # In the test itself: pytest puts its own streams in place after the fixtures have run.
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    for name in ("COLUMNS", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Screen()


def test_the_width_is_that_of_the_variable_else_of_the_terminal(monkeypatch):
    assert on_terminal(monkeypatch).width == 80
    assert on_terminal(monkeypatch, COLUMNS="20").width == 20
    for nonsense in ("", "0", "-5", "wide"):
        assert on_terminal(monkeypatch, COLUMNS=nonsense).width == 80


def test_a_pipe_has_no_width():
    assert Screen().width is None


def test_colours_are_left_out_where_they_are_not_wanted(monkeypatch):
    assert on_terminal(monkeypatch).coloured("x", "red") == "\x1b[31mx\x1b[0m"
    assert on_terminal(monkeypatch, NO_COLOR="1").coloured("x", "red") == "x"
    assert on_terminal(monkeypatch, TERM="dumb").coloured("x", "red") == "x"


def test_progress_is_replaced_by_what_follows_and_cut_to_the_line(monkeypatch):
    screen = on_terminal(monkeypatch, COLUMNS="10")
    screen.progress("12345678901234")
    screen.progress("short")
    screen.line("done")
    assert sys.stderr.getvalue() == "\r123456789\rshort    \r     \r"
    assert sys.stdout.getvalue() == "done\n"


def test_progress_counts_wide_characters_and_cannot_steer_the_terminal(monkeypatch):
    screen = on_terminal(monkeypatch, COLUMNS="10")
    screen.progress("注文注文注文")
    screen.progress("\x1b[2J")
    screen.clear()
    assert sys.stderr.getvalue() == "\r注文注文\r\\x1b[2J \r       \r"


@pytest.mark.parametrize(
    ("text", "width"),
    [("ab", 2), ("日本", 4), ("e\u0301", 1), ("ที่", 1), ("✔\ufe0f", 1), ("a\u3000b", 4)],
)
def test_a_text_is_as_wide_as_a_terminal_shows_it(text, width):
    assert width_of(text) == width


def test_blanks_and_joiners_are_text_and_no_escapes():
    assert plain("東京\u3000大阪\u00a0👨\u200d👩") == "東京\u3000大阪\u00a0👨\u200d👩"


def test_json_cannot_steer_the_terminal_and_stays_the_same_value():
    value = {"a": "\x9b2J\x7f\u202e", "b": "é\u3000中"}
    text = json_text(value)
    assert text == '{"a":"\\u009b2J\\u007f\\u202e","b":"é\u3000中"}'
    assert json.loads(text) == value


def test_json_that_a_stream_cannot_encode_stays_json(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    screen = Screen()
    screen.json({"name": "Zoë 中", "broken": "\ud800"})
    screen.line("✓ Zoë")
    document, _, line = raw.getvalue().decode("ascii").rpartition("}\n")
    assert json.loads(f"{document}}}") == {"name": "Zoë 中", "broken": "\ud800"}
    assert line == "\\u2713 Zo\\xeb\n"
    assert screen.mark(True) == "ok"


def test_what_is_stored_and_empty_is_not_nothing():
    assert [json_cell(value) for value in (None, {}, [], "", 0)] == ["-", "{}", "[]", "-", "0"]
