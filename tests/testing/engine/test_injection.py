"""Runs that are paused between two steps, and go on with what was put into them."""

from __future__ import annotations

import base64
import json

import pytest

from ironflow import NotFoundError, ValidationError

from ...local import until
from ..connect import refusal, rpc
from ..runs import begin
from ..workers import REGISTRATION, STEP, fetched, invoked, report, yielded


def encoded(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def decoded(text):
    return json.loads(base64.b64decode(text))


@pytest.fixture
def stepping(local, gate):
    """A function whose first step waits for ``gate``, and what its later steps were given."""
    given = []

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        def price():
            gate.wait(10)
            return {"total": 15}

        total = step.run("price", price)
        step.run("charge", lambda: given.append(total))
        return total

    return given


def paused_at_charge(local, client, gate):
    """The id of a run that is paused before its second step."""
    run_id = client.events_create(body={"name": "order.placed"})["run_ids"][0]
    until(lambda: client.runs_list_steps(run_id)["count"])  # it is at work
    assert client.runs_pause({"run_id": run_id}) == {"status": "running"}
    assert client.rpc("IronflowService/GetRun", {"id": run_id})["pauseRequested"] is True
    gate.set()
    local.wait_until_idle()
    return run_id


def test_a_run_at_work_is_paused_before_its_next_step(local, local_client, gate, stepping):
    run_id = paused_at_charge(local, local_client, gate)

    run = local_client.rpc("IronflowService/GetRun", {"id": run_id})
    state = local_client.runs_get_paused_state({"run_id": run_id})
    (step,) = state["steps"]
    assert (run["status"], run["pauseReason"], stepping) == ("RUN_STATUS_PAUSED", "injection", [])
    assert "pauseRequested" not in run
    assert (state["pause_reason"], state["next_step_hint"]) == ("injection", "charge")
    assert {name: step[name] for name in ("id", "name", "step_type", "status")} == {
        "id": "step_1",
        "name": "price",
        "step_type": "invoke",
        "status": "completed",
    }
    assert decoded(step["output"]) == {"total": 15}
    assert "injected" not in step and "completed_at" in step


def test_a_resumed_run_goes_on_with_the_new_output(local, local_client, gate, stepping):
    run_id = paused_at_charge(local, local_client, gate)

    reply = local_client.runs_inject_step_output(
        {"run_id": run_id, "step_id": "step_1", "new_output": encoded({"total": 5})}
    )
    (step,) = local_client.runs_get_paused_state({"run_id": run_id})["steps"]
    local_client.runs_resume({"run_id": run_id})

    assert decoded(reply["previous_output"]) == {"total": 15}
    assert (step["injected"], decoded(step["output"])) == (True, {"total": 5})
    run = local.wait_for_run(run_id)
    assert (run["status"], run["output"], stepping) == ("completed", {"total": 5}, [{"total": 5}])
    assert "pause_reason" not in run
    stored = local_client.runs_list_steps(run_id)["steps"][0]
    assert stored["original_output"] == {"total": 15}
    audit = local_client.runs_list_audit(run_id, event_type="step.injected")["events"]
    assert [entry["step_id"] for entry in audit] == ["step_1"]


def test_an_output_can_be_null(local, local_client, gate, stepping):
    run_id = paused_at_charge(local, local_client, gate)
    local_client.runs_inject_step_output(
        {"run_id": run_id, "step_id": "step_1", "new_output": encoded(None)}
    )
    local_client.runs_resume({"run_id": run_id})
    assert local.wait_for_run(run_id).get("output") is None
    assert stepping == [None]


def test_the_first_output_is_kept_through_several_injections(local, local_client, gate, stepping):
    run_id = paused_at_charge(local, local_client, gate)
    for total in (1, 2):
        local_client.runs_inject_step_output(
            {"run_id": run_id, "step_id": "step_1", "new_output": encoded({"total": total})}
        )
    stored = local_client.runs_list_steps(run_id)["steps"][0]
    assert (stored["original_output"], stored["output"]) == ({"total": 15}, {"total": 2})


def test_a_sleeping_run_is_paused_at_once_and_sleeps_on_until_its_time(
    local, local_client, sleeper
):
    until = local_client.runs_list_steps(sleeper.id)["steps"][1]["sleep_until"]
    assert local_client.runs_pause({"run_id": sleeper.id}) == {"status": "paused"}
    state = local_client.runs_get_paused_state({"run_id": sleeper.id})
    assert state["next_step_hint"] == "settle"

    local_client.runs_resume({"run_id": sleeper.id})
    local.wait_until_idle()

    steps = local_client.runs_list_steps(sleeper.id)["steps"]
    assert (steps[1]["status"], steps[1]["sleep_until"]) == ("running", until)
    assert sleeper.calls == ["price"]


def test_nothing_but_a_resume_ends_the_pause(local, local_client):
    @local.function("process-order", triggers=["order.placed"])
    def process_order(event, step):
        return step.wait_for_event("payment", "order.paid")

    run_id = begin(local, local_client)
    local_client.runs_pause({"run_id": run_id})
    local_client.events_create(body={"name": "order.paid"})
    local.stop()
    local.start()
    assert local_client.runs_pause({"run_id": run_id}) == {"status": "paused"}  # it is already

    local_client.runs_resume({"run_id": run_id})
    local.wait_until_idle()
    local_client.events_create(body={"name": "order.paid", "data": {"late": True}})

    assert local.wait_for_run(run_id)["output"]["data"] == {"late": True}


def test_a_paused_run_can_be_cancelled(local, local_client, gate, stepping):
    run_id = paused_at_charge(local, local_client, gate)
    assert local_client.runs_cancel(run_id)["status"] == "cancelled"
    with pytest.raises(ValidationError, match="cancelled"):
        local_client.runs_get_paused_state({"run_id": run_id})


def test_a_run_that_ends_before_its_next_step_is_not_paused(local, local_client, gate):
    local.function("process-order", triggers=["order.*"])(lambda event: gate.wait(10))
    run_id = local_client.events_create(body={"name": "order.placed"})["run_ids"][0]
    local_client.runs_pause({"run_id": run_id})
    gate.set()
    run = local.wait_for_run(run_id)
    assert (run["status"], run["pause_requested"]) == ("completed", False)


# Runs of workers


@pytest.fixture
def worker(local_client):
    local_client.workers_register("worker-1", body=REGISTRATION)
    return local_client


def test_a_workers_run_that_nobody_has_fetched_is_kept_back(worker):
    run_id = invoked(worker)
    assert worker.runs_pause({"run_id": run_id}) == {"status": "paused"}
    assert worker.workers_list_jobs("worker-1") is None

    worker.runs_resume({"run_id": run_id})

    assert fetched(worker)["run_id"] == run_id


def test_a_workers_run_is_paused_by_its_report_and_goes_on_with_the_new_output(worker):
    run_id = invoked(worker)
    job = fetched(worker)
    assert worker.runs_pause({"run_id": run_id}) == {"status": "running"}
    yielded(worker, job, "sleep", until="2099-01-01T00:00:00Z")
    state = worker.runs_get_paused_state({"run_id": run_id})
    assert state["next_step_hint"] == "wait-a-while"

    worker.runs_resume({"run_id": run_id})
    run = worker.runs_get(run_id)
    assert (run["status"], worker.workers_list_jobs("worker-1")) == ("paused", None)


def test_a_workers_step_is_given_again_with_the_new_output(worker):
    run_id = invoked(worker)
    job = fetched(worker)
    worker.runs_pause({"run_id": run_id})
    error = {"message": "later", "retryable": True}
    report(worker, job, "failed", steps=[STEP], error=error)
    (step,) = worker.runs_get_paused_state({"run_id": run_id})["steps"]
    worker.runs_inject_step_output(
        {"run_id": run_id, "step_id": step["id"], "new_output": encoded({"total": 1})}
    )
    worker.runs_resume({"run_id": run_id})
    assert [s["output"] for s in fetched(worker)["completed_steps"]] == [{"total": 1}]


# Refusals


def test_only_a_paused_run_has_a_paused_state(local, local_client, sleeper):
    asked = {"runId": sleeper.id}
    status, code, message = refusal(local, "IronflowService/GetPausedState", asked)
    assert (status, code) == (400, "failed_precondition")
    assert "not paused for injection" in message
    inject = {**asked, "stepId": "step_1", "newOutput": encoded(1)}
    assert refusal(local, "IronflowService/InjectStepOutput", inject)[1] == "failed_precondition"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"stepId": "step_9"}, "not_found"),
        ({"stepId": "price"}, "not_found"),  # the id is wanted, not the name
        ({"stepId": "step_2"}, "failed_precondition"),
        ({"stepId": None}, "invalid_argument"),
        ({"newOutput": None}, "invalid_argument"),
        ({"newOutput": "not base64!"}, "invalid_argument"),
        ({"newOutput": base64.b64encode(b"{").decode()}, "invalid_argument"),
        ({"runId": "run_9"}, "not_found"),
    ],
)
def test_an_injection_that_cannot_be_made_changes_nothing(local, sleeper, changes, code):
    rpc(local, "IronflowService/PauseRun", {"runId": sleeper.id})
    asked = {"runId": sleeper.id, "stepId": "step_1", "newOutput": encoded(1), **changes}
    assert refusal(local, "IronflowService/InjectStepOutput", asked)[1] == code
    state = rpc(local, "IronflowService/GetPausedState", {"runId": sleeper.id})
    assert [decoded(step["output"]) for step in state["steps"]] == [{"total": 15}]


def test_a_run_that_is_over_or_missing_cannot_be_paused(local_client, failed):
    with pytest.raises(ValidationError, match="already failed"):
        local_client.runs_pause({"run_id": failed.id})
    with pytest.raises(NotFoundError):
        local_client.runs_pause({"run_id": "run_9"})


def test_the_paused_state_is_in_snake_case_as_the_product_has_it(local, sleeper):
    rpc(local, "IronflowService/PauseRun", {"runId": sleeper.id})
    state = rpc(local, "IronflowService/GetPausedState", {"runId": sleeper.id})
    assert sorted(state) == ["next_step_hint", "pause_reason", "steps"]


def test_what_a_run_waited_for_may_end_while_it_is_paused(local, worker, gate):
    local.function("ship", triggers=[])(lambda event: gate.wait(10) and {"sent": True})
    run_id = invoked(worker)
    job = fetched(worker)
    yielded(worker, job, "invoke_function", function_id="ship", input={})
    worker.runs_pause({"run_id": run_id})
    gate.set()
    local.wait_until_idle()
    assert worker.workers_list_jobs("worker-1") is None

    worker.runs_resume({"run_id": run_id})

    assert [step["output"] for step in fetched(worker)["completed_steps"]] == [{"sent": True}]
