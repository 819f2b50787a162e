"""Types as Python spells them in the client and in the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codegen.model import Body, Endpoint, Type

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


def value_type(kind: Type, prefix: str = "") -> str:
    """Return the annotation of a decoded value; ``prefix`` stands before the names of models."""
    if kind.kind == "model":
        return prefix + kind.name
    if kind.kind == "array" and kind.item:
        return f"list[{value_type(kind.item, prefix)}]"
    if kind.kind == "map" and kind.item:
        return f"dict[str, {value_type(kind.item, prefix)}]"
    return _VALUES[kind.kind]


def argument_type(kind: Type) -> str:
    """Return the annotation of a query or header argument."""
    if kind.kind == "array" and kind.item:
        return f"Sequence[{argument_type(kind.item)}]"
    return _ARGUMENTS[kind.kind]


def body_type(body: Body) -> str:
    """Return the annotation of a ``body`` argument."""
    return _ARGUMENTS.get(body.type.kind) or value_type(body.type, "models.")


def reply_type(endpoint: Endpoint) -> str:
    """Return the annotation of what a method returns."""
    if endpoint.response is None:
        return "None"
    annotation = value_type(endpoint.response, "models.")
    return f"{annotation} | None" if endpoint.may_be_empty else annotation
