"""How changes are told: the bump, the order, and the three forms."""

from __future__ import annotations

import json

import pytest

from codegen.changes import Change, as_json, as_markdown, as_text, bump

GONE = Change("method_removed", "runs_stop", "runs_stop is gone", ("source",), "POST /x", None)
WIRE = Change("argument_narrowed", "a.b", "a.b takes x | y", ("types", "wire"), "any", "x | y")
TYPES = Change("reply_type_changed", "a.reply", "a.reply may be null", ("types",), "x", "y")
NEW = Change("method_added", "runs_new", "runs_new is new", (), None, "GET /x")
WORDS = Change("documentation", "a", "a is described anew: summary")
OLD = Change("deprecated", "b", "b is deprecated since 2.0: use c", (), None, "2.0: use c")
ALL = [WORDS, NEW, TYPES, OLD, WIRE, GONE]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ([], "none"),
        ([WORDS], "patch"),
        ([WORDS, NEW], "minor"),
        ([TYPES], "minor"),
        ([OLD], "minor"),
        ([WORDS, WIRE], "major"),
        ([GONE], "major"),
    ],
)
def test_the_bump_follows_from_what_breaks(changes, found):
    assert bump(changes) == found


def test_the_form_for_programs_has_every_key_and_the_breaking_changes_first():
    assert json.loads(as_json(ALL)) == {
        "bump": "major",
        "changes": [
            {
                "kind": "method_removed",
                "place": "runs_stop",
                "breaks": ["source"],
                "old": "POST /x",
                "new": None,
                "text": "runs_stop is gone",
            },
            {
                "kind": "argument_narrowed",
                "place": "a.b",
                "breaks": ["types", "wire"],
                "old": "any",
                "new": "x | y",
                "text": "a.b takes x | y",
            },
            {
                "kind": "reply_type_changed",
                "place": "a.reply",
                "breaks": ["types"],
                "old": "x",
                "new": "y",
                "text": "a.reply may be null",
            },
            {
                "kind": "deprecated",
                "place": "b",
                "breaks": [],
                "old": None,
                "new": "2.0: use c",
                "text": "b is deprecated since 2.0: use c",
            },
            {
                "kind": "method_added",
                "place": "runs_new",
                "breaks": [],
                "old": None,
                "new": "GET /x",
                "text": "runs_new is new",
            },
            {
                "kind": "documentation",
                "place": "a",
                "breaks": [],
                "old": None,
                "new": None,
                "text": "a is described anew: summary",
            },
        ],
    }


def test_nothing_is_told_in_every_form():
    assert json.loads(as_json([])) == {"bump": "none", "changes": []}
    assert as_text([]) == "0 change(s), 0 breaking; version bump: none\n"
    assert as_markdown([]) == "## Unreleased (none)\n\nNothing changed.\n"


def test_the_form_for_people_has_a_line_for_each_change():
    lines = as_text(ALL).splitlines()

    assert [line.split() for line in lines[:2]] == [
        ["BREAKS", "source", "method_removed", "runs_stop", "is", "gone"],
        ["BREAKS", "types+wire", "argument_narrowed", "a.b", "takes", "x", "|", "y"],
    ]
    assert lines[3].split()[:2] == ["ok", "deprecated"]
    assert lines[-1] == "6 change(s), 2 breaking; version bump: major"


def test_the_form_for_the_changelog_has_a_section_each_and_a_table_for_who_must_act():
    assert as_markdown(ALL) == (
        "## Unreleased (major)\n"
        "\n"
        "### Breaking\n"
        "\n"
        "* runs_stop is gone.\n"
        "* a.b takes x \\| y.\n"
        "\n"
        "### Deprecated\n"
        "\n"
        "* b is deprecated since 2.0: use c.\n"
        "\n"
        "### Added\n"
        "\n"
        "* runs_new is new.\n"
        "\n"
        "### Changed\n"
        "\n"
        "* a.reply may be null.\n"
        "\n"
        "### Documentation\n"
        "\n"
        "* a is described anew: summary.\n"
        "\n"
        "### Migration\n"
        "\n"
        "| place | before | now | breaks |\n"
        "|---|---|---|---|\n"
        "| `runs_stop` | `POST /x` | nothing | source |\n"
        "| `a.b` | `any` | `x \\| y` | types, wire |\n"
    )
