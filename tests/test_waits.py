"""Waiting for a run, and for the runs that a call starts: what is asked, and how it ends."""

from __future__ import annotations

import copy
import json
import pickle
import threading
import time

import pytest

import ironflow
from ironflow import (
    AuthenticationError,
    InvalidResponseError,
    IronflowClient,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RunFailedError,
)

from .stub import StubServer
from .waits import run, runs, targets


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_a_run_that_has_ended_is_returned_at_once(client, server, clock, status):
    server.reply(run(status, output={"ok": True}))
    assert client.runs_wait("run_1") == run(status, output={"ok": True})
    assert targets(server) == ["/api/v1/runs/run_1"]
    assert clock.slept == []


def test_a_run_is_looked_at_until_it_has_ended(client, server, clock):
    for status in ("pending", "running", "paused", "waiting_for_capacity", "unheard_of"):
        server.reply(run(status))
    server.reply(run("completed"))
    assert client.runs_wait("run_1")["status"] == "completed"
    assert clock.slept == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8])


def test_a_poll_interval_is_kept_as_it_is(client, server, clock):
    for status in ("running", "running", "running", "completed"):
        server.reply(run(status))
    client.runs_wait("run_1", poll_interval=3)
    assert clock.slept == [3, 3, 3]


def test_a_look_says_how_long_the_server_may_hold_it(client, server):
    for _ in range(5):
        server.reply(run("completed"))
    client.runs_wait("run_1")  # the client's timeout is 5 s
    client.runs_wait("run_1", timeout=4.5)
    client.runs_wait("run_1", timeout=2)
    client.runs_wait("run_1", timeout=0)
    client.with_options(headers={"prefer": "handling=strict"}).runs_wait("run_1")
    preferred = [request.headers.get("prefer") for request in server.requests]
    assert preferred == ["wait=3", "wait=2", None, None, "handling=strict"]


def test_progress_is_each_state_that_differs_the_first_and_the_last_included(client, server, clock):
    states = [run(attempt=1), run(attempt=1), run(attempt=2), run("completed", attempt=2)]
    for state in states:
        server.reply(state)
    seen = []
    result = client.runs_wait("run_1", on_progress=seen.append)
    assert seen == [states[0], states[2], states[3]]
    assert seen[-1] == result


def test_what_on_progress_raises_ends_the_wait(client, server, clock):
    server.reply(run())

    def stop(state):
        raise LookupError(state["status"])

    with pytest.raises(LookupError, match="^running$"):
        client.runs_wait("run_1", on_progress=stop)
    assert len(server.requests) == 1


def test_time_that_is_up_is_an_error_with_the_last_state(client, server, clock):
    for attempt in range(1, 5):
        server.reply(run(attempt=attempt))
    with pytest.raises(IronflowTimeoutError) as caught:
        client.runs_wait("run_1", timeout=3.5, poll_interval=1)
    error = caught.value
    assert str(error) == "run run_1 has not ended after 3.5 s"
    assert error.body == run(attempt=4)
    assert (error.code, error.status_code, error.attempts) == ("TIMEOUT", 0, 4)
    assert isinstance(error, TimeoutError)
    assert clock.slept == [1, 1, 1, 0.5]
    assert clock.time == 1003.5


def test_a_timeout_of_zero_is_one_look(client, server, clock):
    server.reply(run())
    with pytest.raises(IronflowTimeoutError) as caught:
        client.runs_wait("run_1", timeout=0)
    assert caught.value.body == run()
    assert len(server.requests) == 1
    server.reply(run("completed"))
    assert client.runs_wait("run_1", timeout=0)["status"] == "completed"
    assert clock.slept == []


def test_the_default_is_to_wait_for_five_minutes(client, server, clock):
    server.next_reply = lambda: (200, {}, json.dumps(run()).encode())
    with pytest.raises(IronflowTimeoutError, match="after 300 s$"):
        client.runs_wait("run_1")
    assert clock.time == pytest.approx(1300.0)
    assert len(server.requests) <= 305


def test_the_timeout_is_not_that_of_the_request_and_no_look_outlasts_the_wait(
    server, client, clock, monkeypatch
):
    limits = []
    make = IronflowClient.with_options

    def noted(self, **changes):
        limits.append((changes["timeout"], changes["max_attempts"], changes["total_timeout"]))
        return make(self, **changes)

    monkeypatch.setattr(IronflowClient, "with_options", noted)
    for _ in range(4):
        server.reply(run())
    with pytest.raises(IronflowTimeoutError):
        client.runs_wait("run_1", timeout=14, poll_interval=4)
    assert limits == [(5, 1, None), (5, 1, None), (5, 1, None), (2, 1, None)]  # the client's is 5


def test_a_server_that_says_nothing_does_not_hold_the_wait():
    with StubServer() as server, IronflowClient(server.url, timeout=30) as client:
        gate = threading.Event()
        server.next_reply = lambda: gate.wait(20) and b""
        with pytest.raises(IronflowTimeoutError, match="the last look failed: ") as caught:
            client.runs_wait("run_1", timeout=0.2)
        gate.set()
        assert caught.value.body is None
        assert isinstance(caught.value.__cause__, IronflowTimeoutError)


def test_failures_that_may_pass_do_not_end_the_wait(client, server, clock):
    server.raw(b"")  # the connection is closed without a reply
    server.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")  # cut short
    server.reply({"error": "restarting"}, status=503)
    server.reply({"error": "slow down"}, status=429, headers={"Retry-After": "7"})
    server.reply({"error": "no luck", "retryable": False}, status=500)
    server.reply(run("completed"))
    assert client.runs_wait("run_1")["status"] == "completed"
    assert clock.slept == pytest.approx([0.05, 0.1, 0.2, 7.0, 0.8])
    assert len(server.requests) == 6


def test_a_look_is_one_attempt_for_the_wait_repeats_it(client, server, clock):
    server.reply({"error": "restarting"}, status=503)
    with pytest.raises(IronflowTimeoutError) as caught:
        client.runs_wait("run_1", timeout=0)
    assert len(server.requests) == 1
    assert str(caught.value) == (
        "run run_1 has not ended after 0 s; the last look failed: restarting"
    )
    assert caught.value.__cause__.status_code == 503


def test_a_failure_that_was_mended_is_not_told(client, server, clock):
    server.reply({"error": "restarting"}, status=503)
    server.reply(run())
    with pytest.raises(IronflowTimeoutError, match="^run run_1 has not ended after 1.5 s$"):
        client.runs_wait("run_1", timeout=1.5, poll_interval=1)


def test_a_server_that_asks_for_more_than_is_left_is_not_asked_again(client, server, clock):
    server.reply({"error": "slow down"}, status=429, headers={"Retry-After": "60"})
    with pytest.raises(IronflowTimeoutError, match="slow down$"):
        client.runs_wait("run_1", timeout=10)
    assert clock.slept == [10]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, IronflowError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, IronflowError),
    ],
)
def test_any_other_refusal_ends_the_wait_at_once(client, server, clock, status, kind):
    server.reply(run())
    server.reply({"error": "no"}, status=status)
    with pytest.raises(kind, match="^no") as caught:
        client.runs_wait("run_1")
    assert caught.value.status_code == status
    assert len(server.requests) == 2


@pytest.mark.parametrize("reply", [{}, {"status": None}, [], "completed", None])
def test_a_reply_without_a_status_ends_the_wait(client, server, clock, reply):
    server.reply(reply)
    with pytest.raises(InvalidResponseError):
        client.runs_wait("run_1")
    assert len(server.requests) == 1


def test_a_failed_run_is_returned_unless_asked_otherwise(client, server, clock):
    failed = run("failed", error={"message": "card declined", "code": "E1"})
    for _ in range(2):
        server.reply(failed)
    assert client.runs_wait("run_1") == failed
    with pytest.raises(RunFailedError) as caught:
        client.runs_wait("run_1", raise_on_failure=True)
    error = caught.value
    assert str(error) == "run run_1 failed: card declined"
    assert error.run == error.body == failed
    assert error.code == "RUN_FAILED"
    assert isinstance(error, IronflowError)


def test_a_cancelled_run_counts_as_failed(client, server, clock):
    server.reply(run("cancelled"))
    with pytest.raises(RunFailedError, match="^run run_1 was cancelled$") as caught:
        client.runs_wait("run_1", raise_on_failure=True)
    assert caught.value.code == "RUN_CANCELLED"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (None, "run run_1 failed"),
        ("", "run run_1 failed"),
        ("boom", "run run_1 failed: boom"),
        ("two\nlines\x1b[31m", "run run_1 failed: two lines [31m"),
        ({"code": 7}, "run run_1 failed: {'code': 7}"),
        ({"message": "a"}, "run run_1 failed: a"),
        ("x" * 400, f"run run_1 failed: {'x' * 299}…"),
    ],
)
def test_the_error_of_a_run_is_told_in_one_line(client, server, clock, error, message):
    server.reply(run("failed", error=error))
    with pytest.raises(RunFailedError) as caught:
        client.runs_wait("run_1", raise_on_failure=True)
    assert str(caught.value) == message


def test_a_completed_run_is_no_failure(client, server, clock):
    server.reply(run("completed"))
    assert client.runs_wait("run_1", raise_on_failure=True)["status"] == "completed"


def test_the_error_of_a_run_pickles_and_copies_whole():
    error = RunFailedError("run run_1 failed", run=run("failed"), code="RUN_FAILED", body=1)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is RunFailedError
        assert vars(twin) == vars(error)
        assert (str(twin), repr(twin)) == (str(error), repr(error))
    assert RunFailedError.__module__ == "ironflow"
    assert ironflow.RunFailedError is RunFailedError


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"timeout": -1}, ValueError, "^timeout: must not be negative$"),
        ({"timeout": float("nan")}, ValueError, "^timeout: must be a finite number$"),
        ({"timeout": 1e300}, ValueError, "^timeout: must be at most "),
        ({"timeout": None}, TypeError, "^timeout: must be a number, not NoneType$"),
        ({"timeout": True}, TypeError, "^timeout: must be a number, not bool$"),
        ({"poll_interval": 0}, ValueError, "^poll_interval: must be more than 0 seconds$"),
        ({"poll_interval": -1}, ValueError, "^poll_interval: must not be negative$"),
        ({"poll_interval": "1"}, TypeError, "^poll_interval: must be a number, not str$"),
        ({"on_progress": "print"}, TypeError, "^on_progress: must be callable, not str$"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    client, server, arguments, error, message
):
    waits = [
        lambda: client.runs_wait("run_1", **arguments),
        lambda: client.runs_wait_many(["run_1"], **arguments),
        lambda: client.events_create_and_wait({"name": "a", "data": {}}, **arguments),
        lambda: client.functions_invoke_and_wait("f", **arguments),
        lambda: client.projections_rebuild_and_wait("p", **arguments),
        lambda: client.projections_wait_for("p", 1, **arguments),
    ]
    for wait in waits:
        with pytest.raises(error, match=message):
            wait()
    assert server.requests == []


def test_fifty_waits_in_fifty_threads_ask_no_more_than_documented(server):
    ends = time.monotonic() + 1.0

    def state():
        status = "completed" if time.monotonic() >= ends else "running"
        return 200, {}, json.dumps(run(status)).encode()

    server.next_reply = state
    waited = []
    with IronflowClient(server.url) as client:

        def wait():
            started = time.monotonic()
            assert client.runs_wait("run_1", timeout=60)["status"] == "completed"
            waited.append(time.monotonic() - started)

        threads = [threading.Thread(target=wait) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(waited) == 50
    assert len(server.requests) <= sum(seconds + 5 for seconds in waited)


# Calls and the runs that they start.


def test_an_event_is_emitted_and_its_runs_are_waited_for(client, server, clock):
    server.reply({"event_id": "evt_1", "run_ids": ["a", "b"]})
    server.reply(run(id="a"))
    server.reply(run("failed", id="b"))
    server.reply(runs(run("completed", id="a"), run("failed", id="b")))
    body = {"name": "order.placed", "data": {"quantity": 2}}
    found = client.events_create_and_wait(body)
    assert [(each["id"], each["status"]) for each in found] == [("a", "completed"), ("b", "failed")]
    assert (server.requests[0].method, server.requests[0].json) == ("POST", body)


@pytest.mark.parametrize("reply", [{"run_ids": None}, {"run_ids": []}, {}])
def test_an_event_that_starts_nothing_is_not_waited_for(client, server, clock, reply):
    server.reply({"event_id": "evt_1", **reply})
    assert client.events_create_and_wait({"name": "a", "data": {}}) == []
    assert len(server.requests) == 1


def test_the_runs_of_an_event_that_ended_in_time_are_told_with_the_rest(client, server, clock):
    server.reply({"event_id": "evt_1", "run_ids": ["a", "b"]})
    server.reply(run(id="a"))
    server.reply(run("completed", id="b", output=7))
    with pytest.raises(IronflowTimeoutError) as caught:
        client.events_create_and_wait({"name": "order.placed", "data": {}}, timeout=0)
    assert caught.value.body == [run(id="a"), run("completed", id="b", output=7)]


def test_a_failed_run_of_an_event_is_raised_when_asked_for(client, server, clock):
    server.reply({"event_id": "evt_1", "run_ids": ["a"]})
    server.reply(run("failed", id="a"))
    with pytest.raises(RunFailedError, match="^run a failed$"):
        client.events_create_and_wait({"name": "a", "data": {}}, raise_on_failure=True)


def test_an_event_that_is_refused_is_not_waited_for(client, server, clock):
    server.reply({"error": "bad name"}, status=400)
    with pytest.raises(IronflowError, match="^bad name"):
        client.events_create_and_wait({"name": "", "data": {}})
    assert len(server.requests) == 1


def test_a_function_is_invoked_with_a_key_and_its_run_is_waited_for(client, server, clock):
    server.reply({"event_id": "evt_1", "run_id": "run_1"})
    server.reply(run())
    server.reply(run("completed", output="done"))
    seen = []
    result = client.functions_invoke_and_wait(
        "process-order", {"data": {"quantity": 2}}, on_progress=seen.append
    )
    assert result["output"] == "done"
    assert [state["status"] for state in seen] == ["running", "completed"]
    call = server.requests[0]
    assert (call.method, call.path) == ("POST", "/api/v1/functions/process-order/invoke")
    assert call.json == {"data": {"quantity": 2}}
    assert len(call.headers["idempotency-key"]) == 36


def test_an_invocation_is_repeated_under_its_key_after_a_failure(client, server, clock):
    server.reply({"error": "restarting"}, status=503)
    server.reply({"event_id": "evt_1", "run_id": "run_1"})
    server.reply(run("completed"))
    assert client.functions_invoke_and_wait("process-order")["status"] == "completed"
    first, second = server.requests[:2]
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_the_caller_may_choose_the_key(client, server, clock):
    server.reply({"event_id": "evt_1", "run_id": "run_1"})
    server.reply(run("completed"))
    client.functions_invoke_and_wait("process-order", idempotency_key="order-123")
    assert server.requests[0].headers["idempotency-key"] == "order-123"


def test_an_invocation_that_names_no_run_is_an_unusable_reply(client, server, clock):
    server.reply({"event_id": "evt_1"})
    with pytest.raises(InvalidResponseError, match="^the reply has no run_id$"):
        client.functions_invoke_and_wait("process-order")


def test_a_failed_run_of_a_function_is_raised_when_asked_for(client, server, clock):
    server.reply({"event_id": "evt_1", "run_id": "run_1"})
    server.reply(run("failed"))
    with pytest.raises(RunFailedError):
        client.functions_invoke_and_wait("process-order", raise_on_failure=True)


def test_neither_a_wait_nor_a_list_is_a_call_that_map_can_make(client, server):
    for method in (client.runs_wait, client.events_create_and_wait, client.runs_iterate):
        with pytest.raises(TypeError, match=f"^method: {method.__name__} is not a single call"):
            client.map(method, ["run_1"])
    assert server.requests == []


# The local server.


@pytest.mark.ironflow(clock="virtual")
def test_the_local_server_is_waited_for(local, local_client):
    @local.function("greet", triggers=["user.created"])
    def greet(event):
        return f"Hello {event['data']['name']}"

    @local.projection("users", events=["user.created"], rebuild_pace=60)
    def users(state, event):
        return {"count": state.get("count", 0) + 1}

    client = local_client
    (run,) = client.events_create_and_wait({"name": "user.created", "data": {"name": "Alice"}})
    assert run["output"] == "Hello Alice"
    run = client.functions_invoke_and_wait("greet", {"data": {"name": "Bob"}})
    assert run["output"] == "Hello Bob"
    assert client.projections_rebuild_and_wait("users")["status"] == "completed"
    assert client.projections_wait_for("users", 1, timeout=5)["caughtUp"] is True
    with pytest.raises(IronflowTimeoutError, match="^projection users has not reached 999 "):
        client.projections_wait_for("users", 999, timeout=0.1)
