"""A worker as tests play it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

REGISTRATION = {
    "worker_id": "worker-1",
    "hostname": "host-1",
    "function_ids": ["process-order"],
    "max_concurrent_jobs": 10,
    "labels": {"region": "eu"},
    "version": {"sdk": "1.0.0", "runtime": "python"},
}
STEP = {
    "id": "s1",
    "name": "charge-card",
    "type": "invoke",
    "status": "completed",
    "output": {"total": 99.99},
    "duration_ms": 850,
}


def invoked(client, **data):
    """Id of a new run of the function that the worker runs."""
    return client.functions_invoke("process-order", body={"data": data})["run_id"]


def fetched(client, worker="worker-1"):
    """The one job that is handed out now."""
    (job,) = client.workers_list_jobs(worker)["jobs"]
    return job


def report(client, job, status, **members):
    body = {"status": status, "lease_token": job["lease_token"], **members}
    return client.workers_update_jobs("worker-1", job["job_id"], body=body)


def yielded(client, job, kind, **members):
    wait = {"step_id": "w1", "step_name": "wait-a-while", "type": kind, **members}
    return report(client, job, "yielded", **{"yield": wait})


def in_seconds(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()
