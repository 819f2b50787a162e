"""Python source text: literals, wrapped prose, and calls laid out as the formatter would.

Rules: strings of the manifest become literals by ``repr`` or docstrings by ``prose``, nothing else;
a line has at most 100 columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codegen.manifest import Manifest

WIDTH = 100


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


def prose(text: str, indent: str, hanging: str = "") -> list[str]:
    """Wrap text for the inside of a docstring, which it can not end or escape from.

    ``textwrap`` does the same for five times the time, most of what generation takes.
    """
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if safe.endswith('"'):
        safe = safe[:-1] + '\\"'
    if len(indent) + len(safe) <= WIDTH:
        return [indent + safe]
    lines = []
    line, *words = safe.split(" ")
    line = indent + line
    for word in words:
        if len(line) + 1 + len(word) <= WIDTH:
            line += " " + word
        else:
            lines.append(line)
            line = indent + hanging + word
    return [*lines, line]


def docstring(summary: str, paragraphs: Iterable[list[str]], indent: str) -> list[str]:
    """Return a docstring: one line of summary, then blocks of finished lines."""
    first = prose(f"\0\0\0{summary}", indent)  # the marks keep room for the quotes
    first[0] = first[0].replace("\0\0\0", '"""', 1)
    lines = first
    for paragraph in paragraphs:
        lines += ["", *paragraph]
    if len(lines) == 1 and len(lines[0]) + 3 <= WIDTH:
        return [lines[0] + '"""']
    return [*lines, f'{indent}"""']


def bracketed(opening: str, items: list[str], closing: str, indent: str) -> list[str]:
    """Lay out ``opening(items)closing``: on one line, with the items on one, or one a line."""
    whole = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH:
        return [whole]
    inner = indent + "    "
    row = inner + ", ".join(items)
    if len(row) <= WIDTH and len(items) > 1:
        return [indent + opening, row, indent + closing]
    return [indent + opening, *(f"{inner}{item}," for item in items), indent + closing]
