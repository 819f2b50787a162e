"""Projections that keep an SQL table: creating and querying them, which exists as RPC only."""

from __future__ import annotations

from .._call import Call, Later
from .._engine.projections import view_of
from .._engine.queries import Queries, check_query
from .._engine.refusals import Refusal
from .._engine.sql_projections import create
from .._engine.state import Record
from .._engine.tables import tables_named
from ._table import route

_TIMEOUT_MS = 5000
_MOST_ROWS = 10_000


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
    limit, offset = body.integer("limit", _MOST_ROWS, low=1), body.integer("offset", 0, low=0)
    view = view_of(call.environment, name)
    if not view.projection.columns:
        raise Refusal(400, f"{name} is not an SQL projection")
    quoted = name.replace('"', '""')
    query = f'SELECT * FROM "{quoted}"'
    query += f" WHERE ({where}\n)" if where else ""
    query += f" ORDER BY {order}" if order else ""
    check_query(query)
    queries, tables = call.state.of(Queries), tables_named(query, call.environment)

    def give() -> Record:
        found = queries.run(query, tables, _TIMEOUT_MS, _MOST_ROWS)
        rows = [{"values": row} for row in found["rows"][offset : offset + limit]]
        return {"columns": found["columns"], "rows": rows, "total_count": len(found["rows"])}

    return Later(give)
