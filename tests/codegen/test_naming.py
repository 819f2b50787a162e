"""Names of methods: the rule, the pins, and the names that users already call."""

from __future__ import annotations

import random

import pytest

from codegen.manifest import load
from codegen.naming import method_name, methods, name_by_rule
from ironflow import IronflowClient

from ..conftest import ROOT
from .builders import endpoint
from .naming import checked, committed

# Taken by hand from the list of the server's routes, not from the generator.
RULE = [
    ("GET", "/api/v1/apikeys", "api_keys", "api_keys_list"),
    ("POST", "/api/v1/apikeys", "api_keys", "api_keys_create"),
    ("DELETE", "/api/v1/apikeys/{id}", "api_keys", "api_keys_delete"),
    ("PUT", "/api/v1/apikeys/{id}/roles", "api_keys", "api_keys_update_roles"),
    ("POST", "/api/v1/apikeys/{id}/rotate", "api_keys", "api_keys_rotate"),
    ("GET", "/api/v1/audit", "audit", "audit_list"),
    ("GET", "/api/v1/capacity/buckets", "capacity", "capacity_list_buckets"),
    ("GET", "/api/v1/circuit-breakers", "circuit_breakers", "circuit_breakers_list"),
    ("POST", "/api/v1/circuit-breakers/{key}/reset", "circuit_breakers", "circuit_breakers_reset"),
    ("POST", "/api/v1/cluster/rotate-token", "cluster", "cluster_rotate_token"),
    ("PATCH", "/api/v1/config/{name}", "config", "config_patch"),
    ("GET", "/api/v1/config/{name}/watch", "config", "config_list_watch"),
    (
        "DELETE",
        "/api/v1/debounce/entries/{envID}/{fnID}/{key}",
        "debounce",
        "debounce_delete_entries",
    ),
    ("PUT", "/api/v1/environments/{id}", "environments", "environments_update"),
    ("GET", "/api/v1/events", "events", "events_list"),
    ("GET", "/api/v1/events/{id}", "events", "events_get"),
    ("GET", "/api/v1/events/names", "events", "events_list_names"),
    ("GET", "/api/v1/flow/emit-edges", "flow", "flow_list_emit_edges"),
    ("POST", "/api/v1/functions/{id}/invoke", "functions", "functions_invoke"),
    ("GET", "/api/v1/kv/buckets", "kv", "kv_list_buckets"),
    ("POST", "/api/v1/kv/buckets", "kv", "kv_buckets"),
    ("DELETE", "/api/v1/kv/buckets/{bucket}", "kv", "kv_delete_buckets"),
    ("GET", "/api/v1/kv/buckets/{bucket}/keys", "kv", "kv_list_buckets_keys"),
    ("GET", "/api/v1/kv/buckets/{bucket}/keys/{key...}", "kv", "kv_get_buckets_keys"),
    ("PUT", "/api/v1/kv/buckets/{bucket}/keys/{key...}", "kv", "kv_update_buckets_keys"),
    ("GET", "/api/v1/outbox/dead-letter", "outbox", "outbox_list_dead_letter"),
    ("DELETE", "/api/v1/outbox/dead-letter/{eventID}", "outbox", "outbox_delete_dead_letter"),
    (
        "POST",
        "/api/v1/outbox/dead-letter/{eventID}/requeue",
        "outbox",
        "outbox_dead_letter_requeue",
    ),
    ("POST", "/api/v1/platform/auth/login", "platform", "platform_auth_login"),
    ("POST", "/api/v1/platform/bootstrap", "platform", "platform_bootstrap"),
    ("GET", "/api/v1/platform/audit", "platform_audit", "platform_audit_list"),
    ("DELETE", "/api/v1/platform/policies/{id}", "platform_policies", "platform_policies_delete"),
    ("PUT", "/api/v1/platform/roles/{id}", "platform_roles", "platform_roles_update"),
    ("GET", "/api/v1/platform/tenants/{id}", "platform_tenants", "platform_tenants_get"),
    ("POST", "/api/v1/platform/users", "platform_users", "platform_users_create"),
    ("POST", "/api/v1/policies/dry-run", "policies", "policies_dry_run"),
    ("POST", "/api/v1/policies/{id}/rollback/{version}", "policies", "policies_rollback"),
    ("GET", "/api/v1/policy-templates", "policy_templates", "policy_templates_list"),
    (
        "POST",
        "/api/v1/policy-templates/{id}/install",
        "policy_templates",
        "policy_templates_install",
    ),
    ("POST", "/api/v1/projections/wait-for-event", "projections", "projections_wait_for_event"),
    ("GET", "/api/v1/projections/{name}/rebuild", "projections", "projections_list_rebuild"),
    ("POST", "/api/v1/projections/{name}/rebuild", "projections", "projections_rebuild"),
    ("POST", "/api/v1/publish", "pub_sub", "pub_sub_create"),
    ("DELETE", "/api/v1/roles/{id}/policies/{policy_id}", "roles", "roles_delete_policies"),
    ("GET", "/api/v1/runs/{id}/audit", "runs", "runs_list_audit"),
    ("POST", "/api/v1/steps/patch", "runs", "runs_create"),
    ("GET", "/api/v1/events/schemas", "schemas", "schemas_list"),
    ("GET", "/api/v1/events/schemas/{name}", "schemas", "schemas_get"),
    ("DELETE", "/api/v1/events/schemas/{name}/{version}", "schemas", "schemas_delete"),
    ("POST", "/api/v1/sql", "sql", "sql_create"),
    ("GET", "/api/v1/streams/{entityId}/events", "streams", "streams_list_events"),
    ("POST", "/api/v1/tenants/provision", "tenants", "tenants_provision"),
    ("PATCH", "/api/v1/users/{id}/password", "users", "users_patch_password"),
    ("GET", "/ws", "websocket", "websocket_list"),
    ("PUT", "/api/v1/workers/{workerId}/jobs/{jobId}/ack", "workers", "workers_update_jobs_ack"),
    ("POST", "/api/v1/workers/{workerId}/register", "workers", "workers_register"),
]

# Every method of the client; a line that changes here breaks a caller.
NAMES = {
    "GET /api/v1/apikeys": "api_keys_list",
    "POST /api/v1/apikeys": "api_keys_create",
    "DELETE /api/v1/apikeys/{id}": "api_keys_delete",
    "GET /api/v1/apikeys/{id}": "api_keys_get",
    "PUT /api/v1/apikeys/{id}/roles": "api_keys_update_roles",
    "POST /api/v1/apikeys/{id}/rotate": "api_keys_rotate",
    "GET /api/v1/audit": "audit_list",
    "GET /api/v1/capabilities": "capabilities",
    "GET /api/v1/capacity/buckets": "capacity_list_buckets",
    "GET /api/v1/capacity/credits": "capacity_list_credits",
    "GET /api/v1/capacity/lanes": "capacity_list_lanes",
    "GET /api/v1/capacity/leases": "capacity_list_leases",
    "GET /api/v1/capacity/queue": "capacity_list_queue",
    "GET /api/v1/capacity/sessions": "capacity_list_sessions",
    "GET /api/v1/capacity/stats": "capacity_list_stats",
    "GET /api/v1/circuit-breakers": "circuit_breakers_list",
    "POST /api/v1/circuit-breakers/{key}/reset": "circuit_breakers_reset",
    "POST /api/v1/cluster/rotate-token": "cluster_rotate_token",
    "GET /api/v1/config": "config_list",
    "DELETE /api/v1/config/{name}": "config_delete",
    "GET /api/v1/config/{name}": "config_get",
    "PATCH /api/v1/config/{name}": "config_patch",
    "POST /api/v1/config/{name}": "config_create",
    "GET /api/v1/config/{name}/watch": "config_list_watch",
    "GET /api/v1/debounce/entries": "debounce_list_entries",
    "DELETE /api/v1/debounce/entries/{envID}/{fnID}/{key}": "debounce_delete_entries",
    "GET /api/v1/environments": "environments_list",
    "POST /api/v1/environments": "environments_create",
    "DELETE /api/v1/environments/{id}": "environments_delete",
    "PUT /api/v1/environments/{id}": "environments_update",
    "GET /api/v1/events": "events_list",
    "POST /api/v1/events": "events_create",
    "GET /api/v1/events/names": "events_list_names",
    "GET /api/v1/events/schemas": "schemas_list",
    "POST /api/v1/events/schemas": "schemas_create",
    "GET /api/v1/events/schemas/{name}": "schemas_get",
    "DELETE /api/v1/events/schemas/{name}/{version}": "schemas_delete",
    "GET /api/v1/events/schemas/{name}/{version}": "schemas_get_by_name",
    "POST /api/v1/events/upcast": "schemas_create_upcast",
    "GET /api/v1/events/{id}": "events_get",
    "GET /api/v1/flow/emit-edges": "flow_list_emit_edges",
    "GET /api/v1/flow/stream-edges": "flow_list_stream_edges",
    "GET /api/v1/flow/topic-edges": "flow_list_topic_edges",
    "GET /api/v1/flow/webhooks": "flow_list_webhooks",
    "GET /api/v1/functions": "functions_list",
    "GET /api/v1/functions/{id}": "functions_get",
    "POST /api/v1/functions/{id}/invoke": "functions_invoke",
    "GET /api/v1/kv/buckets": "kv_list_buckets",
    "POST /api/v1/kv/buckets": "kv_buckets",
    "DELETE /api/v1/kv/buckets/{bucket}": "kv_delete_buckets",
    "GET /api/v1/kv/buckets/{bucket}": "kv_get_buckets",
    "GET /api/v1/kv/buckets/{bucket}/keys": "kv_list_buckets_keys",
    "DELETE /api/v1/kv/buckets/{bucket}/keys/{key...}": "kv_delete_buckets_keys",
    "GET /api/v1/kv/buckets/{bucket}/keys/{key...}": "kv_get_buckets_keys",
    "PUT /api/v1/kv/buckets/{bucket}/keys/{key...}": "kv_update_buckets_keys",
    "GET /api/v1/kv/buckets/{bucket}/watch": "kv_list_buckets_watch",
    "GET /api/v1/orgs": "orgs_list",
    "POST /api/v1/orgs": "orgs_create",
    "DELETE /api/v1/orgs/{id}": "orgs_delete",
    "GET /api/v1/orgs/{id}": "orgs_get",
    "PATCH /api/v1/orgs/{id}": "orgs_patch",
    "GET /api/v1/outbox/dead-letter": "outbox_list_dead_letter",
    "DELETE /api/v1/outbox/dead-letter/{eventID}": "outbox_delete_dead_letter",
    "POST /api/v1/outbox/dead-letter/{eventID}/requeue": "outbox_dead_letter_requeue",
    "GET /api/v1/platform/audit": "platform_audit_list",
    "POST /api/v1/platform/auth/login": "platform_auth_login",
    "POST /api/v1/platform/bootstrap": "platform_bootstrap",
    "POST /api/v1/platform/orgs": "orgs_create_orgs",
    "GET /api/v1/platform/policies": "platform_policies_list",
    "POST /api/v1/platform/policies": "platform_policies_create",
    "DELETE /api/v1/platform/policies/{id}": "platform_policies_delete",
    "GET /api/v1/platform/policies/{id}": "platform_policies_get",
    "PUT /api/v1/platform/policies/{id}": "platform_policies_update",
    "GET /api/v1/platform/roles": "platform_roles_list",
    "POST /api/v1/platform/roles": "platform_roles_create",
    "DELETE /api/v1/platform/roles/{id}": "platform_roles_delete",
    "GET /api/v1/platform/roles/{id}": "platform_roles_get",
    "PUT /api/v1/platform/roles/{id}": "platform_roles_update",
    "GET /api/v1/platform/tenants": "platform_tenants_list",
    "POST /api/v1/platform/tenants": "platform_tenants_create",
    "DELETE /api/v1/platform/tenants/{id}": "platform_tenants_delete",
    "GET /api/v1/platform/tenants/{id}": "platform_tenants_get",
    "GET /api/v1/platform/users": "platform_users_list",
    "POST /api/v1/platform/users": "platform_users_create",
    "DELETE /api/v1/platform/users/{id}": "platform_users_delete",
    "GET /api/v1/platform/users/{id}": "platform_users_get",
    "PUT /api/v1/platform/users/{id}": "platform_users_update",
    "GET /api/v1/policies": "policies_list",
    "POST /api/v1/policies": "policies_create",
    "POST /api/v1/policies/dry-run": "policies_dry_run",
    "DELETE /api/v1/policies/{id}": "policies_delete",
    "GET /api/v1/policies/{id}": "policies_get",
    "PATCH /api/v1/policies/{id}": "policies_patch",
    "POST /api/v1/policies/{id}/rollback/{version}": "policies_rollback",
    "GET /api/v1/policies/{id}/versions": "policies_list_versions",
    "GET /api/v1/policy-templates": "policy_templates_list",
    "POST /api/v1/policy-templates/{id}/install": "policy_templates_install",
    "GET /api/v1/projections": "projections_list",
    "POST /api/v1/projections/catchup/batch": "projections_catchup_batch",
    "POST /api/v1/projections/wait-for-event": "projections_wait_for_event",
    "DELETE /api/v1/projections/{name}": "projections_delete",
    "GET /api/v1/projections/{name}": "projections_get",
    "POST /api/v1/projections/{name}/cancel": "projections_cancel",
    "GET /api/v1/projections/{name}/catchup": "projections_list_catchup",
    "GET /api/v1/projections/{name}/partitions": "projections_list_partitions",
    "POST /api/v1/projections/{name}/pause": "projections_pause",
    "GET /api/v1/projections/{name}/rebuild": "projections_list_rebuild",
    "POST /api/v1/projections/{name}/rebuild": "projections_rebuild",
    "POST /api/v1/projections/{name}/resume": "projections_resume",
    "GET /api/v1/projections/{name}/status": "projections_list_status",
    "GET /api/v1/projects": "projects_list",
    "POST /api/v1/projects": "projects_create",
    "DELETE /api/v1/projects/{id}": "projects_delete",
    "PUT /api/v1/projects/{id}": "projects_update",
    "POST /api/v1/publish": "pub_sub_create",
    "GET /api/v1/roles": "roles_list",
    "POST /api/v1/roles": "roles_create",
    "DELETE /api/v1/roles/{id}": "roles_delete",
    "GET /api/v1/roles/{id}": "roles_get",
    "PATCH /api/v1/roles/{id}": "roles_patch",
    "GET /api/v1/roles/{id}/policies": "roles_list_policies",
    "POST /api/v1/roles/{id}/policies": "roles_policies",
    "DELETE /api/v1/roles/{id}/policies/{policy_id}": "roles_delete_policies",
    "GET /api/v1/runs": "runs_list",
    "POST /api/v1/runs/resume": "runs_resume",
    "GET /api/v1/runs/{id}": "runs_get",
    "GET /api/v1/runs/{id}/audit": "runs_list_audit",
    "POST /api/v1/runs/{id}/cancel": "runs_cancel",
    "GET /api/v1/runs/{id}/steps": "runs_list_steps",
    "GET /api/v1/runs/{id}/streams": "runs_list_streams",
    "GET /api/v1/secrets": "secrets_list",
    "POST /api/v1/secrets": "secrets_create",
    "DELETE /api/v1/secrets/{name}": "secrets_delete",
    "GET /api/v1/secrets/{name}": "secrets_get",
    "PATCH /api/v1/secrets/{name}": "secrets_patch",
    "PUT /api/v1/secrets/{name}": "secrets_update",
    "POST /api/v1/sql": "sql_create",
    "POST /api/v1/steps/patch": "runs_create",
    "GET /api/v1/streams": "streams_list",
    "GET /api/v1/streams/{entityId}": "streams_get",
    "GET /api/v1/streams/{entityId}/events": "streams_list_events",
    "POST /api/v1/streams/{entityId}/events": "streams_events",
    "GET /api/v1/streams/{entityId}/history": "streams_list_history",
    "GET /api/v1/streams/{entityId}/snapshots": "streams_list_snapshots",
    "POST /api/v1/streams/{entityId}/snapshots": "streams_snapshots",
    "GET /api/v1/tenants": "tenants_list",
    "POST /api/v1/tenants/provision": "tenants_provision",
    "GET /api/v1/users": "users_list",
    "POST /api/v1/users": "users_create",
    "DELETE /api/v1/users/{id}": "users_delete",
    "GET /api/v1/users/{id}": "users_get",
    "PATCH /api/v1/users/{id}": "users_patch",
    "PATCH /api/v1/users/{id}/password": "users_patch_password",
    "GET /api/v1/workers": "workers_list",
    "POST /api/v1/workers/{workerId}/heartbeat": "workers_heartbeat",
    "PUT /api/v1/workers/{workerId}/heartbeat": "workers_update_heartbeat",
    "GET /api/v1/workers/{workerId}/jobs": "workers_list_jobs",
    "PUT /api/v1/workers/{workerId}/jobs/{jobId}": "workers_update_jobs",
    "PUT /api/v1/workers/{workerId}/jobs/{jobId}/ack": "workers_update_jobs_ack",
    "POST /api/v1/workers/{workerId}/register": "workers_register",
    "PUT /api/v1/workers/{workerId}/register": "workers_update_register",
    "GET /health": "health",
    "GET /metrics": "metrics",
    "GET /ready": "ready",
    "GET /ws": "websocket_list",
    "POST /ironflow.v1.AuditService/GetAuthAuditTrail": "audit_list_auth_trail",
    "POST /ironflow.v1.IronflowService/GetPausedState": "runs_get_paused_state",
    "POST /ironflow.v1.IronflowService/Info": "system_info",
    "POST /ironflow.v1.IronflowService/InjectStepOutput": "runs_inject_step_output",
    "POST /ironflow.v1.IronflowService/PauseRun": "runs_pause",
    "POST /ironflow.v1.IronflowService/TriggerSync": "events_trigger_sync",
    "POST /ironflow.v1.ProjectionService/CreateSQLProjection": "projections_create_sql",
    "POST /ironflow.v1.PubSubService/GetTopicStats": "pub_sub_get_topic_stats",
    "POST /ironflow.v1.PubSubService/ListTopics": "pub_sub_list_topics",
    "POST /ironflow.v1.WebhookService/ListWebhookDeliveries": "webhooks_list_deliveries",
    "POST /ironflow.v1.WebhookService/ListWebhookSources": "webhooks_list_sources",
}


@pytest.mark.parametrize(("method", "path", "group", "name"), RULE)
def test_the_rule_gives_the_published_name(method, path, group, name):
    (found,) = checked(endpoint(f"{method} {path}", group))

    assert name_by_rule(found) == method_name(found) == name


def test_every_method_of_the_client_has_the_name_it_always_had():
    manifest = load(ROOT / "manifest.json")
    found = {e.route: method_name(e) for e in manifest.endpoints if not e.left_out}

    assert {route: found.get(route) for route in NAMES} == NAMES


def test_the_client_has_all_of_these_methods():
    assert {name for name in NAMES.values() if not hasattr(IronflowClient, name)} == set()


def test_a_new_route_never_renames_a_method():
    keys = ("method", "path", "group", "category")
    entries = [entry for entry in committed()["endpoints"] if entry["category"] != "rpc"]
    routes = [{key: entry[key] for key in keys} for entry in entries]
    together = {found.route: name_by_rule(found) for found in checked(*routes)}
    rng = random.Random(1)

    for entry in routes:
        (alone,) = checked(entry)
        assert name_by_rule(alone) == together[alone.route]
    for _ in range(5):
        for found in checked(*rng.sample(routes, 60)):
            assert name_by_rule(found) == together[found.route]


@pytest.mark.parametrize(
    ("route", "group", "name"),
    [
        ("GET /api/v1/runs/runs/{id}/runs", "runs", "runs_list_runs_runs"),
        ("GET /api/v1/{runs}/steps", "runs", "runs_list"),
        ("GET /{a}/{b}", "runs", "runs_get"),
        ("DELETE /health", "system", "system_delete"),
        ("PATCH /api/v2/runs/x-y.z~0", "runs", "runs_patch_x_y_z_0"),
        ("POST /api/v1/Runs/DryRun", "runs", "runs_dry_run"),
        ("PUT /api/v1/api-keys/{id}/2fa", "api_keys", "api_keys_update_2fa"),
        ("GET /api/v1/api_keys/{key...}", "api_keys", "api_keys_get"),
        ("GET /api/v1/ApiKeys", "api_keys", "api_keys_list"),
    ],
)
def test_the_rule_holds_for_routes_that_do_not_exist_yet(route, group, name):
    assert name_by_rule(checked(endpoint(route, group))[0]) == name


def test_a_pinned_name_wins_over_the_rule():
    (found,) = checked(endpoint("GET /x", name="status", name_reason="one word"))

    assert method_name(found) == "status"
    assert name_by_rule(found) == "runs_list"


def test_the_committed_manifest_has_the_plainer_names():
    aliases = {method.alias: method.name for method in methods(load(ROOT / "manifest.json"))}
    del aliases[""]

    assert aliases == {
        "kv_create_bucket": "kv_buckets",
        "kv_delete": "kv_delete_buckets_keys",
        "kv_get": "kv_get_buckets_keys",
        "kv_keys": "kv_list_buckets_keys",
        "kv_put": "kv_update_buckets_keys",
        "projections_cancel_rebuild": "projections_cancel",
        "pub_sub_publish": "pub_sub_create",
        "roles_attach_policy": "roles_policies",
        "runs_patch_step": "runs_create",
        "sql_query": "sql_create",
        "streams_append": "streams_events",
        "streams_create_snapshot": "streams_snapshots",
    }
