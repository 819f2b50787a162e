"""Names of arguments and of known values, and the record of a method that holds them."""

from __future__ import annotations

import keyword

import pytest

from codegen.manifest import check, load
from codegen.naming import argument_name, argument_names, enum_name, methods

from ..conftest import ROOT
from .builders import document, endpoint
from .naming import checked, paged

# Arguments


@pytest.mark.parametrize(
    ("wire", "argument"),
    [
        ("id", "id"),
        ("entityId", "entity_id"),
        ("workerId", "worker_id"),
        ("envID", "env_id"),
        ("fnID", "fn_id"),
        ("eventID", "event_id"),
        ("policy_id", "policy_id"),
        ("minSeq", "min_seq"),
        ("If-Match", "if_match"),
        ("X-Ironflow-Environment", "x_ironflow_environment"),
        ("HTTPStatus", "http_status"),
        ("a.b", "a_b"),
        ("v2Beta", "v2_beta"),
    ],
)
def test_an_argument_is_the_wire_name_in_snake_case(wire, argument):
    assert argument_name(wire) == argument


def arguments(path="/api/v1/runs/{id}", **changes):
    """The arguments of an endpoint with query and header parameters of these names."""
    lists = {
        where: [{"name": name, "type": "string"} for name in names]
        for where, names in changes.items()
    }
    return argument_names(checked(endpoint(f"GET {path}", **lists))[0])


@pytest.mark.parametrize(
    ("wire", "argument"),
    [
        ("from", "from_"),
        ("class", "class_"),
        ("None", "none"),
        ("True", "true"),
        ("self", "self_"),
        ("body", "body_"),
        ("id", "id_"),
        ("Id", "id_"),
        ("type", "type"),
    ],
)
def test_an_argument_never_is_a_keyword_or_another_argument(wire, argument):
    assert arguments(query=[wire])["query", wire] == argument


def test_the_wire_names_are_the_keys_and_path_parameters_keep_their_names():
    assert arguments(
        "/x/{entityId}/{key...}", query=["entity_id", "minSeq"], headers=["If-Match", "min_seq"]
    ) == {
        ("path", "entityId"): "entity_id",
        ("path", "key"): "key",
        ("query", "entity_id"): "entity_id_",
        ("query", "minSeq"): "min_seq",
        ("headers", "If-Match"): "if_match",
        ("headers", "min_seq"): "min_seq_",
    }


def test_names_that_become_the_same_are_told_apart():
    found = arguments("/x/{a_b}/{aB}", query=["a-b", "a.b"], headers=["A-B"])

    assert list(found.values()) == ["a_b", "a_b_", "a_b__", "a_b___", "a_b____"]


def test_a_filter_does_not_take_the_name_of_what_every_list_takes():
    (found,) = checked(paged(query=["max_items", "page_size", "resume"]))

    assert sorted(argument_names(found).values()) == [
        "cursor",
        "limit",
        "max_items_",
        "page_size_",
        "resume_",
    ]


@pytest.mark.parametrize("where", ["path", "query"])
def test_an_argument_does_not_hide_the_function_that_encodes_the_path(where):
    names = (
        arguments("/x/{segment}") if where == "path" else arguments("/x/{id}", query=["segment"])
    )

    assert "segment" not in names.values()


def test_every_argument_of_the_client_is_a_name_and_unlike_the_others():
    for found in load(ROOT / "manifest.json").endpoints:
        names = list(argument_names(found).values())
        assert len(set(names)) == len(names)
        for name in names:
            assert name.isidentifier() and not keyword.iskeyword(name) and name.islower()


# Known values


@pytest.mark.parametrize(
    ("owner", "name", "enum"),
    [
        ("runs_list", "status", "RunsListStatus"),
        ("Run", "status", "RunStatus"),
        ("KVEntry", "operation", "KVEntryOperation"),
        ("Run", "stepType", "RunStepType"),
        ("Run", "step-type", "RunStepType"),
        ("runs_list", "from_", "RunsListFrom"),
    ],
)
def test_known_values_are_named_by_where_they_stand(owner, name, enum):
    assert enum_name(owner, name) == enum


# Records


def test_the_record_of_a_method_has_its_arguments_in_the_order_of_the_signature():
    query = [
        {"name": "limit", "type": "integer"},
        {"name": "mode", "type": "string", "enum": ["push"], "required": True},
    ]
    models = {"Run": {"fields": [{"name": "idempotency_key", "type": "string"}]}}
    entry = endpoint(
        "POST /x/{b}/{a}", query=query, headers=[{"name": "If-Match", "type": "string"}], body="Run"
    )
    (found,) = methods(check(document(entry, models=models)))

    assert [(a.name, a.where) for a in found.positional] == [("b", "path"), ("a", "path")]
    assert [(a.name, a.where, a.enum) for a in found.options] == [
        ("mode", "query", "RunsCreateMode"),
        ("limit", "query", ""),
        ("if_match", "headers", ""),
    ]
    assert (found.name, found.alias, found.keyed) == ("runs_create", "", True)
