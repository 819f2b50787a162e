"""ironflow/client.py: one method per endpoint, all of the same shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.model import ManifestError

from .annotations import body_type, reply_type
from .arguments import INDENT, INNER, declared, described, optional, path, sent
from .examples import filled
from .iterate import render_iterate
from .text import WIDTH, banner, bracketed, docstring, exploded, literal, prose, too_wide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from codegen.model import (
        Body,
        Deprecation,
        Endpoint,
        Manifest,
        Method,
        Model,
        ServerWait,
        Type,
    )

_HEADER = '''"""The Ironflow client: one method per endpoint, named ``<group>_<action>``."""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowError
from ._live import Live
from ._page_styles import ByCursor, ByOffset, ByVersion
from ._pages import Pages
from ._rpc import CONNECT, Rpc, as_message
from ._waits import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from . import models
else:
    from ._hints import Any, Mapping, Sequence, datetime, models

__all__ = ["IronflowClient", "IronflowError"]


class IronflowClient(Waits, Rpc, Live):
    __doc__ = BaseClient.__doc__
'''

_KEYED = (
    "With an ``idempotency_key`` the call is safe to repeat and is retried like a GET;"
    ' "auto" makes a key.'
)
_IDEMPOTENT = "It changes nothing and is retried like a GET."
_HELD = "The client waits at least 2 seconds longer than the server holds the call."
_LICENSE = "Needs an enterprise license; without one the server answers 402."
_SECRET = "The reply holds a credential: no error and no log quotes it."
_CONDITION = "ConflictError: The condition does not hold, and nothing was written."

_CONDITIONS = frozenset({"If-Match", "If-None-Match"})


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the source of the client.

    Raises:
        ManifestError: The names of a method add up to a line that is too long.
    """
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    problems = []
    group = ""
    for method in methods:
        endpoint = method.endpoint
        if endpoint.left_out:
            continue
        if endpoint.group != group:
            group = endpoint.group
            lines += ["", f"    # {group}"]
        source = render_method(method, manifest.models)
        problems += too_wide(source, endpoint.place, endpoint.route)
        lines += ["", *source]
    if problems:
        raise ManifestError(problems)
    return "\n".join(lines) + "\n"


def render_method(method: Method, models: Mapping[str, Model]) -> list[str]:
    """Return the lines of one method, of its second name, and of the one that iterates."""
    endpoint = method.endpoint
    summary = endpoint.summary or f"Call ``{endpoint.route}``."
    return [
        *_signature(method),
        *docstring(summary, _paragraphs(method), INDENT),
        *"\n".join(_call(method)).split("\n"),
        *(["", f"    {method.alias} = {method.name}"] if method.alias else []),
        *(["", *render_iterate(method.iterate, method.name, models)] if method.iterate else []),
    ]


def _signature(method: Method) -> list[str]:
    endpoint = method.endpoint
    items = ["self", *declared(method.positional)]
    if endpoint.body is not None:
        kind = body_type(endpoint.body)
        items.append(f"body: {kind if endpoint.body.required else optional(kind)}")
    if method.options:
        items += ["*", *declared(method.options)]
    return bracketed(f"def {method.name}(", items, f") -> {reply_type(endpoint)}:", "    ")


# The docstring


def _paragraphs(method: Method) -> list[list[str]]:
    endpoint = method.endpoint
    blocks = [[f"{INDENT}``{endpoint.route}``"]]
    about = " ".join(filter(None, _remarks(method)))
    if about:
        blocks.append(prose(about, INDENT))
    if endpoint.deprecated:
        blocks.append(prose(f"Deprecated since {endpoint.deprecated}.", INDENT))
    arguments = _described_arguments(method)
    if arguments:
        blocks.append([f"{INDENT}Args:", *arguments])
    if endpoint.response is not None:
        blocks.append([f"{INDENT}Returns:", *_described_reply(endpoint, endpoint.response)])
    if any(option.parameter.name in _CONDITIONS for option in method.options):
        blocks.append([f"{INDENT}Raises:", *prose(_CONDITION, INNER)])
    return blocks


def _remarks(method: Method) -> list[str]:
    endpoint = method.endpoint
    keyed = method.keyed or any(o.parameter.name == "Idempotency-Key" for o in method.options)
    return [
        endpoint.description,
        _LICENSE if endpoint.category == "enterprise-only" else "",
        _SECRET if endpoint.secret else "",
        _KEYED if keyed else "",
        _IDEMPOTENT if endpoint.idempotent else "",
        _HELD if endpoint.server_wait else "",
        f"``{method.alias}`` and ``{method.name}`` are the same method." if method.alias else "",
    ]


def _described_arguments(method: Method) -> list[str]:
    lines = described(method.positional)
    if method.endpoint.body:
        lines += _described_body(method.endpoint.body, method.endpoint.example)
    return lines + described(method.options)


def _described_body(body: Body, example: Mapping[str, Any] | None) -> list[str]:
    if body.type.kind == "model":
        shape = f"``models.{body.type.name}``"
    elif body.raw:
        shape = "Bytes, stored verbatim, or anything that JSON can express, stored as JSON"
    elif body.type.kind == "object":
        shape = "Any JSON object"
    else:
        shape = "Anything that JSON can express"
    text = " ".join(filter(None, ("body:", body.description, shape)))
    given = (example or {}).get("request")
    if not given:
        return prose(f"{text}.", INNER, "    ")
    return [*prose(f"{text}, such as", INNER, "    "), *filled(given, INNER + "    ")]


def _described_reply(endpoint: Endpoint, response: Type) -> list[str]:
    element = response.item if response.kind == "array" else response
    if element is not None and element.kind == "model":
        shape = f"``models.{element.name}``"
        shape = f"A list of {shape}" if response.kind == "array" else shape
    elif response.kind == "text":
        shape = "The text of the reply"
    else:
        shape = "The decoded JSON of the reply"
    if endpoint.may_be_empty:
        shape += ", or None when there is none"
    reply = (endpoint.example or {}).get("response")
    if not reply or response.kind == "text":
        return prose(f"{shape}.", INNER)
    return [*prose(f"{shape}, such as", INNER), *filled(reply, INNER + "    ")]


# The call


def _call(method: Method) -> list[str]:
    endpoint = method.endpoint
    items = [literal(endpoint.method), path(method), *sent(method.options)]
    if endpoint.category == "rpc":
        items += ["headers=CONNECT", _rpc_body(endpoint.body), _rpc_read(endpoint)]
    elif endpoint.body is not None:
        items.append("body=body")
        if endpoint.body.raw:
            items.append("raw=True")
    if method.keyed:
        items.append("keyed=True")
    if endpoint.idempotent:
        items.append("idempotent=True")
    if endpoint.response is not None and endpoint.response.kind == "text":
        items.append("text=True")
    if endpoint.secret:
        items.append("secret=True")
    if endpoint.server_wait:
        items.append(_server_wait(endpoint.server_wait))
    if endpoint.deprecated:
        items.append(_notice(method.name, endpoint.deprecated))
    layout = exploded if any("\n" in item for item in items) else bracketed
    return layout("return self._call(", items, ")", INDENT)


def _rpc_body(body: Body | None) -> str:
    """Return ``body=…``: a request message is an object, also an empty one."""
    if body is None:
        return "body={}"
    return "body=body" if body.required else "body={} if body is None else body"


def _rpc_read(endpoint: Endpoint) -> str:
    """Return ``read=…``: what makes the value of a reply message."""
    name = endpoint.response.name if endpoint.response else ""
    return f"read=as_message({literal(name) if name else ''})"


def _server_wait(wait: ServerWait) -> str:
    """Return ``server_wait=(in, wire name, unit, default)``."""
    names = ", ".join(map(literal, (wait.where, wait.param, wait.unit)))
    return f"server_wait=({names}, {wait.default})"


def _notice(name: str, deprecated: Deprecation) -> str:
    """Return ``deprecated=…``: on one line, or as parts of a text that Python joins."""
    parts = [f"{name} is deprecated since", f" {deprecated.since}:", f" use {deprecated.use}"]
    notice = f"deprecated={literal(''.join(parts))}"
    if len(INNER) + len(notice) < WIDTH:
        return notice
    rows = (f"{INNER}    {literal(part)}" for part in parts)
    return "\n".join(["deprecated=(", *rows, f"{INNER})"])
