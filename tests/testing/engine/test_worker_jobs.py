"""Jobs of workers: held polls, progress, delays between attempts, secrets, invocations."""

from __future__ import annotations

import socket
import threading

import pytest

from ironflow import ConflictError

from ...local import until
from ..workers import REGISTRATION, STEP, fetched, invoked, report, yielded

REGISTER = "IronflowService/RegisterFunction"
FAILURE = {"message": "no carrier", "retryable": True}


@pytest.fixture
def client(local_client):
    """A client of a server that ``worker-1`` has registered at."""
    local_client.workers_register("worker-1", body=REGISTRATION)
    return local_client


def held(client, wait=25):
    """Poll in a thread; returns the thread and where its reply will be."""
    replies = []

    def poll():
        with client.capture() as exchanges:
            path = f"/api/v1/workers/worker-1/jobs?available=2&wait={wait}"
            replies.append((client.request("GET", path, text=True), exchanges[-1]))

    thread = threading.Thread(target=poll)
    thread.start()
    return thread, replies


# Held polls.


def test_a_held_poll_ends_with_the_run_that_comes_meanwhile(local, client):
    thread, replies = held(client)
    until(lambda: local.requests[-1].path.endswith("/jobs"))
    run_id = invoked(client)
    thread.join(10)
    assert f'"run_id":"{run_id}"' in replies[0][0]


def test_a_held_poll_without_a_job_says_that_it_was_held(local, client):
    thread, replies = held(client, wait=90)  # the longest is 25
    until(lambda: local.requests[-1].path.endswith("/jobs"))
    local.reset()
    thread.join(10)
    _, exchange = replies[0]
    assert (exchange.status_code, exchange.headers["ironflow-poll-wait"]) == (204, "25")


def test_a_poll_that_need_not_wait_is_not_held(client):
    run_id = invoked(client)
    path = "/api/v1/workers/worker-1/jobs?available={}&wait=25"
    assert client.request("GET", path.format(0)) is None  # nothing is free
    assert client.request("GET", path.format(1))["jobs"][0]["run_id"] == run_id
    with client.capture() as exchanges:
        assert client.workers_list_jobs("worker-1", available=1) is None
    assert "ironflow-poll-wait" not in exchanges[-1].headers


def test_a_worker_that_hung_up_gets_no_job(local, client):
    """It drains, say: a job that it got would never be carried out."""
    with socket.create_connection(("127.0.0.1", local.port)) as connection:
        request = "GET /api/v1/workers/worker-1/jobs?wait=25 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.sendall(request.encode())
        until(lambda: local.requests[-1].path.endswith("/jobs"))
    run_id = invoked(client)
    assert fetched(client)["run_id"] == run_id


@pytest.mark.ironflow(clock="virtual")
def test_no_virtual_time_passes_by_a_held_poll(local, client):
    """A worker polls all the time; an event that a test is about to send must not come too late."""
    run_id = invoked(client)
    wanted = {"event": "order.paid", "timeout": "1h"}
    yielded(client, fetched(client), "wait_for_event", event_filter=wanted)
    before = local.now
    thread, replies = held(client, wait=1)
    thread.join(10)
    assert replies[0][1].status_code == 204
    assert local.now == before
    assert client.runs_get(run_id)["status"] == "paused"


@pytest.mark.ironflow(clock="virtual")
def test_virtual_time_stands_still_while_a_worker_has_a_job_unless_it_is_moved(local, client):
    local.function("nap")(lambda event, step: step.sleep("long", 600))
    run_id, nap = invoked(client), client.functions_invoke("nap")["run_id"]
    job = fetched(client)
    with pytest.raises(TimeoutError):
        local.wait_for_run(nap, timeout=0.05)
    local.advance(300)
    assert client.runs_get(nap)["status"] == "paused"
    report(client, job, "completed")
    assert local.wait_for_run(nap)["status"] == "completed"
    assert client.runs_get(run_id)["status"] == "completed"


# Progress.


def test_progress_records_steps_and_keeps_the_job(client):
    run_id = invoked(client)
    job = fetched(client)
    report(client, job, "progress", steps=[STEP], step_offset=0)
    assert client.runs_get(run_id)["status"] == "running"
    assert client.runs_list_steps(run_id)["count"] == 1
    ship = {**STEP, "id": "s2", "name": "ship"}
    report(client, job, "completed", steps=[ship], step_offset=1)
    names = [step["step_id"] for step in client.runs_list_steps(run_id)["steps"]]
    assert names == ["s1", "s2"]
    assert client.runs_get(run_id)["status"] == "completed"


def test_progress_that_is_repeated_is_recorded_once(client):
    """The reply may have been lost; a failed step would count as tried twice."""
    run_id = invoked(client)
    job = fetched(client)
    steps = [{**STEP, "status": "failed", "error": {"message": "x"}}]
    for _ in range(2):
        report(client, job, "progress", steps=steps, step_offset=0)
    steps.append({**STEP, "id": "s2"})
    report(client, job, "failed", steps=steps, step_offset=0, error=FAILURE)
    first, second = client.runs_list_steps(run_id)["steps"]
    assert (first["attempt"], second["attempt"]) == (1, 1)


# Attempts.


def test_a_run_is_tried_again_after_the_functions_delay(client):
    retry = {"maxAttempts": 3, "initialDelayMs": 600_000, "maxDelayMs": 600_000}
    client.rpc(REGISTER, {"id": "process-order", "retry": retry})
    run_id = invoked(client)
    report(client, fetched(client), "failed", error=FAILURE)
    assert client.workers_list_jobs("worker-1") is None
    assert client.runs_get(run_id)["status"] == "pending"


@pytest.mark.ironflow(clock="virtual")
def test_the_delay_grows_from_attempt_to_attempt_up_to_its_bound(local, client):
    retry = {"maxAttempts": 9, "initialDelayMs": 60_000, "backoffFactor": 2, "maxDelayMs": 180_000}
    client.rpc(REGISTER, {"id": "process-order", "retry": retry})
    invoked(client)
    for delay in (60, 120, 180, 180, 180):
        report(client, fetched(client), "failed", error=FAILURE)
        local.advance(delay - 1)
        assert client.workers_list_jobs("worker-1") is None
        local.advance(1)


def test_a_delay_that_grows_beyond_all_bounds_is_the_longest(client):
    retry = {"maxAttempts": 9, "initialDelayMs": 1, "backoffFactor": 1e300, "maxDelayMs": 1}
    client.rpc(REGISTER, {"id": "process-order", "retry": retry})
    invoked(client)
    for attempt in (1, 2, 3, 4):
        (job,) = client.request("GET", "/api/v1/workers/worker-1/jobs?wait=25")["jobs"]
        assert job["attempt"] == attempt
        report(client, job, "failed", error=FAILURE)


def test_a_worker_says_how_long_to_wait_and_the_function_bounds_it(client):
    retry = {"maxAttempts": 3, "initialDelayMs": 600_000, "maxDelayMs": 1}
    client.rpc(REGISTER, {"id": "process-order", "retry": retry})
    invoked(client)
    report(client, fetched(client), "failed", error={**FAILURE, "retry_after_ms": 600_000})
    path = "/api/v1/workers/worker-1/jobs?wait=25"
    (again,) = client.request("GET", path)["jobs"]
    assert again["attempt"] == 2


def test_a_job_brings_the_secrets_that_its_function_asks_for(client):
    client.rpc(REGISTER, {"id": "process-order", "secrets": ["carrier", "missing"]})
    client.secrets_create(body={"name": "carrier", "value": "s3cret"})
    client.secrets_create(body={"name": "other", "value": "0ther"})
    invoked(client)
    assert fetched(client)["context"] == {"secrets": {"carrier": "s3cret"}}
    invoked(client)
    client.secrets_delete("carrier")
    assert "context" not in fetched(client)


# Invocations.


def invoking(client, kind="invoke_function", function_id="receipt", **members):
    """A run that invokes a function; returns its id."""
    run_id = invoked(client)
    yielded(client, fetched(client), kind, function_id=function_id, **members)
    return run_id


def test_a_step_that_invokes_gets_the_output_of_that_run(local, client):
    local.function("receipt")(lambda event: {"of": event["data"]["total"]})
    run_id = invoking(client, input={"total": 15})
    local.wait_until_idle()
    (step,) = fetched(client)["completed_steps"]
    assert (step["status"], step["output"]) == ("completed", {"of": 15})
    (child,) = client.runs_list(function_id="receipt")["runs"]
    recorded = client.runs_list_steps(run_id)["steps"][0]
    assert (child["parent_run_id"], child["parent_step_id"]) == (run_id, recorded["id"])
    assert recorded["step_type"] == "invoke_function"


def test_a_step_that_invokes_in_vain_fails_and_is_not_tried_again(local, client):
    @local.function("receipt")
    def receipt(event):
        raise ConnectionError("no printer")

    invoking(client)
    local.wait_until_idle()
    job = fetched(client)
    (child,) = client.runs_list(function_id="receipt")["runs"]
    (step,) = job["completed_steps"]
    assert (step["status"], step["output"]) == ("failed", None)
    assert step["error"] == {
        "function_id": "receipt",
        "cause": "no printer",
        "message": "invoke receipt failed: no printer",
        "child_run_id": child["id"],
    }
    report(client, job, "failed", error={"message": "no receipt", "retryable": True})
    assert len(fetched(client)["completed_steps"]) == 1
    assert client.runs_list(function_id="receipt")["total_count"] == 1


def test_invoking_a_function_that_is_not_there_fails_the_step_at_once(client):
    invoking(client, function_id="nobody")
    (step,) = fetched(client)["completed_steps"]
    assert (step["status"], step["error"]["cause"]) == ("failed", "function not found")


def test_an_invocation_that_takes_too_long_fails_the_step(local, client, gate):
    local.function("receipt")(lambda event: gate.wait(10))
    invoking(client, invoke_timeout_ms=1)
    (job,) = client.request("GET", "/api/v1/workers/worker-1/jobs?wait=25")["jobs"]
    (step,) = job["completed_steps"]
    assert (step["status"], step["error"]["cause"]) == ("failed", "timed out")
    wanted = {"event": "order.paid"}
    wait = {"step_id": "w2", "type": "wait_for_event", "event_filter": wanted}
    report(client, job, "yielded", **{"yield": wait})
    gate.set()
    local.wait_until_idle()  # what comes too late ends no other wait
    assert client.runs_get(job["run_id"])["status"] == "paused"


def test_a_time_out_of_an_invocation_beyond_the_calendar_is_taken(client):
    run_id = invoking(client, function_id="process-order", invoke_timeout_ms=2**62)
    (step,) = client.runs_list_steps(run_id)["steps"]
    assert "wait_timeout" in step
    assert "sleep_until" not in step


def test_an_invocation_that_is_cancelled_fails_the_step(client):
    invoking(client, function_id="process-order")
    child = client.runs_list()["runs"][0]["id"]
    client.runs_cancel(child)
    (step,) = fetched(client)["completed_steps"]
    assert (step["status"], step["error"]["cause"]) == ("failed", "cancelled")


def test_a_run_that_is_not_waited_for_gives_its_id(local, client, gate):
    local.function("receipt")(lambda event: gate.wait(10))
    invoking(client, "invoke_function_async", input={"total": 1})
    (step,) = fetched(client)["completed_steps"]
    child = client.runs_get(step["output"]["run_id"])
    assert (child["status"], child["input"]) == ("running", {"total": 1})
    gate.set()
    local.wait_until_idle()


def test_a_cancelled_run_does_not_come_back_by_what_it_invoked(local, client, gate):
    local.function("receipt")(lambda event: gate.wait(10))
    run_id = invoking(client)
    client.runs_cancel(run_id)
    gate.set()
    local.wait_until_idle()
    assert client.runs_get(run_id)["status"] == "cancelled"
    with pytest.raises(ConflictError):
        client.runs_resume(body={"run_id": run_id})
