"""What a stop or a reset makes of runs, and waiting until they have ended."""

from __future__ import annotations

import threading

import pytest

from ironflow import NotFoundError
from ironflow.testing import LocalServer

from ...local import PATIENCE, until
from ..runs import (
    begin,
    pay,
    payment_waiter,
    resume,
    start,
    steps_of,
    threads_of,
)

# Waiting until idle, stopping, resetting.


def test_waiting_until_idle_names_what_is_still_at_work(local, local_client, gate):
    local.function("slow", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_ids = [start(local_client), start(local_client)]
    with pytest.raises(TimeoutError) as raised:
        local.wait_until_idle(0.05)
    listed = ", ".join(f"{run_id} (slow)" for run_id in run_ids)
    assert str(raised.value) == f"still working after 0.05 s: {listed}"
    gate.set()
    local.wait_until_idle()
    assert local_client.runs_list(status="completed")["count"] == 2


@pytest.mark.parametrize("interrupt", [LocalServer.reset, LocalServer.stop])
def test_waiting_until_idle_ends_when_there_is_nothing_more_to_wait_for(
    local, local_client, gate, interrupt
):
    local.function("slow", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    start(local_client)
    waiting = threading.Thread(target=local.wait_until_idle, args=(PATIENCE,))
    waiting.start()
    interrupt(local)
    waiting.join(PATIENCE / 2)
    assert not waiting.is_alive()


def test_a_run_that_a_stop_interrupts_is_carried_on(local, local_client, sleeper):
    port = local.port
    for _ in range(2):
        local.stop()
        until(lambda: not threads_of(sleeper.id))
        local.wait_until_idle(0)
        local.start()
        assert local.port == port
        local.wait_until_idle()
        assert local_client.runs_get(sleeper.id)["status"] == "paused"
    resume(local_client, sleeper.id)
    local.wait_until_idle()
    run = local_client.runs_get(sleeper.id)
    assert (run["status"], run["output"], run["attempt"]) == ("completed", {"total": 15}, 1)
    assert sleeper.calls == ["price", "ship"]
    assert list(steps_of(local_client, sleeper.id)) == ["price", "settle", "ship"]


def test_a_run_that_waits_for_an_event_still_does_after_a_stop(local, local_client):
    payment_waiter(local)
    run_id = begin(local, local_client)
    local.stop()
    local.start()
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["status"] == "paused"
    pay(local_client, amount=1)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {"amount": 1}
    until(lambda: not threads_of(run_id))


def test_a_step_that_a_stop_interrupts_is_carried_out_again(local, local_client, gate):
    calls = []

    def charge():
        calls.append("charge")
        if len(calls) == 1:
            gate.wait(PATIENCE)
        return len(calls)

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.run("price", lambda: calls.insert(0, "price"))
        return step.run("charge", charge)

    calls.clear()
    run_id = start(local_client)
    until(lambda: "charge" in calls)
    local.stop()
    local.start()
    gate.set()
    local.wait_until_idle()
    until(lambda: not threads_of(run_id))
    run = local_client.runs_get(run_id)
    assert run["status"] == "completed"
    assert calls.count("price") == 1
    assert run["output"] == steps_of(local_client, run_id)["charge"]["output"]


def test_a_run_that_ended_before_a_stop_stays_as_it_was(local, local_client, failed):
    before = local_client.runs_list()["runs"]
    local.stop()
    local.start()
    local.wait_until_idle()
    assert local_client.runs_list()["runs"] == before
    assert failed.calls == ["price", "charge", "ship"]


def test_a_reset_forgets_the_runs_and_keeps_the_functions(local, local_client, sleeper):
    local.reset()
    until(lambda: not threads_of(sleeper.id))
    for empty in (local_client.runs_list(), local_client.events_list(), audit(local_client)):
        assert empty["count"] == 0
    with pytest.raises(NotFoundError):
        local_client.runs_get(sleeper.id)
    assert local_client.functions_get("process-order")["triggers"] == [{"event": "order.*"}]
    again = begin(local, local_client)
    assert local_client.runs_get(again)["status"] == "paused"
    assert sleeper.calls == ["price", "price"]


def audit(client):
    reply = client.audit_list()
    return {**reply, "count": len(reply["events"])}


def test_a_run_of_before_a_reset_does_not_show_up_after_it(local, local_client, gate):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        gate.wait(PATIENCE)
        return step.run("ship", lambda: "shipped")

    local.function("greet", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_ids = local_client.events_create(body={"name": "order.placed", "data": {}})["run_ids"]
    local.reset()
    gate.set()
    until(lambda: not any(threads_of(run_id) for run_id in run_ids))
    assert local_client.runs_list()["total_count"] == 0
    assert audit(local_client)["count"] == 0


def test_idempotency_keys_are_forgotten_by_a_reset(local, local_client):
    local.function("greet")(lambda event: None)
    local_client.functions_invoke("greet", idempotency_key="k")
    local.reset()
    run_id = local_client.functions_invoke("greet", idempotency_key="k")["run_id"]
    assert local_client.runs_get(run_id)["function_id"] == "greet"


def test_a_run_is_waited_for_through_its_sleeps(local, local_client):
    @local.function("nap")
    def nap(event, step):
        step.sleep("short", 0.05)
        return event["data"]["value"]

    run_id = local_client.functions_invoke("nap", body={"data": {"value": 7}})["run_id"]
    run = local.wait_for_run(run_id)
    assert (run["id"], run["status"], run["output"]) == (run_id, "completed", 7)


def test_waiting_for_a_run_that_does_not_end_or_does_not_exist_says_so(local, local_client):
    local.function("nap")(lambda event, step: step.sleep("long", 60))
    run_id = local_client.functions_invoke("nap")["run_id"]
    local.wait_until_idle()
    with pytest.raises(TimeoutError, match=f"{run_id} is still paused after 0.01 s"):
        local.wait_for_run(run_id, timeout=0.01)
    with pytest.raises(KeyError, match="no run run_9"):
        local.wait_for_run("run_9")


def test_a_stop_does_not_lengthen_a_sleep_or_lose_a_wait(local, local_client):
    calls = []

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        calls.append("begun")
        step.sleep("settle", 600)
        return step.wait_for_event("payment", "payment.*")["data"]

    run_id = begin(local, local_client)
    until_before = steps_of(local_client, run_id)["settle"]["sleep_until"]
    local.stop()
    local.start()
    assert steps_of(local_client, run_id)["settle"]["sleep_until"] == until_before
    assert calls == ["begun"]  # nothing is called before its time
    resume(local_client, run_id)
    local.wait_until_idle()
    local.stop()
    local.start()
    local_client.events_create(body={"name": "payment.received", "data": {"by": "card"}})
    assert local.wait_for_run(run_id)["output"] == {"by": "card"}
