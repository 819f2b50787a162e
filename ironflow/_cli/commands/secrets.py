"""Secrets: their values go in and never come out."""

from __future__ import annotations

from ..show import Column, Details, Table, Text
from ..table import SECRET, STRING, Argument, Call, Command, Flag
from ._common import NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_DEFAULT = "default"
_ENV = Flag("env", STRING, "Environment name", short="e", shown="IRONFLOW_ENV or default")
_SECRET = Argument("name", "Name of the secret")


def _set(session: Session) -> Any:
    """Create a secret, or give it a new value where there is one of this name."""
    from ..._errors import ConflictError

    given = session.given
    body = {"value": _value(session)}
    if given["description"] is not None:
        body["description"] = given["description"]
    try:
        return session.call("secrets_create", {"name": given["name"], **body})
    except ConflictError:
        pass
    return session.call("secrets_update", given["name"], body)


def _value(session: Session) -> str:
    """Return the value: the argument, or without one and for ``-`` stdin or what is asked for."""
    typed: str | None = session.given["value"]
    return session.secret("Value") if typed is None or typed == "-" else session.hide(typed)


COMMANDS = [
    Command(
        "secret list",
        "List secrets, without their values.",
        _ENV,
        call=Call("secrets_list"),
        show=Table(
            "",
            NAME,
            Column("DESCRIPTION", "description"),
            Column("REVISION", "revision"),
            Column("UPDATED", "updated_at"),
        ),
        environment=_DEFAULT,
    ),
    Command(
        "secret set",
        "Create a secret, or give it a new value.",
        _SECRET,
        Argument(
            "value",
            "The value, or - to read it from stdin; otherwise you are asked for it",
            required=False,
        ),
        _ENV,
        Flag("description", STRING, "What it is for", short="d"),
        run=_set,
        show=Text("Set secret {name} (revision: {revision})"),
        no_curl=SECRET,
        environment=_DEFAULT,
        details="Other programs on the machine can see a value on the command line, but not one"
        " that comes from stdin or the terminal.",
    ),
    Command(
        "secret get",
        "Show a secret without its value.",
        _SECRET,
        _ENV,
        call=Call("secrets_get", "name"),
        show=Details(
            Column("Name", "name"),
            Column("Description", "description"),
            Column("Revision", "revision"),
            Column("Created", "created_at"),
            Column("Updated", "updated_at"),
        ),
        environment=_DEFAULT,
    ),
    Command(
        "secret delete",
        "Delete a secret.",
        _SECRET,
        _ENV,
        call=Call("secrets_delete", "name"),
        show=Text("Deleted secret {name}"),
        environment=_DEFAULT,
    ),
]
