"""Small manifests to change at will, what the check says of them, and changes at random."""

from __future__ import annotations

import copy
import json

import pytest

from codegen.manifest import check
from codegen.model import ManifestError

from ..conftest import ROOT

GOLDEN = ROOT / "tests" / "codegen" / "golden"
ABSENT = object()  # a change to this value takes the key away


def changed(entry, changes):
    return {k: v for k, v in {**entry, **changes}.items() if v is not ABSENT}


def endpoint(route="POST /api/v1/runs/{id}/retry", group="runs", **changes):
    """A sound endpoint with some keys changed."""
    method, _, path = route.partition(" ")
    entry = {
        "method": method,
        "path": path,
        "group": group,
        "category": "supported",
        "response": None,
    }
    return changed(entry, changes)


def document(*endpoints, **changes):
    """A sound manifest of these endpoints with some keys changed."""
    whole = {
        "manifest_version": 1,
        "endpoints": list(endpoints),
        "models": {"Run": {"fields": [field("id", required=True)]}},
    }
    return changed(whole, changes)


def model(*fields, **changes):
    """A manifest whose only model, ``Run``, has these fields."""
    return document(models={"Run": changed({"fields": list(fields)}, changes)})


def field(name="a", kind="string", **changes):
    return changed({"name": name, "type": kind}, changes)


def parameter(**changes):
    return changed({"name": "limit", "type": "integer"}, changes)


def with_example(example, **changes):
    """A manifest with one documented route that takes and returns a ``Trip``."""
    entry = endpoint(documented=True, body="Trip", response="Trip", example=example, **changes)
    fields = [
        field("id", required=True),
        field("at", "datetime", nullable=True),
        field("count", "integer"),
        field("price", "number"),
        field("open", "boolean"),
        field("extra", "any"),
        field("data", "object"),
        field("legs", "array<Trip>"),
        field("tags", "map<string,string>"),
    ]
    return document(entry, models={"Trip": {"fields": fields}})


def refusal(broken):
    """The problems that ``check`` reports."""
    with pytest.raises(ManifestError) as caught:
        check(broken)
    return caught.value.problems


def assert_refused(broken, place, *words):
    """It is refused for one reason only, told at this place with these words."""
    problems = refusal(broken)
    assert [problem.place for problem in problems] == [place], list(map(str, problems))
    for word in words:
        assert word in problems[0].message


def is_told(problems, place, message):
    """Whether one of the problems is at this place and says exactly this."""
    return (place, message) in [(problem.place, problem.message) for problem in problems]


def shuffled(value, rng):
    """The same manifest in another order: endpoints, models, fields, parameters and keys."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: value[key] if key == "example" else shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, rng) for item in value]
        rng.shuffle(items)
        return items
    return value


def somewhere(value, rng):
    """A random container in the document; each level is as likely as the next."""
    while True:
        items = list(value.values() if isinstance(value, dict) else value)
        inside = [item for item in items if isinstance(item, (dict, list)) and item]
        if not inside or rng.random() < 0.2:
            return value
        value = rng.choice(inside)


def excerpt(original, rng):
    """Twenty endpoints of a manifest with the models that they need, for speed."""
    endpoints = copy.deepcopy(rng.sample(original["endpoints"], 20))
    models = {}
    text = json.dumps(endpoints)
    while True:
        named = [name for name in original["models"] if name in text and name not in models]
        if not named:
            return {**original, "endpoints": endpoints, "models": models}
        models.update({name: copy.deepcopy(original["models"][name]) for name in named})
        text = json.dumps(models)
