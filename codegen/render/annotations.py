"""Types as Python spells them in the client and in the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codegen.model import Argument, Body, Endpoint, Type

# What a decoded reply holds.
_VALUES = {
    "any": "Any",
    "boolean": "bool",
    "datetime": "str",
    "integer": "int",
    "number": "float",
    "object": "dict[str, Any]",
    "string": "str",
    "text": "str",
}
# What an argument may be; wider than what a reply holds.
_ARGUMENTS = {
    "any": "Any",
    "boolean": "bool",
    "datetime": "datetime | str",
    "integer": "int",
    "number": "float",
    "object": "Mapping[str, Any]",
    "string": "str",
}


def value_type(kind: Type, prefix: str = "", enum: str = "") -> str:
    """Return the annotation of a decoded value.

    Args:
        kind: Its type.
        prefix: What stands before the names of models.
        enum: What a value with known values is spelled as, instead of its plain type.
    """
    if kind.kind == "model":
        return prefix + kind.name
    if kind.kind == "array" and kind.item:
        return f"list[{value_type(kind.item, prefix, enum)}]"
    if kind.kind == "map" and kind.item:
        return f"dict[str, {value_type(kind.item, prefix, enum)}]"
    return enum if kind.enum else _VALUES[kind.kind]


def argument_type(argument: Argument) -> str:
    """Return the annotation of an argument, without the None of an optional one."""
    kind = argument.parameter.type
    if argument.where == "path":
        spelled = "str | int" if kind.kind == "integer" else "str"
    else:
        spelled = _ARGUMENTS[(kind.item or kind).kind]
    if argument.enum:
        spelled = f"models.{argument.enum}"
    return f"Sequence[{spelled}]" if kind.kind == "array" else spelled


def body_type(body: Body) -> str:
    """Return the annotation of a ``body`` argument, without the None of an optional one."""
    return _ARGUMENTS.get(body.type.kind) or value_type(body.type, "models.")


def reply_type(endpoint: Endpoint) -> str:
    """Return the annotation of what a method returns."""
    if endpoint.response is None:
        return "None"
    annotation = value_type(endpoint.response, "models.")
    return f"{annotation} | None" if endpoint.may_be_empty and annotation != "Any" else annotation
