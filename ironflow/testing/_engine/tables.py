"""The data of an environment as SQL tables.

Rules:

1. Only the tables that a query's text names are built; one that asks for SQLite's own list of
   tables gets all of them. Case does not matter, as in SQLite.
2. The tables of the product have a column for each member of their models; ``environments`` holds
   the current one only. A projection is a table of its own name, unless that name is taken.
3. The rows of a projection follow the shape of its state. With partitions: one for each, of
   ``partition_key`` and the state's members. A list of objects: one for each object. An object
   that holds nothing but objects: one for each, of ``key`` and its members. Any other object: one,
   of its members. Anything else: one with the column ``state``. Before the first event there is
   none.
4. Objects and arrays are JSON text, true and false are 1 and 0, what is absent is NULL. The JSON
   columns of the product's tables hold JSON in every row, for ``json_extract`` to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from .events import EventLog
from .projections import View, views_of
from .runs import Runs, functions_of
from .state import Environment, Record

COLUMNS = {
    "events": (
        "id", "name", "data", "metadata", "entity_id", "entity_type", "entity_version", "source",
        "version", "run_id", "idempotency_key", "webhook_source_id", "nats_seq", "processed",
        "environment_id", "timestamp", "created_at",
    ),
    "runs": (
        "id", "function_id", "function_version", "event_id", "status", "attempt", "max_attempts",
        "input", "output", "error", "execution_mode", "environment_id", "actor_id",
        "parent_run_id", "parent_step_id", "resume_from_step", "pause_requested", "pause_reason",
        "cancellation_cause", "worker_id", "claimed_by", "claimed_at", "timeout_at", "version",
        "started_at", "ended_at", "created_at", "updated_at",
    ),
    "steps": (
        "id", "run_id", "step_id", "step_type", "sequence", "status", "attempt", "max_attempts",
        "input", "input_hash", "output", "original_output", "error", "duration_ms",
        "environment_id", "child_run_id", "compensation_for", "idempotency_key",
        "invoke_timeout_ms", "next_retry_at", "patched_at", "patched_by", "sleep_until",
        "wait_event_id", "wait_event_name", "wait_event_match", "wait_timeout", "version",
        "started_at", "ended_at", "created_at", "updated_at",
    ),
    "functions": (
        "id", "slug", "name", "description", "status", "execution_mode", "triggers",
        "endpoint_url", "actor_key", "concurrency", "debounce", "metadata", "retry_attempts",
        "retry_backoff", "retry_delay_ms", "timeout_ms", "version", "created_at", "updated_at",
    ),
    "environments": ("id", "name", "project_id", "color", "created_at", "updated_at"),
    "projection_registry": (
        "name", "description", "environment_id", "type", "mode", "status", "events",
        "last_event_seq", "version", "error_message", "created_at", "updated_at",
    ),
    "projection_state": (
        "projection_name", "environment_id", "partition_key", "state", "last_event_id",
        "last_event_seq", "last_event_time", "version", "updated_at",
    ),
}  # fmt: skip

# Columns that are JSON whatever they hold: a run's output of "done" is the JSON string.
_JSON = frozenset(
    {"data", "error", "input", "metadata", "original_output", "output", "state", "wait_event_match"}
)


def tables_named(query: str, environment: Environment) -> list[Record]:
    """Return the tables that the text of a query names, each as ``name``, ``columns`` and ``rows``.

    The rows are lists of values that SQLite takes; they share nothing with the data.
    """
    text = query.casefold().replace('""', '"')
    views = views_of(environment)
    everything = "sqlite_" in text
    found = [
        _table(name, columns, _RECORDS[name](environment), _JSON)
        for name, columns in COLUMNS.items()
        if everything or name in text
    ]
    used = set(COLUMNS)
    for name, view in views.items():
        if (everything or name.casefold() in text) and name.lower() not in used:
            used.add(name.lower())
            found.append(_projection_table(name, view))
    return found


def _table(
    name: str,
    columns: tuple[str, ...],
    rows: Iterable[Record],
    json_columns: frozenset[str] = frozenset(),
) -> Record:
    values = [[_value(row.get(name), name in json_columns) for name in columns] for row in rows]
    return {"name": _encodable(name), "columns": columns, "rows": values}


def _states(environment: Environment) -> list[Record]:
    return [found for view in views_of(environment).values() for found in view.states.values()]


_RECORDS: dict[str, Callable[[Environment], Iterable[Record]]] = {
    "events": lambda environment: environment.of(EventLog).events,
    "runs": lambda environment: (run.record for run in environment.of(Runs).values()),
    "steps": lambda environment: environment.of(Runs).steps.values(),
    "functions": lambda environment: (f.record for f in functions_of(environment).values()),
    "environments": lambda environment: [environment.record],
    "projection_registry": lambda environment: (
        view.record() for view in views_of(environment).values()
    ),
    "projection_state": _states,
}


def _projection_table(name: str, view: View) -> Record:
    rows = [row for key, found in view.states.items() for row in _rows(view, key, found["state"])]
    # Before the first row, the columns are those of the initial state.
    columns = view.projection.columns or _columns(rows or _rows(view, "", view.projection.initial))
    return _table(name, columns or ("state",), rows)


def _rows(view: View, key: str, state: Any) -> list[Record]:
    if view.projection.partition_by is not None:
        members = state if isinstance(state, dict) else {"state": state}
        return [_named({"partition_key": key, **members})]
    if isinstance(state, list) and all(isinstance(item, dict) for item in state):
        return [_named(item) for item in state]
    if isinstance(state, dict) and all(isinstance(item, dict) for item in state.values()):
        return [_named({"key": key, **item}) for key, item in state.items()]
    return [_named(state if isinstance(state, dict) else {"state": state})]


def _named(row: Record) -> Record:
    """Return a row by names that SQLite takes; a reducer's keys may be anything."""
    return {_encodable(str(name)).replace("\0", "\ufffd"): value for name, value in row.items()}


def _columns(rows: list[Record]) -> tuple[str, ...]:
    """Return the names in all rows; of two that differ in case only, SQLite takes one."""
    columns: dict[bytes, str] = {}
    for row in rows:
        for name in row:
            columns.setdefault(name.encode().lower(), name)
    return tuple(columns.values())


def _value(value: Any, as_json: bool) -> Any:
    """Return a value as SQLite takes it."""
    if value is None:
        return None
    if as_json or isinstance(value, (dict, list, tuple)):
        return _encodable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return value
    return value if isinstance(value, float) else _encodable(str(value))


def _encodable(text: str) -> str:
    """Return text without the lone surrogates that JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
