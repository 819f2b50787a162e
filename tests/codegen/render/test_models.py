"""The generated models."""

from __future__ import annotations

import ast

import pytest

from codegen.manifest import check
from codegen.render import models

from ..builders import GOLDEN, field, model
from .texts import ENDINGS


@pytest.mark.parametrize(
    ("name", "required", "optional"),
    [
        ("Empty", set(), set()),
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

    assert imported == {"__future__", "typing"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


@pytest.mark.parametrize("text", ENDINGS)
def test_a_description_that_ends_in_quotes_stays_what_it_is(text):
    described = model(field(description=text), description=text)
    (made,) = (
        node
        for node in ast.parse(models.render(check(described))).body
        if isinstance(node, ast.ClassDef)
    )

    assert ast.get_docstring(made) == text
    assert made.body[-1].value.value == text
