"""Cancelling and resuming runs, and patching their steps."""

from __future__ import annotations

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError

from ...local import PATIENCE, until
from ..runs import (
    begin,
    finish,
    patch,
    resume,
    start,
    steps_of,
    threads_of,
)

# Cancelling and resuming.


def test_cancelling_while_a_step_runs_drops_what_it_gives(local, local_client, gate):
    carried_out = []

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.run("charge", lambda: gate.wait(PATIENCE))
        carried_out.append("charge")
        step.run("ship", lambda: carried_out.append("ship"))

    run_id = start(local_client)
    until(lambda: "charge" in steps_of(local_client, run_id))
    cancelled = local_client.runs_cancel(run_id)
    assert cancelled["status"] == "cancelled"
    assert "cancellation_cause" not in cancelled
    local.wait_until_idle(0)
    gate.set()
    until(lambda: not threads_of(run_id))
    assert carried_out == []
    assert local_client.runs_get(run_id)["status"] == "cancelled"
    assert "output" not in steps_of(local_client, run_id)["charge"]
    last = local_client.runs_list_audit(run_id)["events"][-1]
    assert last["payload"] == {"from": "running", "to": "cancelled"}


def test_a_handler_without_steps_that_is_cancelled_changes_nothing(local, local_client, gate):
    local.function("process-order", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_id = start(local_client)
    cancelled = local_client.runs_cancel(run_id)
    gate.set()
    until(lambda: not threads_of(run_id))
    run = local_client.runs_get(run_id)
    assert (run["status"], run["updated_at"]) == ("cancelled", cancelled["updated_at"])
    assert "output" not in run


def test_a_handler_cannot_hold_on_to_a_run_that_was_cancelled(local, local_client):
    caught = []

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        try:
            step.sleep("settle", 600)
        except BaseException as error:
            caught.append(type(error).__name__)
        try:
            return step.run("ship", lambda: caught.append("shipped"))
        finally:
            caught.append("cleaned up")

    run_id = begin(local, local_client)
    local_client.runs_cancel(run_id)
    until(lambda: not threads_of(run_id))
    assert caught == ["_Abandoned", "cleaned up"]
    assert local_client.runs_get(run_id)["status"] == "cancelled"


def test_a_completed_run_can_be_neither_cancelled_nor_resumed(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: "done")
    run = finish(local, local_client)
    with pytest.raises(ConflictError, match="run is already completed"):
        local_client.runs_cancel(run["id"], {"reason": "late"})
    with pytest.raises(ConflictError, match="run is completed; only a failed or paused run"):
        resume(local_client, run["id"])
    assert local_client.runs_get(run["id"]) == run


def test_a_run_at_work_cannot_be_resumed(local, local_client, gate):
    local.function("process-order", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_id = start(local_client)
    with pytest.raises(ConflictError, match="run is running; only"):
        resume(local_client, run_id)


def test_a_run_that_is_not_there_is_a_404(local_client):
    for call in (
        local_client.runs_get,
        local_client.runs_cancel,
        local_client.runs_list_steps,
        local_client.runs_list_audit,
        local_client.runs_list_streams,
        lambda id: resume(local_client, id),
    ):
        with pytest.raises(NotFoundError, match="run not found"):
            call("run_404")


@pytest.mark.parametrize("body", [{}, {"run_id": ""}, {"run_id": 7}, {"from_step": "price"}])
def test_resuming_asks_for_the_id_of_a_run(local_client, body):
    with pytest.raises(ValidationError, match="run_id"):
        local_client.runs_resume(body=body)


def test_resuming_a_failed_run_keeps_what_it_completed(local, local_client, failed):
    resumed = resume(local_client, failed.id)
    assert (resumed["status"], resumed["attempt"]) == ("running", 2)
    assert "error" not in resumed
    assert "ended_at" not in resumed
    local.wait_until_idle()
    run = local_client.runs_get(failed.id)
    assert (run["status"], run["output"]) == ("completed", {"total": 15})
    assert failed.calls == ["price", "charge", "ship", "ship"]
    assert [step["sequence"] for step in steps_of(local_client, failed.id).values()] == [1, 2, 3]


@pytest.mark.parametrize("by_name", [True, False])
def test_resuming_from_a_step_forgets_it_and_those_after_it(local, local_client, failed, by_name):
    charge = steps_of(local_client, failed.id)["charge"]
    from_step = "charge" if by_name else charge["id"]
    resumed = resume(local_client, failed.id, from_step=from_step)
    assert resumed["resume_from_step"] == from_step
    local.wait_until_idle()
    assert local_client.runs_get(failed.id)["status"] == "completed"
    assert failed.calls == ["price", "charge", "ship", "charge", "ship"]
    steps = steps_of(local_client, failed.id)
    assert list(steps) == ["price", "charge", "ship"]
    assert steps["charge"]["id"] != charge["id"]
    with pytest.raises(NotFoundError):
        patch(local_client, charge["id"], {})


def test_resuming_from_a_step_that_is_not_there_changes_nothing(local_client, failed):
    before = local_client.runs_get(failed.id)
    with pytest.raises(NotFoundError, match="step not found: refund"):
        resume(local_client, failed.id, from_step="refund")
    assert local_client.runs_get(failed.id) == before
    assert len(steps_of(local_client, failed.id)) == 3


def test_resuming_a_run_that_sleeps_from_a_step_leaves_one_thread(local, local_client, sleeper):
    before = threads_of(sleeper.id)
    resumed = resume(local_client, sleeper.id, from_step="price")
    assert (resumed["status"], resumed["attempt"]) == ("running", 1)
    local.wait_until_idle()
    assert local_client.runs_get(sleeper.id)["status"] == "paused"
    until(lambda: not before[0].is_alive())
    assert len(threads_of(sleeper.id)) == 1
    assert sleeper.calls == ["price", "price"]
    resume(local_client, sleeper.id, from_step="settle")
    local.wait_until_idle()
    assert local_client.runs_get(sleeper.id)["status"] == "paused"
    resume(local_client, sleeper.id)
    local.wait_until_idle()
    assert local_client.runs_get(sleeper.id)["status"] == "completed"
    assert sleeper.calls == ["price", "price", "ship"]


# Patching a step.


def test_a_patched_step_gives_its_new_output_to_a_resumed_run(local, local_client, failed):
    price = steps_of(local_client, failed.id)["price"]
    patched = patch(local_client, price["id"], {"total": 10}, reason="wrong price")
    assert patched["output"] == {"total": 10}
    assert patched["original_output"] == {"total": 15}
    assert patched["patched_by"]
    assert patched["patched_at"] >= price["ended_at"]
    resume(local_client, failed.id)
    local.wait_until_idle()
    assert local_client.runs_get(failed.id)["output"] == {"total": 10}
    shown = steps_of(local_client, failed.id)["price"]
    assert (shown["output"], shown["original_output"]) == ({"total": 10}, {"total": 15})
    (entry,) = local_client.runs_list_audit(failed.id, event_type="step.patched")["events"]
    assert entry["payload"] == {"name": "price", "reason": "wrong price"}
    assert entry["step_id"] == price["id"]


def test_the_original_output_is_that_of_before_the_first_patch(local_client, failed):
    for total in (10, 5):
        patched = patch(local_client, "price", {"total": total})
    assert (patched["output"], patched["original_output"]) == ({"total": 5}, {"total": 15})


def test_a_run_that_sleeps_sees_a_patch_only_when_it_is_resumed_from_a_step(
    local, local_client, sleeper
):
    patch(local_client, "price", {"total": 10})
    resume(local_client, sleeper.id, from_step="settle")
    local.wait_until_idle()
    resume(local_client, sleeper.id)
    local.wait_until_idle()
    assert local_client.runs_get(sleeper.id)["output"] == {"total": 10}
    assert sleeper.calls == ["price", "ship"]


def test_a_failed_step_that_is_patched_is_completed(local, local_client, failed):
    patched = patch(local_client, "ship", {"shipped": True})
    assert (patched["status"], patched["output"]) == ("completed", {"shipped": True})
    assert "error" not in steps_of(local_client, failed.id)["ship"]
    resume(local_client, failed.id)
    local.wait_until_idle()
    assert local_client.runs_get(failed.id)["status"] == "completed"
    assert failed.calls == ["price", "charge", "ship"]  # it is not carried out again


def test_a_step_that_sleeps_or_waits_cannot_be_patched(local_client, sleeper):
    with pytest.raises(ConflictError, match="step is running") as caught:
        patch(local_client, "settle", {})
    assert caught.value.status_code == 412  # as RPC: failed_precondition


def test_only_a_step_that_is_meant_can_be_patched(local, local_client, failed):
    with pytest.raises(NotFoundError, match="step not found"):
        patch(local_client, "refund", {})
    for output in ("text", [1], None):
        with pytest.raises(ValidationError, match="output"):
            patch(local_client, "price", output)
    second = finish(local, local_client)["id"]
    with pytest.raises(ValidationError, match="2 steps are called price; give the id of one"):
        patch(local_client, "price", {})
    patch(local_client, steps_of(local_client, second)["price"]["id"], {"total": 1})
    assert steps_of(local_client, failed.id)["price"]["output"] == {"total": 15}


def test_a_step_that_was_under_way_is_cancelled_with_its_run(local, local_client):
    local.function("nap")(lambda event, step: step.sleep("long", 60))
    run_id = local_client.functions_invoke("nap")["run_id"]
    local.wait_until_idle()
    local_client.runs_cancel(run_id)
    (step,) = local_client.runs_list_steps(run_id)["steps"]
    assert (step["status"], "ended_at" in step) == ("cancelled", True)
