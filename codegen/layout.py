"""Editing the list of endpoints in a manifest's text, so that everything else keeps its layout.

The text of an endpoint that does not change stays as it is, byte for byte. A new endpoint is laid
out as the first one is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class Item(NamedTuple):
    """An element of an array: the white space before it, and its text."""

    lead: str
    text: str


class Layout:
    """The text of a manifest, with its endpoints as items that can be changed.

    Args:
        text: A manifest that has passed every check.

    Attributes:
        items: The endpoints, in the order of the text.
    """

    def __init__(self, text: str) -> None:
        top = _members(text, text.index("{"))
        start, end = next((start, end) for key, start, end in top if key == "endpoints")
        elements = list(_elements(text, start))
        self._before, self._after = text[: start + 1], text[end - 1 :]
        self._end = text[elements[-1][2] if elements else start + 1 : end - 1]
        self.items = [Item(text[lead:at], text[at:stop]) for lead, at, stop in elements]

    def __str__(self) -> str:
        inside = ",".join(item.lead + item.text for item in self.items)
        return self._before + inside + self._end + self._after

    def insert(self, index: int, endpoint: Mapping[str, str]) -> None:
        """Add an endpoint, laid out as the first one is."""
        if not self.items:
            self._end = "\n  "
        lead, inner = self._style()
        members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in endpoint.items()]
        if "\n" in inner:
            text = "{" + ",".join(inner + member for member in members) + lead + "}"
        else:
            text = "{" + ", ".join(members) + "}"
        self.items.insert(index, Item(lead, text))

    def change(self, index: int, key: str, value: str) -> None:
        """Set a text member of an endpoint, which has to be there."""
        lead, text = self.items[index]
        start, end = next((start, end) for name, start, end in _members(text, 0) if name == key)
        self.items[index] = Item(lead, text[:start] + json.dumps(value) + text[end:])

    def remove(self, index: int) -> None:
        """Take an endpoint away."""
        del self.items[index]

    def _style(self) -> tuple[str, str]:
        """Return the white space before an endpoint, and before a member of it."""
        if not self.items:
            return "\n    ", "\n      "
        lead, text = self.items[0]
        return lead, text[1 : _skip(text, 1)]


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Yield the key and the (start, end) of the value of each member of an object."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)  # past the colon
        end = _DECODER.raw_decode(text, at)[1]
        yield key, at, end
        at = _next(text, end)


def _elements(text: str, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield where the white space before each element of an array starts, and (start, end)."""
    lead = start + 1
    while text[(at := _skip(text, lead))] != "]":
        end = _DECODER.raw_decode(text, at)[1]
        yield lead, at, end
        comma = _skip(text, end)
        if text[comma] != ",":
            break
        lead = comma + 1


def _next(text: str, end: int) -> int:
    """Return where the next member starts, or the bracket that closes the object."""
    at = _skip(text, end)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
