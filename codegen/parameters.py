"""The rules for what has a name and a type: parameters, and the members of models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .entries import Entry, is_prose, shown
from .limits import MAX_WIRE_NAME
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


def read_parameters(entry: Entry, key: str, names: Mapping[str, object]) -> tuple[Parameter, ...]:
    """Return a list of parameters, sorted by name."""
    found = [_read_parameter(item, names) for item in entry.list_of(key)]
    report_duplicates(entry, key, found)
    return tuple(sorted(found, key=lambda parameter: parameter.name))


def _read_parameter(entry: Entry, names: Mapping[str, object]) -> Parameter:
    parameter = Parameter(
        name=entry.matching("name", WIRE_NAME, WIRE_NAME_EXAMPLE, MAX_WIRE_NAME, required=True),
        type=read_type(entry, names),
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
        entry.report_all(misfits(parameter.default, kind, {}, entry.at("default")))
    return parameter


def report_duplicates(entry: Entry, key: str, found: Sequence[Parameter | Field]) -> None:
    """Report the parameters or members whose name stands earlier in the same list."""
    first: dict[str, int] = {}
    for index, item in enumerate(found):
        if item.name and first.setdefault(item.name, index) != index:
            place = f"{entry.at(key)}[{index}].name"
            entry.report(place, f"{item.name} is also [{first[item.name]}]")
