"""Projections that keep an SQL table: a statement for each event, executed by Python's SQLite.

Rules:

1. The table is kept as a list of rows, like any other state, so that it is rebuilt, queried and
   copied in the same way. For each event, a database in memory is filled with the rows, and its
   table is read back.
2. A statement refers to members of the event as ``:entity_id``, ``:data.sum``. Objects and arrays
   are JSON text, absent members are NULL.
3. Everything is tried out before the projection exists. An authorizer limits statements to reading
   and writing the one table, without files and settings. A statement that never ends is stopped.
4. The dialect is SQLite's. What only the product's database has is refused with SQLite's message.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .patterns import matches
from .projections import OwnProjections, Projection, views_of
from .query_process import DENIED_FUNCTIONS, quoted
from .refusals import Refusal
from .state import Environment, Record

if TYPE_CHECKING:
    import sqlite3

_CREATE = re.compile(r"\s*CREATE\s+TABLE\s", re.IGNORECASE)
_WRITE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|WITH)\b", re.IGNORECASE)
# Strings, quoted names and comments, in which a colon means nothing; or a name after a colon.
_PARAMETER = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|:([A-Za-z_]\w*(?:\.\w+)*)", re.DOTALL
)
_STEPS_BETWEEN_LOOKS = 10_000
_MOST_LOOKS = 1_000  # a statement may take ten million steps, about a second
_MOST_CHARACTERS = 100_000
_LARGEST = 2**63


class Statement(NamedTuple):
    """A statement with SQLite's placeholders, and the members of the event for them, in order."""

    text: str
    names: tuple[str, ...]


class Table:
    """A table and the statements that keep it.

    Args:
        definition: The ``CREATE TABLE`` statement.
        handlers: Statements by the name of the event, or a pattern for it.

    Attributes:
        columns: Names of its columns.

    Raises:
        Refusal: SQLite does not accept the definition or a statement.
    """

    def __init__(self, definition: str, handlers: dict[str, str]) -> None:
        self._definition = definition
        self._statements = {event: _statement(text) for event, text in handlers.items()}
        self.columns: tuple[str, ...] = ()
        self._try_out()

    def reduce(self, rows: list[Record], event: Record) -> list[Record]:
        """Return the rows as they are after an event."""
        statement = self._statement_for(event["name"])
        if statement is None:
            return rows
        connection, name = self._database()
        try:
            marks = ", ".join("?" * len(self.columns))
            values = [[row[column] for column in self.columns] for row in rows]
            connection.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
            _guard(connection)
            connection.execute(statement.text, [_value(event, path) for path in statement.names])
            _free(connection)
            found = connection.execute(f"SELECT * FROM {name}").fetchall()
        finally:
            connection.close()
        return [dict(zip(self.columns, map(_as_json, row))) for row in found]

    def _statement_for(self, event_name: str) -> Statement | None:
        found = self._statements.get(event_name)
        if found is None:
            fitting = (s for pattern, s in self._statements.items() if matches(pattern, event_name))
            found = next(fitting, None)
        return found

    def _try_out(self) -> None:
        sqlite3 = _sqlite3()
        what = "table_sql"
        try:
            connection, name = self._database()
            try:
                self.columns = _columns(connection, name)
                _guard(connection)
                for event, statement in self._statements.items():
                    what = f"event_handlers[{event}]"
                    nothing = [None] * len(statement.names)
                    connection.execute(f"EXPLAIN {statement.text}", nothing).close()
            finally:
                connection.close()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise Refusal(400, f"{what}: {error}") from None

    def _database(self) -> tuple[sqlite3.Connection, str]:
        """Return a new database that has the table, and the table's name, quoted."""
        sqlite3 = _sqlite3()
        connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            _guard(connection, creates=True)
            connection.execute(self._definition)
            _free(connection)
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
            if len(names) != 1:
                raise ValueError("it must create one table")
        except BaseException:
            connection.close()
            raise
        return connection, quoted(names[0][0])


def create(environment: Environment, name: str, **members: Any) -> Projection:
    """Create an SQL projection, also of the existing events; arguments as in ``make``."""
    if name in views_of(environment):
        raise Refusal(409, f"projection already exists: {name}")
    projection = environment.of(OwnProjections)[name] = make(name, **members)
    views_of(environment)
    environment.state.changed.notify_all()
    return projection


def make(
    name: str, *, definition: str, events: list[str], handlers: dict[str, str], description: str
) -> Projection:
    """Return an SQL projection; ``definition`` and ``handlers`` are those of ``Table``."""
    if not _CREATE.match(definition):
        raise Refusal(400, "table_sql must be a CREATE TABLE statement")
    for event, text in handlers.items():
        if not _WRITE.match(text):
            raise Refusal(400, f"event_handlers[{event}] must insert, update, replace or delete")
    for text in (definition, *handlers.values()):
        if len(text) > _MOST_CHARACTERS:
            raise Refusal(400, f"a statement must have at most {_MOST_CHARACTERS} characters")
    table = Table(definition, handlers)
    return Projection(
        name,
        table.reduce,
        events=tuple(events),
        initial=[],
        description=description,
        columns=table.columns,
        members={"type": "sql", "sql_definition": definition, "event_handlers": handlers},
    )


def _statement(text: str) -> Statement:
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        names.append(found[1])
        return "?"

    return Statement(_PARAMETER.sub(numbered, text), tuple(names))


def _value(event: Record, path: str) -> Any:
    """Return a member of an event as SQLite takes it."""
    value: Any = event
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, (dict, list)) or (isinstance(value, int) and abs(value) >= _LARGEST):
        return json.dumps(value)
    return value


def _as_json(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _columns(connection: sqlite3.Connection, name: str) -> tuple[str, ...]:
    found = connection.execute(f"PRAGMA table_xinfo({name})").fetchall()
    if any(column[6] for column in found):
        raise ValueError("generated columns are not offered")
    return tuple(column[1] for column in found)


def _guard(connection: sqlite3.Connection, *, creates: bool = False) -> None:
    """Limit what statements may do, and how long they may take."""
    sqlite3 = _sqlite3()
    yes: int = sqlite3.SQLITE_OK
    no: int = sqlite3.SQLITE_DENY
    writing = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
    allowed = writing | {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
    allowed |= {sqlite3.SQLITE_TRANSACTION}
    if creates:
        allowed |= {sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_CREATE_INDEX}
        allowed |= {sqlite3.SQLITE_REINDEX}
    looks = iter(range(_MOST_LOOKS))

    def authorize(action: int, table: str | None, function: str | None, *_where: Any) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            is_fine = (function or "").lower() not in DENIED_FUNCTIONS
        else:
            of_sqlite = (table or "").lower().startswith("sqlite_") and action in writing
            is_fine = action in allowed and (creates or not of_sqlite)
        return yes if is_fine else no

    connection.set_authorizer(authorize)
    connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS_BETWEEN_LOOKS)


def _free(connection: sqlite3.Connection) -> None:
    """Lift the limits for our own statements; before Python 3.11, None is not an authorizer."""
    yes: int = _sqlite3().SQLITE_OK
    connection.set_authorizer(lambda *_: yes)


def _sqlite3() -> Any:
    try:
        import sqlite3  # some builds of Python have none
    except ImportError:
        raise Refusal(501, "SQL needs the module sqlite3, which this Python lacks") from None
    return sqlite3
