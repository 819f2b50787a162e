"""Example lines of events, their schemas, and direct invocations."""

from __future__ import annotations

import json

from ..rows import RPC, Json, Loose, Row, Says, Sent, answered

SYNC = f"{RPC}IronflowService/TriggerSync"
RESULTS = {
    "results": [
        {
            "runId": "run_abc123",
            "functionId": "process-order",
            "status": "RUN_STATUS_COMPLETED",
            "output": {"order_confirmed": True},
            "durationMs": 1200,
        },
        {
            "runId": "run_def456",
            "functionId": "send-notification",
            "status": "RUN_STATUS_COMPLETED",
            "output": {"email_sent": True},
            "durationMs": 300,
        },
    ],
    "eventId": "evt_01HN8K3X5Y",
}
_RESULTS_JSON = {
    "results": [
        {
            "run_id": "run_abc123",
            "function_id": "process-order",
            "status": "RUN_STATUS_COMPLETED",
            "output": {"order_confirmed": True},
            "duration_ms": 1200,
        },
        {
            "run_id": "run_def456",
            "function_id": "send-notification",
            "status": "RUN_STATUS_COMPLETED",
            "output": {"email_sent": True},
            "duration_ms": 300,
        },
    ],
    "event_id": "evt_01HN8K3X5Y",
}
_WAITED = """
Emitting event "order.placed" and waiting for completion (timeout: 30s)...
✓ process-order RUN_STATUS_COMPLETED 1200ms {"order_confirmed":true}
✓ send-notification RUN_STATUS_COMPLETED 300ms {"email_sent":true}
"""
_MAY = {"metadata": {}, "version": 1}


def _listening(*names):
    """Two functions that the events start, as in the reference's output."""

    def before(server, client):
        for function_id in ("process-order", "send-notification"):
            server.function(function_id, triggers=names)(lambda event: {"done": True})

    return before


def _started(name):
    return f"Event emitted: evt_1 ({name})\nTriggered 2 run(s): run_1, run_2"


def _emitted(name, data, **body):
    may = {key: value for key, value in _MAY.items() if key not in body}
    return Sent("POST", "/events", body={"name": name, "data": data, **body}, may=may)


def _synced(event, data, timeout_ms):
    body = {"event": event, "data": data, "timeout_ms": timeout_ms}
    return Sent("POST", SYNC, body=body, may={**_MAY, "idempotency_key": ...})


EMIT = [
    Row(
        'ironflow emit order.placed --data \'{"order_id": "123", "total": 99.99}\'',
        _started("order.placed"),
        [_emitted("order.placed", {"order_id": "123", "total": 99.99})],
        before=_listening("order.placed"),
    ),
    Row(
        "ironflow emit user.signup --data-file ./test-user.json",
        _started("user.signup"),
        [_emitted("user.signup", {"email": "ann@example.com"})],
        files={"test-user.json": '{"email": "ann@example.com"}\n'},
        before=_listening("user.*"),
    ),
    Row(
        'echo \'{"batch_id": "daily"}\' | ironflow emit cron.daily',
        _started("cron.daily"),
        [_emitted("cron.daily", {"batch_id": "daily"})],
        before=_listening("cron.daily"),
    ),
    Row(
        "ironflow emit cache.invalidate",
        Says("Event emitted: evt_1 (cache.invalidate)\n"),
        [_emitted("cache.invalidate", {})],
    ),
    Row(
        'ironflow emit order.placed --data \'{"order_id": "123"}\' --wait',
        _WAITED,
        [_synced("order.placed", {"order_id": "123"}, 30000)],
        replies=[("POST", SYNC, RESULTS)],
    ),
    Row(
        "ironflow emit video.uploaded --data-file ./meta.json --wait --timeout 120s",
        _WAITED.replace("order.placed", "video.uploaded").replace("30s", "<...>"),
        [_synced("video.uploaded", {"codec": "av1"}, 120000)],
        replies=[("POST", SYNC, RESULTS)],
        files={"meta.json": '{"codec": "av1"}'},
    ),
    Row(
        "ironflow emit order.placed --data '{}' --wait --json | jq '.results[0]'",
        Json(_RESULTS_JSON),
        [_synced("order.placed", {}, 30000)],
        replies=[("POST", SYNC, RESULTS)],
    ),
    Row(
        "ironflow emit order.placed --data '{}' -m source=cli -m env=dev",
        Says("Event emitted: evt_1 (order.placed)\n"),
        [_emitted("order.placed", {}, metadata={"source": "cli", "env": "dev"})],
    ),
    Row(
        'ironflow emit order.placed --data \'{"order_id": "123"}\' --version 2',
        Says("Event emitted: evt_1 (order.placed)\n"),
        [_emitted("order.placed", {"order_id": "123"}, version=2)],
    ),
]

_TYPED = '{"type":"object"}'


def _is_object_schema(text):
    return json.loads(text) == {"type": "object"}


def _registered(version, **body):
    return Sent(
        "POST",
        "/events/schemas",
        body={
            "event_name": "order.created",
            "version": version,
            "schema_json": _is_object_schema,
            **body,
        },
        may={} if body else {"description": ""},
    )


def _schema(version, description, moment):
    return {
        "event_name": "order.created",
        "version": version,
        "description": description,
        "schema_json": '{"type":"object","properties":{"id":{"type":"string"},'
        '"address":{"type":"object"}}}',
        "environment_id": "env_default",
        "created_at": moment,
    }


_SECOND = _schema(2, "Added address field", "2025-01-20T09:30:00Z")
SCHEMAS_REPLY = {
    "schemas": [_schema(1, "Order created event", "2025-01-15T12:00:05Z"), _SECOND],
    "count": 2,
    "total_count": 2,
}
_SCHEMAS_OUT = """
EVENT VERSION DESCRIPTION REGISTERED
order.created 1 Order created event 2025-01-15 12:00:05
order.created 2 Added address field 2025-01-20 09:30:00
"""
_SCHEMA_OUT = """
Event: order.created
Version: 2
Description: Added address field
Registered: 2025-01-20 09:30:00
Schema:
{"type":"object","properties":{"id":{"type":"string"},"address":{"type":"object"}}}
"""


def _upcasters(server, client):
    server.upcaster("order.created", 1, description="added priority field")(
        lambda data: {**data, "customerId": "456", "priority": "normal"}
    )
    server.upcaster("order.created", 2, description="added currency")(
        lambda data: {**data, "currency": "EUR"}
    )


_UPCAST = Loose(
    """
    Steps applied:
    FROM TO DESCRIPTION
    1 2 added priority field

    Result data:
    { "orderId": "123", "customerId": "456", "priority": "normal" }
    """
)


def _upcast(last, data):
    body = {"event_name": "order.created", "from_version": 1, "to_version": last, "data": data}
    return Sent("POST", "/events/upcast", body=body)


SCHEMAS = [
    Row(
        "ironflow event schema register order.created --version 1 --file schema.json",
        Says("order.created", "1"),
        [_registered(1)],
        files={"schema.json": '{\n  "type": "object"\n}\n'},
    ),
    Row(
        f"ironflow event schema register order.created --version 1 --schema '{_TYPED}'",
        Says("order.created", "1"),
        [_registered(1)],
    ),
    Row(
        "ironflow event schema register order.created --version 2 --file schema-v2.json "
        '--description "Added address field"',
        Says("order.created", "2"),
        [_registered(2, description="Added address field")],
        files={"schema-v2.json": _TYPED},
        after=lambda client, _: (
            client.schemas_get("order.created")["description"] == "Added address field"
        ),
    ),
    answered(
        "ironflow event schema list",
        _SCHEMAS_OUT,
        "GET",
        "/events/schemas",
        SCHEMAS_REPLY,
        query={"limit": "100"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow event schema list --event order.created",
        _SCHEMAS_OUT,
        "GET",
        "/events/schemas",
        SCHEMAS_REPLY,
        query={"event_name": "order.created", "limit": "100"},
    ),
    answered(
        "ironflow event schema list --json",
        Json(SCHEMAS_REPLY),
        "GET",
        "/events/schemas",
        SCHEMAS_REPLY,
        query={"limit": "100"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow event schema get order.created",
        Loose(_SCHEMA_OUT),
        "GET",
        "/events/schemas/order.created",
        _SECOND,
    ),
    answered(
        "ironflow event schema get order.created --version 2",
        Loose(_SCHEMA_OUT),
        "GET",
        "/events/schemas/order.created/2",
        _SECOND,
    ),
    answered(
        "ironflow event schema get order.created --json",
        Json(_SECOND),
        "GET",
        "/events/schemas/order.created",
        _SECOND,
    ),
    Row(
        'ironflow event upcast order.created --from 1 --to 2 --data \'{"orderId":"123"}\'',
        _UPCAST,
        [_upcast(2, {"orderId": "123"})],
        before=_upcasters,
    ),
    Row(
        "ironflow event upcast order.created --from 1 --to 2 --data-file event.json",
        _UPCAST,
        [_upcast(2, {"orderId": "123"})],
        files={"event.json": '{"orderId": "123"}'},
        before=_upcasters,
    ),
    Row(
        "ironflow event upcast order.created --from 1 --to 3 --data '{}' --json",
        Json(
            {
                "data": {"customerId": "456", "priority": "normal", "currency": "EUR"},
                "steps_applied": [
                    {"from_version": 1, "to_version": 2, "description": "added priority field"},
                    {"from_version": 2, "to_version": 3, "description": "added currency"},
                ],
            }
        ),
        [_upcast(3, {})],
        before=_upcasters,
    ),
]

_PROCESSED = {**RESULTS, "results": RESULTS["results"][:1]}
_INVOKED = """
Invoking process-order (timeout: 30s)...
✓ process-order completed in 1200ms
Output: {"order_confirmed":true}
"""


def processed(name):
    return {**_PROCESSED, "results": [{**_PROCESSED["results"][0], "functionId": name}]}


INVOKE = [
    Row(
        'ironflow invoke process-order --data \'{"order_id": "123"}\'',
        _INVOKED,
        [_synced("ironflow.invoke.process-order", {"order_id": "123"}, 30000)],
        replies=[("POST", SYNC, _PROCESSED)],
    ),
    Row(
        'ironflow invoke send-notification --data \'{"user_id": "456"}\' --no-wait',
        """
        Invoked send-notification (event: evt_1)
        Run ID: run_1
        """,
        [Sent("POST", "/functions/send-notification/invoke", body={"data": {"user_id": "456"}})],
        before=_listening("order.placed"),
    ),
    Row(
        "ironflow invoke generate-report --data '{}' --timeout 120s",
        _INVOKED.replace("process-order", "generate-report").replace("30s", "<...>"),
        [_synced("ironflow.invoke.generate-report", {}, 120000)],
        replies=[("POST", SYNC, processed("generate-report"))],
    ),
    Row(
        "cat complex-input.json | ironflow invoke generate-report",
        _INVOKED.replace("process-order", "generate-report"),
        [_synced("ironflow.invoke.generate-report", {"months": [1, 2]}, 30000)],
        replies=[("POST", SYNC, processed("generate-report"))],
        files={"complex-input.json": '{"months": [1, 2]}'},
    ),
    Row(
        'ironflow invoke process-order --data \'{"order_id": "123"}\' --json',
        Json({**_RESULTS_JSON, "results": _RESULTS_JSON["results"][:1]}),
        [_synced("ironflow.invoke.process-order", {"order_id": "123"}, 30000)],
        replies=[("POST", SYNC, _PROCESSED)],
    ),
]
