"""Replies and bodies are typed: a checker knows every key here, and an editor completes them.

Run it against a server that may be written to, such as that of ``python -m ironflow.testing``:
``IRONFLOW_SERVER_URL=… python examples/typed.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ironflow import IronflowClient, NotFoundError

if TYPE_CHECKING:
    from ironflow import models


def report(client: IronflowClient) -> list[str]:
    """Return a few lines on what a server holds; nothing is cast, nothing ignored."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    failed = client.runs_list(status="failed", since=yesterday, limit=100)["runs"]
    lines = [_line(run) for run in failed]

    order: models.TriggerEventRequest = {"name": "order.placed", "data": {"order_id": "123"}}
    emitted = client.events_create(body=order)
    lines.append(f"event {emitted['event_id']} started {len(emitted['run_ids'])} runs")

    events = client.events_list(names=["order.placed", "order.paid"], since=yesterday)
    lines.append(f"{events['count']} events, more: {events['has_next']}")

    bucket = client.kv_buckets(body={"name": "cache", "ttl_seconds": 60})
    entry = client.kv_update_buckets_keys(bucket["name"], "users/42", body={"name": "Alice"})
    client.kv_update_buckets_keys(
        bucket["name"], "users/42", body=b"raw", if_match=entry["revision"]
    )

    try:
        schema = client.schemas_get_by_name("order.placed", 2)
        lines.append(f"schema {schema['version']}: {schema.get('description', 'no description')}")
    except NotFoundError as error:
        lines.append(f"no schema: {error.code}")

    project = client.projects_create(body={"name": "web"})
    client.environments_create(body={"name": "web-staging", "project_id": project["id"]})
    environments = client.environments_list(project_id=project["id"])
    lines += [f"environment {environment['name']}" for environment in environments]

    worker: models.RegisterRequest = {
        "worker_id": "worker-1",
        "hostname": "localhost",
        "function_ids": ["resize-image"],
        "max_concurrent_jobs": 2,
        "labels": {},
        "version": {"sdk": "1.0.0", "runtime": "python"},
    }
    client.workers_register("worker-1", body=worker)
    jobs = client.workers_list_jobs("worker-1", available=2)
    lines.append(f"{len(jobs['jobs']) if jobs else 0} jobs waiting")

    appended = client.streams_events(
        "entity-123",
        body={"entity_type": "order", "event_name": "order.paid", "expected_version": 0},
    )
    lines.append(f"entity-123 is at version {appended['entity_version']}")
    client.secrets_create(body={"name": "old-secret", "value": "s3cret"})
    client.secrets_delete("old-secret")
    return lines


def _line(run: models.RunResponse) -> str:
    return f"{run['id']} of {run['function_id']} failed: {run.get('error')}"


if __name__ == "__main__":
    with IronflowClient() as connected:
        print("\n".join(report(connected)))
