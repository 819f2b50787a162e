"""Steps of a run: what is recorded, and what another attempt makes of it."""

from __future__ import annotations

import threading

import pytest

from ...local import until
from ..runs import (
    audit_of,
    begin,
    finish,
    pay,
    resume,
    steps_of,
    threads_of,
)

# Steps.


def test_steps_are_recorded_in_their_order_under_their_names(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        total = step.run("price", lambda: event["data"]["quantity"] * 5)
        step.sleep("settle", 0)
        step.run("charge", lambda: {"charged": total})
        step.run("notify", lambda: None)
        return total

    run = finish(local, local_client, quantity=3)
    steps = steps_of(local_client, run["id"])
    assert list(steps) == ["price", "settle", "charge", "notify"]
    assert [step["sequence"] for step in steps.values()] == [1, 2, 3, 4]
    assert [step["step_type"] for step in steps.values()] == ["invoke", "sleep", "invoke", "invoke"]
    assert {step["status"] for step in steps.values()} == {"completed"}
    assert {step["run_id"] for step in steps.values()} == {run["id"]}
    assert len({step["id"] for step in steps.values()}) == 4
    assert steps["price"]["output"] == run["output"] == 15
    assert steps["charge"]["output"] == {"charged": 15}
    assert "output" not in steps["notify"]
    for step in steps.values():
        assert step["created_at"] <= step["started_at"] <= step["ended_at"]
        assert step["duration_ms"] >= 0
        assert step["attempt"] == 1


def test_a_name_that_comes_twice_is_counted(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        return [step.run("charge", lambda n=n: n) for n in range(3)]

    run = finish(local, local_client)
    assert run["output"] == [0, 1, 2]
    assert list(steps_of(local_client, run["id"])) == ["charge", "charge#2", "charge#3"]


def test_a_step_that_fails_fails_its_run(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.run("price", lambda: 5)
        step.run("charge", lambda: 1 / 0)
        step.run("notify", lambda: None)

    run = finish(local, local_client)
    steps = steps_of(local_client, run["id"])
    assert [(name, step["status"]) for name, step in steps.items()] == [
        ("price", "completed"),
        ("charge", "failed"),
    ]
    error = {"code": "ZeroDivisionError", "message": "division by zero"}
    assert steps["charge"]["error"] == run["error"] == error
    assert "output" not in steps["charge"]


def test_a_handler_may_go_on_after_a_step_that_failed(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        try:
            step.run("charge", lambda: 1 / 0)
        except ZeroDivisionError:
            return step.run("refund", lambda: "refunded")

    run = finish(local, local_client)
    assert (run["status"], run["output"]) == ("completed", "refunded")
    steps = steps_of(local_client, run["id"])
    assert [step["status"] for step in steps.values()] == ["failed", "completed"]


def test_what_a_step_gives_is_what_was_recorded(local, local_client):
    shared = {"lines": [1]}

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        given = step.run("load", lambda: shared)
        given["lines"].append(2)
        shared["lines"].append(3)
        return given

    run = finish(local, local_client)
    assert run["output"] == {"lines": [1, 2]}
    assert steps_of(local_client, run["id"])["load"]["output"] == {"lines": [1]}


def test_what_a_wait_gives_is_what_was_recorded(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        paid = step.wait_for_event("payment", "payment.*")
        paid["data"]["amount"] += 1
        return paid["data"]

    run_id = begin(local, local_client)
    event_id = pay(local_client, amount=1)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {"amount": 2}
    assert steps_of(local_client, run_id)["payment"]["output"]["data"] == {"amount": 1}
    assert local_client.events_get(event_id)["data"] == {"amount": 1}


def test_steps_may_be_carried_out_in_threads_of_the_handler(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        threads = [
            threading.Thread(target=step.run, args=(f"part-{n}", lambda n=n: n)) for n in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run = finish(local, local_client)
    steps = steps_of(local_client, run["id"])
    assert {name: step["output"] for name, step in steps.items()} == {
        f"part-{n}": n for n in range(10)
    }
    assert [step["sequence"] for step in steps.values()] == list(range(1, 11))


# Another attempt.


def test_another_attempt_does_not_carry_completed_steps_out_again(local, local_client):
    carried_out, attempts = [], []

    def ship():
        carried_out.append("ship")
        if carried_out.count("ship") < 3:
            raise ConnectionError("no carrier")
        return "shipped"

    @local.function("process-order", triggers=["order.*"], max_attempts=3)
    def process_order(event, step):
        attempts.append((step.attempt, step.run_id))
        total = step.run("price", lambda: carried_out.append("price") or 15)
        return [total, step.run("ship", ship)]

    run = finish(local, local_client)
    assert (run["status"], run["output"]) == ("completed", [15, "shipped"])
    assert (run["attempt"], run["max_attempts"]) == (3, 3)
    assert carried_out == ["price", "ship", "ship", "ship"]
    assert attempts == [(1, run["id"]), (2, run["id"]), (3, run["id"])]
    steps = steps_of(local_client, run["id"])
    assert [step["attempt"] for step in steps.values()] == [1, 3]
    assert "error" not in steps["ship"]
    assert "error" not in run
    retried = local_client.runs_list_audit(run["id"], event_type="run.retrying")["events"]
    assert [entry["payload"]["attempt"] for entry in retried] == [1, 2]
    assert retried[0]["payload"]["error"]["message"] == "no carrier"


@pytest.mark.ironflow(clock="virtual")
def test_a_run_fails_after_its_last_attempt(local, local_client):
    calls = []

    @local.function("process-order", triggers=["order.*"], max_attempts=3, retry_delay=60)
    def process_order(event):
        calls.append(event)
        raise ValueError(f"attempt {len(calls)}")

    run = finish(local, local_client)
    assert (run["status"], run["attempt"], len(calls)) == ("failed", 3, 3)
    assert run["error"]["message"] == "attempt 3"


def test_a_run_between_two_attempts_is_at_work_and_can_be_cancelled(local, local_client):
    calls = []

    @local.function("process-order", triggers=["order.*"], max_attempts=2, retry_delay=600)
    def process_order(event, step):
        step.sleep("settle", 600)
        calls.append(step.attempt)
        raise ValueError("again")

    run_id = begin(local, local_client)
    resume(local_client, run_id)
    until(lambda: "run.retrying" in audit_of(local_client, run_id))
    with pytest.raises(TimeoutError, match=rf"still working after 0.1 s: {run_id} \(process-ord"):
        local.wait_until_idle(0.1)
    assert local_client.runs_cancel(run_id)["status"] == "cancelled"
    until(lambda: not threads_of(run_id))
    assert calls == [1]
