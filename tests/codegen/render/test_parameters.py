"""The table of what requests may say."""

from __future__ import annotations

from codegen.manifest import check
from codegen.naming import methods
from codegen.render import parameters

from ..builders import document, endpoint, field

MODELS = {
    "Order": {
        "fields": [
            field("kind", enum=["new", "old"]),
            field("lines", "array<Line>"),
            field("note"),
            field("parent", "Order"),
        ]
    },
    "Line": {"fields": [field("size", enum=["s", "m"])]},
}


def tables(*endpoints):
    """The tables of a manifest, as Python reads them."""
    manifest = check(document(*endpoints, models=MODELS))
    found = {}
    exec(parameters.render(manifest, methods(manifest)), found)
    return found["QUERY"], found["BODY"]


def test_a_query_parameter_comes_with_its_known_values():
    query = [
        {"name": "limit", "type": "integer"},
        {"name": "status", "type": "string", "enum": ["open"]},
        {"name": "size", "type": "integer", "enum": [1, 2]},
    ]
    found, _ = tables(
        endpoint("GET /api/v1/runs", query=query), endpoint("GET /api/v1/events", "events")
    )
    assert found == {"runs_list": {"limit": (), "size": (1, 2), "status": ("open",)}}


def test_known_values_are_found_at_any_depth_and_a_model_within_itself_ends():
    _, found = tables(endpoint("POST /api/v1/runs", body="Order"))
    assert found == {"runs_create": {"kind": ("new", "old"), "lines[].size": ("m", "s")}}
