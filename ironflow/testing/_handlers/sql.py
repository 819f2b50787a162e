"""Read-only SQL over the data of an environment; the query runs without the state's lock."""

from __future__ import annotations

from .._call import Call, Later
from .._engine.queries import Queries, check_query
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
