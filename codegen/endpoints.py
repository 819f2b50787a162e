"""The rules for one route of the manifest.

``docs/design.md`` lists the keys. A ``body`` is the name of a model, or an object with exactly one
of ``model``, ``any`` and ``raw``, and optionally ``required``, ``type`` and ``description``.
``path_params`` describes placeholders, ``omit_reason`` says why a route has no method.

Nothing is known of a bare route, one without ``response``: it takes and returns anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .entries import Entry, shown
from .limits import MAX_NAME, MAX_PATH, MAX_SUMMARY, MAX_WIRE_NAME
from .model import Body, Deprecation, Endpoint, Parameter, Type
from .pagination import read_pagination, report_pagination
from .parameters import read_parameters, read_type
from .server_wait import read_server_wait, report_server_wait
from .types import HELP, misfits, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .model import Model

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
LISTED_CATEGORIES = ("supported", "server-only", "enterprise-only", "internal")
CATEGORIES = (*LISTED_CATEGORIES, "rpc")  # which the server does not list
STREAMS = ("websocket", "ndjson")
BODY_METHODS = frozenset({"PATCH", "POST", "PUT"})

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\{[A-Za-z][A-Za-z0-9_]*\}")
_LAST_SEGMENT = re.compile(_SEGMENT.pattern + r"|\{[A-Za-z][A-Za-z0-9_]*\.\.\.\}")
_PLACEHOLDER = re.compile(r"\{(\w+)(?:\.\.\.)?\}")
_RPC_PATH = re.compile(r"/ironflow\.v1\.[A-Z][A-Za-z0-9]*/[A-Z][A-Za-z0-9]*")


def read_endpoint(entry: Entry, names: Mapping[str, object]) -> Endpoint:
    """Return one route; ``names`` holds the names of the models that exist."""
    entry.route = _label(entry.value)
    method = entry.choice("method", METHODS, required=True)
    path = _read_path(entry)
    response, may_be_empty = _read_response(entry, names)
    endpoint = Endpoint(
        place=entry.place,
        method=method,
        path=path,
        group=entry.matching("group", NAME, "api_keys", MAX_NAME, required=True),
        category=entry.choice("category", CATEGORIES, required=True),
        summary=entry.sentence("summary", MAX_SUMMARY),
        description=entry.sentence("description"),
        documented=entry.flag("documented"),
        reconstructed=entry.flag("reconstructed"),
        name=entry.matching("name", NAME, "schemas_get_by_name", MAX_NAME),
        name_reason=entry.text("name_reason"),
        alias=entry.matching("alias", NAME, "kv_put", MAX_NAME),
        omit_reason=entry.text("omit_reason"),
        path_params=_read_path_params(entry, path, names),
        query=read_parameters(entry, "query", names),
        headers=read_parameters(entry, "headers", names),
        body=_read_body(entry, method, names),
        response=response,
        may_be_empty=may_be_empty,
        secret=entry.flag("secret"),
        pagination=read_pagination(entry),
        server_wait=read_server_wait(entry),
        stream=entry.choice("stream", STREAMS),
        deprecated=_read_deprecated(entry),
        idempotent=entry.flag("idempotent"),
        example=entry.get("example", dict, None),
    )
    entry.done()
    _report_names(entry, endpoint)
    if endpoint.category == "rpc":
        _report_rpc(entry, endpoint)
    return endpoint


def report_same_routes(entries: Sequence[Entry], endpoints: Sequence[Endpoint]) -> None:
    """Report the routes that stand twice; the names of placeholders make no difference."""
    first: dict[str, Endpoint] = {}
    for entry, endpoint in zip(entries, endpoints):
        if endpoint.method and endpoint.path:
            other = first.setdefault(shape(endpoint.route), endpoint)
            if other is not endpoint:
                entry.report(entry.place, f"is the same route as {other.place} ({other.route})")


def report_contradictions(entry: Entry, endpoint: Endpoint, models: Mapping[str, Model]) -> None:
    """Report what a route says that does not fit the rest of it."""
    _report_example(entry, endpoint, models)
    report_pagination(entry, endpoint, models)
    report_server_wait(entry, endpoint, models)


def _report_example(entry: Entry, endpoint: Endpoint, models: Mapping[str, Model]) -> None:
    if endpoint.example is None:
        if endpoint.documented:
            entry.report(entry.place, "a documented route needs an example")
        return
    example = entry.inside(endpoint.example, entry.at("example"))
    request = example.get("request", object, None)
    response = example.get("response", object, None)
    example.done()
    if request is not None and endpoint.body is None:
        example.say("request", "the route takes no body")
    elif request is not None and endpoint.body is not None:
        place = example.at("request")
        example.report_all(misfits(request, endpoint.body.type, models, place, strict=True))
    elif endpoint.body is not None and endpoint.body.required:
        example.say("request", "is missing; the route needs a body")
    if response is not None and endpoint.response is None:
        example.say("response", "must be null: the route replies without a body")
    elif response is not None and endpoint.response is not None:
        place = example.at("response")
        example.report_all(misfits(response, endpoint.response, models, place, strict=True))


def shape(route: str) -> str:
    """Return a route without the names of its placeholders: ``GET /api/v1/runs/{}``."""
    return _PLACEHOLDER.sub("{}", route)


def is_path(path: str) -> bool:
    """Tell whether a path is a template that a URL and Python source can hold."""
    first, *segments = path.split("/")
    last = segments.pop() if segments else ""
    return (
        not first
        and _LAST_SEGMENT.fullmatch(last) is not None
        and all(_SEGMENT.fullmatch(segment) for segment in segments)
    )


def _label(value: Mapping[str, Any]) -> str:
    """Return the route of an unchecked entry for messages: nothing that a terminal acts upon."""
    parts = [value.get(key) for key in ("method", "path")]
    label = " ".join(part for part in parts if isinstance(part, str))
    return label if label.isprintable() and len(label) <= 100 else shown(label)


def _report_names(entry: Entry, endpoint: Endpoint) -> None:
    if bool(endpoint.name) != bool(endpoint.name_reason):
        entry.say("name_reason", "name and name_reason go together: say why the name is pinned")
    if endpoint.omit_reason and not endpoint.left_out:
        entry.say("omit_reason", "the route has a method; drop the reason")
    if endpoint.documented and endpoint.left_out:
        entry.say("documented", "a documented route needs a method; pin a name")
    if endpoint.alias and endpoint.left_out:
        entry.say("alias", "the route has no method; pin a name")


def _report_rpc(entry: Entry, endpoint: Endpoint) -> None:
    if endpoint.method and endpoint.method != "POST":
        entry.say("method", "an rpc route is a POST")
    if endpoint.path and not _RPC_PATH.fullmatch(endpoint.path):
        entry.say("path", "write the path of an rpc route as /ironflow.v1.PubSubService/ListTopics")
    if not endpoint.name:
        entry.say("name", "an rpc route needs a pinned name; no rule makes one of its path")
    for key in ("query", "headers", "pagination", "stream"):
        if entry.value.get(key):
            entry.say(key, "an rpc route has none; everything is in its body")


def _read_path(entry: Entry) -> str:
    path: str = entry.get("path", str, "", required=True)
    if path and not is_path(path):
        entry.say("path", f"{shown(path)} is not allowed; write it as /api/v1/runs/{{id}}")
        return ""
    names = _PLACEHOLDER.findall(path)
    if len(set(names)) != len(names):
        entry.say("path", "a placeholder stands twice")
    if len(path) > MAX_PATH or any(len(name) > MAX_WIRE_NAME for name in names):
        limits = f"at most {MAX_PATH} characters, a placeholder at most {MAX_WIRE_NAME}"
        entry.say("path", f"must have {limits}")
    return path


def _read_path_params(
    entry: Entry, path: str, names: Mapping[str, object]
) -> tuple[Parameter, ...]:
    described = {found.name: found for found in read_parameters(entry, "path_params", names)}
    placeholders = _PLACEHOLDER.findall(path)
    for name, parameter in described.items():
        if path and name not in placeholders:
            entry.say("path_params", f"{name} does not stand in the path")
        if parameter.type.kind not in ("string", "integer"):
            entry.say("path_params", f"{name} must be of type string or integer")
    fallback = Type("string")
    return tuple(described.get(name) or Parameter(name, fallback, True) for name in placeholders)


def _read_body(entry: Entry, method: str, names: Mapping[str, object]) -> Body | None:
    value = entry.get("body", object, None)
    if value is None:
        is_bare = "response" not in entry.value and "body" not in entry.value
        return Body(Type("any"), required=False) if is_bare and method in BODY_METHODS else None
    if method and method not in BODY_METHODS:
        entry.say("body", f"a {method} request has no body")
    body = entry.inside({"model": value} if isinstance(value, str) else value, entry.at("body"))
    given = [key for key in ("any", "model", "raw") if key in body.value]
    raw, whole = body.flag("raw"), body.flag("any")
    if len(given) != 1 or not (raw or whole or body.value.get("model")):
        entry.say("body", 'must be a model\'s name, {"any": true} or {"raw": true}')
    model = body.get("model", str, "")
    kind = read_type(body, names, "model" if "model" in given else "type", absent="any")
    if model and kind.kind != "model":
        entry.say("body", f"{shown(model)} is not a model of this manifest")
    found = Body(kind, raw, body.flag("required", default=True), body.text("description"))
    body.done()
    return found


def _read_response(entry: Entry, names: Mapping[str, object]) -> tuple[Type | None, bool]:
    """Return the type of a reply; None means no body, and what is not said may be anything."""
    text = entry.get("response", str, None)
    if text is None:
        return (Type("any") if "response" not in entry.value else None), False
    kind = parse(text[:-1] if text.endswith("?") else text, names)
    if kind is None:
        entry.say("response", f"{shown(text)} is not a type; {HELP}; for a reply also text")
    return kind, text.endswith("?")


def _read_deprecated(entry: Entry) -> Deprecation | None:
    value = entry.get("deprecated", dict, None)
    if value is None:
        return None
    notice = entry.inside(value, entry.at("deprecated"))
    found = Deprecation(notice.text("since", 40), notice.text("use", 60))
    if not value.get("since") or not value.get("use"):
        entry.say("deprecated", "needs since (a version) and use (what to call instead)")
    notice.done()
    return found
