"""Replies and bodies are typed: a checker knows every key here, and an editor completes it.

Run it against a server that may be written to, such as that of ``python -m ironflow.testing``:
``IRONFLOW_SERVER_URL=… python examples/typed.py``.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ironflow import IronflowClient, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ironflow import models


def report(client: IronflowClient) -> Iterator[str]:
    """Yield a few lines about what the server holds; nothing is cast, nothing ignored."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    yield from failures(client, yesterday)
    yield from orders(client, yesterday)
    yield schema(client)
    yield from environments(client)
    yield jobs(client)
    yield version(client)
    replace_if_unchanged(client)
    client.secrets_create(body={"name": "old-secret", "value": "s3cret"})
    client.secrets_delete("old-secret")


def failures(client: IronflowClient, since: datetime) -> Iterator[str]:
    """Known values are literals: a checker refuses ``status="borken"``."""
    for run in client.runs_list(status="failed", since=since, limit=100)["runs"]:
        yield f"{run['id']} of {run['function_id']} failed: {run.get('error')}"


def orders(client: IronflowClient, since: datetime) -> Iterator[str]:
    """A body that is built before the call takes its type from ``ironflow.models``."""
    order: models.TriggerEventRequest = {"name": "order.placed", "data": {"order_id": "123"}}
    emitted = client.events_create(body=order)
    yield f"event {emitted['event_id']} started {len(emitted['run_ids'])} runs"
    events = client.events_list(names=["order.placed", "order.paid"], since=since)
    yield f"{events['count']} events, more: {events['has_next']}"


def schema(client: IronflowClient) -> str:
    """A member that may be missing is read with ``get``; pyright refuses ``[...]`` for it."""
    try:
        found = client.schemas_get_by_name("order.placed", 2)
    except NotFoundError as error:
        return f"no schema: {error.code}"
    return f"schema {found['version']}: {found.get('description', 'no description')}"


def environments(client: IronflowClient) -> Iterator[str]:
    """Some replies are plain lists, with no object around them."""
    project = client.projects_create(body={"name": "web"})
    client.environments_create(body={"name": "web-staging", "project_id": project["id"]})
    for environment in client.environments_list(project_id=project["id"]):
        yield f"environment {environment['name']}"


def jobs(client: IronflowClient) -> str:
    """A reply that may be empty may be None, and a checker insists on that case."""
    worker: models.RegisterRequest = {
        "worker_id": "worker-1",
        "hostname": "localhost",
        "function_ids": ["resize-image"],
        "max_concurrent_jobs": 2,
        "labels": {},
        "version": {"sdk": "1.0.0", "runtime": "python"},
    }
    client.workers_register("worker-1", body=worker)
    batch = client.workers_list_jobs("worker-1", available=2)
    return f"{len(batch['jobs']) if batch else 0} jobs waiting"


def version(client: IronflowClient) -> str:
    """A body that is written in the call is checked there, required members included."""
    appended = client.streams_events(
        "entity-123",
        body={"entity_type": "order", "event_name": "order.paid", "expected_version": 0},
    )
    return f"entity-123 is at version {appended['entity_version']}"


def replace_if_unchanged(client: IronflowClient) -> None:
    """A value is JSON or bytes; the condition takes the revision from an earlier reply."""
    bucket = client.kv_buckets(body={"name": "cache", "ttl_seconds": 60})["name"]
    entry = client.kv_update_buckets_keys(bucket, "users/42", body={"name": "Alice"})
    client.kv_update_buckets_keys(bucket, "users/42", body=b"raw", if_match=entry["revision"])


if __name__ == "__main__":
    with IronflowClient() as connected:
        for line in report(connected):
            print(line)
