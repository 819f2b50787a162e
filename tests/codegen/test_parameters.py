"""The rules for what has a name and a type."""

from __future__ import annotations

import pytest

from codegen.limits import MAX_WIRE_NAME
from codegen.manifest import check

from .builders import ABSENT, assert_refused, document, endpoint, is_told, parameter, refusal

# Parameters


@pytest.mark.parametrize("where", ["query", "headers", "path_params"])
@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        (parameter(name=ABSENT), "name", "is missing; it must be a string"),
        (parameter(type="int"), "type", "'int' is not a type"),
        (parameter(type="Run"), "type", "a scalar or an array of scalars"),
        (parameter(type="array<Run>"), "type", "a scalar or an array of scalars"),
        (parameter(type="object"), "type", "a scalar or an array of scalars"),
        (parameter(type="any"), "type", "a scalar or an array of scalars"),
        (parameter(type="text"), "type", "a scalar or an array of scalars"),
        (parameter(type="map<string,string>"), "type", "a scalar or an array of scalars"),
        (parameter(name="a b"), "name", "write it as from_version, updatedAt or If-Match"),
        (parameter(name="a\r\nX-Evil"), "name", "is not allowed"),
        (parameter(name='a"'), "name", "is not allowed"),
        (parameter(name="ä"), "name", "is not allowed"),
        (parameter(name="1st"), "name", "is not allowed"),
        (parameter(name=""), "name", "must not be empty"),
        (parameter(name="a" * (MAX_WIRE_NAME + 1)), "name", f"at most {MAX_WIRE_NAME} char"),
        (parameter(required="yes"), "required", "must be true or false"),
        (parameter(description=["A."]), "description", "must be a string"),
        (parameter(default="ten"), "default", "must be of type integer"),
        (parameter(default=True), "default", "must be of type integer"),
        (parameter(type="array<string>", default=["a", 1]), "default[1]", "of type string"),
        (parameter(type="datetime", default="now"), "default", "must be an RFC 3339 time"),
    ],
)
def test_a_bad_parameter_is_told_by_its_place(where, entry, key, words):
    problems = refusal(document(endpoint(**{where: [entry]})))

    place = f"endpoints[0].{where}[0].{key}"
    assert any(words in problem.message for problem in problems if problem.place == place)


@pytest.mark.parametrize("empty", [None, "", ABSENT], ids=["null", "empty", "missing"])
def test_a_parameter_needs_a_type(empty):
    problems = refusal(document(endpoint(query=[parameter(type=empty)])))

    assert problems[0].place == "endpoints[0].query[0].type"


@pytest.mark.parametrize(
    "kind",
    ["array<text>", "array<object>", "array<any>", "array<map<string,string>>"],
)
def test_an_array_parameter_holds_scalars_only(kind):
    assert_refused(
        document(endpoint(query=[parameter(type=kind)])),
        "endpoints[0].query[0].type",
        "a scalar or an array of scalars",
    )


@pytest.mark.parametrize("where", ["query", "headers"])
def test_a_parameter_twice_is_refused(where):
    twice = [parameter(), parameter(name="page"), parameter(type="string")]

    assert_refused(
        document(endpoint(**{where: twice})), f"endpoints[0].{where}[2].name", "limit is also [0]"
    )


def test_a_parameter_that_is_no_object_is_refused():
    problems = refusal(document(endpoint(query=["limit"])))

    assert is_told(problems, "endpoints[0].query[0]", "must be an object")


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"name": "runId", "type": "string"}, "runId does not stand in the path"),
        ({"name": "id", "type": "boolean"}, "id must be of type string or integer"),
        ({"name": "id", "type": "array<string>"}, "id must be of type string or integer"),
    ],
)
def test_a_path_parameter_must_stand_in_the_path_and_be_plain(described, words):
    assert_refused(document(endpoint(path_params=[described])), "endpoints[0].path_params", words)


def test_path_parameters_keep_the_order_of_the_path():
    path_params = [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]
    manifest = check(document(endpoint(path="/x/{b}/{c}/{a}", path_params=path_params)))

    found = [(p.name, p.type.kind) for p in manifest.endpoints[0].path_params]
    assert found == [("b", "string"), ("c", "string"), ("a", "integer")]


# Known values


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        ("string", ["push", "pull"], ("pull", "push")),
        ("integer", [10, 2], (2, 10)),
        ("array<string>", ["on"], ("on",)),
    ],
)
def test_known_values_are_sorted_and_stand_in_the_type(kind, values, found):
    (checked,) = check(document(endpoint(query=[parameter(type=kind, enum=values)]))).endpoints
    (query,) = checked.query

    assert (query.type.item or query.type).enum == found


@pytest.mark.parametrize(
    ("kind", "values", "words"),
    [
        ("string", "push", "must be an array"),
        ("string", [], "must list values of type string"),
        ("string", [1], "must list values of type string"),
        ("string", [""], "must list values of type string"),
        ("string", ["a\nb"], "must list values of type string"),
        ("string", ["x" * 61], "at most 60 long"),
        ("string", [None], "must list values of type string"),
        ("integer", ["1"], "must list values of type integer"),
        ("integer", [True], "must list values of type integer"),
        ("string", ["a", "a"], "a value stands twice"),
        ("boolean", [True], "only strings and integers, and arrays of them, have known values"),
        ("datetime", ["2026-01-15T09:30:00Z"], "only strings and integers"),
        ("number", [1.5], "only strings and integers"),
    ],
)
@pytest.mark.parametrize("where", ["query", "headers"])
def test_known_values_that_are_not_right_are_told(where, kind, values, words):
    broken = document(endpoint(**{where: [parameter(type=kind, enum=values)]}))

    assert_refused(broken, f"endpoints[0].{where}[0].enum", words)


def test_a_default_is_one_of_the_known_values():
    broken = parameter(type="string", enum=["push", "pull"], default="poll")

    assert_refused(
        document(endpoint(query=[broken])),
        "endpoints[0].query[0].default",
        "must be one of pull, push",
    )
