"""Takes a line of a shell apart, as far as the examples of the reference need it."""

from __future__ import annotations

import shlex
from typing import NamedTuple


class Line(NamedTuple):
    """What a line runs.

    Attributes:
        arguments: What stands after ``ironflow``.
        variables: Environment variables set for it.
        echoed: Text that ``echo`` pipes into it, None without.
        file: Name of the file that ``cat`` pipes into it, empty without.
        piped: Whether anything is piped into it.
        loop: What runs for each line of its output, after ``ironflow``; ``$id`` is the line.
    """

    arguments: list[str]
    variables: dict[str, str]
    echoed: str | None
    file: str
    piped: bool
    loop: list[str]


def taken_apart(line):
    """Return a line's parts."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;")
    lexer.whitespace_split = True
    parts = [[]]
    for word in lexer:
        if word in ("|", ";"):
            parts.append([])
        else:
            parts[-1].append(word)
    at = next(index for index, part in enumerate(parts) if "ironflow" in part)
    source = parts[at - 1] if at else []
    named = parts[at].index("ironflow")
    looped = [part for part in parts[at + 1 :] if part[0] == "do"]
    return Line(
        arguments=parts[at][named + 1 :],
        variables=dict(word.split("=", 1) for word in parts[at][:named]),
        echoed=f"{source[1]}\n" if source[:1] == ["echo"] else None,
        file=source[1] if source[:1] == ["cat"] else "",
        piped=bool(source),
        loop=looped[0][2:] if looped else [],
    )


def served(arguments, url):
    """Return arguments with the URL of a server, and whether they name one."""
    found, names_it = list(arguments), False
    for index, word in enumerate(found[:-1]):
        if word in ("--server", "-s"):
            found[index + 1], names_it = url, True
    return found, names_it
