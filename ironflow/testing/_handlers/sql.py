"""SQL: queries over the data of an environment, and projections that keep a table (RPC only).

Rule: a query only reads, and runs without the state's lock.
"""

from __future__ import annotations

from .._call import Call, Later
from .._engine.projections import view_of
from .._engine.queries import Queries, check_query
from .._engine.query_process import quoted
from .._engine.refusals import Refusal
from .._engine.sql_projections import create
from .._engine.state import Record
from .._engine.tables import tables_named
from ._table import route

_DEFAULT_TIMEOUT_MS = 5000
_MAX_TIMEOUT_MS = 60_000
_DEFAULT_ROWS = 1000
_MAX_ROWS = 10_000


@route("POST", "/api/v1/sql", reads=True)
def sql_create(call: Call) -> Later:
    body = call.body()
    query = body.text("query")
    check_query(query)
    timeout_ms = min(body.integer("timeout_ms", _DEFAULT_TIMEOUT_MS, low=1), _MAX_TIMEOUT_MS)
    max_rows = min(body.integer("max_rows", _DEFAULT_ROWS, low=1), _MAX_ROWS)
    queries, tables = call.state.of(Queries), tables_named(query, call.environment)
    return Later(lambda: queries.run(query, tables, timeout_ms, max_rows))


@route("POST", "/ironflow.v1.ProjectionService/CreateSQLProjection")
def create_sql_projection(call: Call) -> Record:
    body = call.body()
    handlers, events = body.members("event_handlers"), body.texts("events")
    if not handlers or not all(isinstance(text, str) for text in handlers.values()):
        raise Refusal(400, "event_handlers must be an object of SQL statements")
    if not events:
        raise Refusal(400, "events must name at least one event")
    projection = create(
        call.environment,
        body.text("name"),
        definition=body.text("table_sql"),
        events=events,
        handlers=handlers,
        description=body.text("description", ""),
    )
    view = view_of(call.environment, projection.name)
    return {"name": projection.name, "status": view.status}


@route("POST", "/ironflow.v1.ProjectionService/QuerySQLProjection")
def query_sql_projection(call: Call) -> Later:
    body = call.body()
    name, where, order = body.text("name"), body.text("where", ""), body.text("order_by", "")
    limit, offset = body.integer("limit", _MAX_ROWS, low=1), body.integer("offset", 0, low=0)
    view = view_of(call.environment, name)
    if not view.projection.columns:
        raise Refusal(400, f"{name} is not an SQL projection")
    query = f"SELECT * FROM {quoted(name)}"
    query += f" WHERE ({where}\n)" if where else ""
    query += f" ORDER BY {order}" if order else ""
    check_query(query)
    queries, tables = call.state.of(Queries), tables_named(query, call.environment)

    def give() -> Record:
        found = queries.run(query, tables, _DEFAULT_TIMEOUT_MS, _MAX_ROWS)
        rows = [{"values": row} for row in found["rows"][offset : offset + limit]]
        return {"columns": found["columns"], "rows": rows, "total_count": len(found["rows"])}

    return Later(give)
