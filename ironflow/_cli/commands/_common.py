"""Entries and columns that many commands have."""

from __future__ import annotations

from ..show import Column
from ..table import FILE, STRING, Flag
from ..times import ago, date_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_PAGE = 100  # items of a page, where a command lists them all

DATA = (
    Flag("data", STRING, "Data as JSON; otherwise from --data-file or stdin", short="d"),
    Flag("data-file", FILE, "Path of a file with the data", short="f"),
)
LONG_DATA = tuple(Flag(flag.name, flag.kind, flag.help) for flag in DATA)

CREATED = Column("CREATED", "created_at")
ID = Column("ID", "id")
NAME = Column("NAME", "name")


def state(heading: str, path: str) -> Column:
    """Return a column whose values have colours."""
    return Column(heading, path, is_state=True)


def moment(heading: str, path: str) -> Column:
    """Return a column with a date and a time."""
    return Column(heading, path, date_time)


def past(heading: str, path: str) -> Column:
    """Return a column that says how long ago something was."""
    return Column(heading, path, ago)


def counted(value: Any) -> Any:
    """Return a number of a reply, 0 where it was left out: RPC leaves out what is zero."""
    return 0 if value is None else value


def decoded(text: Any) -> Any:
    """Return what JSON in base64 says, or the text itself where it is none."""
    import base64
    import json

    if not isinstance(text, str):
        return text
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except ValueError:
        return text


def all_pages(session: Session, method: str, items: str) -> dict[str, Any]:
    """Return the reply of a list with the items of all its pages."""
    whole: dict[str, Any] = {}
    for page in session.call(method, page_size=_PAGE).pages():
        found = [*whole.get(items, []), *(page.get(items) or [])]
        whole = {**page, **whole, items: found, "count": len(found)}
    return whole
