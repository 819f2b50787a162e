"""``call METHOD``: every method of the SDK as a command, made from its signature.

Rules:

1. Path arguments are positional; everything else is a flag of the argument's name. The body is
   ``--body``: JSON as it is typed, ``@file``, or ``-`` for stdin. Where the server stores it byte
   by byte, so does this.
2. Booleans are ``true`` and ``false``, lists are separated by commas or repeated, times are text.
3. A reply is written as JSON, and text as text. What gives items one by one (pages, waits for
   several runs, streams) writes one JSON object a line.
"""

from __future__ import annotations

from ..curl import secrets_in
from ..following import write_each
from ..table import (
    BODY,
    INT,
    JSON,
    LIST,
    NUMBER,
    RAW,
    SEVERAL,
    SOCKET,
    STREAMS,
    STRING,
    TRUTH,
    Argument,
    Command,
    Flag,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from inspect import Parameter
    from typing import Any

    from ..session import Session

# Not calls: they change the client, or need functions of Python.
_NO_COMMANDS = frozenset({"capture", "close", "kv_value", "map", "with_options"})

# They come before a login, so the stored token is not theirs.
_WITHOUT_LOGIN = frozenset({"platform_auth_login", "platform_bootstrap"})

# What an argument takes, by the first word of its annotation.
_KINDS = {
    "Any": JSON,
    "Mapping[str, Any]": JSON,
    "Sequence[str]": LIST,
    "bool": TRUTH,
    "float": NUMBER,
    "int": INT,
}

_NO_CURL = {"ironflow._live": SOCKET, "ironflow._waits": SEVERAL}

_BODY_HELP = "The body: JSON, @file, or - for stdin"

COMMANDS = [
    Command(
        "call",
        "Call any method of the SDK; the reply is written as JSON.",
        Argument("method", "Name of the method, such as runs_list"),
        Argument("arguments", "Its path arguments", many=True, required=False),
        details="`call <method> --help` shows what a method takes.",
    ),
]


class Methods(dict):  # type: ignore[type-arg]
    """The methods by their names; each becomes a command when it is asked for."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(method_names()))

    def get(self, word: str, default: Any = None) -> Any:
        """Return the command of a method, written with underscores or hyphens."""
        name = word.replace("-", "_")
        return _command(name) if name in self else default

    def values(self) -> Any:
        """Return the commands of all methods."""
        return [_command(name) for name in self]


def method_names() -> list[str]:
    """Return the names of the methods that can be called."""
    from ...client import IronflowClient

    return [
        name
        for name in dir(IronflowClient)
        if not name.startswith("_") and name not in _NO_COMMANDS
    ]


def _command(name: str) -> Command:
    from inspect import getdoc

    from ...client import IronflowClient

    method = getattr(IronflowClient, name)
    # Python 3.13 has removed the indentation already. A terminal does not show the marks.
    doc = (getdoc(method) or "").replace("``", "")
    helps = _argument_helps(doc)
    parameters = _parameters(method)
    entries = [_entry(parameter, helps.get(parameter.name, "")) for parameter in parameters]
    return Command(
        f"call {name}",
        doc.partition("\n")[0],
        *entries,
        run=lambda session: _call(session, name, parameters),
        no_curl=_why_no_curl(method),
        platform=name.startswith("platform_") and name not in _WITHOUT_LOGIN,
        output=True,
    )


def _parameters(method: Callable[..., Any]) -> list[Parameter]:
    """Return what a command can give to a method: everything but self and functions."""
    from inspect import signature

    found = list(signature(method).parameters.values())[1:]
    return [one for one in found if "Callable" not in str(one.annotation)]


def _entry(parameter: Parameter, help: str) -> Argument | Flag:
    annotation = str(parameter.annotation).partition(" | ")[0]
    is_required = parameter.default is parameter.empty
    if parameter.name == "body":
        kind = RAW if annotation == "Any" else BODY
        return Flag("body", kind, _BODY_HELP, required=is_required)
    name = parameter.name.rstrip("_")
    if parameter.kind is parameter.VAR_POSITIONAL or annotation.startswith("Iterable"):
        return Argument(name, help or name, many=True)
    is_plain = parameter.kind is parameter.POSITIONAL_OR_KEYWORD and annotation not in _KINDS
    if is_plain:
        return Argument(name, help or name, required=is_required)
    kind = _KINDS.get(annotation, STRING)
    return Flag(name.replace("_", "-"), kind, help, required=is_required)


def _call(session: Session, name: str, parameters: list[Parameter]) -> None:
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in parameters:
        value = session.given[parameter.name.rstrip("_")]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += value
        elif value is not None:
            named[parameter.name] = value
    for secret in secrets_in(named.get("body"), is_secret=name.startswith("secrets_")):
        session.hide(secret)
    reply: Any = getattr(session.client, name)(*positional, **named)
    if isinstance(reply, str) and not session.as_json:
        session.screen.data(reply.encode())
    elif isinstance(reply, (dict, list, str)) or not hasattr(reply, "__next__"):
        session.screen.json(reply)
    else:
        _write_items(session, reply)


def _write_items(session: Session, items: Iterator[Any]) -> None:
    try:
        write_each(session, items, lambda item: session.screen.json_text(item, indent=None))
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()


def _why_no_curl(method: Any) -> str:
    if "Pages[" in str(method.__annotations__.get("return")):
        return SEVERAL
    if method.__name__ == "rpc_stream":
        return STREAMS
    return _NO_CURL.get(method.__module__, "")


def _argument_helps(doc: str) -> dict[str, str]:
    """Return what a docstring says of each argument, on one line each."""
    helps: dict[str, str] = {}
    name = ""
    section = doc.partition("Args:\n")[2]
    for line in section.splitlines():
        indent = len(line) - len(line.lstrip())
        if not line.strip() or indent < 4:
            break
        if indent == 4:
            name, _, text = line.strip().partition(": ")
            helps[name] = text
        elif name:
            helps[name] += f" {line.strip()}"
    return helps
