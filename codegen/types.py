"""The manifest's type language: its grammar, its Python spelling, and what values fit it.

    type   = scalar | model | "array<" type ">" | "map<string," type ">"
    scalar = "string" | "integer" | "number" | "boolean" | "datetime" | "object" | "any" | "text"

A reply may end in ``?`` where an empty body (None) is usual. ``datetime`` is RFC 3339 text on the
wire; ``text`` is a reply that is no JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .manifest import Model

SCALARS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "datetime": "str",
    "object": "dict[str, Any]",
    "any": "Any",
    "text": "str",
}

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "datetime": (str,),
    "object": (dict,),
    "any": (object,),
    "text": (str,),
}

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

HELP = (
    "use string, integer, number, boolean, datetime, object, any, a model's name,"
    " array<…> or map<string,…>"
)


@dataclass(frozen=True)
class Type:
    """A parsed type.

    Args:
        kind: A scalar's name, ``model``, ``array`` or ``map``.
        name: The model's name.
        item: What an array or a map holds.
    """

    kind: str
    name: str = ""
    item: Type | None = None

    def models(self) -> Iterator[str]:
        """Yield the models that this type names."""
        if self.kind == "model":
            yield self.name
        if self.item is not None:
            yield from self.item.models()

    def python(self, prefix: str = "") -> str:
        """Return the annotation of a value as it is decoded; ``prefix`` stands before models."""
        if self.kind == "model":
            return prefix + self.name
        if self.kind == "array" and self.item:
            return f"list[{self.item.python(prefix)}]"
        if self.kind == "map" and self.item:
            return f"dict[str, {self.item.python(prefix)}]"
        return SCALARS[self.kind]


MAX_DEPTH = 3


def parse(text: object, models: Mapping[str, object], depth: int = 0) -> Type | None:
    """Parse a type, None when it is not one; ``models`` holds the names that exist."""
    if not isinstance(text, str) or depth >= MAX_DEPTH:
        return None
    for opening, kind in (("array<", "array"), ("map<string,", "map")):
        if text.startswith(opening) and text.endswith(">"):
            item = parse(text[len(opening) : -1], models, depth + 1)
            return None if item is None else Type(kind, item=item)
    if text in SCALARS:
        return Type(text)
    return Type("model", name=text) if text in models else None


def misfits(
    value: Any, kind: Type, models: Mapping[str, Model], place: str
) -> Iterator[tuple[str, str]]:
    """Yield (place, problem) for each part of ``value`` that does not fit its type."""
    if kind.kind == "model":
        yield from _model_misfits(value, models[kind.name], models, place)
    elif kind.kind in ("array", "map") and kind.item:
        container = list if kind.kind == "array" else dict
        if not isinstance(value, container):
            yield place, f"must be {'an array' if container is list else 'an object'}"
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in parts:
            yield from misfits(item, kind.item, models, f"{place}[{ascii(key)[:60]}]")
    elif not isinstance(value, _JSON_TYPES[kind.kind]) or (
        isinstance(value, bool) and kind.kind in ("integer", "number")
    ):
        yield place, f"must be of type {kind.kind}"
    elif kind.kind == "datetime" and not _TIMESTAMP.fullmatch(str(value)):
        yield place, "must be an RFC 3339 time, as 2026-01-15T09:30:00Z"


def _model_misfits(
    value: Any, model: Model, models: Mapping[str, Model], place: str
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield place, f"must be an object, a {model.name}"
        return
    known = {field.name: field for field in model.fields}
    for name in value:
        if name not in known:
            shown = name if name.isidentifier() and name.isascii() else ascii(name)
            yield f"{place}.{shown[:60]}", f"{model.name} has no such field"
    for field in model.fields:
        if field.name not in value:
            if field.required:
                yield place, f"lacks {field.name}, which {model.name} requires"
        elif value[field.name] is not None or not field.nullable:
            yield from misfits(value[field.name], field.type, models, f"{place}.{field.name}")
