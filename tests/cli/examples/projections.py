"""Example lines of projections; those that watch one are in ``live``."""

from __future__ import annotations

import json
import struct

from ..rows import RPC, Json, Row, Says, Sent, ago, answered

_REBUILD = "/projections/orders-by-customer/rebuild"


def job(status):
    return {
        "job": {
            "job_id": "rebuild-abc123",
            "projection_name": "orders-by-customer",
            "status": status,
            "events_processed": 0,
            "total_events": 100000,
            "progress": 0.0,
        }
    }


_STARTED = """
Rebuild started
Job ID: rebuild-abc123
Projection: orders-by-customer
Status: running
Total Events: 100000
"""
_NOT_STARTED = """
Dry run — rebuild not started
Job ID: rebuild-abc123
Projection: orders-by-customer
Status: dry_run
Total Events: 100000
"""


def _rebuild(flags, out=_STARTED, status="running", **body):
    may = {} if body.get("dry_run") else {"dry_run": False}
    return answered(
        f"ironflow projection rebuild orders-by-customer{flags}",
        out,
        "POST",
        _REBUILD,
        job(status),
        body=body,
        may=may,
    )


REBUILDS = [
    _rebuild(""),
    _rebuild(" --from evt_123", from_event_id="evt_123"),
    _rebuild(" --partition customer-123", partition="customer-123"),
    _rebuild(" --dry-run", _NOT_STARTED, "dry_run", dry_run=True),
    _rebuild(" --from evt_123 --to evt_456", from_event_id="evt_123", to_event_id="evt_456"),
]

_STATE = {"total_orders": 42, "total_revenue": 12500.5}


def _order_totals(partition="__global__", moment=None):
    moment = moment or ago(150)
    return {
        "name": "order-totals",
        "environment_id": "env_default",
        "type": "state",
        "mode": "managed",
        "status": "active",
        "events": ["order.placed"],
        "last_event_seq": 1523,
        "version": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": moment,
        "state": {
            "projection_name": "order-totals",
            "environment_id": "env_default",
            "partition_key": partition,
            "state": _STATE,
            "last_event_id": "evt_01HN8K3X5Y",
            "last_event_seq": 1523,
            "last_event_time": moment,
            "updated_at": moment,
            "version": 15,
        },
    }


_TOTALS_OUT = """
Name: order-totals
Mode: managed
Version: 15
Last Event ID: evt_01HN8K3X5Y
Last Event At: 2m ago
State: {
  "total_orders": 42,
  "total_revenue": 12500.5
}
"""
_FIXED = _order_totals(moment="2026-01-01T00:00:00Z")

STATES = [
    answered(
        "ironflow projection get order-totals",
        _TOTALS_OUT,
        "GET",
        "/projections/order-totals",
        _order_totals,
    ),
    answered(
        "ironflow projection get order-totals --partition tenant-123",
        _TOTALS_OUT,
        "GET",
        "/projections/order-totals",
        lambda: _order_totals("tenant-123"),
        query={"partition": "tenant-123"},
    ),
    answered(
        "ironflow projection get order-totals --json",
        Json(_FIXED),
        "GET",
        "/projections/order-totals",
        _FIXED,
    ),
]

_SQL_RPC = f"{RPC}ProjectionService/CreateSQLProjection"
_TOTALS_SQL = "CREATE TABLE proj_order_totals (order_id TEXT PRIMARY KEY, amount NUMERIC)"
_TOTALS_INSERT = "INSERT INTO proj_order_totals (order_id, amount) VALUES (:entity_id, :data.total)"
_TOTALS_CREATED = [("POST", _SQL_RPC, {"name": "order-totals", "status": "active"})]
_TOTALS = {
    "name": "order-totals",
    "table_sql": _TOTALS_SQL,
    "events": ["order.placed"],
    "event_handlers": {"order.placed": _TOTALS_INSERT},
}

SQL = [
    Row(
        f'ironflow projection create order-totals --sql "{_TOTALS_SQL}" '
        f'--event "order.placed" --event-handler "order.placed={_TOTALS_INSERT}"',
        'Created SQL projection "order-totals" (status: active)',
        [Sent("POST", _SQL_RPC, body=_TOTALS, may={"description": ""})],
        replies=_TOTALS_CREATED,
    ),
    Row(
        "ironflow projection create order-totals --sql-file projection.sql "
        f'--event "order.placed" --event-handler "order.placed={_TOTALS_INSERT}" '
        '--description "Order totals"',
        'Created SQL projection "order-totals" (status: active)',
        [
            Sent(
                "POST",
                _SQL_RPC,
                body={
                    **_TOTALS,
                    "table_sql": lambda sql: sql.strip() == _TOTALS_SQL,
                    "description": "Order totals",
                },
            )
        ],
        replies=_TOTALS_CREATED,
        files={"projection.sql": f"{_TOTALS_SQL}\n"},
    ),
    answered(
        "ironflow projection create board "
        '--sql "CREATE TABLE proj_board (id TEXT PRIMARY KEY, title TEXT, status TEXT)" '
        '--event "issue.created" --event "issue.status_changed" '
        '--event-handler "issue.created=INSERT INTO proj_board (id, title, status) '
        "VALUES (:entity_id, :data.title, 'OPEN')\" "
        '--event-handler "issue.status_changed=UPDATE proj_board SET status = :data.to '
        'WHERE id = :entity_id" --json',
        Json({"name": "board", "status": "active"}),
        "POST",
        _SQL_RPC,
        {"name": "board", "status": "active"},
        body={
            "name": "board",
            "table_sql": "CREATE TABLE proj_board (id TEXT PRIMARY KEY, title TEXT, status TEXT)",
            "events": ["issue.created", "issue.status_changed"],
            "event_handlers": {
                "issue.created": "INSERT INTO proj_board (id, title, status) "
                "VALUES (:entity_id, :data.title, 'OPEN')",
                "issue.status_changed": "UPDATE proj_board SET status = :data.to "
                "WHERE id = :entity_id",
            },
        },
        may={"description": ""},
    ),
]


def caught_up(target=1234):
    return {
        "caughtUp": True,
        "timedOut": False,
        "currentSeq": 1240,
        "targetSeq": target,
        "behindByEvents": 0,
        "rebuilding": False,
        "mode": "managed",
    }


_CATCHUP = "/projections/order-view/catchup"
_STREAM = f"{RPC}ProjectionService/WaitProjectionCatchupStream"
_FRAME = {"targetSeq": "1234", "mode": "managed"}


def enveloped(*messages):
    """The reply of a Connect stream: envelopes, and the one that ends it."""
    ends = [(0, message) for message in messages] + [(2, {})]
    texts = [(flag, json.dumps(message).encode()) for flag, message in ends]
    return b"".join(struct.pack(">BI", flag, len(text)) + text for flag, text in texts)


_FRAMES = enveloped(
    {**_FRAME, "kind": "WAIT_STREAM_FRAME_KIND_PROGRESS", "currentSeq": "1200"},
    {**_FRAME, "kind": "WAIT_STREAM_FRAME_KIND_HEARTBEAT", "currentSeq": "1200"},
    {**_FRAME, "kind": "WAIT_STREAM_FRAME_KIND_DONE", "currentSeq": "1234", "caughtUp": True},
)
_ITEMS = """[
  {"name": "order-view", "minSeq": 42, "partition": "tenant-1"},
  {"name": "inventory", "minSeq": 42}
]
"""
BATCH = "/projections/catchup/batch"
_BATCH_REPLY = {"results": [{"result": caught_up(42)}, {"result": caught_up(42)}]}


def _wait(flags, out, milliseconds, **query):
    return answered(
        f"ironflow projection wait order-view --min-seq 1234{flags}",
        out,
        "GET",
        _CATCHUP,
        caught_up(),
        query={"minSeq": "1234", "timeout": milliseconds, **query},
        err=None,
    )


def _wait_for_event(flags, out, milliseconds):
    return answered(
        f"ironflow projection wait-for-event evt_abc --projection order-view{flags}",
        out,
        "POST",
        "/projections/wait-for-event",
        caught_up(),
        body={
            "event_id": "evt_abc",
            "projection": "order-view",
            "timeout_ms": milliseconds,
        },
        may={"partition": ""},
        err=None,
    )


def _wait_batch(milliseconds):
    return Sent(
        "POST",
        BATCH,
        body={
            "items": [
                {"name": "order-view", "min_seq": "42", "partition": "tenant-1"},
                {"name": "inventory", "min_seq": "42"},
            ],
            "timeout_ms": milliseconds,
        },
    )


WAITS = [
    _wait("", Says("order-view"), "30000"),
    _wait(" --timeout 10s", Says("order-view"), "10000"),
    _wait(" --partition tenant-1 --json", Json(caught_up()), "30000", partition="tenant-1"),
    answered(
        "ironflow projection wait order-view --min-seq 1234 --stream --timeout 5m",
        Says("1200", "1234"),
        "POST",
        _STREAM,
        _FRAMES,
        body={"name": "order-view", "min_seq": "1234", "timeout": "300s"},
        may={"partition": ""},
        err=None,
    ),
    _wait_for_event("", Says("order-view"), 30000),
    _wait_for_event(" --timeout 10s --json", Json(caught_up()), 10000),
    Row(
        "ironflow projection wait-batch --file items.json",
        Says("order-view", "inventory"),
        [_wait_batch(30000)],
        replies=[("POST", BATCH, _BATCH_REPLY)],
        files={"items.json": _ITEMS},
        err=None,
    ),
    Row(
        "jq '...' | ironflow projection wait-batch --file - --timeout 10s --json",
        Json(_BATCH_REPLY),
        [_wait_batch(10000)],
        replies=[("POST", BATCH, _BATCH_REPLY)],
        stdin=_ITEMS,
        err=None,
    ),
]

PROJECTIONS = [*REBUILDS, *STATES, *SQL, *WAITS]
