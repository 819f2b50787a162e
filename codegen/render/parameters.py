"""ironflow/_parameters.py: query parameters and known values, for the strict local server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .text import banner, bracketed, exploded, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.model import Manifest, Method, Type

_HEADER = '''"""What requests may say, by the name of the route: a strict local server checks it.

Known values are empty where any value may come.
"""

from __future__ import annotations

Known = dict[str, tuple[object, ...]]

# Every query parameter of a route, with its known values.
QUERY: dict[str, Known] = {
'''

_BODY = """# The members of a body that have known values; ``[]`` stands for each item of a list.
BODY: dict[str, Known] = {"""


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the source of the tables."""
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    for method in methods:
        query = [(found.name, found.type.enum) for found in method.endpoint.query]
        lines += _rows(method.name, query)
    lines += ["}", "", _BODY]
    for method in methods:
        if method.endpoint.body is not None:
            lines += _rows(method.name, list(_known(manifest, method.endpoint.body.type, "", ())))
    return "\n".join([*lines, "}"]).replace(" = {\n}", " = {}") + "\n"


def _rows(name: str, members: list[tuple[str, tuple[Any, ...]]]) -> list[str]:
    """Return the rows of a route, none where there is nothing to say."""
    lines = []
    for member, values in members:
        cells = [literal(value) if isinstance(value, str) else repr(value) for value in values]
        if len(cells) == 1:
            cells[0] += ","
        opening = f"{literal(member)}: ("
        row = bracketed(opening, cells, "),", "        ")
        lines += (
            row
            if len(row) == 1
            else exploded(opening, [cell.rstrip(",") for cell in cells], "),", "        ")
        )
    return [f"    {literal(name)}: {{", *lines, "    },"] if lines else []


def _known(
    manifest: Manifest, kind: Type, place: str, inside: tuple[str, ...]
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the places below a type that have known values; ``inside`` are the models around it."""
    if kind.enum:
        yield place, kind.enum
    elif kind.kind == "array" and kind.item is not None:
        yield from _known(manifest, kind.item, f"{place}[]", inside)
    elif kind.kind == "model" and kind.name not in inside:
        for field in manifest.models[kind.name].fields:
            below = f"{place}.{field.name}" if place else field.name
            yield from _known(manifest, field.type, below, (*inside, kind.name))
