"""Example values as Python text, filled into lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .text import WIDTH, literal, safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LONGEST_TEXT = 72


def filled(value: Any, indent: str, escaped: Callable[[str], str] = safe) -> list[str]:
    """Return a JSON value as Python text, for the inside of a docstring unless said otherwise.

    Lines break between members and items, never inside of a text. What is too long for a line is
    left out.
    """
    lines: list[str] = []
    for piece in map(escaped, _pieces(value)):
        if len(indent) + 1 + len(piece) > WIDTH:
            piece = "...,"
        if lines and len(lines[-1]) + 1 + len(piece) <= WIDTH:
            lines[-1] += " " + piece
        else:
            lines.append(f"{indent} {piece}" if lines else indent + piece)
    return lines


def _pieces(value: Any) -> Iterator[str]:
    """Yield the parts of a value that stay together, each with the comma that follows it."""
    if isinstance(value, dict) and value:
        yield from _enclosed("{", (_keyed(key, item) for key, item in value.items()), "}")
    elif isinstance(value, list) and value:
        yield from _enclosed("[", map(_pieces, value), "]")
    elif isinstance(value, str):
        yield literal(value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "...")
    else:
        yield repr(value)


def _keyed(key: str, value: Any) -> Iterator[str]:
    first, *rest = _pieces(value)
    yield f"{literal(key)}: {first}"
    yield from rest


def _enclosed(opening: str, parts: Iterable[Iterator[str]], closing: str) -> Iterator[str]:
    before = opening
    held = ""  # a piece waits until it is known what follows it: a comma or the end
    for part in parts:
        if held:
            yield held + ","
            held = ""
        for piece in part:
            if held:
                yield held
            held = before + piece
            before = ""
    yield held + closing
