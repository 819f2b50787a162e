"""Workers: registering, fetching jobs, reporting what came of them."""

from __future__ import annotations

import pytest

from ironflow import ConflictError, IronflowClient, NotFoundError, ValidationError

from ..workers import REGISTRATION, STEP, fetched, invoked, report


@pytest.fixture
def client(local_client):
    """A client of a server that ``worker-1`` has registered at."""
    local_client.workers_register("worker-1", body=REGISTRATION)
    return local_client


# Registering and signs of life.


@pytest.mark.parametrize("register", ["workers_register", "workers_update_register"])
def test_a_registered_worker_is_listed_as_it_registered(local_client, register):
    assert local_client.workers_list() == {"workers": [], "count": 0}
    reply = getattr(local_client, register)("worker-1", body=REGISTRATION)
    assert reply == {"status": "ok"}
    listed = local_client.workers_list()
    (worker,) = listed["workers"]
    assert listed["count"] == 1
    assert worker.pop("registered_at") == worker.pop("last_heartbeat")
    assert worker == {
        "id": "worker-1",
        "hostname": "host-1",
        "function_ids": ["process-order"],
        "active_jobs": 0,
        "max_concurrent": 10,
        "labels": {"region": "eu"},
        "transport": "rest-polling",
        "version": {"sdk": "1.0.0", "runtime": "python"},
    }


def test_a_version_without_a_runtime_is_taken(local_client):
    local_client.workers_register("worker-1", body={**REGISTRATION, "version": {"sdk": "1.0.0"}})
    (worker,) = local_client.workers_list()["workers"]
    assert worker["version"] == {"sdk": "1.0.0", "runtime": ""}


def test_a_registration_needs_functions_and_a_number_of_jobs_only(local_client):
    body = {"function_ids": ["process-order"], "max_concurrent_jobs": 1}
    local_client.workers_register("worker-1", body=body)
    (worker,) = local_client.workers_list()["workers"]
    assert (worker["id"], worker["hostname"], worker["labels"]) == ("worker-1", "", {})
    assert worker["version"] == {"sdk": "", "runtime": ""}


def test_registering_again_replaces_the_worker_and_keeps_its_jobs(client):
    invoked(client)
    job = fetched(client)
    client.workers_update_register("worker-1", body={**REGISTRATION, "hostname": "host-2"})
    (worker,) = client.workers_list()["workers"]
    assert (worker["hostname"], worker["active_jobs"]) == ("host-2", 1)
    assert report(client, job, "completed") == {"status": "ok"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"worker_id": "worker-2"}, "worker_id"),
        ({"hostname": 1}, "hostname"),
        ({"function_ids": "process-order"}, "function_ids"),
        ({"function_ids": [1]}, "function_ids"),
        ({"max_concurrent_jobs": 0}, "max_concurrent_jobs"),
        ({"labels": {"region": 1}}, "labels"),
        ({"version": "1.0.0"}, "version"),
        ({"version": {"runtime": "python"}}, "sdk"),
    ],
)
def test_a_registration_that_is_wrong_is_400_and_names_the_field(local_client, change, named):
    with pytest.raises(ValidationError, match=named):
        local_client.workers_register("worker-1", body={**REGISTRATION, **change})
    assert local_client.workers_list()["count"] == 0


def test_workers_belong_to_an_environment(local, client):
    with IronflowClient(local.url, environment="staging") as staging:
        assert staging.workers_list()["count"] == 0
        with pytest.raises(NotFoundError):
            staging.workers_list_jobs("worker-1")
        with pytest.raises(NotFoundError):
            staging.functions_invoke("process-order")


@pytest.mark.parametrize("heartbeat", ["workers_heartbeat", "workers_update_heartbeat"])
def test_a_heartbeat_is_noted(client, heartbeat):
    beat = {"worker_id": "worker-1", "active_jobs": 0, "jobs": []}
    before = client.workers_list()["workers"][0]
    assert getattr(client, heartbeat)("worker-1", body=beat) == {"status": "ok"}
    after = client.workers_list()["workers"][0]
    assert after["last_heartbeat"] >= before["last_heartbeat"] == before["registered_at"]
    assert after["registered_at"] == before["registered_at"]


def test_a_heartbeat_that_is_wrong_is_400(client):
    for change in ({"worker_id": "other"}, {"active_jobs": -1}, {"jobs": ["job_1"]}):
        with pytest.raises(ValidationError, match=next(iter(change))):
            body = {"worker_id": "worker-1", "active_jobs": 0, "jobs": [], **change}
            client.workers_heartbeat("worker-1", body=body)


def test_an_unknown_worker_is_told_to_register_again(local, client):
    invoked(client)
    job = fetched(client)
    local.reset()
    beat = {"worker_id": "worker-1", "active_jobs": 0, "jobs": []}
    ack = {"run_id": job["run_id"], "execution_seq": 1, "lease_token": job["lease_token"]}
    for call in (
        lambda: client.workers_heartbeat("worker-1", body=beat),
        lambda: client.workers_list_jobs("worker-1"),
        lambda: client.workers_update_jobs_ack("worker-1", job["job_id"], body=ack),
        lambda: report(client, job, "completed"),
    ):
        with pytest.raises(NotFoundError, match="register again"):
            call()


def test_the_functions_of_a_worker_become_pull_functions(client):
    function = client.functions_get("process-order")
    assert (function["execution_mode"], function["retry_attempts"]) == ("pull", 3)
    client.workers_register("worker-2", body={**REGISTRATION, "worker_id": "worker-2"})
    assert client.functions_get("process-order") == function


def test_a_worker_does_not_take_a_function_of_python_over(local, local_client):
    local.function("process-order")(lambda event: "from Python")
    local_client.workers_register("worker-1", body=REGISTRATION)
    run_id = invoked(local_client)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == "from Python"
    assert local_client.workers_list_jobs("worker-1") is None


# Jobs.


def test_a_run_waits_for_its_worker_and_is_handed_out_once(client):
    run_id = invoked(client, order_id="123")
    assert client.runs_get(run_id)["status"] == "pending"
    job = fetched(client)
    assert client.workers_list_jobs("worker-1") is None

    run = client.runs_get(run_id)
    assert (run["status"], run["worker_id"], run["execution_mode"]) == (
        "running",
        "worker-1",
        "pull",
    )
    assert (job["run_id"], job["function_id"], job["attempt"]) == (run_id, "process-order", 1)
    assert (job["execution_seq"], job["completed_steps"]) == (1, [])
    assert (job["max_attempts"], job["on_exhausted"]) == (3, "fail")
    assert (job["event"]["id"], job["event"]["source"]) == (run["event_id"], "invoke")
    assert job["event"]["data"] == {"order_id": "123"}
    assert client.workers_list()["workers"][0]["active_jobs"] == 1


def test_a_completed_job_completes_its_run(client):
    run_id = invoked(client)
    assert report(client, fetched(client), "completed", output={"ok": True}) == {"status": "ok"}
    run = client.runs_get(run_id)
    assert (run["status"], run["output"]) == ("completed", {"ok": True})
    assert client.workers_list()["workers"][0]["active_jobs"] == 0
    types = [entry["event_type"] for entry in client.runs_list_audit(run_id)["events"]]
    assert types == ["run.created", "run.status_changed"]


def test_jobs_come_oldest_first_and_no_more_than_asked_for(client):
    runs = [invoked(client, number=number) for number in range(4)]
    first = client.workers_list_jobs("worker-1", available=2)["jobs"]
    assert [job["run_id"] for job in first] == runs[:2]
    assert client.workers_list_jobs("worker-1", available=0) is None
    assert fetched(client)["run_id"] == runs[2]
    assert len(client.workers_list_jobs("worker-1", available=5)["jobs"]) == 1
    with pytest.raises(ValidationError, match="available"):
        client.workers_list_jobs("worker-1", available=-1)


def test_a_worker_gets_no_more_jobs_than_it_can_run_at_once(client):
    client.workers_register("worker-1", body={**REGISTRATION, "max_concurrent_jobs": 2})
    for _ in range(3):
        invoked(client)
    first, _second = client.workers_list_jobs("worker-1", available=9)["jobs"]
    assert client.workers_list_jobs("worker-1", available=9) is None
    report(client, first, "completed")
    assert len(client.workers_list_jobs("worker-1", available=9)["jobs"]) == 1


def test_a_worker_that_can_run_fewer_jobs_than_it_has_gets_none(client):
    for _ in range(4):
        invoked(client)
    assert len(client.workers_list_jobs("worker-1", available=2)["jobs"]) == 2
    client.workers_register("worker-1", body={**REGISTRATION, "max_concurrent_jobs": 1})
    assert client.workers_list_jobs("worker-1", available=9) is None


def test_a_worker_gets_the_runs_of_its_own_functions_only(client):
    other = {**REGISTRATION, "worker_id": "worker-2", "function_ids": ["send-mail"]}
    client.workers_register("worker-2", body=other)
    run_id = invoked(client)
    mail = client.functions_invoke("send-mail")["run_id"]
    assert fetched(client, "worker-2")["run_id"] == mail
    assert client.workers_list_jobs("worker-2") is None
    assert fetched(client)["run_id"] == run_id


def test_two_workers_of_a_function_never_get_the_same_run(client):
    client.workers_register("worker-2", body={**REGISTRATION, "worker_id": "worker-2"})
    runs = [invoked(client), invoked(client)]
    assert [fetched(client)["run_id"], fetched(client, "worker-2")["run_id"]] == runs
    assert client.workers_list_jobs("worker-1") is None
    assert client.runs_get(runs[1])["worker_id"] == "worker-2"


def test_a_job_is_acknowledged_with_the_values_it_came_with(client):
    run_id = invoked(client)
    job = fetched(client)
    ack = {
        "run_id": run_id,
        "execution_seq": job["execution_seq"],
        "lease_token": job["lease_token"],
    }
    for _ in range(2):  # the reply may have been lost
        assert client.workers_update_jobs_ack("worker-1", job["job_id"], body=ack) == {
            "status": "ok"
        }
    for change in ({"run_id": "run_9"}, {"execution_seq": 2}, {"lease_token": "lease_9"}):
        with pytest.raises(ConflictError):
            client.workers_update_jobs_ack("worker-1", job["job_id"], body={**ack, **change})
    for member in ack:
        with pytest.raises(ValidationError, match=member):
            body = {**ack, member: None}
            client.workers_update_jobs_ack("worker-1", job["job_id"], body=body)
    client.runs_cancel(run_id)
    with pytest.raises(ConflictError, match="stale"):
        client.workers_update_jobs_ack("worker-1", job["job_id"], body=ack)


def test_an_unknown_job_is_404_also_when_it_is_that_of_another_worker(client):
    client.workers_register("worker-2", body={**REGISTRATION, "worker_id": "worker-2"})
    invoked(client)
    job = fetched(client, "worker-2")
    for job_id in ("job_9", job["job_id"]):
        with pytest.raises(NotFoundError, match="job not found"):
            client.workers_update_jobs("worker-1", job_id, body={"status": "completed"})
    assert client.runs_get(job["run_id"])["status"] == "running"


# Reports.


@pytest.mark.parametrize("status", ["progress", "completed"])
@pytest.mark.parametrize("change", [{"lease_token": "lease_9"}, {"execution_seq": 2}])
def test_a_report_with_another_lease_is_409_and_changes_nothing(client, change, status):
    run_id = invoked(client)
    job = fetched(client)
    with pytest.raises(ConflictError) as caught:
        report(client, job, status, **{"steps": [STEP], **change})
    assert caught.value.body["error"] == "STALE_EXECUTION"  # what a worker looks for
    assert client.runs_get(run_id)["status"] == "running"
    assert client.runs_list_steps(run_id)["count"] == 0


def test_a_report_needs_no_lease_token(client):
    run_id = invoked(client)
    job = fetched(client)
    client.workers_update_jobs("worker-1", job["job_id"], body={"status": "completed"})
    assert client.runs_get(run_id)["status"] == "completed"


def test_a_report_on_a_cancelled_run_is_409_and_it_stays_cancelled(client):
    run_id = invoked(client)
    job = fetched(client)
    client.runs_cancel(run_id)
    with pytest.raises(ConflictError, match="stale"):
        report(client, job, "completed", steps=[STEP])
    assert client.runs_get(run_id)["status"] == "cancelled"
    assert client.runs_list_steps(run_id)["count"] == 0
    assert client.workers_list()["workers"][0]["active_jobs"] == 0
    assert client.workers_list_jobs("worker-1") is None


def test_a_second_report_on_a_job_is_409(client):
    run_id = invoked(client)
    job = fetched(client)
    report(client, job, "completed", output=1)
    with pytest.raises(ConflictError):
        report(client, job, "failed", error={"message": "late", "retryable": True})
    assert client.runs_get(run_id)["output"] == 1


def test_a_cancelled_run_is_not_handed_out(client):
    client.runs_cancel(invoked(client))
    assert client.workers_list_jobs("worker-1") is None


@pytest.mark.parametrize(
    ("report_", "named"),
    [
        ({}, "status"),
        ({"status": "done"}, "status"),
        ({"status": "failed"}, "error"),
        ({"status": "failed", "error": {"retryable": True}}, "message"),
        ({"status": "failed", "error": {"message": "x", "retryable": "no"}}, "retryable"),
        ({"status": "yielded"}, "yield"),
        ({"status": "yielded", "yield": {"step_id": "a", "step_name": "b"}}, "type"),
        (
            {"status": "yielded", "yield": {"step_id": "a", "type": "invoke_function"}},
            "function_id",
        ),
        ({"status": "progress", "steps": [STEP] * 501}, "at most 500"),
        ({"status": "progress", "step_offset": -1}, "step_offset"),
        (
            {"status": "yielded", "yield": {"step_id": "a", "step_name": "b", "type": "nap"}},
            "type of a yield",
        ),
        (
            {"status": "yielded", "yield": {"step_id": "a", "step_name": "b", "type": "sleep"}},
            "until",
        ),
        (
            {
                "status": "yielded",
                "yield": {"step_id": "a", "step_name": "b", "type": "sleep", "until": "soon"},
            },
            "until",
        ),
        (
            {
                "status": "yielded",
                "yield": {"step_id": "a", "step_name": "b", "type": "wait_for_event"},
            },
            "event_filter",
        ),
        (
            {
                "status": "yielded",
                "yield": {
                    "step_id": "a",
                    "step_name": "b",
                    "type": "wait_for_event",
                    "event_filter": {"event": "order.paid", "timeout": "soon"},
                },
            },
            "duration",
        ),
        ({"status": "completed", "steps": [STEP, {**STEP, "status": "half"}]}, "status of a step"),
        ({"status": "completed", "steps": [STEP, {**STEP, "id": ""}]}, "id"),
        ({"status": "completed", "steps": [STEP, 1]}, r"steps\[1\]"),
    ],
)
def test_a_report_that_is_wrong_is_400_and_changes_nothing(client, report_, named):
    run_id = invoked(client)
    job = fetched(client)
    with pytest.raises(ValidationError, match=named):
        client.workers_update_jobs("worker-1", job["job_id"], body={"steps": [STEP], **report_})
    assert client.runs_get(run_id)["status"] == "running"
    assert client.runs_list_steps(run_id)["count"] == 0


def test_reported_steps_are_those_of_the_run(client):
    run_id = invoked(client)
    failed = {
        "id": "s2",
        "name": "ship",
        "type": "invoke",
        "status": "failed",
        "error": {"message": "no stock"},
        "duration_ms": 3,
    }
    error = {"message": "no stock", "code": "OUT_OF_STOCK", "retryable": False}
    report(client, fetched(client), "failed", steps=[STEP, failed], error=error)

    charge, ship = client.runs_list_steps(run_id)["steps"]
    assert (charge["step_id"], charge["step_type"], charge["status"]) == (
        "s1",
        "invoke",
        "completed",
    )
    assert (charge["output"], charge["duration_ms"]) == ({"total": 99.99}, 850)
    assert (ship["status"], ship["error"], ship["sequence"]) == (
        "failed",
        {"message": "no stock"},
        2,
    )
    run = client.runs_get(run_id)
    assert run["status"] == "failed"
    assert run["error"] == {"message": "no stock", "code": "OUT_OF_STOCK"}
    assert client.workers_list_jobs("worker-1") is None


def test_a_retryable_failure_is_tried_again_with_its_completed_steps(client):
    run_id = invoked(client)
    error = {"message": "timeout", "retryable": True}
    job = fetched(client)
    report(client, job, "failed", steps=[STEP], error=error)
    run = client.runs_get(run_id)
    assert (run["status"], run["attempt"], run["max_attempts"]) == ("pending", 2, 3)

    again = fetched(client)
    assert (again["run_id"], again["attempt"]) == (run_id, 2)
    assert again["execution_seq"] > job["execution_seq"]
    assert again["completed_steps"] == [
        {
            "step_id": "s1",
            "name": "charge-card",
            "output": {"total": 99.99},
            "status": "completed",
        }
    ]
    with pytest.raises(ConflictError):  # the first lease ended with the first attempt
        report(client, job, "completed")

    report(client, again, "failed", steps=[{**STEP, "output": "other"}], error=error)
    assert client.runs_list_steps(run_id)["steps"][0]["output"] == {"total": 99.99}
    report(client, fetched(client), "failed", error=error)  # the third and last attempt
    run = client.runs_get(run_id)
    assert (run["status"], run["attempt"]) == ("failed", 3)
    assert run["error"] == {"message": "timeout"}


def test_a_failed_step_that_succeeds_later_is_one_step(client):
    run_id = invoked(client)
    failed = {"id": "s1", "name": "charge-card", "type": "invoke", "status": "failed", "error": "x"}
    error = {"message": "x", "retryable": True}
    report(client, fetched(client), "failed", steps=[failed], error=error)
    job = fetched(client)
    assert job["completed_steps"] == []
    report(client, job, "completed", steps=[STEP])
    (step,) = client.runs_list_steps(run_id)["steps"]
    assert (step["status"], step["attempt"], "error" in step) == ("completed", 2, False)


def test_a_failed_run_that_is_resumed_goes_to_a_worker_again(client):
    run_id = invoked(client)
    error = {"message": "x", "retryable": False}
    report(client, fetched(client), "failed", steps=[STEP], error=error)
    run = client.runs_resume(body={"run_id": run_id})
    assert (run["status"], "claimed_by" in run) == ("pending", False)
    job = fetched(client)
    assert (job["run_id"], job["completed_steps"][0]["step_id"]) == (run_id, "s1")


def test_a_patched_step_gives_its_new_output_to_the_next_job(client):
    run_id = invoked(client)
    error = {"message": "x", "retryable": True}
    report(client, fetched(client), "failed", steps=[STEP], error=error)
    step = client.runs_list_steps(run_id)["steps"][0]
    client.runs_create(body={"step_id": step["id"], "output": {"total": 1}})
    assert fetched(client)["completed_steps"][0]["output"] == {"total": 1}
