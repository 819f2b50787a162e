"""ironflow/client.py: one method an endpoint, all of the same shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.naming import argument_names, method_name

from .text import WIDTH, banner, bracketed, docstring, literal, prose

if TYPE_CHECKING:
    from codegen.manifest import Body, Endpoint, Manifest, Model, Parameter
    from codegen.types import Type

_HEADER = '''"""The Ironflow client: one method an endpoint, named ``<group>_<action>``."""

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

# What an argument may be; wider than what a reply holds.
_ARGUMENT_TYPES = {
    "any": "Any",
    "boolean": "bool",
    "datetime": "datetime | str",
    "integer": "int",
    "number": "float",
    "object": "Mapping[str, Any]",
    "string": "str",
}

_KEYED = (
    "With an ``idempotency_key`` the call is safe to repeat and is retried as a GET is;"
    ' "auto" makes a key.'
)
_IDEMPOTENT = "It changes nothing and is retried as a GET is."
_LICENSE = "Needs an enterprise license; without one the server answers 402."


def render(manifest: Manifest) -> str:
    """Return the source of the client."""
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    group = ""
    for endpoint in manifest.endpoints:
        if endpoint.left_out:
            continue
        if endpoint.group != group:
            group = endpoint.group
            lines += ["", f"    # {group}"]
        lines += ["", *method(endpoint, manifest)]
    return "\n".join(lines) + "\n"


def method(endpoint: Endpoint, manifest: Manifest) -> list[str]:
    """Return the lines of one method."""
    names = argument_names(endpoint)
    reply = _annotation(endpoint.response)
    returns = f"{reply} | None" if endpoint.may_be_empty else reply
    return [
        *_signature(endpoint, names, returns),
        *docstring(
            endpoint.summary or f"Call ``{endpoint.route}``.",
            _paragraphs(endpoint, names, manifest),
            "        ",
        ),
        *_call(endpoint, names, manifest.models),
    ]


def _signature(endpoint: Endpoint, names: dict[tuple[str, str], str], returns: str) -> list[str]:
    items = ["self"]
    for parameter in endpoint.path_params:
        kind = "str | int" if parameter.type.kind == "integer" else "str"
        items.append(f"{names['path', parameter.name]}: {kind}")
    if endpoint.body is not None:
        kind = _body_annotation(endpoint.body)
        items.append(f"body: {kind}" if endpoint.body.required else f"body: {kind} | None = None")
    options = _options(endpoint)
    if options:
        items.append("*")
    for where, parameter in options:
        kind = _argument(parameter.type)
        given = kind if parameter.required else f"{kind} | None = None"
        items.append(f"{names[where, parameter.name]}: {given}")
    return bracketed(f"def {method_name(endpoint)}(", items, f") -> {returns}:", "    ")


def _options(endpoint: Endpoint) -> list[tuple[str, Parameter]]:
    """Return the keyword-only parameters: query, then headers, required ones first."""
    options = [("query", parameter) for parameter in endpoint.query]
    options += [("headers", parameter) for parameter in endpoint.headers]
    return sorted(options, key=lambda option: not option[1].required)


def _annotation(kind: Type | None) -> str:
    return "None" if kind is None else kind.python("models.")


def _argument(kind: Type) -> str:
    if kind.kind == "array" and kind.item:
        return f"Sequence[{_argument(kind.item)}]"
    return _ARGUMENT_TYPES[kind.kind]


def _body_annotation(body: Body) -> str:
    return _ARGUMENT_TYPES.get(body.type.kind) or body.type.python("models.")


def _paragraphs(
    endpoint: Endpoint, names: dict[tuple[str, str], str], manifest: Manifest
) -> list[list[str]]:
    indent = "        "
    blocks = [[f"{indent}``{endpoint.route}``"]]
    body_key = endpoint.body is not None and _takes_key(endpoint.body, manifest.models)
    header_key = any(parameter.name == "Idempotency-Key" for parameter in endpoint.headers)
    about = [
        endpoint.description,
        _LICENSE if endpoint.category == "enterprise-only" else "",
        _KEYED if body_key or header_key else "",
        _IDEMPOTENT if endpoint.idempotent else "",
    ]
    if any(about):
        blocks.append(prose(" ".join(filter(None, about)), indent))
    if endpoint.deprecated_since:
        blocks.append(prose(f"Deprecated since {_deprecation(endpoint)}.", indent))
    arguments = _arguments(endpoint, names, manifest.models)
    if arguments:
        blocks.append([f"{indent}Args:", *arguments])
    if endpoint.response is not None:
        shape = _shape(endpoint, endpoint.response, manifest.models)
        blocks.append([f"{indent}Returns:", *prose(shape, indent + "    ")])
    failure = "IronflowError: The call failed; see the error tree in ``ironflow``."
    blocks.append([f"{indent}Raises:", *prose(failure, indent + "    ")])
    return blocks


def _arguments(
    endpoint: Endpoint, names: dict[tuple[str, str], str], models: dict[str, Model]
) -> list[str]:
    found = [(names["path", p.name], _described(p)) for p in endpoint.path_params]
    if endpoint.body is not None:
        found.append(("body", _body_description(endpoint.body, models)))
    found += [(names[where, p.name], _described(p)) for where, p in _options(endpoint)]
    indent = "            "
    return [line for name, text in found for line in prose(f"{name}: {text}", indent, "    ")]


def _described(parameter: Parameter) -> str:
    text = parameter.description or f"The ``{parameter.name}`` of the request."
    if parameter.default is not None:
        text += f" Default: {parameter.default}."
    return text


def _body_description(body: Body, models: dict[str, Model]) -> str:
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
        shape = "Bytes, stored as they are, or anything JSON has a form for, stored as JSON."
    else:
        shape = (
            "Any JSON object." if body.type.kind == "object" else "Anything JSON has a form for."
        )
    return " ".join(filter(None, (body.description, shape)))


def _shape(endpoint: Endpoint, response: Type, models: dict[str, Model]) -> str:
    element = response.item if response.kind == "array" else response
    if element is not None and element.kind == "model":
        fields = ", ".join(f"``{field.name}``" for field in models[element.name].fields)
        shape = f"``models.{element.name}``" + (f": {fields}." if fields else ", empty.")
        text = f"A list of {shape}" if response.kind == "array" else shape
    elif response.kind == "text":
        text = "The text of the reply."
    else:
        text = "The decoded JSON of the reply."
    return text + (" None when the reply is empty." if endpoint.may_be_empty else "")


def _call(
    endpoint: Endpoint, names: dict[tuple[str, str], str], models: dict[str, Model]
) -> list[str]:
    items = [literal(endpoint.method), *_path(endpoint, names)]
    indent = "            "
    for where in ("query", "headers"):
        given = [(p, names[where, p.name]) for source, p in _options(endpoint) if source == where]
        if given:
            pairs = [f"{literal(p.name)}: {name}" for p, name in given]
            laid = bracketed(f"{where}={{", pairs, "}", indent)
            # The comma after the item counts as well; over the limit it is one pair a line.
            if len(laid) > 1 or len(laid[0]) + 1 > WIDTH:
                laid = [f"{indent}{where}={{", *(f"{indent}    {p}," for p in pairs), f"{indent}}}"]
            items.append("\n".join(laid).strip())
    if endpoint.body is not None:
        items.append("body=body")
        if endpoint.body.raw:
            items.append("raw=True")
        if _takes_key(endpoint.body, models):
            items.append("keyed=True")
    if endpoint.idempotent:
        items.append("idempotent=True")
    if endpoint.response is not None and endpoint.response.kind == "text":
        items.append("text=True")
    if endpoint.deprecated_since:
        items.append(_notice(endpoint))
    if any("\n" in item for item in items):
        return ["        return self._call(", *(f"{indent}{item}," for item in items), "        )"]
    return bracketed("return self._call(", items, ")", "        ")


def _notice(endpoint: Endpoint) -> str:
    name, indent = method_name(endpoint), "            "
    notice = f"deprecated={literal(f'{name} is deprecated since {_deprecation(endpoint)}')}"
    if len(indent) + len(notice) < WIDTH:
        return notice
    halves = (f"{name} is deprecated since", f" {_deprecation(endpoint)}")
    return "\n".join(["deprecated=(", *(f"{indent}    {literal(h)}" for h in halves), f"{indent})"])


def _takes_key(body: Body, models: dict[str, Model]) -> bool:
    model = models.get(body.type.name)
    return model is not None and any(field.name == "idempotency_key" for field in model.fields)


def _deprecation(endpoint: Endpoint) -> str:
    return f"{endpoint.deprecated_since}: use {endpoint.deprecated_use}"


def _path(endpoint: Endpoint, names: dict[tuple[str, str], str]) -> list[str]:
    """Return the path as a literal, or as an f-string that encodes each path argument."""
    if not endpoint.path_params:
        return [literal(endpoint.path)]
    parts = []
    for part in re.split(r"(?=/)", endpoint.path)[1:]:
        found = re.fullmatch(r"/\{(\w+)(?:\.\.\.)?\}", part)
        if found:
            argument = names["path", found[1]]
            part = f"/{{segment({argument}={argument})}}"
        parts.append(part)
    rows = [""]
    for part in parts:
        if len(rows[-1]) + len(part) > WIDTH - 12 - len('f"",') and rows[-1]:
            rows.append("")
        rows[-1] += part
    return ["\n            ".join(f'{"f" if "{" in row else ""}"{row}"' for row in rows)]
