"""The local server's functions and runs: steps, retries, waits, cancelling, resuming, audit."""

from __future__ import annotations

import functools
import threading
import time

import pytest

from ironflow import ConflictError, IronflowClient, NotFoundError, ValidationError
from ironflow.testing import LocalServer
from ironflow.testing._events import record_event

from .local import PATIENCE, until


def start(client, **data):
    """Emit ``order.placed`` and return the id of the run that it started."""
    (run_id,) = client.events_create(body={"name": "order.placed", "data": data})["run_ids"]
    return run_id


def begin(server, client, **data):
    """Start a run, wait until it sleeps, waits for an event or has ended, and return its id."""
    run_id = start(client, **data)
    server.wait_until_idle(PATIENCE)
    return run_id


def finish(server, client, **data):
    """Start a run, wait until it has ended and return it."""
    return client.runs_get(begin(server, client, **data))


def resume(client, run_id, **members):
    return client.runs_resume(body={"run_id": run_id, **members})


def patch(client, step_id, output, **members):
    return client.runs_create(body={"step_id": step_id, "output": output, **members})


def steps_of(client, run_id):
    reply = client.runs_list_steps(run_id)
    assert reply["count"] == len(reply["steps"])
    return {step["step_id"]: step for step in reply["steps"]}


def threads_of(run_id):
    return [found for found in threading.enumerate() if found.name == f"ironflow-{run_id}"]


def audit_of(client, run_id, **query):
    return [entry["event_type"] for entry in client.runs_list_audit(run_id, **query)["events"]]


def in_threads(count, action):
    """Call an action in so many threads at once; what each call returned or raised."""
    outcomes = []
    barrier = threading.Barrier(count)

    def work():
        barrier.wait(PATIENCE)
        try:
            outcomes.append(action())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def gate():
    """An event that a handler waits for; open in the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


# Handlers.


def test_a_run_completes_with_what_its_handler_returns(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        return {"order": event["data"]["order_id"], "lines": (1, None, "ä")}

    run_id = start(local_client, order_id="123")
    local.wait_until_idle()
    run = local_client.runs_get(run_id)
    assert run["status"] == "completed"
    assert run["output"] == {"order": "123", "lines": [1, None, "ä"]}
    assert run["input"] == {"order_id": "123"}
    assert (run["function_id"], run["event_name"]) == ("process-order", "order.placed")
    assert (run["attempt"], run["max_attempts"]) == (1, 1)
    assert run["created_at"] <= run["started_at"] <= run["ended_at"]
    assert "error" not in run
    until(lambda: not threads_of(run_id))


def test_a_run_fails_with_what_its_handler_raises(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        raise LookupError("no such customer")

    run = finish(local, local_client)
    assert run["status"] == "failed"
    assert run["error"] == {"code": "LookupError", "message": "no such customer"}
    assert "output" not in run
    assert run["ended_at"] >= run["started_at"]


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
def test_what_would_end_a_program_only_fails_its_run(local, local_client, kind):
    def end(event):
        if event["data"].get("end"):
            raise kind("over")

    local.function("process-order", triggers=["order.*"])(end)
    assert finish(local, local_client, end=True)["error"] == {
        "code": kind.__name__,
        "message": "over",
    }
    assert finish(local, local_client)["status"] == "completed"


def keyword_only(event, *, verbose=False):
    return event["name"]


def any_number(*arguments):
    return arguments[0]["name"]


class Callable:
    def __call__(self, event):
        return event["name"]

    def method(self, event, step):
        return step.run("name", lambda: event["name"])


@pytest.mark.parametrize(
    "handler",
    [
        lambda event: event["name"],
        lambda event, step: step.run("name", lambda: event["name"]),
        keyword_only,
        any_number,
        Callable(),
        Callable().method,
        functools.partial(lambda prefix, event: prefix + event["name"], ""),
    ],
)
def test_a_handler_gets_the_steps_only_where_it_takes_them(local, local_client, handler):
    assert local.function("process-order", triggers=["order.*"])(handler) is handler
    assert finish(local, local_client)["output"] == "order.placed"


def test_a_handler_gets_the_event_and_can_not_change_it(local, local_client):
    seen = []

    @local.function("process-order", triggers=["order.*"], max_attempts=2)
    def process_order(event):
        seen.append(event)
        event["data"]["items"].append("gift")
        event["data"]["items"] = sorted(event["data"]["items"])
        if len(seen) == 1:
            raise ValueError("again")

    body = {"name": "order.placed", "data": {"items": ["b"]}, "metadata": {"by": "cli"}}
    event_id = local_client.events_create(body=body)["event_id"]
    local.wait_until_idle()
    stored = local_client.events_get(event_id)
    assert stored["data"] == {"items": ["b"]}
    assert [event["data"] for event in seen] == [{"items": ["b", "gift"]}] * 2
    for member in ("id", "name", "metadata", "timestamp", "source"):
        assert seen[1][member] == stored[member]


@pytest.mark.parametrize("value", [{1, 2}, object(), b"bytes", float("nan"), {"a": {(1, 2): 3}}])
def test_an_output_that_is_no_json_fails_the_run_and_says_so(local, local_client, value):
    local.function("process-order", triggers=["order.*"])(lambda event: value)
    run = finish(local, local_client)
    assert run["status"] == "failed"
    assert run["error"]["code"] == "TypeError"
    assert run["error"]["message"].startswith("the output is not a JSON value: ")


def test_a_step_whose_output_is_no_json_fails_and_says_so(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.run("tags", lambda: {"new", "paid"})

    run = finish(local, local_client)
    error = steps_of(local_client, run["id"])["tags"]["error"]
    assert error["message"].startswith("the output of the step is not a JSON value: ")
    assert (run["status"], run["error"]) == ("failed", error)


def test_an_output_of_nothing_is_absent(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    run = finish(local, local_client)
    assert run["status"] == "completed"
    assert "output" not in run


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


def test_a_run_fails_after_its_last_attempt(local, local_client):
    calls = []

    @local.function("process-order", triggers=["order.*"], max_attempts=3, retry_delay=0.01)
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
    with pytest.raises(TimeoutError, match=rf"still at work after 0.1 s: {run_id} \(process-ord"):
        local.wait_until_idle(0.1)
    assert local_client.runs_cancel(run_id)["status"] == "cancelled"
    until(lambda: not threads_of(run_id))
    assert calls == [1]


# Sleeping.


def test_a_run_that_sleeps_is_paused_and_goes_on(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        step.sleep("settle", 0.15)
        return "awake"

    run_id = begin(local, local_client)
    run = until(lambda: ended(local_client, run_id))
    assert (run["status"], run["output"]) == ("completed", "awake")
    assert audit_of(local_client, run_id) == [
        "run.created",
        "run.started",
        "step.started",
        "run.paused",
        "run.resumed",
        "step.completed",
        "run.completed",
    ]


def ended(client, run_id):
    run = client.runs_get(run_id)
    return run if "ended_at" in run else None


@pytest.fixture
def sleeper(local, local_client):
    """The id of a run that sleeps between the steps ``price`` and ``ship``; ``calls`` counts."""

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        total = step.run("price", lambda: sleeper.calls.append("price") or {"total": 15})
        step.sleep("settle", 600)
        step.run("ship", lambda: sleeper.calls.append("ship"))
        return total

    sleeper.calls = []
    sleeper.id = begin(local, local_client)
    assert local_client.runs_get(sleeper.id)["status"] == "paused"
    return sleeper


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
    assert (entry["event_type"], entry["payload"]) == ("run.cancelled", {"reason": "duplicate"})


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
    assert audit_of(local_client, run_id, event_type="run.resumed") == ["run.resumed"]


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


def payment_waiter(server, **options):
    @server.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        paid = step.wait_for_event("payment", "payment.*", **options)
        return paid and paid["data"]

    return process_order


def pay(client, name="payment.received", **data):
    return client.events_create(body={"name": name, "data": data})["event_id"]


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


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_wait_that_takes_too_long_gives_none(local, local_client, timeout):
    payment_waiter(local, timeout=timeout)
    run_id = start(local_client)
    run = until(lambda: ended(local_client, run_id))
    assert run["status"] == "completed"
    assert "output" not in run
    step = steps_of(local_client, run_id)["payment"]
    assert step["status"] == "completed"
    assert "wait_timeout" in step
    pay(local_client)  # it is too late, and wakes nothing
    assert local_client.runs_get(run_id) == run


def test_an_event_counts_until_the_run_has_noticed_the_timeout(local, local_client):
    payment_waiter(local, timeout=0.1)
    state = local._application.state
    (environment,) = state.environments.values()
    paused = False
    while not paused:  # until one is seen before its wait is over
        run_id = start(local_client)
        until(lambda: local_client.runs_get(run_id)["status"] != "running")  # noqa: B023
        with state.lock:
            paused = environment.runs[run_id].status == "paused"
            if paused:
                time.sleep(0.2)  # the wait times out, and its thread has to wait for the lock
                record_event(state, environment, "payment.received", {"amount": 1})
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {"amount": 1}


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
    (environment,) = local._application.state.environments.values()
    assert environment.waiters == []


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
    assert audit_of(local_client, run_id)[-1] == "run.cancelled"


def test_a_handler_without_steps_that_is_cancelled_changes_nothing(local, local_client, gate):
    local.function("process-order", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_id = start(local_client)
    cancelled = local_client.runs_cancel(run_id)
    gate.set()
    until(lambda: not threads_of(run_id))
    run = local_client.runs_get(run_id)
    assert (run["status"], run["updated_at"]) == ("cancelled", cancelled["updated_at"])
    assert "output" not in run


def test_a_handler_can_not_hold_on_to_a_run_that_was_cancelled(local, local_client):
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


def test_a_run_at_work_can_not_be_resumed(local, local_client, gate):
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


@pytest.fixture
def failed(local, local_client):
    """The id of a run whose step ``ship`` failed after ``price`` and ``charge``."""

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        def act(name, output):
            failed.calls.append(name)
            if name == "ship" and failed.calls.count("ship") == 1:
                raise ConnectionError("no carrier")
            return output

        total = step.run("price", lambda: act("price", {"total": 15}))
        step.run("charge", lambda: act("charge", {"charged": total["total"]}))
        step.run("ship", lambda: act("ship", None))
        return total

    failed.calls = []
    failed.id = finish(local, local_client)["id"]
    assert local_client.runs_get(failed.id)["status"] == "failed"
    return failed


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


def test_only_a_completed_step_that_is_meant_can_be_patched(local, local_client, failed):
    with pytest.raises(ConflictError, match="step is failed; only a completed step"):
        patch(local_client, "ship", {})
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


# Invoking.


def test_invoking_a_function_starts_one_run_of_it(local, local_client):
    local.function("greet")(lambda event: f"hello {event['data'].get('name')}")
    invoked = local_client.functions_invoke("greet", {"data": {"name": "Ada"}})
    local.wait_until_idle()
    run = local_client.runs_get(invoked["run_id"])
    assert (run["output"], run["event_id"]) == ("hello Ada", invoked["event_id"])
    event = local_client.events_get(invoked["event_id"])
    assert (event["name"], event["data"]) == ("ironflow.invoke.greet", {"name": "Ada"})


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"data": None}])
def test_invoking_without_data_gives_empty_data(local, local_client, body):
    local.function("greet")(lambda event: event["data"])
    run_id = local_client.functions_invoke("greet", body)["run_id"]
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {}


def test_a_function_that_listens_to_invocations_runs_once(local, local_client):
    local.function("greet", triggers=["ironflow.>"])(lambda event: "greet")
    local.function("log", triggers=[">"])(lambda event: "log")
    invoked = local_client.functions_invoke("greet")
    local.wait_until_idle()
    runs = local_client.runs_list(event_id=invoked["event_id"])["runs"]
    assert sorted(run["function_id"] for run in runs) == ["greet", "log"]
    assert local_client.runs_get(invoked["run_id"])["function_id"] == "greet"


def test_invoking_what_is_not_there_is_a_404_and_leaves_no_event(local_client):
    with pytest.raises(NotFoundError, match="function not found"):
        local_client.functions_invoke("nobody", {"data": {}})
    assert local_client.events_list()["count"] == 0


def test_invoking_with_data_that_is_no_object_is_refused(local, local_client):
    local.function("greet")(lambda event: None)
    with pytest.raises(ValidationError, match="data must be a JSON object"):
        local_client.functions_invoke("greet", {"data": [1]})
    assert local_client.runs_list()["total_count"] == 0


def test_the_same_idempotency_key_gives_the_same_run(local, local_client):
    for id in ("greet", "part"):
        local.function(id)(lambda event: event["data"])
    outcomes = in_threads(
        8, lambda: local_client.functions_invoke("greet", {"data": {}}, idempotency_key="k-1")
    )
    assert outcomes == [outcomes[0]] * 8
    first = local_client.functions_invoke("greet", {"data": {"n": 2}}, idempotency_key="k-1")
    assert first == outcomes[0]
    others = [
        local_client.functions_invoke("greet", idempotency_key="k-2"),
        local_client.functions_invoke("part", idempotency_key="k-1"),
        local_client.with_options(environment="staging").functions_invoke(
            "greet", idempotency_key="k-1"
        ),
        local_client.functions_invoke("greet"),
    ]
    run_ids = [first["run_id"], *(other["run_id"] for other in others)]
    assert len(set(run_ids)) == 5
    assert local_client.events_get(first["event_id"])["idempotency_key"] == "k-1"


# Functions.


def test_functions_are_listed_as_they_were_registered(local, local_client):
    local.function(
        "process-order",
        triggers=["order.*", "cart.>"],
        name="Process Order",
        description="Handles an order",
        max_attempts=3,
        retry_delay=0.5,
    )(lambda event: None)
    local.function("greet")(lambda event: None)
    found = local_client.functions_get("process-order")
    assert (found["name"], found["description"]) == ("Process Order", "Handles an order")
    assert found["triggers"] == [{"event": "order.*"}, {"event": "cart.>"}]
    assert (found["retry_attempts"], found["retry_delay_ms"]) == (3, 500)
    listed = local_client.functions_list()
    assert (listed["count"], listed["total_count"]) == (2, 2)
    assert listed["functions"] == [found, local_client.functions_get("greet")]
    with pytest.raises(NotFoundError, match="function not found"):
        local_client.functions_get("nobody")


def test_functions_are_found_by_what_is_asked_for(local, local_client):
    for id in ("process-order", "process-refund", "greet"):
        local.function(id, name=id.title())(lambda event: None)

    def found(**query):
        return [function["id"] for function in local_client.functions_list(**query)["functions"]]

    assert found(name="PROCESS") == ["process-order", "process-refund"]
    assert found(mode="push") == ["process-order", "process-refund", "greet"]
    assert found(mode="pull") == []
    assert found(status="active", limit=1, offset=1) == ["process-refund"]
    assert found(status="disabled") == []
    assert local_client.functions_list(limit=1)["total_count"] == 3
    assert found(offset=3) == []


def test_a_function_that_is_registered_again_takes_the_place_of_the_old_one(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: "old")
    local.function("process-order", triggers=["order.*"])(lambda event: "new")
    assert finish(local, local_client)["output"] == "new"
    assert local_client.functions_list()["total_count"] == 1


# Lists of runs.


def test_runs_are_found_by_what_is_asked_for(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event):
        if event["data"].get("broken"):
            raise ValueError("broken")

    local.function("greet")(lambda event: None)
    good = finish(local, local_client, customer="Ada")
    bad = finish(local, local_client, broken=True)
    greeted = local_client.functions_invoke("greet", {"data": {"customer": "ada"}})["run_id"]
    local.wait_until_idle()

    def found(**query):
        reply = local_client.runs_list(**query)
        assert reply["count"] == len(reply["runs"])
        return [run["id"] for run in reply["runs"]]

    assert found() == [greeted, bad["id"], good["id"]]
    assert found(status="failed") == [bad["id"]]
    assert found(status="completed") == [greeted, good["id"]]
    assert found(status="pending") == []
    assert found(function_id="process-order") == [bad["id"], good["id"]]
    assert found(function_id="process-order", status="completed") == [good["id"]]
    assert found(event_id=bad["event_id"]) == [bad["id"]]
    assert found(search="ADA") == [greeted, good["id"]]
    assert found(search="order.placed") == [bad["id"], good["id"]]
    assert found(search=good["id"]) == [good["id"]]
    assert good["id"] in found(until=good["created_at"])
    assert bad["id"] in found(since=bad["created_at"])
    assert found(since="2999-01-01") == found(until="1999-01-01") == []
    assert local_client.runs_list(limit=1)["runs"] == [local_client.runs_get(greeted)]
    with pytest.raises(ValidationError, match="until must be an RFC 3339 time"):
        found(until="soon")


def test_runs_are_listed_by_pages_newest_first(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    run_ids = [start(local_client) for _ in range(7)][::-1]
    pages = [local_client.runs_list(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [page["count"] for page in pages] == [3, 3, 1, 0]
    assert {page["total_count"] for page in pages} == {7}
    assert [run["id"] for page in pages for run in page["runs"]] == run_ids
    for query in ({"limit": 0}, {"offset": -1}, {"limit": -1}):
        with pytest.raises(ValidationError, match="must be at least"):
            local_client.runs_list(**query)


def test_a_run_names_the_streams_that_it_appended_to(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        with IronflowClient(local.url, max_attempts=1) as client:
            for entity_id in event["data"]["entities"]:
                body = {
                    "entity_type": "order",
                    "event_name": "stock.reserved",
                    "data": {},
                    "expected_version": -1,
                    "run_id": step.run_id,
                }
                client.streams_events(entity_id, body)

    run = finish(local, local_client, entities=["order-1", "order-2", "order-1"])
    assert (run["status"], run.get("error")) == ("completed", None)
    assert local_client.runs_list_streams(run["id"])["entity_ids"] == ["order-1", "order-2"]
    other = finish(local, local_client, entities=[])
    assert local_client.runs_list_streams(other["id"])["entity_ids"] == []


# Audit.


def test_the_audit_tells_what_happened_to_a_run(local, local_client, failed):
    entries = local_client.runs_list_audit(failed.id)["events"]
    assert [entry["event_type"] for entry in entries] == [
        "run.created",
        "run.started",
        "step.started",
        "step.completed",
        "step.started",
        "step.completed",
        "step.started",
        "step.failed",
        "run.failed",
    ]
    price = steps_of(local_client, failed.id)["price"]
    assert (entries[3]["step_id"], entries[3]["payload"]) == (price["id"], {"name": "price"})
    assert entries[0]["payload"] == {"functionId": "process-order"}
    assert entries[-1]["payload"]["error"]["message"] == "no carrier"
    assert [entry["created_at"] for entry in entries] == sorted(e["created_at"] for e in entries)
    filtered = local_client.runs_list_audit(failed.id, event_type="step.completed")
    assert (len(filtered["events"]), filtered["total_count"]) == (2, 2)
    assert audit_of(local_client, failed.id, event_type="run.cancelled") == []
    assert audit_of(local_client, failed.id, from_="2999-01-01") == []
    assert audit_of(local_client, failed.id, to="1999-01-01") == []
    assert len(audit_of(local_client, failed.id, from_=entries[0]["created_at"])) == 9


def pages_of(read, meanwhile=lambda: None, **query):
    """All entries of an audit, by pages; ``meanwhile`` is called between them."""
    found, cursor = [], None
    while cursor != "":
        page = read(cursor=cursor, **query)
        found += page["events"]
        cursor = page["next_cursor"]
        meanwhile()
    return found


def test_pages_of_an_audit_hold_every_entry_once(local, local_client, failed):
    whole = local_client.runs_list_audit(failed.id)
    assert (whole["total_count"], whole["next_cursor"]) == (9, "")
    read = functools.partial(local_client.runs_list_audit, failed.id)
    for limit in (1, 2, 3, 8, 9, 10):
        assert pages_of(read, limit=limit) == whole["events"]
    completed = pages_of(read, limit=1, event_type="step.completed")
    assert [entry["payload"]["name"] for entry in completed] == ["price", "charge"]
    with pytest.raises(ValidationError, match="the cursor is not one that this server gave"):
        read(cursor="audit_404")
    with pytest.raises(ValidationError, match="limit must be at least 1"):
        read(limit=0)


def test_an_audit_that_grows_while_it_is_read_loses_nothing(local, local_client, failed):
    remaining = [failed.id] * 3

    def meanwhile():
        if remaining:
            remaining.pop()
            finish(local, local_client)

    found = pages_of(local_client.audit_list, meanwhile, limit=4)
    assert found == local_client.audit_list(limit=1000)["events"]
    assert len({entry["id"] for entry in found}) == len(found)
    assert len({entry["run_id"] for entry in found}) == 4


def test_the_feed_holds_the_audits_of_all_runs(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    local.function("greet")(lambda event: None)
    ordered = finish(local, local_client)["id"]
    greeted = local_client.functions_invoke("greet")["run_id"]
    local.wait_until_idle()

    def runs_in(**query):
        return [entry["run_id"] for entry in local_client.audit_list(**query)["events"]]

    assert runs_in() == [ordered] * 3 + [greeted] * 3
    assert runs_in(run_id=greeted) == [greeted] * 3
    assert runs_in(function_id="process-order") == [ordered] * 3
    assert runs_in(event_type="run.completed") == [ordered, greeted]
    assert runs_in(run_id="run_404") == []
    staging = local_client.with_options(environment="staging")
    assert staging.audit_list()["total_count"] == 0


# A run that calls the server.


def test_a_handler_may_call_the_server(local, local_client):
    local.function("notify", triggers=["order.paid"])(lambda event: event["data"])

    @local.function("process-order", triggers=["order.placed"])
    def process_order(event, step):
        def emit(name):
            with IronflowClient(local.url, max_attempts=1) as client:
                return client.events_create(body={"name": name, "data": event["data"]})

        emit("order.seen")
        sent = step.run("pay", lambda: emit("order.paid"))
        with IronflowClient(local.url, max_attempts=1) as client:
            status = client.runs_get(step.run_id)["status"]
        return [sent["run_ids"], status]

    run = finish(local, local_client, order_id="7")
    (notified,), status = run["output"]
    assert status == "running"
    assert local_client.runs_get(notified)["output"] == {"order_id": "7"}
    names = [event["name"] for event in local_client.events_list()["events"]]
    assert names == ["order.paid", "order.seen", "order.placed"]


def test_a_run_may_wait_for_the_event_of_another(local, local_client):
    @local.function("ship", triggers=["order.placed"])
    def ship(event, step):
        return step.wait_for_event("paid", "order.paid", match={"id": event["data"]["id"]})["data"]

    @local.function("charge", triggers=["order.ready"])
    def charge(event, step):
        with IronflowClient(local.url, max_attempts=1) as client:
            step.run("emit", lambda: client.events_create(body={**event, "name": "order.paid"}))

    run_id = begin(local, local_client, id="7")
    local_client.events_create(body={"name": "order.ready", "data": {"id": "7"}})
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {"id": "7"}


def test_a_run_may_cancel_itself(local, local_client):
    after = []

    @local.function("process-order", triggers=["order.placed"])
    def process_order(event, step):
        with IronflowClient(local.url, max_attempts=1) as client:
            client.runs_cancel(step.run_id, {"reason": "changed my mind"})
        step.run("ship", lambda: after.append("shipped"))

    run_id = start(local_client)
    until(lambda: not threads_of(run_id))
    assert local_client.runs_get(run_id)["status"] == "cancelled"
    assert after == []


# Waiting until idle, stopping, resetting.


def test_waiting_until_idle_names_what_is_still_at_work(local, local_client, gate):
    local.function("slow", triggers=["order.*"])(lambda event: gate.wait(PATIENCE))
    run_ids = [start(local_client), start(local_client)]
    with pytest.raises(TimeoutError) as raised:
        local.wait_until_idle(0.05)
    listed = ", ".join(f"{run_id} (slow)" for run_id in run_ids)
    assert str(raised.value) == f"still at work after 0.05 s: {listed}"
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


def test_a_step_that_was_under_way_is_cancelled_with_its_run(local, local_client):
    local.function("nap")(lambda event, step: step.sleep("long", 60))
    run_id = local_client.functions_invoke("nap")["run_id"]
    local.wait_until_idle()
    local_client.runs_cancel(run_id)
    (step,) = local_client.runs_list_steps(run_id)["steps"]
    assert (step["status"], "ended_at" in step) == ("cancelled", True)


def test_an_argument_with_a_default_of_its_own_is_left_alone(local, local_client):
    for number in (1, 2):
        local.function(f"count-{number}")(lambda event, number=number: number)
    local.function("optional")(lambda event, step=None: step.run("one", lambda: 1))
    runs = [
        local_client.functions_invoke(name)["run_id"] for name in ("count-1", "count-2", "optional")
    ]
    local.wait_until_idle()
    assert [local_client.runs_get(run)["output"] for run in runs] == [1, 2, 1]


def test_an_exception_that_can_not_say_what_it_is_fails_the_run_all_the_same(local, local_client):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def handler(event):
        raise Mute

    local.function("mute")(handler)
    run_id = local_client.functions_invoke("mute")["run_id"]
    local.wait_until_idle()
    run = local_client.runs_get(run_id)
    assert (run["status"], run["error"]["code"]) == ("failed", "Mute")


async def _coroutine(event):
    return event


@pytest.mark.parametrize(
    ("options", "handler", "error", "message"),
    [
        ({}, _coroutine, TypeError, "not an async one"),
        ({"max_attempts": 0}, len, ValueError, "max_attempts must be"),
        ({"max_attempts": "3"}, len, ValueError, "max_attempts must be"),
        ({"retry_delay": -1}, len, ValueError, "retry_delay must be"),
        ({"retry_delay": "1"}, len, ValueError, "retry_delay must be"),
    ],
)
def test_a_function_that_can_not_be_is_refused_where_it_is_registered(
    local, options, handler, error, message
):
    with pytest.raises(error, match=message):
        local.function("process-order", **options)(handler)


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


def test_what_a_handler_raises_is_in_the_log_with_its_traceback(local, local_client, caplog):
    def handler(event):
        raise ValueError("no such order")

    local.function("process-order")(handler)
    run_id = local_client.functions_invoke("process-order")["run_id"]
    local.wait_for_run(run_id)
    (record,) = [r for r in caplog.records if r.name == "ironflow.testing"]
    assert record.getMessage() == f"{run_id} of process-order failed"
    assert "ValueError: no such order" in caplog.text


def _nothing():
    return 1


def _three(event, step, more):
    return 1


def _keyword(event, *, step):
    return 1


@pytest.mark.parametrize("handler", [_nothing, _three, _keyword])
def test_a_handler_with_other_arguments_is_refused_where_it_is_registered(local, handler):
    with pytest.raises(TypeError, match="takes an event and maybe a step, not"):
        local.function("process-order")(handler)


def test_a_builtin_is_a_handler_too(local, local_client):
    local.function("copy")(dict)
    run_id = local_client.functions_invoke("copy", body={"data": {"a": 1}})["run_id"]
    assert local.wait_for_run(run_id)["output"]["data"] == {"a": 1}
