"""Tables and lists: columns that line up, whole in a pipe, harmless on a terminal."""

from __future__ import annotations

import pytest

from ironflow._cli.screen import Screen, plain, shown, width_of
from ironflow._cli.show import Column, Details, Table, Text, table_lines


@pytest.fixture
def screen():
    return Screen()


def on_terminal(screen, columns, monkeypatch):
    monkeypatch.setattr(Screen, "width", property(lambda self: columns))
    return screen


def test_columns_line_up_and_nothing_is_a_hyphen(screen):
    table = Table("runs", Column("ID", "id"), Column("NAME", "more.name"), Column("X", "x"))
    reply = {"runs": [{"id": "a", "more": {"name": "long name"}, "x": 0}, {"id": "bcd", "x": ""}]}
    assert list(table.lines(reply, {}, screen)) == [
        "ID   NAME       X",
        "a    long name  0",
        "bcd  -          -",
    ]


def test_wide_and_combining_characters_are_counted_as_the_terminal_shows_them(screen):
    lines = list(table_lines(["A", "B"], [["日本", "x"], ["e\u0301", "y"], ["abcd", "z"]], screen))
    assert [width_of(line) for line in lines] == [7, 7, 7, 7]
    assert lines[1] == "日本  x"


def test_a_pipe_gets_every_column_whole(screen):
    text = "x" * 500
    assert list(table_lines(["A"], [[text]], screen))[1] == text


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_a_table_is_cut_to_the_terminal_but_for_its_ids(screen, monkeypatch, columns):
    screen = on_terminal(screen, columns, monkeypatch)
    rows = [["run_1", "x" * 60, "y" * 30], ["run_22", "short", "z"]]
    lines = list(table_lines(["ID", "NAME", "MORE"], rows, screen))
    assert all(width_of(line) <= max(columns, 6 + 2 + 6 + 2 + 6) for line in lines)
    assert lines[1].startswith("run_1 ") and lines[2].startswith("run_22 ")
    assert "…" in lines[1]


def test_a_terminal_narrower_than_the_ids_loses_none_of_them(screen, monkeypatch):
    screen = on_terminal(screen, 5, monkeypatch)
    lines = list(table_lines(["ID", "B"], [["a-very-long-id", "bbbbbbbbbb"]], screen))
    assert lines[1].startswith("a-very-long-id")


def test_what_a_server_sends_cannot_steer_the_terminal():
    assert plain("\x1b[2Jred\x07\nnext\u202e") == "\\x1b[2Jred\\x07\\nnext\\u202e"
    assert shown({"k": "\x1b"}) == '{"k":"\\u001b"}'


def test_values_of_all_kinds_have_a_text():
    texts = [
        shown(value) for value in (None, "", [], {}, True, False, 0, 1.5, ["a", 1], [{"a": 1}])
    ]
    assert texts == ["-", "-", "-", "-", "true", "false", "0", "1.5", "a, 1", '[{"a":1}]']


def test_details_and_sentences_take_from_the_reply_and_from_what_was_typed(screen):
    details = Details(Column("Id", "id"), Column("Entity", "given.entity"))
    assert list(details.lines({"id": "e"}, {"entity": "o-1"}, screen)) == ["Id: e", "Entity: o-1"]
    text = Text("Canceled {run_id} (status: {status})")
    assert list(text.lines({"status": "cancelled"}, {"run_id": "r"}, screen)) == [
        "Canceled r (status: cancelled)"
    ]
    assert list(Text("Deleted {id}").lines(None, {"id": "r"}, screen)) == ["Deleted r"]


def test_states_are_coloured_where_colours_are_wanted(screen):
    screen.colours = True
    table = Table("", Column("STATUS", "status", is_state=True), Column("ID", "id"))
    lines = list(table.lines([{"status": "failed", "id": "r"}], {}, screen))
    assert lines == ["STATUS  ID", "\x1b[31mfailed\x1b[0m  r"]
