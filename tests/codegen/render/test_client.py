"""The generated client: what its methods call and what their docstrings say."""

from __future__ import annotations

import ast
import collections.abc
import datetime
import inspect
import sys
import typing

import pytest

from codegen.manifest import check, load
from codegen.naming import methods
from codegen.render import client

from ...conftest import ROOT
from ..builders import document, endpoint
from .texts import INJECTIONS, everywhere


def rendered(manifest):
    return client.render(manifest, methods(manifest))


BODY = {"any": "body"}
NO_SEARCH = {
    "afterCursor": None,
    "body": None,
    "content-type": None,
    "environment_id": None,
    "limit": None,
    "max_score": None,
    "sort": None,
    "wait": None,
}
LIST_THINGS = "/ironflow.v1.ThingService/ListThings"
MOVE_THING = "/ironflow.v1.ThingService/MoveThing"
CONNECT = {"Connect": "1"}  # what the golden package has in the place of the real one
GRANT = "/api/v1/org/o%201/team/t%2F2/member/m/grant/g%C3%A9"


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "sent", "options"),
    [
        ("websocket_list", (), {}, ("GET", "/ws"), {}),
        ("metrics", (), {}, ("GET", "/metrics"), {"text": True}),
        (
            "things_list",
            (),
            {"from_": "2026-01-01T00:00:00Z", "states": ["a", "b"]},
            ("GET", "/api/v1/things"),
            {
                "query": {
                    "from": "2026-01-01T00:00:00Z",
                    "minSeq": None,
                    "states": ["a", "b"],
                    "until": None,
                },
                "lists": ("states",),
            },
        ),
        (
            "things_list",
            (),
            {"from_": "x", "min_seq": 0, "until": "y"},
            ("GET", "/api/v1/things"),
            {
                "query": {"from": "x", "minSeq": 0, "states": None, "until": "y"},
                "lists": ("states",),
            },
        ),
        ("things_create", (BODY,), {}, ("POST", "/api/v1/things"), {"body": BODY}),
        ("things_create", (), {"body": BODY}, ("POST", "/api/v1/things"), {"body": BODY}),
        (
            "things_delete",
            ("a/b",),
            {},
            ("DELETE", "/api/v1/things/a%2Fb"),
            {
                "deprecated": "things_delete is deprecated since 2.0:"
                ' use PATCH with "deleted" {true}'
            },
        ),
        (
            "things_patch",
            ("{id}", BODY),
            {},
            ("PATCH", "/api/v1/things/%7Bid%7D"),
            {"body": BODY, "idempotent": True},
        ),
        (
            "things_update_settings",
            (7,),
            {"x_request_reason": "why"},
            ("PUT", "/api/v1/things/7/settings"),
            {"headers": {"X-Request-Reason": "why", "If-Match": None}, "body": None},
        ),
        (
            "things_update_settings",
            ("7", BODY),
            {"x_request_reason": "why", "if_match": "r1"},
            ("PUT", "/api/v1/things/7/settings"),
            {"headers": {"X-Request-Reason": "why", "If-Match": "r1"}, "body": BODY},
        ),
        (
            "blobs_update_keys",
            ("b", "a/b c", b"\x00"),
            {},
            ("PUT", "/api/v1/blobs/b/keys/a%2Fb%20c"),
            {"body": b"\x00", "raw": True, "secret": True},
        ),
        (
            "blobs_get_keys",
            ("b", "k"),
            {"bucket_": True, "self_": "me"},
            ("GET", "/api/v1/blobs/b/keys/k"),
            {"query": {"bucket": True, "self": "me"}},
        ),
        (
            "blobs_search",
            ([1],),
            {"body_": True, "after_cursor": "c", "content_type": "t"},
            ("POST", "/api/v1/blobs/search"),
            {
                "query": {**NO_SEARCH, "afterCursor": "c", "body": True, "content-type": "t"},
                "body": [1],
                "server_wait": ("query", "wait", "s", 5),
            },
        ),
        ("team_grants_create", ("o 1", "t/2", "m", "gé"), {}, ("POST", GRANT), {}),
        ("bare_create", ("b",), {}, ("POST", "/api/v1/bare/b"), {"body": None}),
        ("bare_create", ("b", [1]), {}, ("POST", "/api/v1/bare/b"), {"body": [1]}),
        (
            "things_list_rpc",
            (),
            {},
            ("POST", LIST_THINGS),
            {"headers": CONNECT, "body": {}, "read": ("as", "Page"), "idempotent": True},
        ),
        (
            "things_move",
            (),
            {},
            ("POST", MOVE_THING),
            {"headers": CONNECT, "body": {}, "read": ("as", None)},
        ),
        (
            "things_move",
            ({"states": []},),
            {},
            ("POST", MOVE_THING),
            {"headers": CONNECT, "body": {"states": []}, "read": ("as", None)},
        ),
    ],
)
def test_a_golden_method_makes_exactly_this_call(golden, method, args, kwargs, sent, options):
    made = golden("golden_package.client").IronflowClient()

    assert getattr(made, method)(*args, **kwargs) == (sent, options)


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("things_list", (), {}),
        ("things_list", ("2026-01-01T00:00:00Z",), {}),
        ("things_create", (), {}),
        ("things_update_settings", (7,), {}),
        ("blobs_get_keys", ("b",), {}),
        ("blobs_get_keys", ("b", "k", True), {}),
    ],
)
def test_a_call_without_what_is_required_or_with_options_by_position_fails(
    golden, method, args, kwargs
):
    made = golden("golden_package.client").IronflowClient()

    with pytest.raises(TypeError, match="argument"):
        getattr(made, method)(*args, **kwargs)


def test_a_second_name_is_the_same_method_and_each_names_the_other(golden):
    made = golden("golden_package.client").IronflowClient

    assert made.things_find is made.things_list
    assert "``things_find`` and ``things_list`` are the same method." in made.things_find.__doc__


def annotations(method):
    return {name: str(value) for name, value in method.__annotations__.items()}


def test_a_bare_route_takes_and_gives_anything(golden):
    made = golden("golden_package.client").IronflowClient

    assert annotations(made.bare_create) == {"id": "str", "body": "Any", "return": "Any"}
    assert annotations(made.websocket_list) == {"return": "None"}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
def test_the_hints_of_every_method_can_be_resolved(golden):
    models = golden("golden_package.models")
    made = golden("golden_package.client").IronflowClient
    hints = {
        name: typing.get_type_hints(method)
        for name, method in inspect.getmembers(made, inspect.isfunction)
        if not name.startswith("_")
    }

    assert len(hints) == 19
    assert hints["things_list"] == {
        "from_": typing.Union[datetime.datetime, str],
        "min_seq": typing.Optional[int],
        "states": typing.Optional[collections.abc.Sequence[models.ThingsListStates]],
        "until": typing.Union[datetime.datetime, str, None],
        "return": list[models.Thing],
    }
    assert hints["things_patch"] == {
        "id": str,
        "body": collections.abc.Mapping[str, typing.Any],
        "return": dict[str, typing.Any],
    }


def test_a_route_left_out_has_no_method(golden):
    assert not any("export" in name for name in dir(golden("golden_package.client").IronflowClient))


def test_a_path_argument_named_like_the_encoder_still_works():
    source = rendered(check(document(endpoint(path="/api/v1/runs/{segment}"))))
    (function,) = (node for node in ast.walk(ast.parse(source)) if type(node) is ast.FunctionDef)
    arguments = {argument.arg for argument in function.args.args}
    called = {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert called
    assert not called & arguments


def test_a_reply_or_body_without_members_is_described_without_an_example():
    empty = {"Empty": {"fields": []}}
    entry = endpoint(body="Empty", response="Empty", example={"request": {}, "response": {}})
    source = rendered(check(document(entry, models=empty)))

    assert "            body: ``models.Empty``.\n" in source
    assert "            ``models.Empty``.\n" in source


def docstring_of(**changes):
    """The docstring of the only method of a manifest."""
    tree = ast.parse(rendered(check(document(endpoint(**changes)))))
    (method,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return ast.get_docstring(method)


def test_a_docstring_shows_the_example_and_says_each_thing_once():
    run = {"id": "run_1"}

    assert docstring_of(
        summary="Retry a run.",
        description="It starts at the failed step.",
        query=[
            {"name": "limit", "type": "integer", "default": 20, "description": "Page size."},
            {"name": "mode", "type": "string", "enum": ["push", "pull"], "description": "Mode."},
        ],
        body="Run",
        response="array<Run>",
        example={"request": run, "response": [run]},
    ) == (
        "Retry a run.\n"
        "\n"
        "``POST /api/v1/runs/{id}/retry``\n"
        "\n"
        "It starts at the failed step.\n"
        "\n"
        "Args:\n"
        "    id: The parameter ``id``.\n"
        "    body: ``models.Run``, such as\n"
        '        {"id": "run_1"}\n'
        "    limit: Page size. Default: 20.\n"
        "    mode: Mode. One of ``pull``, ``push``.\n"
        "\n"
        "Returns:\n"
        "    A list of ``models.Run``, such as\n"
        '        [{"id": "run_1"}]'
    )


def test_a_condition_is_the_only_thing_that_raises_says():
    condition = {"name": "If-Match", "type": "string", "description": "Revision."}

    assert "Raises:" not in docstring_of()
    assert docstring_of(headers=[condition]).endswith(
        "Raises:\n    ConflictError: The condition does not hold, and nothing was written."
    )


def test_what_a_route_keeps_secret_is_said():
    assert "no error and no log quotes it" in docstring_of(secret=True)


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_a_docstring_and_a_deprecation_say_what_the_manifest_says(text):
    whole = everywhere(text)
    del whole["endpoints"][0]["example"]
    tree = ast.parse(rendered(check(whole)))
    (method,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    documented = ast.get_docstring(method)
    (notice,) = (
        keyword.value.value
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "deprecated"
    )

    assert documented.splitlines()[0] == text
    assert " ".join(documented.split()).count(text) == 10
    assert notice == f"runs_again is deprecated since {text[:40].strip()}: use {text}"


def test_a_call_has_one_pair_per_line_where_it_has_more_than_two():
    def call(*names):
        query = [{"name": name, "type": "string"} for name in names]
        return rendered(check(document(endpoint("GET /x", query=query)))).partition("self._call")[2]

    assert call("a", "b") == '("GET", "/x", query={"a": a, "b": b})\n'
    assert call("a", "b", "c") == (
        "(\n"
        '            "GET",\n'
        '            "/x",\n'
        "            query={\n"
        '                "a": a,\n'
        '                "b": b,\n'
        '                "c": c,\n'
        "            },\n"
        "        )\n"
    )


def test_every_generated_method_is_documented_in_the_same_shape():
    tree = ast.parse(rendered(load(ROOT / "manifest.json")))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    assert len(found) > 100
    for method in found:
        documented = inspect.cleandoc(ast.get_docstring(method))
        first, blank, route = documented.splitlines()[:3]
        assert first[-1] in ".!?" and not blank and route.startswith("``")
        arguments = [a.arg for a in [*method.args.args, *method.args.kwonlyargs]][1:]
        for argument in arguments:
            assert f"\n    {argument}: " in documented, (method.name, argument)
        assert isinstance(method.body[-1], ast.Return) and len(method.body) == 2
