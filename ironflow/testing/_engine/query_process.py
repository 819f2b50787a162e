"""Executes one SQL query: JSON on standard input, JSON on standard output.

It runs as a program of its own and imports nothing of the package. The rules are in ``queries``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import threading

TYPE_CHECKING = False  # importing typing would take as long as most queries
if TYPE_CHECKING:
    from typing import Any

# They load code, reach files, show addresses, or turn a number into a huge value.
DENIED_FUNCTIONS = frozenset(
    {"edit", "fts3_tokenizer", "load_extension", "randomblob", "readfile", "writefile", "zeroblob"}
)


def main() -> None:
    """Answer the request within its time, then end the process, whatever SQLite is doing."""
    request = json.loads(sys.stdin.buffer.read())
    reply: dict[str, Any] = {}
    try:
        _bound_memory(request["max_memory"])
        connection = _database(request["tables"], request["max_characters"])
        work = (connection, request, reply)
        thread = threading.Thread(target=_answer, args=work, daemon=True)
        thread.start()
        thread.join(request["seconds"])
        if thread.is_alive():
            reply = {"timed_out": True}
    except ImportError:
        reply["refused"] = [501, "SQL needs the module sqlite3, which this Python lacks"]
    except Exception as error:
        reply["error"] = _message(error)
    sys.stdout.buffer.write(json.dumps(reply).encode())
    sys.stdout.buffer.flush()
    os._exit(0)


def _answer(connection: Any, request: dict[str, Any], reply: dict[str, Any]) -> None:
    try:
        cursor = connection.execute(request["query"])
        rows: list[list[str]] = []
        size, most = 0, request["max_characters"]
        for values in itertools.islice(cursor, request["max_rows"]):
            row = [_text(value) for value in values]
            size += sum(map(len, row))
            if size > most:
                reply["error"] = f"the result is larger than {most} characters"
                return
            rows.append(row)
        reply.update(columns=[column[0] for column in cursor.description], rows=rows)
    except Exception as error:
        reply["error"] = _message(error)


def _message(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "the query needs more memory than it may take"
    return str(error)


def _bound_memory(size: int) -> None:
    """Bound the memory of this process and forbid it to write files, where the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        if most != resource.RLIM_INFINITY:
            size = min(size, most)
        resource.setrlimit(resource.RLIMIT_AS, (size, most))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _database(tables: list[dict[str, Any]], max_characters: int) -> Any:
    """Return a connection to a new read-only database in memory that holds the tables."""
    import sqlite3  # some builds of Python have none

    # Another thread executes the query; this one does not use the connection again.
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for table in tables:
        name, columns = quoted(table["name"]), table["columns"]
        connection.execute(f"CREATE TABLE {name} ({', '.join(map(quoted, columns))})")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", table["rows"])
    # The first use of a table function writes to SQLite's schema; an old SQLite may have neither.
    with contextlib.suppress(sqlite3.OperationalError):
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").close()
    connection.execute("PRAGMA temp_store = MEMORY").close()
    connection.execute("PRAGMA query_only = ON").close()
    connection.text_factory = _decoded
    if sys.version_info >= (3, 11):
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max_characters)
    reading = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}

    def authorize(action: int, _table: str | None, function: str | None, *_where: Any) -> int:
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = (function or "").lower() not in DENIED_FUNCTIONS
        else:
            allowed = action in reading
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    return connection


def _text(value: Any) -> str:
    if value is None:
        return ""
    return _decoded(value) if isinstance(value, bytes) else str(value)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    main()
