"""Functions of workers, registered by RPC: their settings, their triggers, what is refused."""

from __future__ import annotations

import pytest

from ironflow import ConflictError, IronflowError, ValidationError

from ..workers import REGISTRATION, fetched, report

FUNCTION = {
    "id": "process-order",
    "name": "Process Order",
    "description": "Packs and ships",
    "triggers": [{"event": "order.*"}, {"cron": "0 * * * *"}],
    "preferredMode": "EXECUTION_MODE_PULL",
    "retry": {"maxAttempts": 2, "initialDelayMs": 500, "backoffFactor": 1.5},
    "timeoutMs": 60000,
    "concurrency": {"limit": 3},
    "metadata": {"__ironflow_code_hash": "abc"},
}


def register(client, **changes):
    return client.rpc("IronflowService/RegisterFunction", {**FUNCTION, **changes})


def test_a_function_is_registered_with_all_its_settings(local_client):
    reply = register(local_client)

    function = reply["function"]
    assert reply["created"] is True
    assert function["status"] == "FUNCTION_STATUS_ACTIVE"
    assert {name: function[name] for name in FUNCTION} == FUNCTION
    listed = local_client.functions_get("process-order")
    assert (listed["name"], listed["execution_mode"]) == ("Process Order", "pull")
    assert (listed["retry_attempts"], listed["retry_delay_ms"]) == (2, 500)
    assert listed["metadata"] == {"__ironflow_code_hash": "abc"}


def test_registering_again_counts_the_version_only_where_something_changed(local_client):
    assert register(local_client)["function"]["version"] == 1
    again = register(local_client)
    assert (again.get("created", False), again["function"]["version"]) == (False, 1)
    assert register(local_client, description="Ships")["function"]["version"] == 2


def test_an_event_starts_the_function_and_a_worker_runs_it(local_client):
    register(local_client)
    local_client.workers_register("worker-1", body=REGISTRATION)

    run_ids = local_client.events_create(body={"name": "order.placed", "data": {"n": 1}})["run_ids"]

    job = fetched(local_client)
    assert (job["run_id"], job["event"]["data"]) == (run_ids[0], {"n": 1})
    report(local_client, job, "completed", output={"done": True})
    assert local_client.runs_get(run_ids[0])["status"] == "completed"


def test_triggers_that_are_gone_start_nothing(local_client):
    register(local_client)
    register(local_client, triggers=[{"event": "user.created"}])

    assert local_client.events_create(body={"name": "order.placed"})["run_ids"] == []
    assert len(local_client.events_create(body={"name": "user.created"})["run_ids"]) == 1


@pytest.mark.parametrize(
    ("setting", "status"), [({}, "paused"), ({"onExhausted": "fail"}, "failed")]
)
def test_the_number_of_attempts_is_kept_to(local_client, setting, status):
    register(local_client, retry={"maxAttempts": 1, **setting})
    local_client.workers_register("worker-1", body=REGISTRATION)
    run_id = local_client.functions_invoke("process-order")["run_id"]

    error = {"message": "no carrier", "retryable": True}
    job = fetched(local_client)
    assert (job["max_attempts"], job["on_exhausted"]) == (1, "fail" if setting else "pause")
    report(local_client, job, "failed", error=error)

    assert local_client.runs_get(run_id)["status"] == status
    local_client.runs_resume(body={"run_id": run_id})
    report(local_client, fetched(local_client), "completed")
    assert local_client.runs_get(run_id)["status"] == "completed"


def test_without_settings_the_products_defaults_hold(local_client):
    reply = local_client.rpc("IronflowService/RegisterFunction", {"id": "pack"})
    function = reply["function"]
    assert function["retry"] == {"maxAttempts": 25, "initialDelayMs": 1000, "backoffFactor": 2.0}
    assert function["preferredMode"] == "EXECUTION_MODE_PULL"


def test_a_push_function_is_refused_because_nobody_would_call_it(local_client):
    with pytest.raises(IronflowError) as refused:
        register(local_client, preferredMode="EXECUTION_MODE_PUSH")
    assert (refused.value.status_code, refused.value.code) == (501, "unimplemented")
    assert "EXECUTION_MODE_PULL" in str(refused.value)


def test_a_python_function_is_not_taken_over(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    with pytest.raises(ConflictError, match="Python function"):
        register(local_client)
    assert local_client.functions_get("process-order")["execution_mode"] == "push"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"triggers": "order.*"},
        {"triggers": [{}]},
        {"triggers": [{"expression": "true"}]},
        {"retry": {"maxAttempts": -1}},
        {"retry": {"backoffFactor": "2"}},
        {"retry": {"onExhausted": "give up"}},
        {"secrets": "token"},
        {"timeoutMs": -1},
        {"metadata": "text"},
        {"preferredMode": "pull"},
    ],
)
def test_settings_of_the_wrong_type_are_refused_and_nothing_is_registered(local_client, changes):
    with pytest.raises(ValidationError):
        register(local_client, **changes)
    assert local_client.functions_list()["count"] == 0
