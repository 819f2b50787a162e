"""ironflow/client.py: one method per endpoint, all of the same shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.model import ManifestError

from .annotations import argument_type, body_type, reply_type
from .examples import filled
from .text import WIDTH, banner, bracketed, docstring, exploded, literal, prose, too_wide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from codegen.model import (
        Argument,
        Body,
        Deprecation,
        Endpoint,
        Manifest,
        Method,
        ServerWait,
        Type,
    )

_HEADER = '''"""The Ironflow client: one method per endpoint, named ``<group>_<action>``."""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from . import models
else:
    from ._hints import Any, Mapping, Sequence, datetime, models

__all__ = ["IronflowClient", "IronflowError"]


class IronflowClient(BaseClient):
    __doc__ = BaseClient.__doc__
'''

_KEYED = (
    "With an ``idempotency_key`` the call is safe to repeat and is retried as a GET is;"
    ' "auto" makes a key.'
)
_IDEMPOTENT = "It changes nothing and is retried as a GET is."
_LICENSE = "Needs an enterprise license; without one the server answers 402."
_SECRET = "The reply holds a credential: no error and no log quotes it."
_CONDITION = "ConflictError: The condition does not hold, and nothing was written."

_CONDITIONS = frozenset({"If-Match", "If-None-Match"})

_INDENT = "        "
_INNER = _INDENT + "    "
_MOST_PAIRS_ON_A_LINE = 2


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
        source = render_method(method)
        problems += too_wide(source, endpoint.place, endpoint.route)
        lines += ["", *source]
    if problems:
        raise ManifestError(problems)
    return "\n".join(lines) + "\n"


def render_method(method: Method) -> list[str]:
    """Return the lines of one method, and of its second name."""
    endpoint = method.endpoint
    summary = endpoint.summary or f"Call ``{endpoint.route}``."
    return [
        *_signature(method),
        *docstring(summary, _paragraphs(method), _INDENT),
        *"\n".join(_call(method)).split("\n"),
        *(["", f"    {method.alias} = {method.name}"] if method.alias else []),
    ]


def _signature(method: Method) -> list[str]:
    endpoint = method.endpoint
    items = ["self"]
    for argument in method.positional:
        items.append(f"{argument.name}: {argument_type(argument)}")
    if endpoint.body is not None:
        kind = body_type(endpoint.body)
        items.append(f"body: {kind if endpoint.body.required else _optional(kind)}")
    if method.options:
        items.append("*")
    for option in method.options:
        kind = argument_type(option)
        items.append(f"{option.name}: {kind if option.parameter.required else _optional(kind)}")
    return bracketed(f"def {method.name}(", items, f") -> {reply_type(endpoint)}:", "    ")


def _optional(kind: str) -> str:
    return f"{kind} = None" if kind == "Any" else f"{kind} | None = None"


# The docstring


def _paragraphs(method: Method) -> list[list[str]]:
    endpoint = method.endpoint
    blocks = [[f"{_INDENT}``{endpoint.route}``"]]
    about = " ".join(filter(None, _remarks(method)))
    if about:
        blocks.append(prose(about, _INDENT))
    if endpoint.deprecated:
        blocks.append(prose(f"Deprecated since {endpoint.deprecated}.", _INDENT))
    arguments = _described_arguments(method)
    if arguments:
        blocks.append([f"{_INDENT}Args:", *arguments])
    if endpoint.response is not None:
        blocks.append([f"{_INDENT}Returns:", *_described_reply(endpoint, endpoint.response)])
    if any(option.parameter.name in _CONDITIONS for option in method.options):
        blocks.append([f"{_INDENT}Raises:", *prose(_CONDITION, _INNER)])
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
        f"``{method.alias}`` and ``{method.name}`` are the same method." if method.alias else "",
    ]


def _described_arguments(method: Method) -> list[str]:
    lines = []
    for argument in method.positional:
        lines += prose(f"{argument.name}: {_described(argument)}", _INNER, "    ")
    if method.endpoint.body:
        lines += _described_body(method.endpoint.body, method.endpoint.example)
    for option in method.options:
        lines += prose(f"{option.name}: {_described(option)}", _INNER, "    ")
    return lines


def _described(argument: Argument) -> str:
    parameter = argument.parameter
    kind = "header" if argument.where == "headers" else "parameter"
    parts = [parameter.description or f"The {kind} ``{parameter.name}``."]
    known = (parameter.type.item or parameter.type).enum
    if known:
        parts.append(f"One of {', '.join(f'``{value}``' for value in known)}.")
    if parameter.default is not None:
        parts.append(f"Default: {parameter.default}.")
    return " ".join(parts)


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
        return prose(f"{text}.", _INNER, "    ")
    return [*prose(f"{text}, such as", _INNER, "    "), *filled(given, _INNER + "    ")]


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
        return prose(f"{shape}.", _INNER)
    return [*prose(f"{shape}, such as", _INNER), *filled(reply, _INNER + "    ")]


# The call


def _call(method: Method) -> list[str]:
    endpoint = method.endpoint
    items = [literal(endpoint.method), _path(method)]
    for where in ("query", "headers"):
        pairs = [
            f"{literal(option.parameter.name)}: {option.name}"
            for option in method.options
            if option.where == where
        ]
        if pairs:
            items.append(_pairs(where, pairs))
    lists = [literal(p.name) for p in endpoint.query if p.type.kind == "array"]
    if lists:
        items.append(f"lists=({', '.join(lists)}{',' * (len(lists) == 1)})")
    if endpoint.category == "rpc":  # Connect wants an object, an empty one too
        items.append(_rpc_body(endpoint.body))
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
    return layout("return self._call(", items, ")", _INDENT)


def _pairs(where: str, pairs: list[str]) -> str:
    """Return ``query={…}``: on one line while it is short, else with one pair per line."""
    whole = f"{where}={{{', '.join(pairs)}}}"
    # A comma follows it when the call is laid out with one item per line.
    if len(pairs) <= _MOST_PAIRS_ON_A_LINE and len(_INNER) + len(whole) < WIDTH:
        return whole
    return "\n".join(exploded(f"{where}={{", pairs, "}", _INNER)).strip()


def _rpc_body(body: Body | None) -> str:
    if body is None:
        return "body={}"
    return "body=body" if body.required else "body={} if body is None else body"


def _server_wait(wait: ServerWait) -> str:
    """Return ``server_wait=(in, wire name, unit, default)``."""
    names = ", ".join(map(literal, (wait.where, wait.param, wait.unit)))
    return f"server_wait=({names}, {wait.default})"


def _notice(name: str, deprecated: Deprecation) -> str:
    """Return ``deprecated=…``: on one line, or as parts of a text that Python joins."""
    parts = [f"{name} is deprecated since", f" {deprecated.since}:", f" use {deprecated.use}"]
    notice = f"deprecated={literal(''.join(parts))}"
    if len(_INNER) + len(notice) < WIDTH:
        return notice
    rows = (f"{_INNER}    {literal(part)}" for part in parts)
    return "\n".join(["deprecated=(", *rows, f"{_INNER})"])


def _path(method: Method) -> str:
    """Return the path as a literal, or as an f-string that encodes each path argument."""
    path = method.endpoint.path
    if not method.positional:
        return literal(path)
    names = {argument.parameter.name: argument.name for argument in method.positional}
    rows = [""]
    for part in re.split(r"(?=/)", path)[1:]:
        found = re.fullmatch(r"/\{(\w+)(?:\.\.\.)?\}", part)
        if found:
            name = names[found[1]]
            part = f"/{{segment({name}={name})}}"
        if rows[-1] and len(_INNER) + len(rows[-1]) + len(part) > WIDTH - len('f"",'):
            rows.append("")
        rows[-1] += part
    return f"\n{_INNER}".join(f'{"f" if "{" in row else ""}"{row}"' for row in rows)
