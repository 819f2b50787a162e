"""Commands whose output or exit code the reference gives, without an example line."""

from __future__ import annotations

from ..rows import RPC, Json, Row, Says, Sent, ago, answered
from .events import RESULTS, SYNC
from .projections import BATCH, caught_up, enveloped


def _projection(name, mode, status, events, sequence, seconds):
    return lambda: {
        "name": name,
        "environment_id": "env_default",
        "type": "state",
        "mode": mode,
        "status": status,
        "events": events,
        "last_event_seq": sequence,
        "version": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": ago(seconds),
    }


def _status(status, sequence, seconds):
    return lambda: {
        "name": "orders-by-customer",
        "status": status,
        "mode": "managed",
        "last_event_seq": sequence,
        "error_message": "",
        "updated_at": ago(seconds),
    }


_PROJECTIONS = [
    _projection("orders-by-customer", "managed", "active", ["a", "b", "c"], 1523, 150),
    _projection("inventory-tracker", "external", "rebuilding", ["a", "b"], 0, 15),
]
_STATUS = "/projections/orders-by-customer/status"
_STATUS_RPC = f"{RPC}ProjectionService/GetProjectionStatus"
_REBUILD = "/projections/orders-by-customer/rebuild"
_JOB = {
    "job_id": "rebuild-abc123",
    "projection_name": "orders-by-customer",
    "status": "running",
    "events_processed": 65000,
    "total_events": 100000,
    "progress": 0.65,
    "estimated_remaining": "1m15s",
}


def _action(action, method, reply, out):
    path = f"/projections/order-totals{action}"
    verb = out.split()[0].lower()
    word = {"paused": "pause", "resumed": "resume", "deleted": "delete"}[verb]
    return answered(
        f"ironflow projection {word} order-totals", out, method, path, {"status": reply}
    )


PROJECTIONS = [
    answered(
        "ironflow projection list",
        """
        NAME MODE STATUS EVENTS LAST SEQ UPDATED
        orders-by-customer managed active 3 1523 2m ago
        inventory-tracker external rebuilding 2 0 1<...>s ago
        """,
        "GET",
        "/projections",
        lambda: {"projections": [made() for made in _PROJECTIONS], "count": 2},
        may={"limit": ..., "offset": "0"},
    ),
    answered(
        "ironflow projection rebuild cancel orders-by-customer",
        'Rebuild cancelled for projection "orders-by-customer" (status: cancelled)',
        "POST",
        "/projections/orders-by-customer/cancel",
        {"status": "cancelled"},
    ),
    _action("/pause", "POST", "paused", 'Paused projection "order-totals" (status: paused)'),
    _action("/resume", "POST", "active", 'Resumed projection "order-totals" (status: active)'),
    _action("", "DELETE", "deleted", 'Deleted projection "order-totals"'),
]

# Only RPC tells the lag, and leaves a zero out. What else a status asks for is not said: what was
# sent is not compared.
STATUSES = [
    Row(
        "ironflow projection status orders-by-customer",
        """
        Name: orders-by-customer
        Status: active
        Mode: managed
        Last Event: 1523
        Lag: 0
        Updated: 2m ago
        """,
        None,
        replies=[
            ("GET", _STATUS, _status("active", 1523, 150)),
            ("POST", _STATUS_RPC, {"name": "orders-by-customer", "status": "active"}),
        ],
        err=None,
    ),
    Row(
        "ironflow projection status orders-by-customer",
        """
        Name: orders-by-customer
        Status: rebuilding
        Mode: managed
        Last Event: 0
        Lag: 1200
        Updated: 2m ago
        Rebuild Job:
        Job ID: rebuild-abc123
        Status: running
        Progress: 65.0%
        Processed: 65000 / 100000 events
        Started: 2m3<...>s ago
        ETA: 1m15s
        """,
        None,
        replies=[
            ("GET", _STATUS, _status("rebuilding", 0, 150)),
            ("POST", _STATUS_RPC, {"name": "orders-by-customer", "lag": "1200"}),
            ("GET", _REBUILD, lambda: {"job": {**_JOB, "started_at": ago(150)}}),
        ],
        err=None,
    ),
]


def _stream(entity_id, entity_type, version, seconds):
    return {
        "entity_id": entity_id,
        "entity_type": entity_type,
        "version": version,
        "event_count": version,
        "created_at": "2025-01-15T12:00:05Z",
        "updated_at": ago(seconds) if seconds else "2025-01-15T12:01:30Z",
    }


def _streams():
    listed = [
        _stream("order-1", "Order", 3, 150),
        _stream("order-2", "Order", 1, 330),
        _stream("user-1", "User", 2, 5400),
    ]
    return {"streams": listed, "count": 3, "total_count": 3}


def _registered(server, client):
    server.projection("order-totals", events=["order.placed"])(lambda state, event: state)


STATELESS = [
    Row(
        "ironflow projection get order-totals",
        """
        Name: order-totals
        Mode: managed
        Version: -
        Last Event ID: -
        Last Event At: -
        State: -
        """,
        [Sent("GET", "/projections/order-totals")],
        before=_registered,
    ),
]

STREAMS = [
    answered(
        "ironflow stream info order-1",
        """
        Entity ID: order-1
        Entity Type: Order
        Version: 3
        Events: 3
        Created: 2025-01-15T12:00:05Z
        Updated: 2025-01-15T12:01:30Z
        """,
        "GET",
        "/streams/order-1",
        _stream("order-1", "Order", 3, 0),
    ),
    answered(
        "ironflow stream list",
        """
        ENTITY_ID TYPE VERSION EVENTS UPDATED
        order-1 Order 3 3 2m ago
        order-2 Order 1 1 5m ago
        user-1 User 2 2 1h ago
        """,
        "GET",
        "/streams",
        _streams,
        query={"limit": "50"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow stream list --type Order --offset 20 --limit 10",
        Says("order-1", "order-2"),
        "GET",
        "/streams",
        _streams,
        query={"entity_type": "Order", "limit": "10", "offset": "20"},
    ),
]

POLICY = {
    "id": "pol_x1y2z3",
    "name": "allow-prod-reads",
    "effect": "allow",
    "actions": "functions:list,runs:read,events:subscribe",
    "resources": "irn:ironflow:*:*:prod:*",
    "condition": 'request.environment == "prod"',
    "org_id": "org_default",
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}
_SCHEMA = "/events/schemas/order.created/1"


OTHERS = [
    answered(
        "ironflow policy get pol_x1y2z3",
        """
        ID: pol_x1y2z3
        Name: allow-prod-reads
        Effect: allow
        Actions: functions:list,runs:read,events:subscribe
        Resources: irn:ironflow:*:*:prod:*
        Condition: request.environment == "prod"
        """,
        "GET",
        "/policies/pol_x1y2z3",
        POLICY,
    ),
    answered(
        "ironflow policy update pol_x1y2z3 --clear-condition",
        Says("pol_x1y2z3"),
        "PATCH",
        "/policies/pol_x1y2z3",
        {**POLICY, "condition": ""},
        body={"condition": ""},
    ),
    answered(
        "ironflow event schema delete order.created --version 1",
        "Deleted schema order.created (v1)",
        "DELETE",
        _SCHEMA,
        {"status": "deleted"},
    ),
    Row(
        "ironflow cb list --json",
        Json([]),
        [Sent("GET", "/circuit-breakers")],
    ),
    Row(
        "ironflow env create my-app --project proj_default_default",
        Says("my-app", "env_1"),
        [
            Sent(
                "POST",
                "/environments",
                body={"name": "my-app", "project_id": "proj_default_default"},
                may={"color": ""},
            )
        ],
    ),
]

_TIMED_OUT = {**caught_up(), "caughtUp": False, "timedOut": True, "behindByEvents": 7}
_ENDED = {"caughtUp": False, "timedOut": True, "currentSeq": 2, "targetSeq": 9}
_WAIT = "/projections/order-view/catchup"
_WAITING = [Sent("GET", _WAIT, {"minSeq": "9", "timeout": "1000"})]
_STREAM_RPC = f"{RPC}ProjectionService/WaitProjectionCatchupStream"
_EVENT = "/projections/wait-for-event"
_FAILED = {
    **RESULTS,
    "results": [
        {
            "runId": "run_abc123",
            "functionId": "process-order",
            "status": "RUN_STATUS_FAILED",
            "error": {"message": "card declined", "code": "DECLINED"},
            "durationMs": 1200,
        }
    ],
}


def _batch(code, *results):
    return answered(
        "ironflow projection wait-batch --file items.json --timeout 1s",
        Says(),
        "POST",
        BATCH,
        {"results": list(results)},
        body={"items": ..., "timeout_ms": 1000},
        files={"items.json": '[{"name": "a", "minSeq": 1}, {"name": "b", "minSeq": 1}]'},
        code=code,
        err=None,
    )


EXIT_CODES = [
    Row(
        "ironflow projection wait order-view --min-seq 9 --timeout 1s --json",
        Json(_TIMED_OUT),
        _WAITING,
        replies=[("GET", _WAIT, _TIMED_OUT)],
        code=1,
        err=None,
    ),
    Row(
        "ironflow projection wait order-view --min-seq 9 --timeout 1s",
        Says(),
        _WAITING,
        replies=[("GET", _WAIT, {"error": "projection is paused"}, 409)],
        code=2,
        err="error: projection is paused (<...>, HTTP 409)",
    ),
    Row(
        "ironflow projection wait order-view --min-seq many",
        Says(),
        [],
        code=2,
        err="error: <...>",
    ),
    Row(
        "ironflow projection wait order-view", Says(), [], code=2, err="error: <...>--min-seq<...>"
    ),
    answered(
        "ironflow projection wait order-view --min-seq 9 --stream --json",
        Json(lambda reply: reply.items() >= _ENDED.items()),
        "POST",
        _STREAM_RPC,
        enveloped(
            {
                "kind": "WAIT_STREAM_FRAME_KIND_DONE",
                "currentSeq": "2",
                "targetSeq": "9",
                "timedOut": True,
            }
        ),
        body={"name": ..., "min_seq": "9", "timeout": "30s"},
        code=1,
        err=None,
    ),
    answered(
        "ironflow projection wait-for-event evt_abc --projection order-view --timeout 1s",
        Says(),
        "POST",
        _EVENT,
        _TIMED_OUT,
        body={"event_id": ..., "projection": ..., "timeout_ms": 1000},
        code=1,
        err=None,
    ),
    _batch(0, {"result": caught_up()}, {"result": caught_up()}),
    _batch(1, {"result": caught_up()}, {"result": _TIMED_OUT}),
    _batch(2, {"result": _TIMED_OUT}, {"error": "projection not found"}),
    answered(
        "ironflow emit order.placed --wait",
        Says('Emitting event "order.placed"', "process-order", "RUN_STATUS_FAILED", "1200ms"),
        "POST",
        SYNC,
        _FAILED,
        body={"event": ..., "data": {}, "timeout_ms": 30000},
        code=1,
        err=None,
    ),
    answered(
        "ironflow invoke process-order --json",
        Json(lambda reply: "card declined" in str(reply)),
        "POST",
        SYNC,
        _FAILED,
        body={"event": ..., "data": {}, "timeout_ms": 30000},
        code=1,
        err=None,
    ),
]

ROWS = [*PROJECTIONS, *STATUSES, *STATELESS, *STREAMS, *OTHERS, *EXIT_CODES]
