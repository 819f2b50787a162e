"""The generated models."""

from __future__ import annotations

import ast
import sys
import typing

import pytest

from codegen.manifest import check
from codegen.naming import methods
from codegen.render import models

from ..builders import GOLDEN, document, endpoint, field, model
from .texts import ENDINGS

MODELS = ["Empty", "Move", "Page", "Pair", "Settings", "State", "Thing", "Words"]


def rendered(whole):
    manifest = check(whole)
    return models.render(manifest, methods(manifest))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="NotRequired is new in Python 3.11")
@pytest.mark.parametrize(
    ("name", "required", "optional"),
    [
        ("Empty", set(), set()),
        ("Move", set(), {"states", "timeoutMs"}),
        ("Pair", {"left", "right"}, set()),
        ("Settings", set(), {"color", "extra", "labels"}),
        ("Thing", {"class", "id"}, {"note", "parts", "settings", "yield"}),
        ("Words", {"word", "x-rate", "from"}, {"import"}),
    ],
)
def test_a_model_knows_its_required_and_optional_members(golden, name, required, optional):
    made = getattr(golden("golden_package.models"), name)

    assert made.__required_keys__ == required
    assert made.__optional_keys__ == optional


def test_the_generated_models_need_nothing_but_typing():
    tree = ast.parse((GOLDEN / "models.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported == {"typing", "typing_extensions"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


def test_the_hints_of_every_model_can_be_resolved(golden):
    made = golden("golden_package.models")
    hints = {name: typing.get_type_hints(getattr(made, name)) for name in MODELS}

    assert hints["Empty"] == {}
    assert hints["Thing"] == {
        "class": str,
        "id": str,
        "note": typing.Optional[str],
        "parts": list[made.Thing],
        "settings": typing.Optional[made.Settings],
        "yield": float,
    }
    assert hints["Settings"] == {
        "color": str,
        "extra": typing.Any,
        "labels": dict[str, str],
    }


def test_a_reply_may_hold_values_that_are_not_known_yet_and_a_request_may_not(golden):
    made = golden("golden_package.models")

    assert typing.get_args(made.MoveStates) == ("off", "on")
    assert typing.get_args(made.PagesListLimit) == (10, 100)
    assert typing.get_type_hints(made.Move) == {
        "states": list[made.MoveStates],
        "timeoutMs": int,
    }
    assert typing.get_type_hints(made.State) == {
        "left": typing.Union[typing.Literal[1, 2], int],
        "state": typing.Union[typing.Literal['it\'s "on"', "off", "on"], str, None],
    }


def test_a_model_of_a_request_and_a_reply_is_typed_for_the_reply():
    both = document(
        endpoint(body="Run", response="Run"),
        models={"Run": {"fields": [field("status", enum=["failed"], required=True)]}},
    )

    assert "status: Union[RunStatus, str]" in rendered(both)


def test_known_values_of_a_route_without_a_method_have_no_name():
    hidden = endpoint(
        category="internal", query=[{"name": "mode", "type": "string", "enum": ["push"]}]
    )

    assert "Literal[" not in rendered(document(hidden))


@pytest.mark.parametrize("text", ENDINGS)
def test_a_description_that_ends_in_quotes_stays_what_it_is(text):
    described = model(field(description=text), description=text)
    (made,) = (
        node for node in ast.parse(rendered(described)).body if isinstance(node, ast.ClassDef)
    )

    assert ast.get_docstring(made, clean=False) == text
    assert made.body[-1].value.value == text
