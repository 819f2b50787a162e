"""The rules for a route: every one with the place that it reports."""

from __future__ import annotations

import pytest

from codegen.limits import MAX_NAME, MAX_PATH, MAX_SUMMARY, MAX_WIRE_NAME
from codegen.manifest import check

from .builders import (
    ABSENT,
    assert_refused,
    document,
    endpoint,
    field,
    is_told,
    parameter,
    refusal,
    with_example,
)

# Endpoints


@pytest.mark.parametrize("junk", [None, 1, "GET /x", []], ids=repr)
def test_an_endpoint_that_is_no_object_is_refused(junk):
    assert is_told(refusal(document(junk)), "endpoints[0]", "must be an object")


@pytest.mark.parametrize("key", ["method", "path", "group", "category"])
def test_a_missing_key_of_an_endpoint_is_named(key):
    problems = refusal(document(endpoint(**{key: ABSENT})))

    assert is_told(problems, f"endpoints[0].{key}", "is missing; it must be a string")


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

    assert is_told(problems, f"endpoints[0].{key}", f"must be {kind}")


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("method", "FETCH", ["'FETCH' is not known", "DELETE, GET, PATCH, POST, PUT"]),
        ("method", "get", ["'get' is not known"]),
        ("category", "beta", ["supported, server-only, enterprise-only, internal"]),
        ("stream", "sse", ["websocket, ndjson"]),
        ("group", "API-Keys", ["'API-Keys' is not allowed; write it as api_keys"]),
        ("group", "_runs", ["is not allowed"]),
        ("group", "runs_", ["is not allowed"]),
        ("group", "1runs", ["is not allowed"]),
        ("group", "läufe", ["is not allowed"]),
        ("group", "runs\n", ["is not allowed"]),
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
        "is not allowed; write it as /api/v1/runs/{id}",
    )


def test_the_refusal_of_a_hostile_path_prints_it_harmlessly():
    (problem,) = refusal(document(endpoint(path="/\x1b[2J\u202e" + "x" * 500)))

    assert str(problem).isprintable()
    assert len(str(problem)) < 300


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/{id}/x/{id}", "a placeholder stands twice"),
        ("/api/{id}/x/{id...}", "a placeholder stands twice"),
        ("/" + "a" * MAX_PATH, f"at most {MAX_PATH} characters"),
        ("/{" + "a" * (MAX_WIRE_NAME + 1) + "}", f"a placeholder at most {MAX_WIRE_NAME}"),
    ],
)
def test_a_path_that_cannot_become_a_method_is_refused(path, words):
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
        "is the same route as endpoints[0] (POST /api/v1/runs/{id}/retry)",
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
def test_a_documented_route_cannot_be_left_out(why):
    broken = document(endpoint(documented=True, example={"response": None}, **why))

    assert_refused(broken, "endpoints[0].documented", "needs a method; pin a name")


@pytest.mark.parametrize("why", [{"category": "internal"}, {"stream": "ndjson"}])
def test_a_route_is_left_out_unless_its_name_is_pinned(why):
    pin = {"name": "runs_again", "name_reason": "asked for"}

    assert check(document(endpoint(omit_reason="not for programs", **why))).endpoints[0].left_out
    assert not check(document(endpoint(**why, **pin))).endpoints[0].left_out


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


# Examples


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


def test_an_example_has_known_values_only():
    status = {"Run": {"fields": [field("status", enum=["failed", "running"])]}}
    entry = endpoint(response="array<Run>", example={"response": [{"status": "lost"}]})

    assert_refused(
        document(entry, models=status),
        "endpoints[0].example.response[0].status",
        "must be one of failed, running",
    )


# Bare routes


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_route_of_which_nothing_is_known_takes_and_gives_anything(method):
    (found,) = check(document(endpoint(f"{method} /x", response=ABSENT))).endpoints

    assert (found.body.type.kind, found.body.required) == ("any", False)
    assert found.response.kind == "any"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_bare_route_without_a_body_gives_anything(method):
    (found,) = check(document(endpoint(f"{method} /x", response=ABSENT))).endpoints

    assert (found.body, found.response.kind) == (None, "any")


@pytest.mark.parametrize("changes", [{"response": None}, {"body": None, "response": ABSENT}])
def test_a_route_that_says_so_has_no_body(changes):
    assert check(document(endpoint("POST /x", **changes))).endpoints[0].body is None


# RPC

RPC = {
    "group": "pub_sub",
    "category": "rpc",
    "name": "pub_sub_list_topics",
    "name_reason": "as the service calls it",
}
LIST_TOPICS = "POST /ironflow.v1.PubSubService/ListTopics"


def test_an_rpc_route_is_a_post_to_a_method_of_a_service():
    (found,) = check(document(endpoint(LIST_TOPICS, **{**RPC, "response": "Run"}))).endpoints

    assert (found.category, found.left_out) == ("rpc", False)


@pytest.mark.parametrize(
    ("route", "changes", "place", "words"),
    [
        (LIST_TOPICS.replace("POST", "GET"), {}, "method", "an rpc route is a POST"),
        ("POST /api/v1/topics", {}, "path", "/ironflow.v1.PubSubService/ListTopics"),
        ("POST /ironflow.v1.PubSubService", {}, "path", "/ironflow.v1.PubSubService/ListTopics"),
        ("POST /ironflow.v1.PubSub/{name}", {}, "path", "/ironflow.v1.PubSubService/ListTopics"),
        ("POST /ironflow.v2.PubSub/List", {}, "path", "/ironflow.v1.PubSubService/ListTopics"),
        (LIST_TOPICS, {"name": ABSENT, "name_reason": ABSENT}, "name", "needs a pinned name"),
        (LIST_TOPICS, {"query": [parameter()]}, "query", "everything is in its body"),
        (LIST_TOPICS, {"headers": [parameter()]}, "headers", "everything is in its body"),
        (LIST_TOPICS, {"stream": "ndjson"}, "stream", "everything is in its body"),
    ],
)
def test_an_rpc_route_of_another_shape_is_refused(route, changes, place, words):
    broken = document(endpoint(route, **{**RPC, **changes}))

    assert_refused(broken, f"endpoints[0].{place}", words)


# Second names


def test_a_second_name_needs_a_method():
    broken = document(endpoint(category="internal", alias="runs_again"))

    assert_refused(broken, "endpoints[0].alias", "the route has no method; pin a name")


def test_a_second_name_is_the_name_of_a_method():
    assert_refused(
        document(endpoint(alias="Runs-Again")), "endpoints[0].alias", "write it as kv_put"
    )
