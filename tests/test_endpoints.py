"""Every endpoint of the manifest, called once with generated arguments.

This does not say that a call is right (tests/test_document.py does, by hand); it says that every
generated method runs, reaches its own route, and sends each argument under its wire name.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from codegen.manifest import load
from codegen.naming import argument_names, method_name

from .conftest import ROOT

MANIFEST = load(ROOT / "manifest.json")
ENDPOINTS = [endpoint for endpoint in MANIFEST.endpoints if not endpoint.left_out]

VALUES = {
    "boolean": (True, "true"),
    "datetime": ("2026-01-15T09:30:00Z", "2026-01-15T09:30:00Z"),
    "integer": (7, "7"),
    "string": ("a b", "a b"),
    "array": (["a", "b"], "a,b"),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=method_name)
def test_the_method_reaches_its_route_with_all_its_arguments(client, server, endpoint):
    names = argument_names(endpoint)
    path = endpoint.path
    positional = []
    for parameter in endpoint.path_params:
        positional.append(f"{parameter.name}/1")
        for template in (f"{{{parameter.name}}}", f"{{{parameter.name}...}}"):
            path = path.replace(template, quote(positional[-1], safe=""))
    keywords = {
        names[where, parameter.name]: VALUES[parameter.type.kind][0]
        for where, parameters in (("query", endpoint.query), ("headers", endpoint.headers))
        for parameter in parameters
    }
    request = (endpoint.example or {}).get("request", {"any": 1})
    if endpoint.body is not None:
        keywords["body"] = request
    response = (endpoint.example or {}).get("response", {"any": 1})
    if endpoint.response is not None and endpoint.response.kind == "text":
        server.reply(body=response.encode())
    else:
        server.reply(response)

    reply = getattr(client, method_name(endpoint))(*positional, **keywords)

    assert reply == response
    assert len(server.requests) == 1
    seen = server.last
    assert (seen.method, seen.path) == (endpoint.method, path)
    assert seen.query == {p.name: VALUES[p.type.kind][1] for p in endpoint.query}
    for parameter in endpoint.headers:
        assert seen.headers[parameter.name.lower()] == VALUES[parameter.type.kind][1]
    sent = json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode()
    if endpoint.body is None:
        sent = b"{}" if endpoint.category == "rpc" else b""
    assert seen.body == sent


def strange(value):
    """The value as a newer server might send it: other words, nulls, and members unheard of."""
    if isinstance(value, dict):
        return {**{key: strange(item) for key, item in value.items()}, "unheard_of": [None]}
    if isinstance(value, list):
        return [*map(strange, value), None]
    return "brand_new" if isinstance(value, str) else None


@pytest.mark.parametrize(
    "endpoint",
    [e for e in ENDPOINTS if e.response is not None and e.response.kind != "text"],
    ids=method_name,
)
def test_a_reply_that_a_newer_server_might_send_raises_nothing(client, server, endpoint):
    reply = strange((endpoint.example or {}).get("response", {}))
    positional = ["a"] * len(endpoint.path_params)
    names = argument_names(endpoint)
    keywords = {
        names[where, parameter.name]: VALUES[parameter.type.kind][0]
        for where, parameters in (("query", endpoint.query), ("headers", endpoint.headers))
        for parameter in parameters
        if parameter.required
    }
    if endpoint.body is not None:
        keywords["body"] = {}
    server.reply(reply)

    assert getattr(client, method_name(endpoint))(*positional, **keywords) == reply


def test_every_model_is_reached_by_a_route():
    reached = set()
    waiting = [e.body.type for e in MANIFEST.endpoints if e.body is not None]
    waiting += [e.response for e in MANIFEST.endpoints if e.response is not None]
    while waiting:
        for name in set(waiting.pop().models()) - reached:
            reached.add(name)
            waiting += [field.type for field in MANIFEST.models[name].fields]
    assert reached == set(MANIFEST.models)
