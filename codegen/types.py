"""The types of a manifest: their grammar, and which values fit them.

    type   = scalar | model | "array<" type ">" | "map<string," type ">"
    scalar = "string" | "integer" | "number" | "boolean" | "datetime" | "object" | "any" | "text"

The type of a reply may end in ``?``: then an empty body (None) is usual. A ``datetime`` is RFC 3339
text on the wire. ``text`` is a reply that is not JSON.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .model import Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Model

MAX_DEPTH = 3
HELP = (
    "use string, integer, number, boolean, datetime, object, any, a model's name,"
    " array<…> or map<string,…>"
)

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


def parse(text: object, models: Mapping[str, object], depth: int = 0) -> Type | None:
    """Parse a type; None when it is not one.

    Args:
        text: What may be a type.
        models: The names of the models that exist.
        depth: How many arrays and maps are around it already.
    """
    if not isinstance(text, str) or depth >= MAX_DEPTH:
        return None
    for opening, kind in (("array<", "array"), ("map<string,", "map")):
        if text.startswith(opening) and text.endswith(">"):
            item = parse(text[len(opening) : -1], models, depth + 1)
            return None if item is None else Type(kind, item=item)
    if text in _JSON_TYPES:
        return Type(text)
    return Type("model", name=text) if text in models else None


def spelled(kind: Type) -> str:
    """Return a type as the manifest spells it, with its known values."""
    if kind.kind == "model":
        return kind.name
    if kind.item:
        return f"{'array<' if kind.kind == 'array' else 'map<string,'}{spelled(kind.item)}>"
    return f"one of {', '.join(map(str, kind.enum))}" if kind.enum else kind.kind


def misfits(
    value: Any, kind: Type, models: Mapping[str, Model], place: str, strict: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield (place, problem) for each part of a value that does not fit its type.

    Args:
        value: A decoded JSON value.
        kind: The type that it should have.
        models: The models that exist, by name.
        place: Where the value stands.
        strict: Whether a value that is not among the known ones is a misfit. A newer server may
            send such a value, the manifest itself may not.
    """
    if kind.kind == "model":
        yield from _model_misfits(value, models[kind.name], models, place, strict)
    elif kind.kind in ("array", "map") and kind.item:
        container = list if kind.kind == "array" else dict
        if not isinstance(value, container):
            yield place, f"must be {'an array' if container is list else 'an object'}"
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in parts:
            yield from misfits(item, kind.item, models, f"{place}[{ascii(key)[:60]}]", strict)
    elif not isinstance(value, _JSON_TYPES[kind.kind]) or (
        isinstance(value, bool) and kind.kind in ("integer", "number")
    ):
        yield place, f"must be of type {kind.kind}"
    elif kind.kind == "datetime" and not _TIMESTAMP.fullmatch(str(value)):
        yield place, "must be an RFC 3339 time, such as 2026-01-15T09:30:00Z"
    elif strict and kind.enum and value not in kind.enum:
        yield place, f"must be one of {', '.join(map(str, kind.enum))}"


def _model_misfits(
    value: Any, model: Model, models: Mapping[str, Model], place: str, strict: bool
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield place, f"must be an object, a {model.name}"
        return
    known = {field.name for field in model.fields}
    for name in value:
        if name not in known:
            shown = name if name.isidentifier() and name.isascii() else ascii(name)
            yield f"{place}.{shown[:60]}", f"{model.name} has no such field"
    for field in model.fields:
        if field.name not in value:
            if field.required:
                yield place, f"lacks {field.name}, which {model.name} requires"
        elif value[field.name] is not None or not field.nullable:
            inside = f"{place}.{field.name}"
            yield from misfits(value[field.name], field.type, models, inside, strict)
