"""The server itself, and SQL on what it holds."""

from __future__ import annotations

from ..errors import UsageError
from ..screen import NOTHING, json_text, plain, shown
from ..show import table_lines
from ..table import CHOICE, INT, MILLISECONDS, SEVERAL, Argument, Command, Flag
from ..times import duration, since

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..screen import Screen
    from ..session import Session

_FORMATS = ("table", "json", "csv", "jsonl")
_MARGIN = 5.0  # seconds that a query's reply may take on its way


def _info(session: Session) -> dict[str, Any]:
    """Ask for the health, and for what only RPC tells; an older server may not have that."""
    from ..._errors import IronflowError

    client = session.client
    health = client.health()
    try:
        info: dict[str, Any] = dict(client.system_info())
    except IronflowError as error:
        if error.status_code not in (404, 415, 501):
            raise
        info = {}
    return {"server": client._options.server_url, **health, **info}


def _show_info(session: Session, found: Any) -> Iterable[str]:
    passed = since(found.get("started_at"))
    is_known = "go_version" in found or "started_at" in found

    def count(name: str, what: str) -> str:
        return f"{found.get(name) or 0} {what}" if is_known else NOTHING

    yield f"Server: {found['server']}"
    yield f"Version: {shown(found.get('version'))}"
    yield f"Status: {shown(found.get('status'))}"
    yield f"Uptime: {duration(int(passed)) if passed is not None else NOTHING}"
    yield f"Go: {shown(found.get('go_version'))}"
    yield f"Functions: {count('function_count', 'registered')}"
    yield f"Runs: {count('active_runs', 'active')}"
    yield f"Workers: {count('connected_workers', 'connected')}"


def _sql(session: Session) -> Any:
    given = session.given
    if not given["query"].strip():
        raise UsageError("the query is empty")
    client, wait = session.client, given["timeout"] / 1000 + _MARGIN
    if wait > client._options.timeout:
        client = client.with_options(timeout=wait)
    body = {
        "query": given["query"],
        "timeout_ms": given["timeout"],
        "max_rows": given["max_rows"],
    }
    return client.sql_query(body)  # type: ignore[arg-type]


def _show_rows(session: Session, reply: Any) -> Iterable[str]:
    columns = [str(name) for name in reply.get("columns") or []]
    rows = reply.get("rows") or []
    form = session.given["format"]
    if form == "table":
        return table_lines(columns, [[shown(cell) for cell in row] for row in rows], session.screen)
    if form == "csv":
        return _csv_lines([columns, *rows], session.screen)
    objects = [dict(zip(columns, row)) for row in rows]
    if form == "json":
        return [session.screen.json_text(objects)]
    return (session.screen.json_text(item, indent=None) for item in objects)


def _csv_lines(rows: Iterable[list[Any]], screen: Screen) -> Iterable[str]:
    import csv
    import io

    for row in rows:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([_csv_cell(cell, screen) for cell in row])
        yield line.getvalue()


def _csv_cell(value: Any, screen: Screen) -> str:
    """Return a value as CSV holds it: text as it is, nothing as nothing, all else as JSON."""
    text = "" if value is None else value if isinstance(value, str) else json_text(value)
    return plain(text) if screen.is_terminal else text


COMMANDS = [
    Command(
        "server info",
        "Show health, version and figures of the server.",
        run=_info,
        show=_show_info,
        no_curl=SEVERAL,
    ),
    Command(
        "sql",
        "Run a read-only SQL query.",
        Argument("query", "The query, a SELECT"),
        Flag("format", CHOICE, "How rows are written", default="table", choices=_FORMATS),
        Flag("timeout", MILLISECONDS, "How long the query may take", default=5000),
        Flag("max-rows", INT, "Maximum number of rows", default=1000),
        run=_sql,
        show=_show_rows,
        details="It sees one environment, that of IRONFLOW_ENV or the default one. Tables: events,"
        " runs, steps, functions, environments, projection_registry, projection_state.",
    ),
]
