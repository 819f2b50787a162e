"""What a manifest must be: every rule with the place it reports, and that nothing crashes it."""

from __future__ import annotations

import copy
import json
import random

import pytest

from codegen.manifest import (
    MAX_MODEL,
    MAX_NAME,
    MAX_PATH,
    MAX_SUMMARY,
    MAX_WIRE_NAME,
    Manifest,
    ManifestError,
    Problem,
    check,
    load,
)

from .conftest import ROOT

GOLDEN = ROOT / "tests" / "golden" / "manifest.json"
ABSENT = object()  # a change to this value takes the key away
HOSTILE = [
    "A newline\nin it.",
    "A carriage return\rin it.",
    "A tab\tin it.",
    "A NUL\x00in it.",
    "A terminal's \x1b[31mred.",
    "A line \x85of another kind.",
    "A line \u2028of yet another kind.",
    "A bidi override \u202ein it.",
    "A bidi isolate \u2066in it.",
    "A zero width\u200bspace.",
    "A no-break\u00a0space.",
    "Half a pair \ud800.",
    " A space before.",
    "Two  spaces.",
]


def endpoint(**changes):
    """A sound endpoint with some keys changed."""
    entry = {
        "method": "POST",
        "path": "/api/v1/runs/{id}/retry",
        "group": "runs",
        "category": "supported",
        "summary": "Retry a run.",
    }
    return _changed(entry, changes)


def document(*endpoints, **changes):
    """A sound manifest of these endpoints with some keys changed."""
    whole = {
        "manifest_version": 1,
        "endpoints": list(endpoints),
        "models": {"Run": {"fields": [{"name": "id", "type": "string", "required": True}]}},
    }
    return _changed(whole, changes)


def model(*fields, **changes):
    """A manifest whose only model, ``Run``, has these fields."""
    return document(models={"Run": _changed({"fields": list(fields)}, changes)})


def parameter(**changes):
    return _changed({"name": "limit", "type": "integer"}, changes)


def _changed(entry, changes):
    return {k: v for k, v in {**entry, **changes}.items() if v is not ABSENT}


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


# A whole manifest


def test_the_committed_manifest_is_sound():
    manifest = load(ROOT / "manifest.json")

    assert len(manifest.endpoints) == 170
    assert manifest.server_version


def test_the_smallest_manifest_is_sound():
    assert check({"manifest_version": 1, "endpoints": [], "models": {}}).endpoints == ()


def test_every_fault_is_reported_at_once_with_its_place():
    broken = document(
        *(endpoint(path=f"/api/v1/runs/{{id}}/a{i}") for i in range(12)),
        endpoint(
            method="FETCH",
            path="/api/../runs",
            group="API-Keys",
            category="beta",
            summary="No period",
            query=[parameter(type="int"), parameter(name="limit")],
            body="Rum",
            response="array<Rum>",
            sumary="A typo.",
        ),
        manifest_version=2,
        models={
            "run": {"fields": []},
            "Run": {"fields": [{"name": "two words", "type": "strin"}], "descripton": ""},
        },
    )

    places = [problem.place for problem in refusal(broken)]

    assert sorted(set(places)) == [
        "endpoints[12].body",
        "endpoints[12].body.model",
        "endpoints[12].category",
        "endpoints[12].group",
        "endpoints[12].method",
        "endpoints[12].path",
        "endpoints[12].query[0].type",
        "endpoints[12].query[1].name",
        "endpoints[12].response",
        "endpoints[12].sumary",
        "endpoints[12].summary",
        "manifest_version",
        "models.Run.descripton",
        "models.Run.fields[0].name",
        "models.Run.fields[0].type",
        "models['run']",
    ]


def test_problems_stand_in_the_order_of_the_file_not_of_their_digits():
    broken = document(*(endpoint(path=f"/api/v1/a{i}", summary="No period") for i in range(11)))

    assert [p.place for p in refusal(broken)] == [f"endpoints[{i}].summary" for i in range(11)]


def test_the_error_reads_as_one_line_a_problem():
    error = ManifestError([Problem("endpoints[0].path", "is missing"), Problem("", "is not JSON")])

    assert str(error) == "endpoints[0].path: is missing\nis not JSON"


@pytest.mark.parametrize("junk", [None, True, 0, 1.5, "x", [], [{}]], ids=repr)
def test_a_manifest_that_is_no_object_is_refused(junk):
    assert Problem("", "must be an object") in refusal(junk)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("manifest_version", "is missing; it must be a whole number"),
        ("endpoints", "is missing; it must be an array"),
        ("models", "is missing; it must be an object"),
    ],
)
def test_a_missing_part_of_the_manifest_is_named(key, words):
    assert_refused(document(**{key: ABSENT}), key, words)


@pytest.mark.parametrize("key", ["manifest_version", "endpoints", "models"])
def test_null_is_no_substitute_for_a_part_of_the_manifest(key):
    assert_refused(document(**{key: None}), key)


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("manifest_version", "1", "must be a whole number"),
        ("manifest_version", True, "must be a whole number"),
        ("manifest_version", 1.0, "must be a whole number"),
        ("manifest_version", 2, "must be 1"),
        ("server_version", 22, "must be a string"),
        ("server_version", "0.22.5\n", "one line of printable text"),
        ("server_version", "9" * 41, "at most 40 characters, it has 41"),
        ("endpoints", {}, "must be an array"),
        ("models", [], "must be an object"),
    ],
)
def test_a_wrong_part_of_the_manifest_is_told(key, junk, words):
    assert_refused(document(**{key: junk}), key, words)


# Unknown keys


@pytest.mark.parametrize(
    ("broken", "place", "hint"),
    [
        (document(server_verison="1"), "server_verison", "do you mean server_version?"),
        (document(endpoint(sumary="A.")), "endpoints[0].sumary", "do you mean summary?"),
        (document(endpoint(headrs=[])), "endpoints[0].headrs", "do you mean headers?"),
        (
            document(endpoint(query=[parameter(requird=True)])),
            "endpoints[0].query[0].requird",
            "do you mean required?",
        ),
        (
            document(endpoint(body={"any": True, "descripton": "A."})),
            "endpoints[0].body.descripton",
            "do you mean description?",
        ),
        (
            document(endpoint(deprecated={"since": "1", "use": "it", "sinse": "1"})),
            "endpoints[0].deprecated.sinse",
            "do you mean since?",
        ),
        (
            document(endpoint(example={"respons": None})),
            "endpoints[0].example.respons",
            "do you mean response?",
        ),
        (model(descriptions="A."), "models.Run.descriptions", "do you mean description?"),
        (
            model({"name": "id", "type": "string", "nulable": True}),
            "models.Run.fields[0].nulable",
            "do you mean nullable?",
        ),
        (model(zzz=1), "models.Run.zzz", "known: fields, description"),
        (document(endpoint(**{"a b": 1})), "endpoints[0].'a b'", "is not a known key"),
    ],
)
def test_a_mistyped_key_is_not_ignored_and_the_right_one_is_suggested(broken, place, hint):
    assert_refused(broken, place, "is not a known key", hint)


# Endpoints


@pytest.mark.parametrize("junk", [None, 1, "GET /x", []], ids=repr)
def test_an_endpoint_that_is_no_object_is_refused(junk):
    assert Problem("endpoints[0]", "must be an object") in refusal(document(junk))


@pytest.mark.parametrize("key", ["method", "path", "group", "category"])
def test_a_missing_key_of_an_endpoint_is_named(key):
    problems = refusal(document(endpoint(**{key: ABSENT})))

    assert Problem(f"endpoints[0].{key}", "is missing; it must be a string") in problems


@pytest.mark.parametrize("empty", [None, ""], ids=repr)
@pytest.mark.parametrize("key", ["method", "path", "group", "category"])
def test_an_empty_required_key_of_an_endpoint_is_not_taken_for_a_value(key, empty):
    assert_refused(document(endpoint(**{key: empty})), f"endpoints[0].{key}")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("method", "a string"),
        ("path", "a string"),
        ("group", "a string"),
        ("category", "a string"),
        ("summary", "a string"),
        ("description", "a string"),
        ("documented", "true or false"),
        ("name", "a string"),
        ("name_reason", "a string"),
        ("omit_reason", "a string"),
        ("path_params", "an array"),
        ("query", "an array"),
        ("headers", "an array"),
        ("response", "a string"),
        ("pagination", "an object"),
        ("stream", "a string"),
        ("deprecated", "an object"),
        ("idempotent", "true or false"),
        ("example", "an object"),
    ],
)
def test_a_value_of_the_wrong_json_type_is_told(key, kind):
    problems = refusal(document(endpoint(**{key: 7})))

    assert Problem(f"endpoints[0].{key}", f"must be {kind}") in problems


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("method", "FETCH", ["'FETCH' is not known", "DELETE, GET, PATCH, POST, PUT"]),
        ("method", "get", ["'get' is not known"]),
        ("category", "beta", ["supported, server-only, enterprise-only, internal"]),
        ("stream", "sse", ["websocket, ndjson"]),
        ("group", "API-Keys", ["'API-Keys' will not do; write it as api_keys"]),
        ("group", "_runs", ["will not do"]),
        ("group", "runs_", ["will not do"]),
        ("group", "1runs", ["will not do"]),
        ("group", "läufe", ["will not do"]),
        ("group", "runs\n", ["will not do"]),
        ("group", "r" * (MAX_NAME + 1), [f"at most {MAX_NAME} characters"]),
        ("summary", "A run", ["must end with a period"]),
        ("summary", "A" * MAX_SUMMARY + ".", [f"at most {MAX_SUMMARY} characters, it has"]),
        ("description", "A run", ["must end with a period"]),
        ("description", "A" * 2000 + ".", ["at most 2000 characters"]),
        ("omit_reason", "why not", ["the route has a method"]),
        ("response", "Rum", ["'Rum' is not a type", "array<…>", "text"]),
        ("response", "", ["is not a type"]),
        ("response", "?", ["is not a type"]),
        ("response", "string??", ["is not a type"]),
        ("response", "array<>", ["is not a type"]),
        ("response", "array<string", ["is not a type"]),
        ("response", "map<integer,string>", ["is not a type"]),
        ("response", "map<string, string>", ["is not a type"]),
        ("response", "str", ["is not a type"]),
        ("response", "__import__('os')", ["is not a type"]),
    ],
)
def test_a_bad_value_of_an_endpoint_is_told_with_what_would_be_right(key, junk, words):
    assert_refused(document(endpoint(**{key: junk})), f"endpoints[0].{key}", *words)


@pytest.mark.parametrize(
    "path",
    [
        "api/v1/runs",
        "http://host/api",
        "//host/api",
        "/",
        "/api/v1/runs/",
        "/api//runs",
        "/api/./runs",
        "/api/../runs",
        "/api/..",
        "/.well-known",
        '/api/"runs"',
        "/api/'runs'",
        "/api/`runs`",
        "/api/a\\b",
        "/api/{id",
        "/api/id}",
        "/api/{}",
        "/api/{{id}}",
        "/api/{1d}",
        "/api/{i d}",
        "/api/{a-b}",
        "/api/x{id}",
        "/api/{id}x",
        "/api/{a}{b}",
        "/api/{key...}/more",
        "/api/{key..}",
        "/api/{id!r}",
        "/api/{id:x}",
        "/api/runs?limit=1",
        "/api/runs#top",
        "/api/a b",
        "/api/a%20b",
        "/api/läufe",
        "/api/\uff52uns",
        "/api/runs\n",
        "/api/ru\u202ens",
        "/api/ru\x00ns",
        "/api/{läufe}",
        "/api/{\u0661}",
    ],
    ids=ascii,
)
def test_a_path_that_could_break_out_of_a_url_or_of_python_is_refused(path):
    assert_refused(
        document(endpoint(path=path)),
        "endpoints[0].path",
        "will not do; write it as /api/v1/runs/{id}",
    )


def test_the_refusal_of_a_hostile_path_prints_it_harmlessly():
    (problem,) = refusal(document(endpoint(path="/\x1b[2J\u202e" + "x" * 500)))

    assert str(problem).isprintable()
    assert len(str(problem)) < 200


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/{id}/x/{id}", "a placeholder stands twice"),
        ("/api/{id}/x/{id...}", "a placeholder stands twice"),
        ("/" + "a" * MAX_PATH, f"at most {MAX_PATH} characters"),
        ("/{" + "a" * (MAX_WIRE_NAME + 1) + "}", f"a placeholder at most {MAX_WIRE_NAME}"),
    ],
)
def test_a_path_that_can_not_become_a_method_is_refused(path, words):
    assert_refused(document(endpoint(path=path)), "endpoints[0].path", words)


@pytest.mark.parametrize(
    "path",
    ["/ws", "/api/v1/circuit-breakers", "/a/v1.2/~b/_c/{id}/{key...}", "/{a}/{b}", "/a..b"],
)
def test_an_ordinary_path_is_taken(path):
    assert check(document(endpoint(path=path))).endpoints[0].path == path


@pytest.mark.parametrize(
    "other",
    ["/api/v1/runs/{id}/retry", "/api/v1/runs/{runId}/retry", "/api/v1/runs/{id_2}/retry"],
)
def test_the_same_route_twice_is_refused_also_under_another_placeholder(other):
    assert_refused(
        document(endpoint(), endpoint(path=other)),
        "endpoints[1]",
        f"POST {other} is the same route as endpoints[0]",
    )


def test_another_method_or_a_longer_path_is_another_route():
    manifest = check(
        document(endpoint(), endpoint(method="PUT"), endpoint(path="/api/v1/runs/retry/{id}"))
    )

    assert len(manifest.endpoints) == 3


# Names


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ({"name": "runs_again"}, "say why the name is pinned"),
        ({"name_reason": "as documented"}, "name and name_reason go together"),
    ],
)
def test_a_pinned_name_needs_its_reason_and_the_reason_its_name(pin, words):
    assert_refused(document(endpoint(**pin)), "endpoints[0].name_reason", words)


@pytest.mark.parametrize(
    "name", ["Runs", "runs-again", "_runs", "runs__again", "1runs", "läufe", "a b", "__init__"]
)
def test_a_pinned_name_that_is_no_method_name_is_refused(name):
    problems = refusal(document(endpoint(name=name, name_reason="so")))

    assert problems[0].place == "endpoints[0].name"
    assert "write it as schemas_get_by_name" in problems[0].message


@pytest.mark.parametrize("why", [{"category": "internal"}, {"stream": "ndjson"}])
def test_a_documented_route_can_not_be_left_out(why):
    broken = document(endpoint(documented=True, example={"response": None}, **why))

    assert_refused(broken, "endpoints[0].documented", "needs a method; pin a name")


@pytest.mark.parametrize("why", [{"category": "internal"}, {"stream": "ndjson"}])
def test_a_route_is_left_out_unless_its_name_is_pinned(why):
    pin = {"name": "runs_again", "name_reason": "asked for"}

    assert check(document(endpoint(omit_reason="not for programs", **why))).endpoints[0].left_out
    assert not check(document(endpoint(**why, **pin))).endpoints[0].left_out


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
        (parameter(name="a b"), "name", "write it as from_version or If-Match"),
        (parameter(name="a\r\nX-Evil"), "name", "will not do"),
        (parameter(name='a"'), "name", "will not do"),
        (parameter(name="ä"), "name", "will not do"),
        (parameter(name="1st"), "name", "will not do"),
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

    assert Problem("endpoints[0].query[0]", "must be an object") in problems


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


# Bodies, replies, deprecation


@pytest.mark.parametrize(
    ("body", "kind", "raw", "required"),
    [
        ("Run", "model", False, True),
        ({"model": "Run"}, "model", False, True),
        ({"model": "Run", "required": False}, "model", False, False),
        ({"any": True}, "any", False, True),
        ({"any": True, "type": "object"}, "object", False, True),
        ({"any": True, "type": "array<Run>"}, "array", False, True),
        ({"raw": True}, "any", True, True),
        ({"raw": True, "required": False}, "any", True, False),
    ],
)
def test_a_body_is_a_model_or_anything_or_raw(body, kind, raw, required):
    found = check(document(endpoint(body=body))).endpoints[0].body

    assert (found.type.kind, found.raw, found.required) == (kind, raw, required)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, 'a model\'s name, {"any": true} or {"raw": true}'),
        ({"any": True, "raw": True}, 'a model\'s name, {"any": true} or {"raw": true}'),
        ({"model": "Run", "any": True}, 'a model\'s name, {"any": true} or {"raw": true}'),
        (False, "must be an object"),
        (["Run"], "must be an object"),
        ("Rum", "'Rum' is not a model of this manifest"),
        ("array<Run>", "'array<Run>' is not a model of this manifest"),
        ({"model": "string"}, "'string' is not a model of this manifest"),
    ],
)
def test_a_body_of_another_shape_is_refused(body, words):
    problems = refusal(document(endpoint(body=body)))

    assert (
        words in {p.place: p.message for p in problems if words in p.message}["endpoints[0].body"]
    )


@pytest.mark.parametrize(
    "body",
    ["", {"model": ""}, {"model": None}, {"any": False}, {"any": None}, {"raw": False}],
    ids=repr,
)
def test_a_body_that_says_nothing_is_not_taken_for_any_body(body):
    assert refusal(document(endpoint(body=body)))[0].place.startswith("endpoints[0].body")


def test_a_body_names_a_model_or_a_type_but_not_both():
    broken = document(endpoint(body={"model": "Run", "type": "object"}))

    assert_refused(broken, "endpoints[0].body.type", "is not a known key")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_get_or_delete_with_a_body_is_refused(method):
    broken = document(endpoint(method=method, body="Run"))

    assert_refused(broken, "endpoints[0].body", f"a {method} request has no body")


@pytest.mark.parametrize(
    ("response", "kind", "may_be_empty"),
    [
        (None, None, False),
        ("Run", "model", False),
        ("Run?", "model", True),
        ("text", "text", False),
        ("array<array<Run>>", "array", False),
        ("map<string,any>?", "map", True),
    ],
)
def test_a_reply_is_a_type_or_nothing(response, kind, may_be_empty):
    found = check(document(endpoint(response=response))).endpoints[0]

    assert (found.response and found.response.kind, found.may_be_empty) == (kind, may_be_empty)


@pytest.mark.parametrize("notice", [{}, {"since": "1.0"}, {"use": "runs_get"}], ids=repr)
def test_a_deprecation_says_since_when_and_what_instead(notice):
    assert_refused(
        document(endpoint(deprecated=notice)), "endpoints[0].deprecated", "needs since", "and use"
    )


# Models


@pytest.mark.parametrize(
    "name",
    [
        "run",
        "_Run",
        "Run_State",
        "1Run",
        "Run-State",
        "Läufe",
        "Run State",
        "",
        "Run\n",
        "R" * (MAX_MODEL + 1),
    ],
    ids=ascii,
)
def test_a_model_that_can_not_be_a_class_is_refused(name):
    (problem,) = refusal(document(models={name: {"fields": []}}))

    assert problem.place.startswith("models")
    assert problem.message == f"a model is named in CamelCase, at most {MAX_MODEL} characters"
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", ["None", "True", "False", "Any", "TypedDict"])
def test_a_model_can_not_take_a_name_that_the_generated_module_needs(name):
    broken = document(models={name: {"fields": [{"name": "a", "type": "any"}]}})

    assert_refused(broken, f"models.{name}")


@pytest.mark.parametrize("junk", [None, [], "Run"], ids=repr)
def test_a_model_that_is_no_object_is_refused(junk):
    problems = refusal(document(models={"Run": junk}))

    assert Problem("models.Run", "must be an object") in problems


@pytest.mark.parametrize(
    ("field", "key", "words"),
    [
        ({"type": "string"}, "name", "is missing; it must be a string"),
        ({"name": "id"}, "type", "is missing; it must be a string"),
        ({"name": "id", "type": "Rum"}, "type", "'Rum' is not a type"),
        ({"name": "id", "type": 1}, "type", "must be a string"),
        ({"name": "a b", "type": "string"}, "name", "write it as updated_at or updatedAt"),
        ({"name": "id", "type": "string", "required": 1}, "required", "must be true or false"),
        ({"name": "id", "type": "string", "nullable": None, "x": 1}, "x", "is not a known key"),
    ],
)
def test_a_bad_field_is_told_by_its_place(field, key, words):
    assert_refused(model(field), f"models.Run.fields[0].{key}", words)


@pytest.mark.parametrize("empty", [None, ""], ids=repr)
def test_a_field_with_an_empty_type_is_not_taken_for_any(empty):
    assert_refused(model({"name": "id", "type": empty}), "models.Run.fields[0].type")


@pytest.mark.parametrize(
    ("fields", "words"), [(ABSENT, "is missing; it must be an array"), ({}, "must be an array")]
)
def test_a_model_needs_its_fields(fields, words):
    assert_refused(model(fields=fields), "models.Run.fields", words)


def test_a_field_twice_is_refused():
    broken = model({"name": "id", "type": "string"}, {"name": "id", "type": "integer"})

    assert_refused(broken, "models.Run.fields[1].name", "id is also [0]")


# Examples


def with_example(example, **changes):
    """A manifest with one documented route that takes and returns a ``Trip``."""
    entry = endpoint(documented=True, body="Trip", response="Trip", example=example, **changes)
    fields = [
        {"name": "id", "type": "string", "required": True},
        {"name": "at", "type": "datetime", "nullable": True},
        {"name": "count", "type": "integer"},
        {"name": "price", "type": "number"},
        {"name": "open", "type": "boolean"},
        {"name": "extra", "type": "any"},
        {"name": "data", "type": "object"},
        {"name": "legs", "type": "array<Trip>"},
        {"name": "tags", "type": "map<string,string>"},
    ]
    return document(entry, models={"Trip": {"fields": fields}})


TRIP = {"id": "t"}


def test_a_documented_route_without_an_example_is_refused():
    assert_refused(with_example(ABSENT), "endpoints[0]", "a documented route needs an example")


def test_an_example_that_fits_is_taken():
    trip = {
        "id": "t",
        "at": None,
        "count": 1,
        "price": 1,
        "open": False,
        "extra": [None],
        "data": {},
        "legs": [{"id": "u", "at": "2026-01-15T09:30:00.123+02:00"}],
        "tags": {"a b": "c"},
    }

    assert check(with_example({"request": trip, "response": trip}))


@pytest.mark.parametrize(
    ("trip", "place", "words"),
    [
        ("t", "", "must be an object, a Trip"),
        ({}, "", "lacks id, which Trip requires"),
        ({**TRIP, "idd": 1}, ".idd", "Trip has no such field"),
        ({"id": 1}, ".id", "must be of type string"),
        ({"id": None}, ".id", "must be of type string"),
        ({**TRIP, "count": 1.5}, ".count", "must be of type integer"),
        ({**TRIP, "count": True}, ".count", "must be of type integer"),
        ({**TRIP, "price": "1"}, ".price", "must be of type number"),
        ({**TRIP, "open": 0}, ".open", "must be of type boolean"),
        ({**TRIP, "at": "15.1.2026"}, ".at", "must be an RFC 3339 time"),
        ({**TRIP, "data": []}, ".data", "must be of type object"),
        ({**TRIP, "legs": {}}, ".legs", "must be an array"),
        ({**TRIP, "legs": [TRIP, {}]}, ".legs[1]", "lacks id, which Trip requires"),
        ({**TRIP, "tags": []}, ".tags", "must be an object"),
        ({**TRIP, "tags": {"a": 1}}, ".tags['a']", "must be of type string"),
    ],
)
@pytest.mark.parametrize("side", ["request", "response"])
def test_an_example_that_does_not_fit_its_model_is_refused(side, trip, place, words):
    example = {"request": TRIP, "response": TRIP, side: trip}

    assert_refused(with_example(example), f"endpoints[0].example.{side}{place}", words)


def test_an_example_without_the_body_that_the_route_needs_is_refused():
    broken = with_example({"response": TRIP})

    assert_refused(broken, "endpoints[0].example.request", "is missing; the route needs a body")


@pytest.mark.parametrize(
    ("example", "key", "words"),
    [
        ({"request": {}}, "request", "the route takes no body"),
        ({"response": {}}, "response", "must be null"),
    ],
)
def test_an_example_of_something_that_the_route_has_not_is_refused(example, key, words):
    assert_refused(document(endpoint(example=example)), f"endpoints[0].example.{key}", words)


# Hostile text


def _text_places():
    """Every place of prose in a manifest, as (place, function from a text to a manifest)."""
    deprecated = {"since": "1.0", "use": "runs_get"}
    pin = {"name": "runs_again", "name_reason": "so"}
    plain = {"category": "internal"}
    field = {"name": "id", "type": "string"}
    return [
        ("server_version", lambda text: document(server_version=text)),
        ("endpoints[0].summary", lambda text: document(endpoint(summary=text))),
        ("endpoints[0].description", lambda text: document(endpoint(description=text))),
        (
            "endpoints[0].name_reason",
            lambda text: document(endpoint(**{**pin, "name_reason": text})),
        ),
        ("endpoints[0].omit_reason", lambda text: document(endpoint(**plain, omit_reason=text))),
        (
            "endpoints[0].path_params[0].description",
            lambda text: document(
                endpoint(path_params=[{"name": "id", "type": "string", "description": text}])
            ),
        ),
        (
            "endpoints[0].query[0].description",
            lambda text: document(endpoint(query=[parameter(description=text)])),
        ),
        (
            "endpoints[0].headers[0].description",
            lambda text: document(endpoint(headers=[parameter(description=text)])),
        ),
        (
            "endpoints[0].body.description",
            lambda text: document(endpoint(body={"any": True, "description": text})),
        ),
        (
            "endpoints[0].deprecated.since",
            lambda text: document(endpoint(deprecated={**deprecated, "since": text})),
        ),
        (
            "endpoints[0].deprecated.use",
            lambda text: document(endpoint(deprecated={**deprecated, "use": text})),
        ),
        ("models.Run.description", lambda text: model(description=text)),
        (
            "models.Run.fields[0].description",
            lambda text: model({**field, "description": text}),
        ),
    ]


TEXT_PLACES = _text_places()


@pytest.mark.parametrize(("place", "build"), TEXT_PLACES, ids=[place for place, _ in TEXT_PLACES])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_that_hides_something_or_leaves_its_line_is_refused(place, build, text):
    problems = refusal(build(text))

    assert problems[0].place == place
    assert all(str(problem).isprintable() for problem in problems)


@pytest.mark.parametrize("text", [text for text in HOSTILE if not text.isprintable()], ids=ascii)
def test_a_default_that_would_hide_something_in_a_docstring_is_refused(text):
    broken = document(endpoint(query=[parameter(type="string", default=text)]))

    assert_refused(broken, "endpoints[0].query[0].default")


@pytest.mark.parametrize(
    "text", ["Größe in €.", "時刻。.", 'A "quoted" \\ word.', "100% {braces}."]
)
def test_text_of_people_is_taken(text):
    assert check(document(endpoint(summary=text))).endpoints[0].summary == text


def test_a_hostile_key_of_an_example_is_printed_harmlessly():
    (problem,) = refusal(with_example({"request": TRIP, "response": {**TRIP, "\x1b[2J\u202e": 1}}))

    assert str(problem).isprintable()


# Reading the file


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_bytes(json.dumps(document(endpoint(summary="Größe.")), ensure_ascii=False).encode())

    assert load(path).endpoints[0].summary == "Größe."


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"nonsense", b'{"a": 1,}', b"\xff\xfe\xfd", b'{"a": "\xe9"}', b"[" * 100_000],
    ids=["empty", "open", "word", "comma", "bytes", "latin-1", "deep"],
)
def test_a_file_that_is_not_json_is_refused(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)

    with pytest.raises(ManifestError, match="is not JSON"):
        load(path)


def test_a_file_that_can_not_be_read_is_told(tmp_path):
    with pytest.raises(ManifestError, match="can not be read: No such file"):
        load(tmp_path / "manifest.json")
    with pytest.raises(ManifestError, match="can not be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    "twice",
    [
        '{"manifest_version": 1, "manifest_version": 1, "endpoints": [], "models": {}}',
        '{"manifest_version": 1, "endpoints": [], "models": {"A": {"fields": [], "fields": []}}}',
    ],
)
def test_a_key_twice_in_one_object_does_not_silently_win(tmp_path, twice):
    path = tmp_path / "manifest.json"
    path.write_text(twice)

    with pytest.raises(ManifestError, match="the key '(manifest_version|fields)' stands twice"):
        load(path)


# The digest


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


@pytest.mark.parametrize("path", [ROOT / "manifest.json", GOLDEN], ids=["committed", "golden"])
def test_the_order_of_the_entries_changes_nothing(path):
    original = json.loads(path.read_bytes())
    expected = check(original)

    for seed in range(3):
        found = check(shuffled(original, random.Random(seed)))
        assert found.digest == expected.digest
        assert found.models == expected.models
        assert list(found.models) == list(expected.models)
        assert [e.route for e in found.endpoints] == [e.route for e in expected.endpoints]
        assert [e.query for e in found.endpoints] == [e.query for e in expected.endpoints]


def _texts(value, steps=()):
    """Yield the way to every text that may change without making the manifest unsound."""
    free = {"summary", "description", "name_reason", "omit_reason", "since", "use"}
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, (dict, list)) and key != "example":
            yield from _texts(item, (*steps, key))
        elif key in free:
            yield (*steps, key)


def test_every_change_of_a_text_changes_the_digest():
    original = json.loads(GOLDEN.read_bytes())
    seen = {check(original).digest}
    ways = list(_texts(original))

    for *steps, last in ways:
        changed = copy.deepcopy(original)
        target = changed
        for step in steps:
            target = target[step]
        target[last] = "X" + target[last][1:]
        seen.add(check(changed).digest)

    assert len(ways) > 30
    assert len(seen) == len(ways) + 1


@pytest.mark.parametrize(
    "other",
    [
        document(endpoint(), server_version="1"),
        document(endpoint(method="PUT")),
        document(endpoint(path="/api/v1/runs/{id}/retries")),
        document(endpoint(category="server-only")),
        document(endpoint(idempotent=True)),
        document(endpoint(query=[parameter()])),
        document(endpoint(query=[parameter(default=1)])),
        document(endpoint(query=[parameter(default=2)])),
        document(endpoint(query=[parameter(required=True)])),
        document(endpoint(example={"request": None})),
        document(endpoint(), endpoint(method="GET")),
        document(endpoint(), models={}),
    ],
)
def test_every_change_of_a_fact_changes_the_digest(other):
    assert check(other).digest != check(document(endpoint())).digest


# Anything at all

JUNK = [
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "x",
    "None",
    "GET",
    "/api/{id}/{key...}",
    "array<string>",
    "array<Run>?",
    "a\nb",
    "\u202e",
    "\ud800",
    '"""',
    "9" * 100,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"name": "x", "type": "string"},
    [{"name": "x", "type": "string"}],
    {"any": True},
]


def _somewhere(value, rng):
    """A random container in the document; each level is as likely as the next."""
    while True:
        items = list(value.values() if isinstance(value, dict) else value)
        inside = [item for item in items if isinstance(item, (dict, list)) and item]
        if not inside or rng.random() < 0.2:
            return value
        value = rng.choice(inside)


def mutated(text, rng):
    """The document with a few values dropped, replaced or doubled at random places."""
    document = json.loads(text)
    for _ in range(rng.randint(1, 4)):
        container = _somewhere(document, rng)
        if not container:
            break
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
        act = rng.randrange(4)
        if act == 0:
            del container[key]
        elif act == 1:
            container[key] = copy.deepcopy(rng.choice(JUNK))
        elif isinstance(container, list):
            container.insert(rng.randint(0, len(container)), copy.deepcopy(container[key]))
        else:
            name = rng.choice(["x", "name", "type", "body", "\u202e", "Xy", "fields", str(key)])
            container[name] = copy.deepcopy(rng.choice([container[key], *JUNK]))
    return document


def excerpt(original, rng):
    """Twenty endpoints of a manifest with the models that they need, for speed."""
    endpoints = rng.sample(original["endpoints"], 20)
    models = {}
    text = json.dumps(endpoints)
    while True:
        named = [name for name in original["models"] if name in text and name not in models]
        if not named:
            return {**original, "endpoints": endpoints, "models": models}
        models.update({name: original["models"][name] for name in named})
        text = json.dumps(models)


def assert_judged(broken, label):
    try:
        assert isinstance(check(broken), Manifest), label
    except ManifestError as error:
        assert error.problems, label
    except Exception as error:
        pytest.fail(f"{label}: {error!r}")


def test_a_manifest_changed_at_random_is_taken_or_refused_but_never_crashes_the_check():
    original = json.loads((ROOT / "manifest.json").read_bytes())

    for seed in range(300):
        rng = random.Random(seed)
        assert_judged(mutated(json.dumps(excerpt(original, rng)), rng), f"seed {seed}")


def test_a_small_manifest_changed_at_random_does_not_crash_the_check_either():
    text = GOLDEN.read_bytes()

    for seed in range(1000):
        assert_judged(mutated(text, random.Random(seed)), f"seed {seed}")


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "broken",
    [
        document(endpoint(response="array<" * 3000 + "string" + ">" * 3000)),
        document(endpoint(response="any", example={"response": _nested(900)})),
        document(endpoint(**{"1" * 5000: 1})),
        document(models={"A" + "1" * 5000: {"fields": []}}),
        document(endpoint(name="a" * 100_000, name_reason="so")),
    ],
    ids=["deep type", "deep example", "digits as a key", "digits as a model", "long name"],
)
def test_a_manifest_of_extreme_size_does_not_crash_the_check(broken):
    assert_judged(broken, "extreme")
