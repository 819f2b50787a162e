"""Comparing types, bodies and replies: which changes can break a caller.

An argument may become wider and a reply narrower without breaking anyone; the other way round
breaks types and wire. Known values follow the same rule in arguments. In replies they never break,
because a reply may hold other values anyway.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .changes import Change
from .types import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Field, Model, Type

_BOTH = ("types", "wire")
_ALWAYS_WIDER = frozenset({("integer", "number"), ("model", "object"), ("map", "object")})
# As an argument a time may be text. In a reply a time is a text of one form.
_WIDER_ARGUMENTS = _ALWAYS_WIDER | {("string", "datetime")}
_WIDER_PATHS = frozenset({("string", "integer")})
_WIDER_REPLIES = _ALWAYS_WIDER | {("datetime", "string")}


class Models(NamedTuple):
    """The models of both manifests."""

    old: Mapping[str, Model]
    new: Mapping[str, Model]


def compare_argument(place: str, old: Type, new: Type, where: str = "query") -> Iterator[Change]:
    """Yield how the type of an argument changed.

    Args:
        place: The argument.
        old: The type that it had.
        new: The type that it has.
        where: Where it goes: ``path``, ``query``, ``headers`` or ``body``.
    """
    wider = _WIDER_PATHS if where == "path" else _WIDER_ARGUMENTS
    before, after = (old.item or old).enum, (new.item or new).enum
    if _plain(old) != _plain(new):
        is_wider = _fits(_plain(old), _plain(new), wider) and not after
    elif bool(before) != bool(after):
        is_wider = bool(before)
    else:
        yield from _compare_enums(place, old, new, _BOTH)
        return
    yield _argument_type_change(place, is_wider, spelled(old), spelled(new))


def _argument_type_change(place: str, is_wider: bool, old: str, new: str) -> Change:
    if is_wider:
        return Change(
            "argument_widened", place, f"{place} takes {new}, not only {old}", (), old, new
        )
    return Change(
        "argument_narrowed", place, f"{place} takes {new} instead of {old}", _BOTH, old, new
    )


def _compare_enums(
    place: str, old: Type, new: Type, removal_breaks: tuple[str, ...]
) -> Iterator[Change]:
    before, after = (old.item or old).enum, (new.item or new).enum
    for value in before:
        if value not in after:
            text = f"{place} no longer has the known value {value}"
            yield Change("enum_value_removed", place, text, removal_breaks, str(value), None)
    for value in after:
        if value not in before:
            text = f"{place} has the known value {value}"
            yield Change("enum_value_added", place, text, (), None, str(value))


def compare_body(
    place: str, old: Type, new: Type, models: Models, seen: frozenset[tuple[str, str]] = frozenset()
) -> Iterator[Change]:
    """Yield how the type of a body changed, its members included.

    Args:
        place: The body, or the part of it.
        old: The type that it had.
        new: The type that it has.
        models: The models of both manifests.
        seen: The pairs of models that this comparison is inside of.
    """
    if old.kind == new.kind == "model":
        pair = (old.name, new.name)
        if pair not in seen:
            fields = _paired(models.old[old.name], models.new[new.name])
            for name, before, after in fields:
                inside = f"{place}.{name}"
                yield from _compare_body_member(inside, before, after, models, seen | {pair})
    elif old.kind == new.kind and old.item and new.item:
        yield from compare_body(f"{place}[]", old.item, new.item, models, seen)
    else:
        yield from compare_argument(place, old, new, "body")


def _compare_body_member(
    place: str,
    old: Field | None,
    new: Field | None,
    models: Models,
    seen: frozenset[tuple[str, str]],
) -> Iterator[Change]:
    if old is None and new is not None:
        text, kind = f"{place} is new", spelled(new.type)
        if new.required:
            text += " and required"
        yield Change("body_member_added", place, text, _BOTH if new.required else (), None, kind)
    elif new is None and old is not None:
        kind = spelled(old.type)
        yield Change("body_member_removed", place, f"{place} is gone", _BOTH, kind, None)
    elif old is not None and new is not None:
        if new.required and not old.required:
            text = f"{place} is required"
            yield Change("body_member_required", place, text, _BOTH, "optional", "required")
        elif old.required and not new.required:
            text = f"{place} is optional"
            yield Change("argument_widened", place, text, (), "required", "optional")
        if old.nullable != new.nullable:
            names = [
                f"{spelled(f.type)} or null" if f.nullable else spelled(f.type) for f in (old, new)
            ]
            yield _argument_type_change(place, new.nullable, names[0], names[1])
        yield from compare_body(place, old.type, new.type, models, seen)


def compare_reply(
    place: str, old: Type, new: Type, models: Models, seen: frozenset[tuple[str, str]] = frozenset()
) -> Iterator[Change]:
    """Yield how the type of a reply changed, its members included; see ``compare_body``."""
    if old.kind == new.kind == "model":
        pair = (old.name, new.name)
        if pair not in seen:
            fields = _paired(models.old[old.name], models.new[new.name])
            for name, before, after in fields:
                inside = f"{place}.{name}"
                yield from _compare_reply_member(inside, before, after, models, seen | {pair})
    elif old.kind == new.kind and old.item and new.item:
        yield from compare_reply(f"{place}[]", old.item, new.item, models, seen)
    elif _plain(old) == _plain(new):
        yield from _compare_enums(place, old, new, ())
    else:
        breaks = () if _fits(_plain(new), _plain(old), _WIDER_REPLIES) else _reply_breaks(old, new)
        text = f"{place} is {spelled(new)} instead of {spelled(old)}"
        yield Change("reply_type_changed", place, text, breaks, spelled(old), spelled(new))


def _compare_reply_member(
    place: str,
    old: Field | None,
    new: Field | None,
    models: Models,
    seen: frozenset[tuple[str, str]],
) -> Iterator[Change]:
    if old is None and new is not None:
        kind = spelled(new.type)
        yield Change("reply_member_added", place, f"{place} is new", (), None, kind)
    elif new is None and old is not None:
        breaks = _BOTH if old.required else ("types",)
        kind = spelled(old.type)
        yield Change("reply_member_removed", place, f"{place} is gone", breaks, kind, None)
    elif old is not None and new is not None:
        if old.required and not new.required:
            text = f"{place} may be missing"
            yield Change("reply_member_optional", place, text, _BOTH, "always there", "optional")
        elif new.required and not old.required:
            text = f"{place} is always there"
            yield Change("reply_type_changed", place, text, (), "optional", "always there")
        if new.nullable and not old.nullable:
            text = f"{place} may be null"
            yield Change("reply_type_changed", place, text, ("types",), "never null", "nullable")
        elif old.nullable and not new.nullable:
            text = f"{place} is never null"
            yield Change("reply_type_changed", place, text, (), "nullable", "never null")
        yield from compare_reply(place, old.type, new.type, models, seen)


def _reply_breaks(old: Type, new: Type) -> tuple[str, ...]:
    """Return what breaks when a reply may hold what it did not hold before."""
    if {old.kind, new.kind} == {"datetime", "string"}:
        return ("wire",)  # both are a str to a type checker
    return _BOTH


def _paired(old: Model, new: Model) -> list[tuple[str, Field | None, Field | None]]:
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    return [(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]


def _plain(kind: Type) -> Type:
    """Return a type without its known values."""
    return replace(kind, enum=(), item=_plain(kind.item) if kind.item else None)


def _fits(inner: Type, outer: Type, wider: frozenset[tuple[str, str]]) -> bool:
    """Tell whether every value of one type is a value of the other."""
    if outer.kind == "any" or inner == outer:
        return True
    if inner.kind == outer.kind and inner.item and outer.item:
        return _fits(inner.item, outer.item, wider)
    return (inner.kind, outer.kind) in wider
