# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2c5aceef3da225c9, server 0.22.5.
"""What requests may say, by the name of the route: a strict local server checks it.

Known values are empty where any value may come.
"""

from __future__ import annotations

Known = dict[str, tuple[object, ...]]

# Every query parameter of a route, with its known values.
QUERY: dict[str, Known] = {
    "api_keys_list": {
        "platform": (),
    },
    "audit_list": {
        "cursor": (),
        "event_type": (),
        "from": (),
        "function_id": (),
        "limit": (),
        "run_id": (),
        "to": (),
    },
    "capacity_list_buckets": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "capacity_list_credits": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "capacity_list_lanes": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "capacity_list_leases": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "capacity_list_queue": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "capacity_list_sessions": {
        "env": (),
        "function": (),
        "limit": (),
    },
    "environments_list": {
        "project_id": (),
    },
    "events_list": {
        "before": (),
        "cursor": (),
        "limit": (),
        "name": (),
        "names": (),
        "search": (),
        "since": (),
        "source": (),
        "until": (),
    },
    "events_list_names": {
        "since": (),
        "source": (),
        "until": (),
    },
    "functions_list": {
        "limit": (),
        "mode": ("pull", "push"),
        "name": (),
        "offset": (),
        "status": ("active", "archived", "paused"),
    },
    "kv_list_buckets_keys": {
        "filter": (),
    },
    "kv_delete_buckets_keys": {
        "purge": (),
    },
    "kv_list_buckets_watch": {
        "key": (),
    },
    "outbox_list_dead_letter": {
        "env": (),
        "limit": (),
        "offset": (),
    },
    "outbox_delete_dead_letter": {
        "env": (),
    },
    "outbox_dead_letter_requeue": {
        "env": (),
    },
    "platform_audit_list": {
        "cursor": (),
        "event_type": (),
        "from": (),
        "impersonated_org_id": (),
        "limit": (),
        "platform_key_id": (),
        "to": (),
    },
    "policies_list": {
        "org_id": (),
    },
    "projections_list": {
        "limit": (),
        "mode": ("external", "managed"),
        "offset": (),
        "status": ("active", "error", "paused", "rebuilding"),
    },
    "projections_get": {
        "partition": (),
    },
    "projections_list_catchup": {
        "minSeq": (),
        "partition": (),
        "timeout": (),
    },
    "projections_list_partitions": {
        "limit": (),
        "q": (),
    },
    "roles_list": {
        "org_id": (),
    },
    "runs_list": {
        "event_id": (),
        "function_id": (),
        "limit": (),
        "offset": (),
        "search": (),
        "since": (),
        "status": (
            "cancelled",
            "completed",
            "failed",
            "paused",
            "pending",
            "running",
            "waiting",
            "waiting_for_capacity",
        ),
        "until": (),
    },
    "runs_list_audit": {
        "cursor": (),
        "event_type": (),
        "from": (),
        "limit": (),
        "to": (),
    },
    "schemas_list": {
        "event_name": (),
        "limit": (),
        "offset": (),
    },
    "streams_list": {
        "entity_type": (),
        "limit": (),
        "offset": (),
        "search": (),
    },
    "streams_list_events": {
        "direction": ("backward", "forward"),
        "from_version": (),
        "limit": (),
    },
    "streams_list_history": {
        "direction": ("backward", "forward"),
        "from_timestamp": (),
        "from_version": (),
        "limit": (),
        "to_timestamp": (),
    },
    "streams_list_snapshots": {
        "before_version": (),
    },
    "websocket_list": {
        "env": (),
        "token": (),
    },
    "workers_list_jobs": {
        "available": (),
    },
}

# The members of a body that have known values; ``[]`` stands for each item of a list.
BODY: dict[str, Known] = {
    "cluster_rotate_token": {
        "kind": ("dashboard_jwt_secret", "engine_api_key", "founder_api_key"),
    },
    "platform_policies_create": {
        "effect": ("allow", "deny"),
    },
    "platform_policies_update": {
        "effect": ("allow", "deny"),
    },
    "policies_create": {
        "effect": ("allow", "deny"),
    },
    "policies_patch": {
        "effect": ("allow", "deny"),
    },
    "webhooks_list_deliveries": {
        "status": ("accepted", "deduplicated", "failed", "rejected"),
    },
    "workers_update_jobs": {
        "status": ("completed", "failed", "progress", "yielded"),
        "steps[].status": ("completed", "failed"),
        "steps[].type": ("compensate", "invoke", "invoke_function", "sleep", "wait_for_event"),
        "yield.type": ("invoke_function", "invoke_function_async", "sleep", "wait_for_event"),
    },
}
