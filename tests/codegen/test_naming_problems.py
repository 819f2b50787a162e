"""Names that collide, are taken or are too long: what is refused, and what is advised."""

from __future__ import annotations

import json

import pytest

from codegen.manifest import check
from codegen.model import ManifestError
from codegen.naming import RESERVED_METHODS, methods, naming_problems
from ironflow import IronflowClient

from .builders import document, endpoint
from .naming import committed, paged, problems

# Collisions

PINS = [
    ("schemas_get", "GET /api/v1/events/schemas/{name}/{version}", "schemas_get_by_name"),
    ("schemas_create", "POST /api/v1/events/upcast", "schemas_create_upcast"),
    ("orgs_create", "POST /api/v1/platform/orgs", "orgs_create_orgs"),
]


def test_exactly_three_routes_need_a_pin_because_their_names_collide():
    document = committed()
    for entry in document["endpoints"]:
        if entry.get("group") != "system" and entry["category"] != "rpc":
            entry.pop("name", None)
            entry.pop("name_reason", None)
    found = naming_problems(sorted(check(document).endpoints, key=lambda e: e.route))

    assert len(found) == len(PINS)
    for name, route, pin in PINS:
        (message,) = (p.message for p in found if p.message.startswith(route))
        assert f"are both named {name};" in message
        assert f'"name": "{pin}"' in message


def test_a_collision_names_both_routes_and_following_its_advice_ends_it():
    first = endpoint("GET /api/v1/events/schemas/{name}", "schemas")
    second = endpoint("GET /api/v1/events/schemas/{name}/{version}", "schemas")

    (problem,) = problems(second, first)

    assert problem.place == "endpoints[0]"
    assert "GET /api/v1/events/schemas/{name}/{version}" in problem.message
    assert "endpoints[1] (GET /api/v1/events/schemas/{name})" in problem.message
    assert problem.message.endswith('"name": "schemas_get_by_name", "name_reason": "why"')
    pin = json.loads("{" + problem.message.partition("pin one: ")[2] + "}")
    assert problems({**second, **pin}, first) == []


def test_a_pin_can_collide_too():
    (problem,) = problems(
        endpoint("GET /api/v1/runs"),
        endpoint("GET /api/v1/steps", "steps", name="runs_list", name_reason="so it was"),
    )

    assert "are both named runs_list" in problem.message


def test_routes_without_a_method_do_not_collide():
    assert (
        problems(
            endpoint("GET /api/v1/runs"),
            endpoint("GET /internal/x", category="internal"),
            endpoint("GET /internal/y", stream="ndjson"),
        )
        == []
    )


def test_a_pin_that_only_repeats_the_rule_is_refused():
    (problem,) = problems(endpoint("GET /api/v1/runs", name="runs_list", name_reason="nice"))

    assert problem.place == "endpoints[0].name"
    assert "drop name and name_reason" in problem.message


@pytest.mark.parametrize("name", [*sorted(RESERVED_METHODS), "yield", "class", "import"])
def test_a_method_cannot_take_the_place_of_what_every_client_has(name):
    (problem,) = problems(endpoint("GET /x", name=name, name_reason="short"))

    assert problem.place == "endpoints[0]"
    assert f"the name {name} is taken or too long" in problem.message
    assert "pin one" in problem.message


def test_a_name_too_long_for_a_line_is_refused():
    (problem,) = problems(endpoint("GET /api/v1/runs/" + "a" * 60))

    assert "too long" in problem.message


def test_the_reserved_names_are_the_public_names_that_the_client_inherits():
    inherited = {name for base in IronflowClient.__bases__ for name in dir(base)}

    assert {name for name in inherited if not name.startswith("_")} == RESERVED_METHODS


# Methods that go through pages


def test_a_name_of_a_method_that_goes_through_pages_can_be_taken():
    taken = endpoint("GET /x", name="runs_iterate", name_reason="first")
    (problem,) = problems(paged(), taken)

    assert problem.place == "endpoints[0].pagination"
    assert problem.message == "runs_iterate already is a name of GET /x"


def test_a_name_of_a_method_that_goes_through_pages_can_be_too_long():
    (problem,) = problems(paged("GET /api/v1/runs/" + "a" * 38))

    assert problem.message.startswith("the name runs_iterate_aaa")
    assert problem.message.endswith(" is too long")


# Second names


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("runs_get", "runs_get already is a name of GET /api/v1/runs/{id}"),
        ("runs_find", "runs_find already is a name of GET /api/v1/runs"),
        ("runs_stop", "runs_stop already is a name of POST /api/v1/runs/{id}/stop"),
        ("request", "the name request is taken"),
        ("yield", "the name yield is taken"),
    ],
)
def test_a_second_name_belongs_to_one_method_only(alias, words):
    (problem,) = problems(
        endpoint("GET /api/v1/runs", alias="runs_find"),
        endpoint("GET /api/v1/runs/{id}"),
        endpoint("POST /api/v1/runs/{id}/stop", alias=alias),
    )

    assert (problem.place, problem.message) == ("endpoints[2].alias", words)
    assert problem.route == "POST /api/v1/runs/{id}/stop"


def test_known_values_do_not_take_the_name_of_a_model():
    status = {"fields": [{"name": "status", "type": "string", "enum": ["failed"]}]}
    whole = document(endpoint("GET /x"), models={"Run": status, "RunStatus": {"fields": []}})

    with pytest.raises(ManifestError) as caught:
        methods(check(whole))
    (problem,) = caught.value.problems
    assert problem.place == "models.Run"
    assert "would be named RunStatus, which is taken" in problem.message


def test_problems_of_names_come_all_at_once():
    whole = document(
        endpoint("GET /api/v1/runs"),
        endpoint("GET /api/v1/steps", "steps", name="runs_list", name_reason="so"),
        endpoint("GET /api/v1/runs/{id}", alias="request"),
    )

    with pytest.raises(ManifestError) as caught:
        methods(check(whole))
    assert [problem.place for problem in caught.value.problems] == [
        "endpoints[1]",
        "endpoints[2].alias",
    ]
