"""Reading one JSON object of a manifest, key by key.

Every problem is collected, and none stops the reading: a wrong value is reported, and its default
is used instead. An unknown key is a mistake.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from .limits import MAX_TEXT
from .model import Problem

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

_KINDS: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    int: "a whole number",
    list: "an array",
    object: "a value",
    str: "a string",
}


class Entry:
    """One JSON object under check.

    Attributes:
        place: Where it stands, such as ``endpoints[12].query[0]``.
        value: The object; an empty one where there is none.
        route: The route that it belongs to, fit to be printed; empty outside of routes.
        problems: Where the problems are collected.
    """

    def __init__(self, problems: list[Problem], value: Any, place: str, route: str = "") -> None:
        self.problems = problems
        self.place = place
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.route = route
        self._known: list[str] = []
        if not isinstance(value, dict):
            self.report(place, "must be an object")

    def inside(self, value: Any, place: str) -> Entry:
        """Return the entry of an object inside of this one."""
        return Entry(self.problems, value, place, self.route)

    def list_of(self, key: str, required: bool = False) -> list[Entry]:
        """Return the entries of an array of objects."""
        found = self.get(key, list, [], required)
        return [self.inside(value, f"{self.at(key)}[{i}]") for i, value in enumerate(found)]

    def at(self, key: str) -> str:
        """Return the place of a member."""
        return f"{self.place}.{key}" if self.place else key

    def report(self, place: str, message: str) -> None:
        """Note a problem at any place in or below this object."""
        self.problems.append(Problem(place, message, self.route))

    def report_all(self, found: Iterable[tuple[str, str]]) -> None:
        """Note problems that come as (place, message)."""
        for place, message in found:
            self.report(place, message)

    def say(self, key: str, message: str) -> None:
        """Note a problem with a member."""
        self.report(self.at(key), message)

    def get(self, key: str, kind: type, default: Any, required: bool = False) -> Any:
        """Return a member of the given JSON type, or the default when it is absent or wrong."""
        self._known.append(key)
        value = self.value.get(key)
        if value is None or (required and value == ""):
            if required:
                what = "must not be empty" if key in self.value else "is missing"
                self.say(key, f"{what}; it must be {_KINDS[kind]}")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.say(key, f"must be {_KINDS[kind]}")
            return default
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a member that is true or false."""
        value: bool = self.get(key, bool, default)
        return value

    def text(self, key: str, limit: int = MAX_TEXT) -> str:
        """Return one line of prose that may stand in a docstring."""
        text: str = self.get(key, str, "")
        if not is_prose(text):
            self.say(key, "must be one line of printable text without needless spaces")
            return ""
        if len(text) > limit:
            self.say(key, f"must be at most {limit} characters, it has {len(text)}")
        return text

    def sentence(self, key: str, limit: int = MAX_TEXT) -> str:
        """Return prose that ends as a sentence does."""
        text = self.text(key, limit)
        if text and text[-1] not in ".!?":
            self.say(key, "must end with a period")
        return text

    def choice(self, key: str, choices: tuple[str, ...], required: bool = False) -> str:
        """Return one of the given words, or an empty string."""
        value: str = self.get(key, str, "", required)
        if value and value not in choices:
            self.say(key, f"{shown(value)} is not known; use {', '.join(choices)}")
            return ""
        return value

    def matching(
        self, key: str, pattern: re.Pattern[str], like: str, limit: int, required: bool = False
    ) -> str:
        """Return a name that matches a pattern, or an empty string."""
        value: str = self.get(key, str, "", required)
        if value and not pattern.fullmatch(value):
            self.say(key, f"{shown(value)} is not allowed; write it as {like}")
            return ""
        if len(value) > limit:
            self.say(key, f"must be at most {limit} characters")
        return value

    def done(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.value:
            if key not in self._known:
                near = get_close_matches(key, self._known, 1)
                hint = f"do you mean {near[0]}?" if near else f"known: {', '.join(self._known)}"
                self.say(key if key.isidentifier() else shown(key), f"is not a known key; {hint}")


def is_prose(text: str) -> bool:
    """Tell whether a text is one line, printable, without spaces around it or two in a row."""
    return text.isprintable() and "  " not in text and text == text.strip()


def shown(value: str) -> str:
    """Return a text in quotes for a message: bounded, and nothing that a terminal acts upon."""
    return ascii(value if len(value) <= 60 else value[:59] + "…")
