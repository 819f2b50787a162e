"""The generated client: what its methods call and what their docstrings say."""

from __future__ import annotations

import ast
import inspect

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
}
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
            {"body": b"\x00", "raw": True},
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
            },
        ),
        ("team_grants_create", ("o 1", "t/2", "m", "gé"), {}, ("POST", GRANT), {}),
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


def test_a_reply_or_body_without_fields_is_described_without_a_dangling_list():
    empty = {"Empty": {"fields": []}}
    source = rendered(check(document(endpoint(body="Empty", response="Empty"), models=empty)))

    assert "Empty``: ." not in source
    assert "Empty``:\n" not in source


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_a_docstring_and_a_deprecation_say_what_the_manifest_says(text):
    tree = ast.parse(rendered(check(everywhere(text))))
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
        assert "Raises:\n    IronflowError:" in documented
        arguments = [a.arg for a in [*method.args.args, *method.args.kwonlyargs]][1:]
        for argument in arguments:
            assert f"\n    {argument}: " in documented, (method.name, argument)
        assert isinstance(method.body[-1], ast.Return) and len(method.body) == 2
