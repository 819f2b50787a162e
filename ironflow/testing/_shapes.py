"""How the parts of a document are written and read, and how mistakes in it are reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

from ._engine.state import Record, State
from ._engine.times import seconds_of

T = TypeVar("T")

_COUNTED = re.compile(r"([a-z]+)_([0-9]{1,15})")
_TYPES = {
    dict: "an object",
    list: "an array",
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


class Place:
    """A place in a document, and what its data is read into.

    Attributes:
        state: The state that is being made.
        environment: The environment that is being filled, if the place is inside one.
        name: The path of the place, such as ``environments.default.kv``.
    """

    def __init__(self, state: State, name: str = "", environment: Any = None) -> None:
        self.state = state
        self.name = name
        self.environment: Any = environment

    def at(self, name: object) -> Place:
        """Return the place of a member or an item."""
        return Place(
            self.state, f"{self.name}.{name}" if self.name else str(name), self.environment
        )

    def wrong(self, problem: str) -> NoReturn:
        """Raise a ``ValueError`` about the value here."""
        raise ValueError(f"{self.name or 'the document'} {problem}")

    def check(self, value: Any, kind: type) -> Any:
        """Return the value if it has the type; otherwise raise a ``ValueError``."""
        fits = isinstance(value, kind) or (kind is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and kind is not bool):
            self.wrong(f"must be {_TYPES[kind]}")
        return value

    def members(self, value: Any) -> Iterable[tuple[str, Any, Place]]:
        """Return key, value and place of the members of an object."""
        return [(key, found, self.at(key)) for key, found in self.check(value, dict).items()]

    def items(self, value: Any) -> Iterable[tuple[Any, Place]]:
        """Return the items of an array, and their places."""
        return [(item, self.at(n)) for n, item in enumerate(self.check(value, list))]

    def reserve(self, id: str) -> str:
        """Make sure that no later id equals this one, and return it."""
        found = _COUNTED.fullmatch(id)
        if found:
            counts = self.state.counts
            counts[found[1]] = max(counts.get(found[1], 0), int(found[2]))
        return id


class Shape:
    """How a value is written and read: unchanged, unless the arguments say otherwise."""

    def __init__(
        self,
        write: Callable[[Any], Any] = lambda value: value,
        read: Callable[[Any, Place], Any] = lambda value, place: value,
    ) -> None:
        self.write = write
        self.read = read


def reference(what: str, id_of: Callable[[Any], str], known: Callable[[Place], Any]) -> Shape:
    """Return the shape of a reference: its id is written, and looked up when read."""

    def read(id: Any, place: Place) -> Any:
        if id is None:
            return None
        if not isinstance(id, str) or id not in known(place):
            place.wrong(f"names {what} {id!r}, which does not exist")
        return known(place)[id]

    return Shape(lambda value: None if value is None else id_of(value), read)


def optional(shape: Shape) -> Shape:
    """Return the shape of a value that has a shape, or is None."""
    return Shape(
        lambda value: None if value is None else shape.write(value),
        lambda value, place: None if value is None else shape.read(value, place),
    )


def mapping(shape: Shape) -> Shape:
    """Return the shape of a dict whose values have a shape."""
    return Shape(
        lambda value: {key: shape.write(item) for key, item in value.items()},
        lambda value, place: {key: shape.read(v, at) for key, v, at in place.members(value)},
    )


def as_tuple(value: Any, place: Place) -> Any:
    """Read an array as a tuple."""
    return tuple(place.check(value, list))


class Layout:
    """How the attributes of an object are written and read.

    Args:
        left_out: Attributes that are not written.
        shapes: Shapes of some attributes; the others are JSON.
    """

    def __init__(self, *left_out: str, **shapes: Shape) -> None:
        self.left_out = left_out
        self.shapes = shapes

    def write(self, thing: Any) -> Record:
        """Return the attributes of an object, as they are written."""
        return {
            name.lstrip("_"): self.shapes[name].write(value) if name in self.shapes else value
            for name, value in vars(thing).items()
            if name not in self.left_out
        }

    def fill(self, thing: T, given: Any, place: Place) -> T:
        """Set the attributes of an object that has its defaults, and return it."""
        for name, value, at in place.members(given):
            attribute = name if name in vars(thing) else f"_{name}"
            if attribute not in vars(thing) or attribute in self.left_out:
                at.wrong("is not known")
            before = vars(thing)[attribute]
            if attribute in self.shapes:
                value = self.shapes[attribute].read(value, at)
            elif type(before) in _TYPES:
                at.check(value, type(before))
            setattr(thing, attribute, value)
        return thing


def new_record(new: Record, given: Any, place: Place, known: bool = True) -> Record:
    """Return a new record with the members that are given; null counts as absent.

    ``new`` has the members with their defaults; a type stands for a member that has to be given.
    Members that it lacks are refused, unless ``known`` is False.
    """
    members = place.check(given, dict)
    for name, default in new.items():
        kind = default if isinstance(default, type) else type(default)
        if members.get(name) is None and kind is default:
            place.wrong(f"needs {name}")
        if members.get(name) is not None and kind in _TYPES:
            place.at(name).check(members[name], kind)
    for name in members:
        if known and name not in new:
            place.at(name).wrong("is not known")
    return {**new, **{name: v for name, v in members.items() if v is not None}}


def seconds_at(text: str, place: Place) -> float:
    """Return an RFC 3339 time in seconds since 1970."""
    try:
        return seconds_of(text)
    except ValueError:
        place.wrong("must be an RFC 3339 time")
