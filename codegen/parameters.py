"""The rules for what has a name and a type: parameters, and the members of models."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .entries import Entry, is_prose, shown
from .limits import MAX_ENUM_VALUE, MAX_WIRE_NAME
from .model import Parameter, Type
from .types import HELP, misfits, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .model import Field

WIRE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
WIRE_NAME_EXAMPLE = "from_version, updatedAt or If-Match"
_PARAMETER_TYPES = ("string", "integer", "number", "boolean", "datetime")


def read_type(
    entry: Entry, names: Mapping[str, object], key: str = "type", absent: str = ""
) -> Type:
    """Return the type that a member spells; ``absent`` is what counts without it."""
    text = entry.get(key, str, absent, required=not absent)
    kind = parse(text, names)
    if kind is None:
        if text:
            entry.say(key, f"{shown(text)} is not a type; {HELP}")
        return Type("any")
    return kind


def read_enum(entry: Entry, kind: Type) -> Type:
    """Return the type with the known values that ``enum`` lists, sorted."""
    values = entry.get("enum", list, None)
    if values is None:
        return kind
    item = kind.item if kind.kind == "array" and kind.item else kind
    if item.kind not in ("string", "integer"):
        entry.say("enum", "only strings and integers, and arrays of them, have known values")
        return kind
    if not values or not all(_may_be_known(value, item.kind) for value in values):
        entry.say("enum", f"must list values of type {item.kind}, at most {MAX_ENUM_VALUE} long")
        return kind
    if len(set(values)) != len(values):
        entry.say("enum", "a value stands twice")
    known = replace(item, enum=tuple(sorted(values)))
    return known if item is kind else replace(kind, item=known)


def _may_be_known(value: object, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and 0 < len(value) <= MAX_ENUM_VALUE and is_prose(value)


def read_parameters(entry: Entry, key: str, names: Mapping[str, object]) -> tuple[Parameter, ...]:
    """Return a list of parameters, sorted by name."""
    found = [_read_parameter(item, names) for item in entry.list_of(key)]
    report_duplicates(entry, key, found)
    return tuple(sorted(found, key=lambda parameter: parameter.name))


def _read_parameter(entry: Entry, names: Mapping[str, object]) -> Parameter:
    parameter = Parameter(
        name=entry.matching("name", WIRE_NAME, WIRE_NAME_EXAMPLE, MAX_WIRE_NAME, required=True),
        type=read_enum(entry, read_type(entry, names)),
        required=entry.flag("required"),
        description=entry.text("description"),
        default=entry.get("default", object, None),
    )
    entry.done()
    kind = parameter.type
    item = kind.item if kind.kind == "array" else kind
    if item is None or item.kind not in _PARAMETER_TYPES:
        scalars = ", ".join(_PARAMETER_TYPES)
        entry.say("type", f"a parameter is a scalar or an array of scalars: {scalars}")
    elif not is_prose(str(parameter.default)):
        entry.say("default", "must be printable")
    elif parameter.default is not None:
        place = entry.at("default")
        entry.report_all(misfits(parameter.default, kind, {}, place, strict=True))
    return parameter


def report_duplicates(entry: Entry, key: str, found: Sequence[Parameter | Field]) -> None:
    """Report the parameters or members whose name stands earlier in the same list."""
    first: dict[str, int] = {}
    for index, item in enumerate(found):
        if item.name and first.setdefault(item.name, index) != index:
            place = f"{entry.at(key)}[{index}].name"
            entry.report(place, f"{item.name} is also [{first[item.name]}]")
