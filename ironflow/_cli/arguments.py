"""Reading what was typed: which command, which flags, which arguments.

Rules:

1. Global flags stand before or after the command, and between its words. A flag that a command has
   itself is the command's after it, and global before it.
2. ``--flag value``, ``--flag=value``, ``-f value``, ``-fvalue``; switches can be joined, as in
   ``-jm``, and take ``=false``. What follows a flag that takes a value is its value, whatever it
   looks like (``--expected-version -1``). ``--`` ends the flags.
3. Unknown names are refused with similar ones. No refusal repeats a value: it may be a secret that
   was typed in the wrong place.
"""

from __future__ import annotations

from . import tree
from .errors import UsageError, near
from .table import BOOL, GLOBALS, MANY, Command, Flag
from .values import convert, is_text, switch

_MOST_NAMED = 20  # a refusal is a line, and call has two hundred commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tree import Node


class Typed:
    """What was typed.

    Attributes:
        settings: Values of the global flags.
        words: The words of the command.
        node: What they lead to, None where there are none.
        command: The command, None where only help can be given.
        given: Values of its arguments and flags.
        explicit: Keys of the flags that were typed.
        hidden: Secrets among what was typed or asked for; no message shows them.
    """

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {flag.key: flag.default for flag in GLOBALS}
        self.words: list[str] = []
        self.node: Node | Command | None = None
        self.command: Command | None = None
        self.given: dict[str, Any] = {}
        self.explicit: set[str] = set()
        self.hidden: list[str] = []


def read(tokens: list[str], typed: Typed) -> None:
    """Read the command line into ``typed``, which has what was read even if the rest is refused.

    Raises:
        UsageError: It makes no sense.
        CommandError: It is a command of the product's own binary.
    """
    rest = _read_words(tokens, typed)
    if typed.command is None:
        if rest:
            raise UsageError(f"{' '.join(typed.words)!r} takes no arguments")
        return
    plain = _read_flags(rest, typed, typed.command)
    if not typed.settings["help"]:
        _take_arguments(plain, typed, typed.command)
        _complete(typed, typed.command)


def _read_words(tokens: list[str], typed: Typed) -> list[str]:
    """Find the command, and return the tokens behind its words."""
    flags = {f"--{flag.name}": flag for flag in GLOBALS}
    flags.update({f"-{flag.short}": flag for flag in GLOBALS if flag.short})
    node: Node | Command | None = None
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if isinstance(node, Command):
            break
        if token.startswith("-") and token != "-":
            if isinstance(node, dict) and tree.SELF in node:
                break  # a flag ends the words of a command that has words below it
            place = _read_flag(tokens, place, flags, typed.settings, " ".join(typed.words))
            continue
        if node is None and token == "help":
            typed.settings["help"] = True
            place += 1
            continue
        found = _step(node, token, typed)
        if found is None:
            break
        node = found
        place += 1
    typed.node = node
    if isinstance(node, dict):
        own = node.get(tree.SELF)
        typed.command = own if isinstance(own, Command) else None
    else:
        typed.command = node
    return tokens[place:]


def _step(node: Node | Command | None, word: str, typed: Typed) -> Node | Command | None:
    """Go down by a word; None where it is an argument of the command that stands here."""
    if node is None:
        word = tree.ALIASES.get(word, word)
        tree.refuse_elsewhere([word])
        if word not in tree.GROUPS:
            known = [*tree.GROUPS, *tree.ALIASES, *tree.ELSEWHERE]
            raise UsageError(f"unknown command {_shown(word)}{near(word, known)}")
        typed.words.append(word)
        return tree.group(word)
    assert isinstance(node, dict)
    tree.refuse_elsewhere([*typed.words, word])
    found = node.get(word) if word else None
    if found is not None:
        typed.words.append(word)
        return found
    if tree.SELF in node:
        return None
    known = [name for name in node if name]
    words = " ".join(typed.words)
    advice = f"; available: {', '.join(known)}"
    if len(known) > _MOST_NAMED:
        advice = f"; see {words} --help"
    raise UsageError(f"unknown command {_shown(word)} for {words!r}{near(word, known) or advice}")


def _shown(word: str) -> str:
    return repr(word[:40])


def _read_flags(tokens: list[str], typed: Typed, command: Command) -> list[str]:
    """Read the flags behind the words, and return the arguments among them."""
    flags: dict[str, Flag] = {}
    for flag in (*GLOBALS, *command.flags):
        if flag.name != "version" or flag in command.flags:
            flags[f"--{flag.name}"] = flag
            if flag.short:
                flags[f"-{flag.short}"] = flag
    own = {flag.key for flag in command.flags}
    found: dict[str, Any] = {}
    plain: list[str] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token == "--":
            plain += tokens[place + 1 :]
            break
        if token.startswith("-") and token != "-":
            place = _read_flag(tokens, place, flags, found, command.name)
        else:
            plain.append(token)
            place += 1
    for key, value in found.items():
        target = typed.given if key in own else typed.settings
        target[key] = value
    typed.explicit = {key for key in found if key in own}
    return plain


def _read_flag(
    tokens: list[str], place: int, flags: dict[str, Flag], into: dict[str, Any], where: str
) -> int:
    """Read the flag at a place, and return the place behind it."""
    token = tokens[place]
    name, equals, text = token.partition("=")
    if not token.startswith("--") and len(name) > 2:
        if f"-{name}" in flags:  # a long name with one hyphen is a typing error
            raise UsageError(f"unknown flag {name!r}; did you mean -{name}?")
        if flags.get(name[:2]) is not None and flags[name[:2]].kind != BOOL:
            name, equals, text = name[:2], "=", token[2:]
        else:
            return _read_joined(tokens, place, flags, into, where)
    flag = flags.get(name) or flags.get(name.replace("_", "-"))
    if flag is None:
        raise _unknown_flag(name, flags, where)
    if flag.kind == BOOL:
        into[flag.key] = switch(flag, text) if equals else True
        return place + 1
    if not equals:
        place += 1
        if place == len(tokens):
            raise UsageError(f"{name} needs a value")
        text = tokens[place]
    value = convert(flag, text)
    into[flag.key] = _gathered(into.get(flag.key), value) if flag.kind in MANY else value
    return place + 1


def _read_joined(
    tokens: list[str], place: int, flags: dict[str, Flag], into: dict[str, Any], where: str
) -> int:
    """Read switches that are joined, of which the last may take a value: ``-jr 5``."""
    letters = tokens[place][1:]
    split = [f"-{letter}" for letter in letters.partition("=")[0]]
    if any(name not in flags for name in split):
        raise _unknown_flag(next(name for name in split if name not in flags), flags, where)
    for name in split[:-1]:
        if flags[name].kind != BOOL:
            raise UsageError(f"{name} needs a value")
        into[flags[name].key] = True
    tokens[place] = split[-1] + letters[len(split) :]
    return _read_flag(tokens, place, flags, into, where)


def _unknown_flag(name: str, flags: dict[str, Flag], where: str) -> UsageError:
    of = f" for {where!r}" if where else ""
    long = [known for known in flags if known.startswith("--")]
    return UsageError(f"unknown flag {_shown(name)}{of}{near(name, long)}")


def _gathered(before: Any, value: Any) -> Any:
    if before is None:
        return value
    return {**before, **value} if isinstance(value, dict) else [*before, *value]


def _take_arguments(plain: list[str], typed: Typed, command: Command) -> None:
    """Give the positional arguments their names."""
    arguments = command.arguments
    least = sum(argument.required for argument in arguments)
    takes_many = bool(arguments) and arguments[-1].many
    if len(plain) < least:
        missing = arguments[len(plain)]
        what = missing.help.rstrip(".")
        what = what if what[1:2].isupper() else what[:1].lower() + what[1:]
        raise UsageError(f"{command.name!r} needs {missing.usage}: {what}")
    if len(plain) > len(arguments) and not takes_many:
        takes = f"{len(arguments) or 'no'} argument{'' if len(arguments) == 1 else 's'}"
        were = "was" if len(plain) == 1 else "were"
        raise UsageError(f"{command.name!r} takes {takes}, {len(plain)} {were} given")
    for place, argument in enumerate(arguments):
        key = argument.name.replace("-", "_")
        values = plain[place:] if argument.many else plain[place : place + 1]
        if not argument.is_bytes and not all(map(is_text, values)):
            raise UsageError(f"{argument.usage}: is not valid UTF-8")
        typed.given[key] = values if argument.many else next(iter(values), None)


def _complete(typed: Typed, command: Command) -> None:
    """Fill in the defaults, and refuse what is missing."""
    missing = [
        f"--{flag.name}"
        for flag in command.flags
        if flag.required and typed.given.get(flag.key) in (None, "", [])
    ]
    if missing:
        raise UsageError(f"{command.name!r} needs {' and '.join(missing)}")
    for flag in command.flags:
        typed.given.setdefault(flag.key, flag.default or None)
