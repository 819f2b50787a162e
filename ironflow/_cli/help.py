"""Help, made from the table of commands."""

from __future__ import annotations

from . import tree
from .table import BOOL, GLOBALS, Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .tree import Node

PROGRAM = "ironflow-py"

_ABOUT = "The client commands of Ironflow, for people who have Python."
_MORE = f"`{PROGRAM} <command> --help` says more. The reference is docs/cli.md."


def help_lines(
    words: list[str], node: Node | Command | None, command: Command | None
) -> Iterable[str]:
    """Return the help of the program, of a group of commands, or of a command."""
    if node is None:
        yield from _program()
    elif command is not None:
        yield from _command(command)
        below = tree.commands_below(node)
        if len(below) > 1:
            yield ""
            yield from _list("Commands:", _below(words, node))
    else:
        yield tree.GROUPS[words[0]][1] + "."
        yield ""
        yield f"Usage: {PROGRAM} {' '.join(words)} <command> [flags]"
        yield ""
        yield from _list("Commands:", _below(words, node))
        yield ""
        yield from _flags("Global flags:", GLOBALS)


def usage(command: Command) -> str:
    """Return a command's line of usage, without the program."""
    arguments = [argument.usage for argument in command.arguments]
    needed = [f"--{flag.name} <{flag.kind}>" for flag in command.flags if flag.required]
    return " ".join([command.name, *arguments, *needed, "[flags]"])


def flag_words(flag: Flag) -> str:
    """Return how a flag is typed: ``--limit int``, ``-s, --server string``."""
    short = f"-{flag.short}, " if flag.short else ""
    kind = "" if flag.kind == BOOL else f" {'|'.join(flag.choices) or flag.kind}"
    return f"{short}--{flag.name}{kind}"


def flag_text(flag: Flag) -> str:
    """Return what a flag does, with its default."""
    if flag.required:
        return f"{flag.help} (required)"
    return f"{flag.help} (default: {flag.default_text})" if flag.default_text else flag.help


def _program() -> Iterable[str]:
    yield _ABOUT
    yield ""
    yield f"Usage: {PROGRAM} <command> [flags]"
    yield ""
    yield from _list("Commands:", [(word, help) for word, (_, help) in tree.GROUPS.items()])
    yield ""
    yield from _flags("Global flags, before or after the command:", GLOBALS)
    yield ""
    yield _MORE


def _command(command: Command) -> Iterable[str]:
    yield command.help
    yield ""
    yield f"Usage: {PROGRAM} {usage(command)}"
    if command.details:
        yield ""
        yield command.details
    if command.arguments:
        yield ""
        rows = [(argument.name, argument.help) for argument in command.arguments]
        yield from _list("Arguments:", rows)
    if command.flags:
        yield ""
        yield from _flags("Flags:", command.flags)
    own = {flag.key for flag in command.flags} | {"version"}
    yield ""
    yield from _flags("Global flags:", [flag for flag in GLOBALS if flag.key not in own])


def _below(words: list[str], node: Node | Command) -> list[tuple[str, str]]:
    commands = tree.commands_below(node)
    start = len(words)
    return [
        (" ".join(command.words[start:]), command.help)
        for command in commands
        if len(command.words) > start
    ]


def _flags(title: str, flags: Iterable[Flag]) -> Iterable[str]:
    rows = []
    for flag in flags:
        words = flag_words(flag)
        rows.append((words if flag.short else f"    {words}", flag_text(flag)))
    return _list(title, rows)


def _list(title: str, rows: list[tuple[str, str]]) -> Iterable[str]:
    yield title
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        yield f"  {name.ljust(width)}  {text}"
