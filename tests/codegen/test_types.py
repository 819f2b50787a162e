"""The types of a manifest, and which values fit them."""

from __future__ import annotations

import pytest

from codegen.model import Type
from codegen.types import misfits, parse

MODE = Type("string", enum=("pull", "push"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("string", Type("string")),
        ("Run", Type("model", name="Run")),
        ("array<Run>", Type("array", item=Type("model", name="Run"))),
        ("map<string,any>", Type("map", item=Type("any"))),
        ("Step", None),
        ("array<array<array<string>>>", None),
        (None, None),
    ],
)
def test_a_type_is_parsed_or_none(text, found):
    assert parse(text, {"Run": {}}) == found


def test_the_models_of_a_type_are_all_named():
    assert list(parse("map<string,array<Run>>", {"Run": {}}).models()) == ["Run"]


@pytest.mark.parametrize(
    ("value", "strict", "found"),
    [
        (["push"], True, []),
        (["push", "poll"], True, [("reply[1]", "must be one of pull, push")]),
        (["poll"], False, []),
        ([1], False, [("reply[0]", "must be of type string")]),
    ],
)
def test_a_value_that_is_not_known_is_a_misfit_only_where_it_has_to_be_known(value, strict, found):
    assert list(misfits(value, Type("array", item=MODE), {}, "reply", strict)) == found
