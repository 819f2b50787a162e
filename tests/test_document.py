"""The SDK document as a contract: every call it shows, and every code block, as it is printed.

Names, arguments, routes and bodies are written out here by hand. Nothing is read from the manifest
or worked out from a name: a mistake there would only agree with itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import ironflow
import ironflow.client
from ironflow import IronflowClient

from .conftest import KEY

BLOCKS = Path(__file__).parent / "document"


class Call(NamedTuple):
    """One documented call and the request that it has to make.

    ``body`` is both what is given as ``body=`` and what has to arrive; None gives and expects none.
    """

    name: str
    args: tuple[str, ...]
    route: str
    body: dict[str, Any] | None = None
    options: dict[str, Any] = {}
    query: str = ""


ORDER_EVENT = {"name": "order.placed", "data": {"order_id": "123", "customer_id": "456"}}
USER_EVENT = {"name": "user.created", "data": {"user_id": "123"}}
STEP_PATCH = {"step_id": "step_xyz", "output": {"corrected": True}, "reason": "manual fix"}
SECRET = {"name": "my-secret", "value": "s3cret", "description": "optional"}
STREAM_EVENT = {
    "entity_type": "order",
    "event_name": "order.updated",
    "data": {"status": "shipped"},
    "expected_version": 4,
    "idempotency_key": "ship-1",
    "version": 1,
}
SNAPSHOT = {"entity_type": "order", "entity_version": 10, "state": {"status": "shipped"}}
STAGING = {"name": "staging", "project_id": "proj_123"}
SCHEMA = {
    "event_name": "order.placed",
    "version": 1,
    "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}',
}
UPCAST = {
    "event_name": "order.placed",
    "from_version": 1,
    "to_version": 2,
    "data": {"orderId": "123"},
}
ALICE = {"email": "alice@example.com", "password": "s3cret", "roles": ["admin"]}
POLICY = {"name": "allow-emit", "effect": "allow", "actions": "emit:*", "resources": "*"}

# The document counts these in its 103 methods, but shows no call of them.
REGISTRATION = {
    "worker_id": "worker-1",
    "hostname": "host-1",
    "function_ids": ["process-order"],
    "max_concurrent_jobs": 4,
    "labels": {"zone": "a"},
    "version": {"sdk": "1.0.0"},
}
HEARTBEAT = {"worker_id": "worker-1", "active_jobs": 0, "jobs": []}
JOB_DONE = {"status": "completed", "output": {"ok": True}}

ROWS = [
    # events
    ("events_create", (), "POST /api/v1/events", ORDER_EVENT),
    ("events_create", (), "POST /api/v1/events", USER_EVENT),
    ("events_list", (), "GET /api/v1/events"),
    # runs
    ("runs_list", (), "GET /api/v1/runs"),
    ("runs_get", ("run_abc123",), "GET /api/v1/runs/run_abc123"),
    ("runs_get", ("run_id",), "GET /api/v1/runs/run_id"),
    ("runs_get", ("nonexistent",), "GET /api/v1/runs/nonexistent"),
    (
        "runs_cancel",
        ("run_abc123",),
        "POST /api/v1/runs/run_abc123/cancel",
        {"reason": "duplicate"},
    ),
    ("runs_cancel", ("run_id",), "POST /api/v1/runs/run_id/cancel", {"reason": "test"}),
    ("runs_list_steps", ("run_id",), "GET /api/v1/runs/run_id/steps"),
    ("runs_list_audit", ("run_id",), "GET /api/v1/runs/run_id/audit"),
    ("runs_resume", (), "POST /api/v1/runs/resume", {"run_id": "run_id"}),
    ("runs_create", (), "POST /api/v1/steps/patch", STEP_PATCH),
    # projections
    ("projections_list", (), "GET /api/v1/projections"),
    ("projections_get", ("my-projection",), "GET /api/v1/projections/my-projection"),
    ("projections_list_status", ("my-projection",), "GET /api/v1/projections/my-projection/status"),
    ("projections_rebuild", ("my-projection",), "POST /api/v1/projections/my-projection/rebuild"),
    (
        "projections_list_rebuild",
        ("my-projection",),
        "GET /api/v1/projections/my-projection/rebuild",
    ),
    ("projections_cancel", ("my-projection",), "POST /api/v1/projections/my-projection/cancel"),
    ("projections_pause", ("my-projection",), "POST /api/v1/projections/my-projection/pause"),
    ("projections_resume", ("my-projection",), "POST /api/v1/projections/my-projection/resume"),
    ("projections_delete", ("my-projection",), "DELETE /api/v1/projections/my-projection"),
    # kv
    ("kv_list_buckets", (), "GET /api/v1/kv/buckets"),
    ("kv_buckets", (), "POST /api/v1/kv/buckets", {"name": "my-bucket"}),
    ("kv_get_buckets", ("my-bucket",), "GET /api/v1/kv/buckets/my-bucket"),
    ("kv_delete_buckets", ("my-bucket",), "DELETE /api/v1/kv/buckets/my-bucket"),
    ("kv_list_buckets_keys", ("my-bucket",), "GET /api/v1/kv/buckets/my-bucket/keys"),
    (
        "kv_get_buckets_keys",
        ("my-bucket", "my-key"),
        "GET /api/v1/kv/buckets/my-bucket/keys/my-key",
    ),
    (
        "kv_update_buckets_keys",
        ("my-bucket", "my-key"),
        "PUT /api/v1/kv/buckets/my-bucket/keys/my-key",
        {"value": "data"},
    ),
    (
        "kv_delete_buckets_keys",
        ("my-bucket", "my-key"),
        "DELETE /api/v1/kv/buckets/my-bucket/keys/my-key",
    ),
    ("kv_list_buckets_watch", ("my-bucket",), "GET /api/v1/kv/buckets/my-bucket/watch"),
    # config
    ("config_list", (), "GET /api/v1/config"),
    ("config_get", ("my-config",), "GET /api/v1/config/my-config"),
    ("config_create", ("my-config",), "POST /api/v1/config/my-config", {"key": "value"}),
    ("config_patch", ("my-config",), "PATCH /api/v1/config/my-config", {"key": "updated"}),
    ("config_delete", ("my-config",), "DELETE /api/v1/config/my-config"),
    ("config_list_watch", ("my-config",), "GET /api/v1/config/my-config/watch"),
    # secrets
    ("secrets_list", (), "GET /api/v1/secrets"),
    ("secrets_get", ("my-secret",), "GET /api/v1/secrets/my-secret"),
    ("secrets_create", (), "POST /api/v1/secrets", SECRET),
    ("secrets_update", ("my-secret",), "PUT /api/v1/secrets/my-secret", {"value": "new-value"}),
    (
        "secrets_patch",
        ("my-secret",),
        "PATCH /api/v1/secrets/my-secret",
        {"description": "updated"},
    ),
    ("secrets_delete", ("my-secret",), "DELETE /api/v1/secrets/my-secret"),
    # streams
    ("streams_list", (), "GET /api/v1/streams"),
    ("streams_get", ("entity-123",), "GET /api/v1/streams/entity-123"),
    ("streams_events", ("entity-123",), "POST /api/v1/streams/entity-123/events", STREAM_EVENT),
    ("streams_list_events", ("entity-123",), "GET /api/v1/streams/entity-123/events"),
    ("streams_list_history", ("entity-123",), "GET /api/v1/streams/entity-123/history"),
    ("streams_snapshots", ("entity-123",), "POST /api/v1/streams/entity-123/snapshots", SNAPSHOT),
    ("streams_list_snapshots", ("entity-123",), "GET /api/v1/streams/entity-123/snapshots"),
    # api_keys
    ("api_keys_list", (), "GET /api/v1/apikeys"),
    ("api_keys_create", (), "POST /api/v1/apikeys", {"name": "my-key"}),
    ("api_keys_get", ("ak_123",), "GET /api/v1/apikeys/ak_123"),
    ("api_keys_delete", ("ak_123",), "DELETE /api/v1/apikeys/ak_123"),
    ("api_keys_rotate", ("ak_123",), "POST /api/v1/apikeys/ak_123/rotate"),
    # projects
    ("projects_list", (), "GET /api/v1/projects"),
    ("projects_create", (), "POST /api/v1/projects", {"name": "my-project"}),
    ("projects_update", ("proj_123",), "PUT /api/v1/projects/proj_123", {"name": "renamed"}),
    ("projects_delete", ("proj_123",), "DELETE /api/v1/projects/proj_123"),
    # environments
    ("environments_list", (), "GET /api/v1/environments"),
    ("environments_create", (), "POST /api/v1/environments", STAGING),
    (
        "environments_update",
        ("env_123",),
        "PUT /api/v1/environments/env_123",
        {"name": "production"},
    ),
    ("environments_delete", ("env_123",), "DELETE /api/v1/environments/env_123"),
    # functions
    ("functions_list", (), "GET /api/v1/functions"),
    (
        "functions_invoke",
        ("process-order",),
        "POST /api/v1/functions/process-order/invoke",
        {"data": {"order_id": "123"}},
    ),
    # schemas
    ("schemas_list", (), "GET /api/v1/events/schemas"),
    ("schemas_get", ("order.placed",), "GET /api/v1/events/schemas/order.placed"),
    ("schemas_get_by_name", ("order.placed", "2"), "GET /api/v1/events/schemas/order.placed/2"),
    ("schemas_create", (), "POST /api/v1/events/schemas", SCHEMA),
    ("schemas_delete", ("order.placed", "1"), "DELETE /api/v1/events/schemas/order.placed/1"),
    ("schemas_create_upcast", (), "POST /api/v1/events/upcast", UPCAST),
    # pub_sub, sql, audit
    (
        "pub_sub_create",
        (),
        "POST /api/v1/publish",
        {"topic": "notifications", "data": {"type": "ping"}},
    ),
    ("sql_create", (), "POST /api/v1/sql", {"query": "SELECT * FROM order_stats LIMIT 10"}),
    ("audit_list", (), "GET /api/v1/audit"),
    # users
    ("users_list", (), "GET /api/v1/users"),
    ("users_get", ("user_123",), "GET /api/v1/users/user_123"),
    ("users_create", (), "POST /api/v1/users", ALICE),
    ("users_patch", ("user_123",), "PATCH /api/v1/users/user_123", {"name": "Alice"}),
    (
        "users_patch_password",
        ("user_123",),
        "PATCH /api/v1/users/user_123/password",
        {"password": "new-s3cret"},
    ),
    ("users_delete", ("user_123",), "DELETE /api/v1/users/user_123"),
    # orgs
    ("orgs_list", (), "GET /api/v1/orgs"),
    ("orgs_get", ("org_123",), "GET /api/v1/orgs/org_123"),
    ("orgs_create", (), "POST /api/v1/orgs", {"name": "my-org"}),
    ("orgs_patch", ("org_123",), "PATCH /api/v1/orgs/org_123", {"name": "renamed"}),
    ("orgs_delete", ("org_123",), "DELETE /api/v1/orgs/org_123"),
    # roles
    ("roles_list", (), "GET /api/v1/roles"),
    ("roles_get", ("role_123",), "GET /api/v1/roles/role_123"),
    ("roles_create", (), "POST /api/v1/roles", {"name": "editor", "org_id": "org_123"}),
    ("roles_patch", ("role_123",), "PATCH /api/v1/roles/role_123", {"name": "senior-editor"}),
    ("roles_delete", ("role_123",), "DELETE /api/v1/roles/role_123"),
    (
        "roles_policies",
        ("role_123",),
        "POST /api/v1/roles/role_123/policies",
        {"policy_id": "policy_456"},
    ),
    (
        "roles_delete_policies",
        ("role_123", "policy_456"),
        "DELETE /api/v1/roles/role_123/policies/policy_456",
    ),
    # policies
    ("policies_list", (), "GET /api/v1/policies"),
    ("policies_get", ("policy_456",), "GET /api/v1/policies/policy_456"),
    ("policies_create", (), "POST /api/v1/policies", POLICY),
    (
        "policies_patch",
        ("policy_456",),
        "PATCH /api/v1/policies/policy_456",
        {"name": "allow-all-emit"},
    ),
    ("policies_delete", ("policy_456",), "DELETE /api/v1/policies/policy_456"),
    # tenants
    ("tenants_list", (), "GET /api/v1/tenants"),
    ("tenants_provision", (), "POST /api/v1/tenants/provision", {"name": "new-tenant"}),
    # websocket
    ("websocket_list", (), "GET /ws"),
    ("websocket_list", (), "GET /ws", None, {"env": "default"}, "env=default"),
    # workers
    ("workers_list", (), "GET /api/v1/workers"),
    ("workers_register", ("worker-1",), "POST /api/v1/workers/worker-1/register", REGISTRATION),
    (
        "workers_update_register",
        ("worker-1",),
        "PUT /api/v1/workers/worker-1/register",
        REGISTRATION,
    ),
    ("workers_heartbeat", ("worker-1",), "POST /api/v1/workers/worker-1/heartbeat", HEARTBEAT),
    (
        "workers_update_heartbeat",
        ("worker-1",),
        "PUT /api/v1/workers/worker-1/heartbeat",
        HEARTBEAT,
    ),
    ("workers_list_jobs", ("worker-1",), "GET /api/v1/workers/worker-1/jobs"),
    (
        "workers_list_jobs",
        ("worker-1",),
        "GET /api/v1/workers/worker-1/jobs",
        None,
        {"available": 2},
        "available=2",
    ),
    (
        "workers_update_jobs",
        ("worker-1", "job-1"),
        "PUT /api/v1/workers/worker-1/jobs/job-1",
        JOB_DONE,
    ),
]
CALLS = [Call(*row) for row in ROWS]

GROUPS = {
    "api_keys",
    "audit",
    "config",
    "environments",
    "events",
    "functions",
    "kv",
    "orgs",
    "policies",
    "projections",
    "projects",
    "pub_sub",
    "roles",
    "runs",
    "schemas",
    "secrets",
    "sql",
    "streams",
    "tenants",
    "users",
    "websocket",
    "workers",
}


def route(request):
    """Method and path of a recorded request, as the tables here write them."""
    return f"{request.method} {request.path}"


def canonical(value):
    """JSON in one spelling, so that 1, 1.0 and true stay apart."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
def test_a_documented_call_makes_the_request_the_server_routes(client, server, call):
    expected = canonical(call.body)  # before the call, which gets the same dict
    given = {} if call.body is None else {"body": call.body}

    getattr(client, call.name)(*call.args, **given, **call.options)

    assert len(server.requests) == 1
    seen = server.last
    assert route(seen) == call.route
    assert seen.query_string == call.query
    assert canonical(seen.json) == expected
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert "transfer-encoding" not in seen.headers
    if call.body is not None:
        assert seen.headers["content-type"] == "application/json"
        return
    assert seen.body == b""
    assert "content-type" not in seen.headers
    # A proxy may refuse a POST without a length with 411; a GET must not seem to carry content.
    expects_content = seen.method in ("POST", "PUT", "PATCH")
    assert seen.headers.get("content-length") == ("0" if expects_content else None)


def test_all_103_methods_in_22_groups_that_the_document_counts_exist():
    names = {call.name for call in CALLS}
    groups_of = {name: [g for g in GROUPS if name.startswith(f"{g}_")] for name in names}

    assert len(names) == 103
    assert len(GROUPS) == 22
    assert {name: found for name, found in groups_of.items() if len(found) != 1} == {}
    assert {group for found in groups_of.values() for group in found} == GROUPS
    assert [
        name for name in sorted(names) if not callable(getattr(IronflowClient, name, None))
    ] == []


def test_a_reply_comes_back_decoded(client, server):
    server.reply({"id": "run_abc123", "status": "completed", "steps": [1, 2.5, None, "é"]})

    run = client.runs_get("run_abc123")

    assert run == {"id": "run_abc123", "status": "completed", "steps": [1, 2.5, None, "é"]}


def test_a_reply_without_content_comes_back_as_none(client, server):
    server.reply(status=204)

    assert client.projections_delete("my-projection") is None


BLOCK_REQUESTS = {
    "01_quickstart.py": [
        "POST /api/v1/events",
        "GET /api/v1/runs",
        "GET /api/v1/runs/run_abc123",
        "POST /api/v1/runs/run_abc123/cancel",
    ],
    "02_configuration.py": [],
    "03_events.py": [
        "POST /api/v1/events",
        "GET /api/v1/events",
    ],
    "04_runs.py": [
        "GET /api/v1/runs",
        "GET /api/v1/runs/run_id",
        "POST /api/v1/runs/run_id/cancel",
        "GET /api/v1/runs/run_id/steps",
        "GET /api/v1/runs/run_id/audit",
        "POST /api/v1/runs/resume",
        "POST /api/v1/steps/patch",
    ],
    "05_projections.py": [
        "GET /api/v1/projections",
        "GET /api/v1/projections/my-projection",
        "GET /api/v1/projections/my-projection/status",
        "POST /api/v1/projections/my-projection/rebuild",
        "GET /api/v1/projections/my-projection/rebuild",
        "POST /api/v1/projections/my-projection/cancel",
        "POST /api/v1/projections/my-projection/pause",
        "POST /api/v1/projections/my-projection/resume",
        "DELETE /api/v1/projections/my-projection",
    ],
    "06_kv.py": [
        "GET /api/v1/kv/buckets",
        "POST /api/v1/kv/buckets",
        "GET /api/v1/kv/buckets/my-bucket",
        "DELETE /api/v1/kv/buckets/my-bucket",
        "GET /api/v1/kv/buckets/my-bucket/keys",
        "GET /api/v1/kv/buckets/my-bucket/keys/my-key",
        "PUT /api/v1/kv/buckets/my-bucket/keys/my-key",
        "DELETE /api/v1/kv/buckets/my-bucket/keys/my-key",
        "GET /api/v1/kv/buckets/my-bucket/watch",
    ],
    "07_config.py": [
        "GET /api/v1/config",
        "GET /api/v1/config/my-config",
        "POST /api/v1/config/my-config",
        "PATCH /api/v1/config/my-config",
        "DELETE /api/v1/config/my-config",
        "GET /api/v1/config/my-config/watch",
    ],
    "08_secrets.py": [
        "GET /api/v1/secrets",
        "GET /api/v1/secrets/my-secret",
        "POST /api/v1/secrets",
        "PUT /api/v1/secrets/my-secret",
        "PATCH /api/v1/secrets/my-secret",
        "DELETE /api/v1/secrets/my-secret",
    ],
    "09_streams.py": [
        "GET /api/v1/streams",
        "GET /api/v1/streams/entity-123",
        "POST /api/v1/streams/entity-123/events",
        "GET /api/v1/streams/entity-123/events",
        "GET /api/v1/streams/entity-123/history",
        "POST /api/v1/streams/entity-123/snapshots",
        "GET /api/v1/streams/entity-123/snapshots",
    ],
    "10_api_keys.py": [
        "GET /api/v1/apikeys",
        "POST /api/v1/apikeys",
        "GET /api/v1/apikeys/ak_123",
        "DELETE /api/v1/apikeys/ak_123",
        "POST /api/v1/apikeys/ak_123/rotate",
    ],
    "11_projects.py": [
        "GET /api/v1/projects",
        "POST /api/v1/projects",
        "PUT /api/v1/projects/proj_123",
        "DELETE /api/v1/projects/proj_123",
    ],
    "12_environments.py": [
        "GET /api/v1/environments",
        "POST /api/v1/environments",
        "PUT /api/v1/environments/env_123",
        "DELETE /api/v1/environments/env_123",
    ],
    "13_functions.py": [
        "GET /api/v1/functions",
        "POST /api/v1/functions/process-order/invoke",
    ],
    "14_schemas.py": [
        "GET /api/v1/events/schemas",
        "GET /api/v1/events/schemas/order.placed",
        "GET /api/v1/events/schemas/order.placed/2",
        "POST /api/v1/events/schemas",
        "DELETE /api/v1/events/schemas/order.placed/1",
        "POST /api/v1/events/upcast",
    ],
    "15_pub_sub.py": ["POST /api/v1/publish"],
    "16_sql.py": ["POST /api/v1/sql"],
    "17_audit.py": ["GET /api/v1/audit"],
    "18_users.py": [
        "GET /api/v1/users",
        "GET /api/v1/users/user_123",
        "POST /api/v1/users",
        "PATCH /api/v1/users/user_123",
        "PATCH /api/v1/users/user_123/password",
        "DELETE /api/v1/users/user_123",
    ],
    "19_organizations.py": [
        "GET /api/v1/orgs",
        "GET /api/v1/orgs/org_123",
        "POST /api/v1/orgs",
        "PATCH /api/v1/orgs/org_123",
        "DELETE /api/v1/orgs/org_123",
        "GET /api/v1/roles",
        "GET /api/v1/roles/role_123",
        "POST /api/v1/roles",
        "PATCH /api/v1/roles/role_123",
        "DELETE /api/v1/roles/role_123",
        "POST /api/v1/roles/role_123/policies",
        "DELETE /api/v1/roles/role_123/policies/policy_456",
        "GET /api/v1/policies",
        "GET /api/v1/policies/policy_456",
        "POST /api/v1/policies",
        "PATCH /api/v1/policies/policy_456",
        "DELETE /api/v1/policies/policy_456",
        "GET /api/v1/tenants",
        "POST /api/v1/tenants/provision",
    ],
    "20_errors.py": ["GET /api/v1/runs/nonexistent"],
}


def run_block(name, client, server):
    """Execute a code block of the document and return the routes of what it sent.

    The one change to its text is the address: the documented port is not ours to listen on.
    """
    path = BLOCKS / name
    source = path.read_text(encoding="utf-8").replace("http://localhost:9123", server.url)
    names = {"client": client, "IronflowClient": IronflowClient}
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), names)
    finally:
        names["client"].close()  # a block may have made its own
    return [route(request) for request in server.requests]


@pytest.mark.parametrize("name", BLOCK_REQUESTS)
def test_a_code_block_pasted_from_the_document_runs(client, server, name):
    assert run_block(name, client, server) == BLOCK_REQUESTS[name]


def test_no_code_block_of_the_document_is_left_out():
    assert sorted(path.name for path in BLOCKS.glob("*.py")) == sorted(BLOCK_REQUESTS)


def test_the_error_block_prints_what_the_document_says(client, server, capsys):
    server.reply({"code": "NOT_FOUND", "message": "run not found"}, status=404)

    run_block("20_errors.py", client, server)

    assert capsys.readouterr().out == "Status: 404\nCode: NOT_FOUND\nMessage: run not found\n"


def test_the_documented_defaults_of_the_constructor_hold():
    shown = repr(IronflowClient())

    assert "server_url='http://localhost:9123'" in shown
    assert "timeout=30.0" in shown


def test_the_error_imported_as_documented_is_the_one_that_is_caught():
    assert ironflow.client.IronflowError is ironflow.IronflowError
