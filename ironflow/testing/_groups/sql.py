"""A read-only SQL query over the data of the environment, by Python's own SQLite.

Rules:

1. The database is made for the one query, in memory, of a copy of the data, and thrown away.
2. The text starts with SELECT, WITH or EXPLAIN and is one statement. Whatever it then tries, SQLite
   itself asks whether it may, and may but read: no writing, no files, no settings.
3. A query is bounded in time and rows as it asks for, within our own limits, and its reply in size;
   from Python 3.11 on, a single value within SQLite is, too.
4. Every value of the reply is text: NULL is empty, bytes are read as UTF-8.

A query runs as every handler does, with the state's lock held: the server answers nothing else
until it ends or its time is over. A stop of the server ends it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
import time
from typing import TYPE_CHECKING, Any

from .._checks import Refusal
from .._http import MAX_BODY
from .._state import STOPPING
from .._tables import build, tables_named

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from .._calls import Call
    from .._state import Record

_DEFAULT_TIMEOUT_MS = 5000
_MAX_TIMEOUT_MS = 60_000
_DEFAULT_ROWS = 1000
_MAX_ROWS = 10_000
_MAX_CHARACTERS = MAX_BODY
_INSTRUCTIONS_PER_LOOK = 1000  # of SQLite's machine, between two looks at the clock

_ONLY_SELECT = "only SELECT statements are allowed"
_BLANK = re.compile(r"(?:\s|--[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_READING = re.compile(r"(?:SELECT|WITH|EXPLAIN)\b", re.IGNORECASE)
# They load code, reach files, show addresses, or make a huge value of a number.
_DENIED_FUNCTIONS = frozenset(
    {"edit", "fts3_tokenizer", "load_extension", "randomblob", "readfile", "writefile", "zeroblob"}
)


def sql_create(call: Call) -> Record:
    body = call.body()
    query = _checked(body.text("query"))
    timeout_ms = min(body.integer("timeout_ms", _DEFAULT_TIMEOUT_MS, low=1), _MAX_TIMEOUT_MS)
    max_rows = min(body.integer("max_rows", _DEFAULT_ROWS, low=1), _MAX_ROWS)
    try:
        import sqlite3  # some builds of Python have none, and the rest of the server needs none
    except ImportError:
        raise Refusal(501, "SQL needs the module sqlite3, which this Python lacks") from None
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        try:
            for table in tables_named(query, call.state, call.environment):
                build(connection, table)
            deadline = time.monotonic() + timeout_ms / 1000
            _restrict(sqlite3, connection, lambda: call.state.closed or time.monotonic() > deadline)
            return _result(connection.execute(query), max_rows)
        except (sqlite3.Error, sqlite3.Warning) as error:  # two statements are a Warning in 3.9
            if call.state.closed:
                raise Refusal(503, STOPPING) from None
            raise Refusal(400, _message(str(error), timeout_ms)) from None


def _checked(query: str) -> str:
    """Return the text of a query, or refuse one that does not read or that SQLite can not take."""
    try:
        query.encode()
    except UnicodeEncodeError:
        raise Refusal(400, "query must not hold a lone surrogate") from None
    if "\0" in query:
        raise Refusal(400, "query must not hold a NUL character")
    # In two steps: a blank that has no other way to match can not be tried in every way.
    start = _BLANK.match(query)
    if not _READING.match(query, start.end() if start else 0):
        raise Refusal(400, _ONLY_SELECT)
    return query


def _restrict(module: Any, connection: sqlite3.Connection, is_over: Callable[[], bool]) -> None:
    """Let a connection from now on but read, until its time is over."""
    reading = {module.SQLITE_SELECT, module.SQLITE_READ, module.SQLITE_RECURSIVE}

    def authorize(action: int, _table: str | None, function: str | None, *_where: Any) -> int:
        if action == module.SQLITE_FUNCTION:
            allowed = (function or "").lower() not in _DENIED_FUNCTIONS
        else:
            allowed = action in reading
        return int(module.SQLITE_OK if allowed else module.SQLITE_DENY)

    # The first use of a table function writes to SQLite's schema; an old SQLite may have neither.
    with contextlib.suppress(module.OperationalError):
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").close()
    connection.execute("PRAGMA query_only = ON").close()
    connection.text_factory = _decoded
    if sys.version_info >= (3, 11):
        connection.setlimit(module.SQLITE_LIMIT_LENGTH, _MAX_CHARACTERS)
    connection.set_progress_handler(is_over, _INSTRUCTIONS_PER_LOOK)
    connection.set_authorizer(authorize)


def _result(cursor: sqlite3.Cursor, max_rows: int) -> Record:
    rows: list[list[str]] = []
    size = 0
    for values in itertools.islice(cursor, max_rows):
        row = [_text(value) for value in values]
        size += sum(map(len, row))
        if size > _MAX_CHARACTERS:
            raise Refusal(400, f"the result is larger than {_MAX_CHARACTERS} characters")
        rows.append(row)
    columns = [column[0] for column in cursor.description]
    return {"columns": columns, "rows": rows, "total_rows": len(rows)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return _decoded(value) if isinstance(value, bytes) else str(value)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _message(given: str, timeout_ms: int) -> str:
    """Return SQLite's message, but for what it can not know: why it was stopped."""
    if given == "interrupted":
        return f"the query took longer than timeout_ms ({timeout_ms})"
    return _ONLY_SELECT if given in ("not authorized", "authorization denied") else given
