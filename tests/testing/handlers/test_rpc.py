"""RPC methods that have a twin in REST: each over the wire, by what the product would send."""

from __future__ import annotations

import re

import pytest

from ironflow._routes import ROUTES
from ironflow._rpc_methods import METHODS
from ironflow.testing._handlers import HANDLERS
from ironflow.testing._handlers.rpc import OFFERED

from ..connect import refusal, rpc

TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
MS = {"durationMs"}


def shown(value):
    """A message with its times as T, and without what depends on the machine's speed."""
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items() if name not in MS}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return "T" if isinstance(value, str) and TIME.fullmatch(value) else value


@pytest.fixture
def shop(local, local_client):
    """A server with a run that failed, a stream, a projection, a schema and a message."""

    @local.function("pack", triggers=["order.placed"], description="Packs", max_attempts=2)
    def pack(event, step):
        step.run("price", lambda: {"total": 15})
        step.run("ship", lambda: [][0])

    @local.projection("orders", events=["order.>"], initial={"count": 0})
    def orders(state, event):
        state["count"] += 1

    local.upcaster("order.placed", 1, description="adds a currency")(
        lambda data: {**data, "currency": "EUR"}
    )
    append = {"entity_type": "order", "event_name": "order.paid", "data": {"snake_case": 1}}
    local_client.streams_events("order-1", body=append)
    local_client.events_create(body={"name": "order.placed", "data": {"orderId": 7}})
    local.wait_until_idle()
    schema = {"event_name": "order.placed", "version": 1, "schema_json": "{}"}
    local_client.schemas_create(body=schema)
    return local


FUNCTION = {
    "id": "pack",
    "name": "pack",
    "description": "Packs",
    "triggers": [{"event": "order.placed"}],
    "retry": {"maxAttempts": 2, "backoffFactor": 1.0},
    "preferredMode": "EXECUTION_MODE_PUSH",
    "status": "FUNCTION_STATUS_ACTIVE",
    "version": 1,
    "createdAt": "T",
    "updatedAt": "T",
}
ERROR = {"code": "IndexError", "message": "list index out of range"}
RUN = {
    "id": "run_1",
    "functionId": "pack",
    "eventId": "evt_2",
    "executionMode": "EXECUTION_MODE_PUSH",
    "input": {"orderId": 7},
    "error": ERROR,
    "status": "RUN_STATUS_FAILED",
    "attempt": 2,
    "maxAttempts": 2,
    "startedAt": "T",
    "endedAt": "T",
    "createdAt": "T",
    "updatedAt": "T",
    "functionVersion": 1,
}
STEPS = [
    {
        "id": "step_1",
        "runId": "run_1",
        "stepId": "price",
        "stepType": "STEP_TYPE_INVOKE",
        "sequence": 1,
        "status": "STEP_STATUS_COMPLETED",
        "output": {"total": 15},
        "attempt": 1,
        "startedAt": "T",
        "endedAt": "T",
    },
    {
        "id": "step_2",
        "runId": "run_1",
        "stepId": "ship",
        "stepType": "STEP_TYPE_INVOKE",
        "sequence": 2,
        "status": "STEP_STATUS_FAILED",
        "error": ERROR,
        "attempt": 2,
        "startedAt": "T",
        "endedAt": "T",
    },
]
STREAM = {
    "entityId": "order-1",
    "entityType": "order",
    "version": "1",
    "eventCount": "1",
    "createdAt": "T",
    "updatedAt": "T",
}
CAUGHT_UP = {"caughtUp": True, "currentSeq": "2", "targetSeq": "2", "mode": "managed"}
DEFAULT = {"id": "env_default", "name": "default", "createdAt": "T", "updatedAt": "T"}

# Method, request, reply. A request of several words comes in camelCase or in snake_case.
TWINS = [
    ("IronflowService/GetFunction", {"id": "pack"}, FUNCTION),
    ("IronflowService/ListFunctions", {}, {"functions": [FUNCTION], "totalCount": 1}),
    ("IronflowService/ListFunctions", {"status": "FUNCTION_STATUS_PAUSED"}, {}),
    ("IronflowService/GetRun", {"id": "run_1"}, RUN),
    ("IronflowService/ListRuns", {"limit": 5}, {"runs": [RUN], "totalCount": 1}),
    ("IronflowService/ListRuns", {"status": "RUN_STATUS_COMPLETED"}, {}),
    ("IronflowService/ListRuns", {"functionId": "other"}, {}),
    ("IronflowService/ListRuns", {"function_id": "pack", "cursor": "1"}, {"totalCount": 1}),
    ("IronflowService/GetRunSteps", {"runId": "run_1"}, {"steps": STEPS}),
    (
        "IronflowService/PatchStep",
        {"stepId": "step_1", "output": {"total": 5}, "reason": "cheaper"},
        {
            **STEPS[0],
            "output": {"total": 5},
            "originalOutput": {"total": 15},
            "patchedAt": "T",
            "patchedBy": "user_admin",
        },
    ),
    ("IronflowService/Health", {}, {"status": "healthy", "timestamp": "T"}),
    (
        "QueryService/ExecuteSQL",
        {"query": "SELECT id, status FROM runs", "maxRows": 1},
        {"columns": ["id", "status"], "rows": [{"values": ["run_1", "failed"]}], "totalRows": 1},
    ),
    (
        "EntityStreamService/AppendEvent",
        {
            "entityId": "order-1",
            "entityType": "order",
            "eventName": "order.sent",
            "data": {},
            "expectedVersion": "1",
        },
        {"entityVersion": "2", "eventId": "evt_3", "sequence": "3"},
    ),
    (
        "EntityStreamService/ReadStream",
        {"entityId": "order-1", "direction": "backward"},
        {
            "events": [
                {
                    "id": "evt_1",
                    "name": "order.paid",
                    "data": {"snake_case": 1},
                    "entityVersion": "1",
                    "version": 1,
                    "timestamp": "T",
                    "source": "api",
                }
            ],
            "totalCount": 1,
        },
    ),
    ("EntityStreamService/GetStreamInfo", {"entityId": "order-1"}, STREAM),
    ("EntityStreamService/ListStreams", {}, {"streams": [STREAM], "totalCount": 1}),
    (
        "EntityStreamService/GetEntityHistory",
        {"entityId": "order-1"},
        {
            "entries": [
                {
                    "eventId": "evt_1",
                    "eventName": "order.paid",
                    "eventData": {"snake_case": 1},
                    "entityVersion": "1",
                    "schemaVersion": 1,
                    "source": "api",
                    "timestamp": "T",
                }
            ],
            "totalEvents": "1",
            "info": {
                "entityId": "order-1",
                "entityType": "order",
                "currentVersion": "1",
                "totalEventCount": "1",
                "createdAt": "T",
                "updatedAt": "T",
            },
        },
    ),
    (
        "EntityStreamService/CreateSnapshot",
        {"entityId": "order-1", "entityType": "order", "entityVersion": "1", "state": {"a": 1}},
        {"snapshotId": "snap_1"},
    ),
    ("EnvironmentService/ListEnvironments", {}, {"environments": [DEFAULT]}),
    (
        "EnvironmentService/CreateEnvironment",
        {"name": "staging"},
        {"id": "env_1", "name": "staging", "createdAt": "T", "updatedAt": "T"},
    ),
    (
        "EventSchemaService/GetSchema",
        {"eventName": "order.placed"},
        {"eventName": "order.placed", "version": 1, "schemaJson": "{}", "createdAt": "T"},
    ),
    (
        "EventSchemaService/GetSchema",
        {"eventName": "order.placed", "version": 1},
        {"eventName": "order.placed", "version": 1, "schemaJson": "{}", "createdAt": "T"},
    ),
    ("EventSchemaService/DeleteSchema", {"eventName": "order.placed", "version": 1}, {}),
    (
        "EventSchemaService/TestUpcast",
        {"eventName": "order.placed", "fromVersion": 1, "toVersion": 2, "data": {"a_b": 1}},
        {
            "data": {"a_b": 1, "currency": "EUR"},
            "stepsApplied": [{"fromVersion": 1, "toVersion": 2, "description": "adds a currency"}],
        },
    ),
    (
        "ProjectionService/GetProjection",
        {"name": "orders"},
        {
            "name": "orders",
            "partition": "__global__",
            "state": {"count": 2},
            "lastEventId": "evt_2",
            "lastEventTime": "T",
            "version": "2",
            "mode": "managed",
        },
    ),
    (
        "ProjectionService/ListProjections",
        {"mode": "managed"},
        {
            "projections": [
                {
                    "name": "orders",
                    "mode": "managed",
                    "status": "active",
                    "events": ["order.>"],
                    "version": 2,
                    "lastEventSeq": "2",
                    "createdAt": "T",
                    "updatedAt": "T",
                }
            ],
            "totalCount": 1,
        },
    ),
    (
        "ProjectionService/GetProjectionStatus",
        {"name": "orders"},
        {
            "name": "orders",
            "status": "active",
            "mode": "managed",
            "lastEventSeq": "2",
            "updatedAt": "T",
        },
    ),
    ("ProjectionService/PauseProjection", {"name": "orders"}, {"status": "paused"}),
    ("ProjectionService/ResumeProjection", {"name": "orders"}, {"status": "active"}),
    ("ProjectionService/UnregisterProjection", {"name": "orders"}, {}),
    (
        "ProjectionService/RebuildProjection",
        {"name": "orders", "dryRun": True},
        {
            "job": {
                "jobId": "job_1",
                "projectionName": "orders",
                "status": "dry_run",
                "totalEvents": "2",
                "startedAt": "T",
            }
        },
    ),
    ("ProjectionService/GetRebuildJob", {"name": "orders"}, {}),
    (
        "ProjectionService/WaitProjectionCatchup",
        {"name": "orders", "minSeq": "2", "timeout": "1.5s"},
        CAUGHT_UP,
    ),
    (
        "ProjectionService/WaitProjectionCatchupBatch",
        {"items": [{"name": "orders", "minSeq": 2}, {"name": "gone", "min_seq": "0"}]},
        {"results": [{"result": CAUGHT_UP}, {"error": "projection not found"}]},
    ),
    ("ProjectionService/WaitForEvent", {"eventId": "evt_2", "projection": "orders"}, CAUGHT_UP),
    (
        "PubSubService/Publish",
        {"topic": "orders", "data": {"a_b": 1}},
        {"eventId": "evt_3", "sequence": "3"},
    ),
]


@pytest.mark.parametrize(("method", "request_", "reply"), TWINS)
def test_a_method_gives_what_its_twin_gives_as_connect_writes_it(shop, method, request_, reply):
    assert shown(rpc(shop, method, request_)) == reply


def test_a_repeated_publish_says_so_and_has_the_first_receipt(local):
    asked = {"topic": "orders", "data": {"n": 1}, "idempotencyKey": "once"}
    first = rpc(local, "PubSubService/Publish", asked)
    assert "duplicate" not in first
    assert rpc(local, "PubSubService/Publish", asked) == {**first, "duplicate": True}
    assert "duplicate" not in rpc(local, "PubSubService/Publish", {**asked, "topic": "stock"})


def test_runs_are_cancelled_and_resumed(local, local_client, sleeper):
    cancelled = rpc(local, "IronflowService/CancelRun", {"id": sleeper.id, "reason": "enough"})
    assert (cancelled["id"], cancelled["status"]) == (sleeper.id, "RUN_STATUS_CANCELLED")


def test_a_run_is_resumed_from_a_step(local, local_client, failed):
    asked = {"runId": failed.id, "fromStep": "charge"}
    assert rpc(local, "IronflowService/ResumeRun", asked)["status"] == "RUN_STATUS_RUNNING"
    assert local.wait_for_run(failed.id)["status"] == "completed"
    assert failed.calls == ["price", "charge", "ship", "charge", "ship"]


def test_a_run_has_the_audit_of_its_own_and_all_have_one(shop):
    mine = rpc(shop, "AuditService/GetAuditTrail", {"runId": "run_1", "eventType": "run.created"})
    assert shown(mine) == {
        "events": [
            {
                "id": "audit_1",
                "runId": "run_1",
                "functionId": "pack",
                "eventType": "run.created",
                "payload": {"functionId": "pack"},
                "createdAt": "T",
            }
        ],
        "totalCount": 1,
    }
    first = rpc(shop, "AuditService/GetAuditTrail", {"limit": 2})
    assert (len(first["events"]), first["nextCursor"]) == (2, first["events"][-1]["id"])
    assert refusal(shop, "AuditService/GetAuditTrail", {"run_id": "run_9"})[1] == "not_found"


def test_lists_have_a_cursor_for_the_next_page(local, local_client):
    local.function("pack", triggers=["a"])(lambda event: None)
    for _ in range(3):
        local_client.events_create(body={"name": "a"})
    local.wait_until_idle()

    pages, cursor = [], ""
    while True:
        page = rpc(local, "IronflowService/ListRuns", {"limit": 2, "cursor": cursor})
        pages.append([run["id"] for run in page["runs"]])
        cursor = page.get("nextCursor")
        if not cursor:
            break

    assert pages == [["run_3", "run_2"], ["run_1"]]


def test_a_rebuild_is_followed_and_cancelled(local, local_client):
    local.projection("slow", events=["a"], rebuild_pace=60)(lambda state, event: None)
    local_client.events_create(body={"name": "a"})
    rpc(local, "ProjectionService/RebuildProjection", {"name": "slow"})
    job = rpc(local, "ProjectionService/GetRebuildJob", {"name": "slow"})["job"]
    assert (job["status"], job["totalEvents"]) == ("running", "1")
    assert rpc(local, "ProjectionService/CancelRebuild", {"name": "slow"}) == {
        "status": "cancelled"
    }


def test_environments_and_schemas_come_and_go(local):
    made = rpc(local, "EnvironmentService/CreateEnvironment", {"name": "staging"})
    gone = rpc(local, "EnvironmentService/DeleteEnvironment", {"id": made["id"]})
    assert gone == {"success": True}
    schema = {"eventName": "a", "version": 1, "schemaJson": '{"type":"object"}'}
    assert "status" in rpc(local, "EventSchemaService/RegisterSchema", schema)
    listed = rpc(local, "EventSchemaService/ListSchemas")
    assert [(s["eventName"], s["version"]) for s in listed["schemas"]] == [("a", 1)]


def test_a_snapshot_is_read_again(shop):
    asked = {"entityId": "order-1", "entityType": "order", "entityVersion": 1, "state": {"a_b": 1}}
    rpc(shop, "EntityStreamService/CreateSnapshot", asked)
    assert shown(rpc(shop, "EntityStreamService/GetSnapshot", {"entityId": "order-1"})) == {
        "snapshotId": "snap_1",
        "entityId": "order-1",
        "entityType": "order",
        "entityVersion": "1",
        "state": {"a_b": 1},
        "createdAt": "T",
    }


# Refusals have the codes of Connect.


@pytest.mark.parametrize(
    ("method", "request_", "status", "code"),
    [
        ("IronflowService/GetRun", {"id": "run_9"}, 404, "not_found"),
        ("IronflowService/GetRun", {}, 400, "invalid_argument"),
        ("IronflowService/GetRun", {"id": ["run_1"]}, 400, "invalid_argument"),
        ("IronflowService/ListRuns", {"cursor": "next"}, 400, "invalid_argument"),
        ("IronflowService/ListRuns", {"limit": -1}, 400, "invalid_argument"),
        ("IronflowService/CancelRun", {"id": "run_1"}, 400, "failed_precondition"),
        ("IronflowService/PauseRun", {"runId": "run_1"}, 400, "failed_precondition"),
        (
            "EntityStreamService/AppendEvent",
            {"entityId": "order-1", "entityType": "order", "eventName": "a", "expectedVersion": 0},
            409,
            "aborted",
        ),
        ("EnvironmentService/CreateEnvironment", {"name": "default"}, 409, "already_exists"),
        ("ProjectionService/CancelRebuild", {"name": "orders"}, 400, "failed_precondition"),
        (
            "ProjectionService/GetProjection",
            {"name": "orders", "asOf": "2026-01-15T09:30:00Z"},
            501,
            "unimplemented",
        ),
        (
            "WebhookService/CreateWebhookSource",
            {"name": "stripe", "verifyConfig": {"signingTemplate": "{ts}.{body}"}},
            501,
            "unimplemented",
        ),
        ("QueryService/ExecuteSQL", {"query": "DROP TABLE runs"}, 400, "invalid_argument"),
    ],
)
def test_a_refusal_has_the_code_that_belongs_to_it(shop, method, request_, status, code):
    assert refusal(shop, method, request_)[:2] == (status, code)


# The table


def test_every_rpc_method_of_the_client_is_offered():
    paths = {row[1] for row in ROUTES if row[4] == "rpc"}
    assert len(paths) > 10
    assert paths <= {f"/ironflow.v1.{name}" for name in OFFERED}


def test_every_method_of_the_table_exists_and_leads_to_a_handler():
    for name, method in OFFERED.items():
        assert METHODS[name][0] in ("unary", "server_stream"), name
        own = f"/ironflow.v1.{name}"
        route = (method.verb, method.path) if method.path else ("POST", own)
        assert route in HANDLERS, name
