"""Handlers: what they get, what becomes of what they return or raise, and calls they make."""

from __future__ import annotations

import functools

import pytest

from ironflow import IronflowClient

from ...local import until
from ..runs import (
    begin,
    finish,
    start,
    steps_of,
    threads_of,
)

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


def test_a_handler_gets_the_event_and_cannot_change_it(local, local_client):
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


def test_an_argument_with_a_default_of_its_own_is_left_alone(local, local_client):
    for number in (1, 2):
        local.function(f"count-{number}")(lambda event, number=number: number)
    local.function("optional")(lambda event, step=None: step.run("one", lambda: 1))
    runs = [
        local_client.functions_invoke(name)["run_id"] for name in ("count-1", "count-2", "optional")
    ]
    local.wait_until_idle()
    assert [local_client.runs_get(run)["output"] for run in runs] == [1, 2, 1]


def test_an_exception_that_cannot_say_what_it_is_fails_the_run_all_the_same(local, local_client):
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
def test_a_function_that_cannot_be_is_refused_where_it_is_registered(
    local, options, handler, error, message
):
    with pytest.raises(error, match=message):
        local.function("process-order", **options)(handler)


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
