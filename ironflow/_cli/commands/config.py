"""Config documents. The product's own binary has no such commands."""

from __future__ import annotations

from ..data import data_of
from ..following import write_each
from ..screen import json_text, plain, shown
from ..show import Column, Table, Text
from ..table import SOCKET, Argument, Call, Command
from ._common import DATA, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

_DOCUMENT = Argument("name", "Name of the document")


def _show_document(session: Session, reply: Any) -> Iterable[str]:
    return [session.screen.json_text(reply.get("data"))]


def _write(session: Session, method: str) -> Any:
    return session.call(method, session.given["name"], data_of(session, needed=True))


def _watch(session: Session) -> None:
    with session.client.config_watch(session.given["name"]) as updates:
        write_each(session, updates, _update_line)


def _update_line(update: Any) -> str:
    data = update.get("data")
    text = "deleted" if data is None else plain(json_text(data))
    return f"{shown(update.get('revision'))} {text}"


COMMANDS = [
    Command(
        "config get",
        "Show a config document.",
        _DOCUMENT,
        call=Call("config_get", "name"),
        show=_show_document,
    ),
    Command(
        "config set",
        "Write a config document, replacing all of it.",
        _DOCUMENT,
        *DATA,
        run=lambda session: _write(session, "config_create"),
        show=Text("Set config {name} (revision: {revision})"),
    ),
    Command(
        "config patch",
        "Merge members into a config document.",
        _DOCUMENT,
        *DATA,
        run=lambda session: _write(session, "config_patch"),
        show=Text("Patched config {name} (revision: {revision})"),
    ),
    Command(
        "config list",
        "List config documents.",
        call=Call("config_list"),
        show=Table(
            "configs",
            NAME,
            Column("REVISION", "revision"),
            Column("UPDATED", "updatedAt"),
        ),
    ),
    Command(
        "config delete",
        "Delete a config document.",
        _DOCUMENT,
        call=Call("config_delete", "name"),
        show=Text("Deleted config {name}"),
    ),
    Command(
        "config watch",
        "Follow a config document: as it is first, then every change.",
        _DOCUMENT,
        run=_watch,
        no_curl=SOCKET,
        output=True,
    ),
]
