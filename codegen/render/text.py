"""Python source text: literals, wrapped prose, and brackets laid out as the formatter would.

Strings of the manifest become literals by ``repr`` or docstrings by ``prose``, nothing else. A line
has at most 100 columns.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from codegen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.model import Manifest

WIDTH = 100
_QUOTES = re.compile(r'"{3,}')
_QUOTES_AND_LAST = re.compile(r'"{3,}|"+$')  # of a text that the closing quotes may follow


def banner(manifest: Manifest) -> str:
    """Return the comment that opens a generated Python file."""
    return (
        "# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.\n"
        "# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.\n"
        f"# Manifest {manifest.digest}, server {manifest.server_version or 'unknown'}.\n"
    )


def literal(value: str) -> str:
    """Return a string as a Python literal, in double quotes where that needs no escapes."""
    text = repr(value)
    return text if text[0] == '"' or '"' in text else f'"{text[1:-1]}"'


def safe(text: str, quotes: re.Pattern[str] = _QUOTES) -> str:
    """Return a text for the inside of a docstring, which it cannot end or escape from.

    Args:
        text: Any text.
        quotes: The quotes that are escaped.
    """
    escaped = text.replace("\\", "\\\\")
    return quotes.sub(lambda found: '\\"' * len(found[0]), escaped)


def prose(text: str, indent: str, hanging: str = "", width: int = WIDTH) -> list[str]:
    """Wrap text for the inside of a docstring.

    Args:
        text: One line of text, without two spaces in a row.
        indent: What stands before each line.
        hanging: What stands before all lines but the first, after the indent.
        width: The most columns of a line.
    """
    return textwrap.wrap(
        safe(text, _QUOTES_AND_LAST),
        width,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def docstring(summary: str, paragraphs: Iterable[list[str]], indent: str) -> list[str]:
    """Return a docstring: one line of summary, then blocks of finished lines."""
    blocks = [line for paragraph in paragraphs for line in ("", *paragraph)]
    marked = f"\0\0\0{summary}"  # the marks keep room for the quotes
    lines = prose(marked, indent)
    if len(lines) == 1 and not blocks:
        lines = prose(marked, indent, width=WIDTH - 3)  # the formatter puts both quotes on one line
    lines[0] = lines[0].replace("\0\0\0", '"""', 1)
    if len(lines) == 1 and not blocks:
        return [lines[0] + '"""']
    return [*lines, *blocks, f'{indent}"""']


def bracketed(opening: str, items: list[str], closing: str, indent: str) -> list[str]:
    """Lay out ``opening(items)closing``: on one line, with the items on one, or one per line."""
    whole = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH:
        return [whole]
    inner = indent + "    "
    row = inner + ", ".join(items)
    if len(row) <= WIDTH and len(items) > 1:
        return [indent + opening, row, indent + closing]
    return exploded(opening, items, closing, indent)


def exploded(opening: str, items: list[str], closing: str, indent: str) -> list[str]:
    """Lay out ``opening(items)closing`` with one item per line."""
    return [indent + opening, *(f"{indent}    {item}," for item in items), indent + closing]


def too_wide(lines: Iterable[str], place: str, route: str = "") -> list[Problem]:
    """Return a problem for each line that has more columns than a line may have.

    Each name is within its own limit, but some combinations of the longest ones are not.
    """
    return [
        Problem(place, f"a line has at most {WIDTH} columns; shorten {line.strip()[:80]}", route)
        for line in lines
        if len(line) > WIDTH
    ]
