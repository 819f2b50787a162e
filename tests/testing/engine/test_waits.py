"""Runs that sleep or wait for an event."""

from __future__ import annotations

import time

import pytest

from ironflow import ConflictError
from ironflow.testing._engine.emitting import emit
from ironflow.testing._engine.runs import Runs, all_runs

from ...local import PATIENCE, until
from ..runs import (
    audit_of,
    begin,
    ended,
    finish,
    in_threads,
    pay,
    payment_waiter,
    resume,
    start,
    steps_of,
    threads_of,
)

# Sleeping.


@pytest.mark.ironflow(clock="virtual")
def test_a_run_that_sleeps_is_paused_and_goes_on(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.sleep("settle", 3600)
        return "awake"

    run_id = begin(local, local_client)
    assert local_client.runs_get(run_id)["status"] == "paused"
    local.advance(3600)
    run = local_client.runs_get(run_id)
    assert (run["status"], run["output"]) == ("completed", "awake")
    assert audit_of(local_client, run_id) == [
        "run.created",
        "step.started",
        "run.status_changed",
        "run.status_changed",
        "step.completed",
        "run.status_changed",
    ]


def test_a_sleep_says_until_when(local_client, sleeper):
    step = steps_of(local_client, sleeper.id)["settle"]
    assert step["status"] == "running"
    assert step["sleep_until"] > step["started_at"]
    assert len(threads_of(sleeper.id)) == 1


def test_cancelling_a_run_that_sleeps_ends_it_at_once(local, local_client, sleeper):
    cancelled = local_client.runs_cancel(sleeper.id, {"reason": "duplicate"})
    assert (cancelled["status"], cancelled["cancellation_cause"]) == ("cancelled", "duplicate")
    assert cancelled["ended_at"]
    until(lambda: not threads_of(sleeper.id))
    assert local_client.runs_get(sleeper.id)["status"] == "cancelled"
    assert sleeper.calls == ["price"]
    entry = local_client.runs_list_audit(sleeper.id)["events"][-1]
    assert entry["payload"] == {"from": "paused", "to": "cancelled", "reason": "duplicate"}


def test_resuming_a_run_that_sleeps_ends_the_sleep(local, local_client, sleeper):
    resumed = resume(local_client, sleeper.id)
    assert (resumed["status"], resumed["attempt"]) == ("running", 1)
    local.wait_until_idle()
    run = local_client.runs_get(sleeper.id)
    assert (run["status"], run["output"]) == ("completed", {"total": 15})
    assert sleeper.calls == ["price", "ship"]
    assert steps_of(local_client, sleeper.id)["settle"]["attempt"] == 1


def test_a_run_is_cancelled_once(local_client, sleeper):
    outcomes = in_threads(8, lambda: local_client.runs_cancel(sleeper.id))
    assert (
        sorted(isinstance(outcome, ConflictError) for outcome in outcomes) == [False] + [True] * 7
    )
    with pytest.raises(ConflictError, match="run is already cancelled"):
        local_client.runs_cancel(sleeper.id)
    with pytest.raises(ConflictError, match="run is cancelled; only"):
        resume(local_client, sleeper.id)


def test_a_run_is_resumed_once(local, local_client, gate):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.sleep("settle", 600)
        step.run("ship", lambda: gate.wait(PATIENCE))

    run_id = begin(local, local_client)
    outcomes = in_threads(8, lambda: resume(local_client, run_id))
    assert (
        sorted(isinstance(outcome, ConflictError) for outcome in outcomes) == [False] + [True] * 7
    )
    gate.set()
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["status"] == "completed"
    changes = local_client.runs_list_audit(run_id, event_type="run.status_changed")["events"]
    assert [change["payload"]["to"] for change in changes] == ["paused", "running", "completed"]


@pytest.mark.parametrize("round", range(5))
def test_a_run_that_is_cancelled_and_resumed_at_once_is_either(local, local_client, sleeper, round):
    def cancel():
        return local_client.runs_cancel(sleeper.id)["status"]

    actions = iter([cancel, lambda: resume(local_client, sleeper.id)["status"]])
    outcomes = in_threads(2, lambda: next(actions)())
    local.wait_until_idle()
    until(lambda: not threads_of(sleeper.id))
    status = local_client.runs_get(sleeper.id)["status"]
    assert status in ("cancelled", "completed")
    assert any(outcome in ("cancelled", "running") for outcome in outcomes)


# Waiting for an event.


def test_a_run_waits_for_the_event_that_fits(local, local_client):
    payment_waiter(local, match={"order_id": "7", "lines": (1, 2)})
    run_id = begin(local, local_client)
    for name, data in (
        ("payment.received", {"order_id": "8", "lines": [1, 2]}),
        ("payment.received", {"lines": [1, 2]}),
        ("payment.received.late", {"order_id": "7", "lines": [1, 2]}),
        ("order.paid", {"order_id": "7"}),
    ):
        local_client.events_create(body={"name": name, "data": data})
        local.wait_until_idle()
        assert local_client.runs_get(run_id)["status"] == "paused"
    step = steps_of(local_client, run_id)["payment"]
    assert (step["status"], step["step_type"]) == ("running", "wait_for_event")
    assert step["wait_event_name"] == "payment.*"
    assert "wait_timeout" not in step
    event_id = pay(local_client, order_id="7", lines=[1, 2], amount=15)
    local.wait_until_idle()
    run = local_client.runs_get(run_id)
    assert run["output"] == {"order_id": "7", "lines": [1, 2], "amount": 15}
    recorded = steps_of(local_client, run_id)["payment"]["output"]
    assert (recorded["id"], recorded["name"]) == (event_id, "payment.received")


def test_a_member_that_is_absent_does_not_fit_null(local, local_client):
    payment_waiter(local, match={"coupon": None})
    run_id = begin(local, local_client)
    pay(local_client, amount=1)
    assert local_client.runs_get(run_id)["status"] == "paused"
    pay(local_client, amount=2, coupon=None)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {"amount": 2, "coupon": None}


def test_a_condition_that_is_no_json_fails_the_run(local, local_client):
    payment_waiter(local, match={"order_id": object()})
    assert finish(local, local_client)["error"]["message"].startswith("match is not a JSON value")
    pay(local_client)  # nothing waits for it


@pytest.mark.parametrize("timeout", [0, 3600])
@pytest.mark.ironflow(clock="virtual")
def test_a_wait_that_takes_too_long_gives_none(local, local_client, timeout):
    payment_waiter(local, timeout=timeout)
    run_id = start(local_client)
    local.advance(timeout)
    run = local_client.runs_get(run_id)
    assert run["status"] == "completed"
    assert "output" not in run
    step = steps_of(local_client, run_id)["payment"]
    assert step["status"] == "completed"
    assert "wait_timeout" in step
    pay(local_client)  # it is too late, and wakes nothing
    assert local_client.runs_get(run_id) == run


def test_an_event_after_the_deadline_does_not_end_a_wait(local, local_client):
    payment_waiter(local, timeout=0.1)
    state = local._application.state
    (environment,) = state.environments.values()
    paused = False
    while not paused:  # until one is seen before its wait is over
        run_id = start(local_client)
        until(lambda: local_client.runs_get(run_id)["status"] != "running")  # noqa: B023
        with state.lock:
            paused = environment.of(Runs)[run_id].status == "paused"
            if paused:
                time.sleep(0.11)  # the wait times out, and its timer has to wait for the lock
                emit(environment, "payment.received", {"amount": 1})
    until(lambda: ended(local_client, run_id))
    assert "output" not in local_client.runs_get(run_id)


@pytest.mark.parametrize("round", range(5))
def test_an_event_at_the_moment_of_the_timeout_leaves_no_run_behind(local, local_client, round):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        paid = step.wait_for_event("payment", "payment.*", match=event["data"], timeout=0.01)
        return paid and paid["data"]

    runs = {}
    for number in range(10):
        runs[number] = start(local_client, number=number)
        time.sleep(0.002 * round)
        pay(local_client, number=number)
    for number, run_id in runs.items():
        run = until(lambda run_id=run_id: ended(local_client, run_id))
        assert run["status"] == "completed"
        assert run.get("output") in (None, {"number": number})
    assert all(run.wait is None for run in all_runs(local._application.state))


def test_every_run_that_waits_for_an_event_wakes_up(local, local_client):
    payment_waiter(local)
    run_ids = [begin(local, local_client) for _ in range(2)]
    pay(local_client, amount=1)
    local.wait_until_idle()
    assert [local_client.runs_get(id)["output"] for id in run_ids] == [{"amount": 1}] * 2


def test_an_event_of_another_environment_wakes_nothing(local, local_client):
    payment_waiter(local)
    run_id = begin(local, local_client)
    pay(local_client.with_options(environment="staging"))
    assert local_client.runs_get(run_id)["status"] == "paused"


def test_an_event_that_came_before_the_wait_does_not_end_it(local, local_client):
    payment_waiter(local)
    pay(local_client)
    run_id = begin(local, local_client)
    assert local_client.runs_get(run_id)["status"] == "paused"


def test_resuming_a_run_that_waits_for_an_event_gives_it_none(local, local_client):
    payment_waiter(local)
    run_id = begin(local, local_client)
    resume(local_client, run_id)
    local.wait_until_idle()
    run = local_client.runs_get(run_id)
    assert run["status"] == "completed"
    assert "output" not in run
    pay(local_client)
    assert local_client.runs_get(run_id) == run


def test_a_run_that_was_cancelled_does_not_wake_up(local, local_client):
    payment_waiter(local)
    run_id = begin(local, local_client)
    local_client.runs_cancel(run_id)
    pay(local_client)
    local.wait_until_idle()
    until(lambda: not threads_of(run_id))
    assert local_client.runs_get(run_id)["status"] == "cancelled"


def test_the_event_that_was_waited_for_is_there_on_the_next_attempt(local, local_client):
    attempts = []

    @local.function("process-order", triggers=["order.*"], max_attempts=2)
    def process_order(event, step):
        paid = step.wait_for_event("payment", "payment.*")
        attempts.append(paid["data"])
        if len(attempts) == 1:
            raise ValueError("again")

    run_id = begin(local, local_client)
    pay(local_client, amount=1)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["status"] == "completed"
    assert attempts == [{"amount": 1}, {"amount": 1}]
