"""The arguments of a method: how it declares, describes and sends them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .annotations import argument_type
from .text import WIDTH, exploded, literal, prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.model import Argument, Method

INDENT = "        "
INNER = INDENT + "    "
_MOST_PAIRS_ON_A_LINE = 2


def declared(arguments: Sequence[Argument]) -> list[str]:
    """Return the arguments as a signature declares them."""
    items = []
    for argument in arguments:
        kind = argument_type(argument)
        is_needed = argument.where == "path" or argument.parameter.required
        items.append(f"{argument.name}: {kind if is_needed else optional(kind)}")
    return items


def optional(kind: str) -> str:
    """Return what an argument that may be left out is declared as, from its type."""
    return f"{kind} = None" if kind == "Any" else f"{kind} | None = None"


def described(arguments: Sequence[Argument]) -> list[str]:
    """Return the lines of a docstring that describe arguments."""
    return [
        line
        for argument in arguments
        for line in prose(f"{argument.name}: {_description(argument)}", INNER, "    ")
    ]


def _description(argument: Argument) -> str:
    parameter = argument.parameter
    kind = "header" if argument.where == "headers" else "parameter"
    parts = [parameter.description or f"The {kind} ``{parameter.name}``."]
    known = (parameter.type.item or parameter.type).enum
    if known:
        parts.append(f"One of {', '.join(f'``{value}``' for value in known)}.")
    if parameter.default is not None:
        parts.append(f"Default: {parameter.default}.")
    return " ".join(parts)


def sent(options: Sequence[Argument]) -> list[str]:
    """Return the arguments of a call that send options: ``query``, ``headers`` and ``lists``."""
    items = []
    for where in ("query", "headers"):
        pairs = [
            f"{literal(option.parameter.name)}: {option.name}"
            for option in options
            if option.where == where
        ]
        if pairs:
            items.append(_pairs(where, pairs))
    queries = [option.parameter for option in options if option.where == "query"]
    lists = [literal(parameter.name) for parameter in queries if parameter.type.kind == "array"]
    if lists:
        items.append(f"lists={listed(lists)}")
    return items


def listed(items: Sequence[str]) -> str:
    """Return the source of a tuple."""
    return f"({', '.join(items)}{',' * (len(items) == 1)})"


def _pairs(where: str, pairs: list[str]) -> str:
    """Return ``query={…}``: on one line while it is short, else with one pair per line."""
    whole = f"{where}={{{', '.join(pairs)}}}"
    # A comma follows it when the call is laid out with one item per line.
    if len(pairs) <= _MOST_PAIRS_ON_A_LINE and len(INNER) + len(whole) < WIDTH:
        return whole
    return "\n".join(exploded(f"{where}={{", pairs, "}", INNER)).strip()


def path(method: Method) -> str:
    """Return the path as a literal, or as an f-string that encodes each path argument."""
    template = method.endpoint.path
    if not method.positional:
        return literal(template)
    names = {argument.parameter.name: argument.name for argument in method.positional}
    rows = [""]
    for part in re.split(r"(?=/)", template)[1:]:
        found = re.fullmatch(r"/\{(\w+)(?:\.\.\.)?\}", part)
        if found:
            name = names[found[1]]
            part = f"/{{segment({name}={name})}}"
        if rows[-1] and len(INNER) + len(rows[-1]) + len(part) > WIDTH - len('f"",'):
            rows.append("")
        rows[-1] += part
    return f"\n{INNER}".join(f'{"f" if "{" in row else ""}"{row}"' for row in rows)
