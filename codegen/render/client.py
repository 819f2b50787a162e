"""ironflow/client.py: one method per endpoint, all of the same shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.model import ManifestError

from .annotations import argument_type, body_type, reply_type
from .text import WIDTH, banner, bracketed, docstring, exploded, literal, prose, too_wide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from codegen.model import Body, Deprecation, Manifest, Method, Model, Parameter, Type

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
        source = render_method(method, manifest.models)
        problems += too_wide(source, endpoint.place, endpoint.route)
        lines += ["", *source]
    if problems:
        raise ManifestError(problems)
    return "\n".join(lines) + "\n"


def render_method(method: Method, models: Mapping[str, Model]) -> list[str]:
    """Return the lines of one method."""
    endpoint = method.endpoint
    summary = endpoint.summary or f"Call ``{endpoint.route}``."
    return [
        *_signature(method),
        *docstring(summary, _paragraphs(method, models), _INDENT),
        *"\n".join(_call(method)).split("\n"),
    ]


def _signature(method: Method) -> list[str]:
    endpoint = method.endpoint
    items = ["self"]
    for argument in method.positional:
        kind = "str | int" if argument.parameter.type.kind == "integer" else "str"
        items.append(f"{argument.name}: {kind}")
    if endpoint.body is not None:
        kind = body_type(endpoint.body)
        items.append(f"body: {kind}" if endpoint.body.required else f"body: {kind} | None = None")
    if method.options:
        items.append("*")
    for option in method.options:
        kind = argument_type(option.parameter.type)
        given = kind if option.parameter.required else f"{kind} | None = None"
        items.append(f"{option.name}: {given}")
    return bracketed(f"def {method.name}(", items, f") -> {reply_type(endpoint)}:", "    ")


# The docstring


def _paragraphs(method: Method, models: Mapping[str, Model]) -> list[list[str]]:
    endpoint = method.endpoint
    blocks = [[f"{_INDENT}``{endpoint.route}``"]]
    about = [
        endpoint.description,
        _LICENSE if endpoint.category == "enterprise-only" else "",
        _KEYED if method.keyed or _takes_key_header(method) else "",
        _IDEMPOTENT if endpoint.idempotent else "",
    ]
    if any(about):
        blocks.append(prose(" ".join(filter(None, about)), _INDENT))
    if endpoint.deprecated:
        blocks.append(prose(f"Deprecated since {endpoint.deprecated}.", _INDENT))
    arguments = _described_arguments(method, models)
    if arguments:
        lines = [
            line for name, text in arguments for line in prose(f"{name}: {text}", _INNER, "    ")
        ]
        blocks.append([f"{_INDENT}Args:", *lines])
    if endpoint.response is not None:
        shape = _shape(endpoint.response, endpoint.may_be_empty, models)
        blocks.append([f"{_INDENT}Returns:", *prose(shape, _INNER)])
    failure = "IronflowError: The call failed; see the error tree in ``ironflow``."
    blocks.append([f"{_INDENT}Raises:", *prose(failure, _INNER)])
    return blocks


def _takes_key_header(method: Method) -> bool:
    return any(option.parameter.name == "Idempotency-Key" for option in method.options)


def _described_arguments(method: Method, models: Mapping[str, Model]) -> list[tuple[str, str]]:
    body = method.endpoint.body
    return [
        *((argument.name, _described(argument.parameter)) for argument in method.positional),
        *([("body", _described_body(body, models))] if body else []),
        *((option.name, _described(option.parameter)) for option in method.options),
    ]


def _described(parameter: Parameter) -> str:
    text = parameter.description or f"The ``{parameter.name}`` of the request."
    if parameter.default is not None:
        text += f" Default: {parameter.default}."
    return text


def _described_body(body: Body, models: Mapping[str, Model]) -> str:
    model = models.get(body.type.name)
    if model is not None:
        required = [f"``{field.name}``" for field in model.fields if field.required]
        optional = [f"``{field.name}``" for field in model.fields if not field.required]
        parts = [f"``models.{model.name}``{':' if model.fields else ', empty.'}"]
        if required:
            parts.append(", ".join(required) + (";" if optional else "."))
        if optional:
            parts.append("optionally " + ", ".join(optional) + ".")
        shape = " ".join(parts)
    elif body.raw:
        shape = "Bytes, stored verbatim, or anything that JSON can express, stored as JSON."
    elif body.type.kind == "object":
        shape = "Any JSON object."
    else:
        shape = "Anything that JSON can express."
    return " ".join(filter(None, (body.description, shape)))


def _shape(response: Type, may_be_empty: bool, models: Mapping[str, Model]) -> str:
    element = response.item if response.kind == "array" else response
    if element is not None and element.kind == "model":
        fields = ", ".join(f"``{field.name}``" for field in models[element.name].fields)
        shape = f"``models.{element.name}``" + (f": {fields}." if fields else ", empty.")
        text = f"A list of {shape}" if response.kind == "array" else shape
    elif response.kind == "text":
        text = "The text of the reply."
    else:
        text = "The decoded JSON of the reply."
    return text + (" None when the reply is empty." if may_be_empty else "")


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
    if endpoint.body is not None:
        items.append("body=body")
        if endpoint.body.raw:
            items.append("raw=True")
    if method.keyed:
        items.append("keyed=True")
    if endpoint.idempotent:
        items.append("idempotent=True")
    if endpoint.response is not None and endpoint.response.kind == "text":
        items.append("text=True")
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
