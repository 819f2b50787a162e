"""Virtual time, as tests of workflows use it."""

from __future__ import annotations

import gc
import json
import selectors
import socket
import sys
import threading
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest

from ironflow import IronflowClient, IronflowError
from ironflow.testing._engine import execution, state, virtual

from ...local import PATIENCE, CheckedServer, until
from ..projections import Patience, arrived, emit, job_of, numbers, state_of
from ..runs import DAY, month, napper, pay, payment_waiter, start, steps_of

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
pytestmark = pytest.mark.ironflow(clock="virtual")


@pytest.fixture
def impatient(monkeypatch):
    """Patience for what blocks, as short as a test wants it."""
    monkeypatch.setattr(virtual, "_LONG_TURN", 0.2)
    monkeypatch.setattr(state, "_LONG_CALL", 0.05)


def history_of(client, run_ids):
    read = (client.runs_get, client.runs_list_steps, client.runs_list_audit)
    return json.dumps([[call(id) for call in read] for id in run_ids])


# Time passes while somebody waits.


def test_a_run_sleeps_and_waits_for_weeks_in_no_time(local, local_client):
    month(local)
    run_id = start(local_client, n=1)
    run = local.wait_for_run(run_id)
    assert (run["status"], run["output"]) == ("completed", [None, 1])
    assert local.now == START + timedelta(days=37)
    assert run["created_at"] == "2026-01-01T00:00:00.000000Z"
    assert run["ended_at"] == "2026-02-07T00:00:00.000000Z"
    steps = steps_of(local_client, run_id)
    assert steps["sleep"]["sleep_until"] == steps["wait"]["started_at"]
    assert steps["sleep"]["duration_ms"] == 30 * DAY * 1000


@pytest.mark.parametrize("apart", [False, True], ids=["one by one", "in many threads"])
def test_a_hundred_runs_have_the_same_history_each_time(apart):
    histories = []
    for _ in range(2):
        with CheckedServer(clock="virtual") as server, IronflowClient(server.url) as client:
            month(server)
            if apart:
                threads = [Patience(lambda: start(client, n=1)) for _ in range(100)]
                run_ids = sorted(thread.result() for thread in threads)
            else:
                run_ids = [start(client, n=number) for number in range(100)]
            for run_id in run_ids:
                assert server.wait_for_run(run_id)["status"] == "completed"
            assert server.now == START + timedelta(days=37)
            histories.append(history_of(client, run_ids))
    assert histories[0] == histories[1]


def test_waiting_until_idle_passes_over_pauses_between_attempts_only(local, local_client):
    attempts = []

    @local.function("retried", triggers=["order.*"], max_attempts=3, retry_delay=3600)
    def act(event, step):
        attempts.append(local.now)
        if len(attempts) < 3:
            raise ValueError("again")
        step.sleep("long", DAY)

    run_id = start(local_client)
    local.wait_until_idle()
    assert attempts == [START + timedelta(hours=hours) for hours in range(3)]
    assert local_client.runs_get(run_id)["status"] == "paused"
    assert local.now == START + timedelta(hours=2)


def test_a_call_that_the_server_holds_lets_time_pass(local, local_client):
    numbers(local)
    reply = local_client.projections_list_catchup("numbers", min_seq=9, timeout=60_000)
    assert reply["timedOut"] is True
    assert local.now == START + timedelta(seconds=60)
    local.delay("GET", "/api/v1/runs", 3600)
    assert local_client.runs_list()["count"] == 0
    assert local.now == START + timedelta(seconds=3660)


def test_a_held_call_ends_with_what_it_waits_for_and_not_later(local, local_client):
    numbers(local)

    @local.function("late", triggers=["begin"])
    def late(event, step):
        step.sleep("before", 20)
        step.run("emit", lambda: emit(local_client, n=7))

    emit(local_client, "begin")
    reply = local_client.projections_list_catchup("numbers", min_seq=2, timeout=60_000)
    assert reply["caughtUp"] is True
    assert local.now == START + timedelta(seconds=20)


def test_a_slow_rebuild_takes_virtual_time(local, local_client):
    numbers(local, rebuild_pace=60)
    for n in range(10):
        emit(local_client, n=n)
    assert local_client.projections_rebuild_and_wait("numbers")["status"] == "completed"
    assert local.now == START + timedelta(minutes=10)
    local_client.projections_rebuild("numbers")
    local.advance(150)
    assert job_of(local_client)["events_processed"] == 2


def test_a_request_comes_after_all_that_is_due_at_its_moment(local, local_client):
    @local.function("naps", triggers=["order.*"])
    def nap(event, step):
        step.sleep("nap", DAY)
        return local_client.events_create(body={"name": "woken", "data": {}})["event_id"]

    run_ids = [start(local_client) for _ in range(20)]
    assert local.wait_for_run(run_ids[0])["status"] == "completed"
    assert local_client.runs_list(status="completed")["count"] == 20
    assert local.now == START + timedelta(days=1)


# Time stands still.


def test_time_stands_still_between_two_calls_so_that_an_event_comes_in_time(local, local_client):
    payment_waiter(local, timeout=60)
    run_id = start(local_client)
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["status"] == "paused"
    pay(local_client, amount=1)
    run = local.wait_for_run(run_id)
    assert run["output"] == {"amount": 1}
    assert local.now == START


def test_two_servers_have_two_clocks_and_a_reset_starts_at_the_beginning(local):
    with CheckedServer(clock="virtual") as other:
        other.advance(60)
        assert (other.now - START, local.now - START) == (timedelta(seconds=60), timedelta())
        other.stop()
        other.start()
        assert other.now == START + timedelta(seconds=60)
        other.reset()
        assert other.now == START


# Moving it.


def test_timers_fire_in_their_order_each_at_its_own_time(local, local_client):
    napper(local, "b", 20, 20)
    napper(local, "a", 30)
    napper(local, "late", 3600)
    run_ids = [local_client.functions_invoke(id)["run_id"] for id in ("b", "a", "late")]
    local.advance(59)
    assert local.now == START + timedelta(seconds=59)
    b, a, late = (local_client.runs_get(run_id) for run_id in run_ids)
    assert (b["ended_at"], a["ended_at"]) == (
        "2026-01-01T00:00:40.000000Z",
        "2026-01-01T00:00:30.000000Z",
    )
    assert late["status"] == "paused"
    local.advance(3541)
    assert local_client.runs_get(run_ids[2])["status"] == "completed"


def test_a_time_can_be_set(local, local_client):
    napper(local, "nap", DAY)
    run_id = local_client.functions_invoke("nap")["run_id"]
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    local.set_time(noon)
    assert local.now == noon
    assert local_client.runs_get(run_id)["status"] == "completed"
    with pytest.raises(ValueError, match="does not go back"):
        local.set_time(START)
    with pytest.raises(ValueError, match="must have a time zone"):
        local.set_time(datetime(2027, 1, 1))
    with pytest.raises(TypeError, match="must be a datetime"):
        local.set_time("2027-01-01T00:00:00Z")
    for seconds in (-1, float("nan"), "60", None):
        with pytest.raises(ValueError, match="seconds must be a number"):
            local.advance(seconds)
    for _ in range(40):
        last = local.now
        try:
            local.advance(9e9)
        except ValueError as error:
            assert "9999-12-31" in str(error)
            break
    assert local.now == last


def test_a_handler_can_move_the_time_itself(local, local_client):
    @local.function("mover", triggers=["order.*"])
    def move(event, step):
        local.advance(60)
        return local.now.isoformat()

    napper(local, "nap", 30)
    nap = local_client.functions_invoke("nap")["run_id"]
    assert local.wait_for_run(start(local_client))["output"] == "2026-01-01T00:01:00+00:00"
    assert local_client.runs_get(nap)["status"] == "completed"


@pytest.mark.ironflow(clock="real")
def test_the_computers_clock_cannot_be_moved(local):
    before = datetime.now(timezone.utc)
    assert timedelta() <= local.now - before < timedelta(minutes=5)
    with pytest.raises(RuntimeError, match='LocalServer\\(clock="virtual"\\)'):
        local.advance(1)
    with pytest.raises(RuntimeError, match="only a virtual clock"):
        local.set_time(before)


def test_another_clock_is_refused():
    for clock in ("fake", "", None, ["real"]):
        with pytest.raises(ValueError, match="clock must be one of real, virtual"):
            CheckedServer(clock=clock)


# What has a time.


def test_the_computers_clock_is_in_nothing_that_the_server_tells(local, local_client):
    month(local)
    local.wait_for_run(start(local_client))
    event = local_client.events_list()["events"][0]
    told = [
        event,
        local_client.runs_list(),
        local_client.functions_list(),
        local_client.environments_list(),
    ]
    assert f'"{datetime.now(timezone.utc).year + 1}-' not in json.dumps(told)
    years = {text[:5] for text in json.dumps(told).split('"') if text[4:5] == "-"}
    assert years == {"2026-"}


# Handlers that call the local, and each other.


def test_a_handler_may_call_the_server(local, local_client):
    @local.function("caller", triggers=["order.*"])
    def call(event, step):
        local_client.config_create(event["data"]["name"], body={"from": step.run_id})
        step.sleep("long", DAY)
        return [local_client.config_get(event["data"]["name"])["data"]["from"] for _ in range(5)]

    run_ids = [start(local_client, name=name) for name in ("a", "b")]
    for run_id in run_ids:
        assert local.wait_for_run(run_id)["output"] == [run_id] * 5
    assert local.now == START + timedelta(days=1)


def test_a_handler_may_wait_for_another_run(local, local_client):
    @local.function("inner")
    def inner(event, step):
        step.sleep("long", DAY)
        return "done"

    @local.function("outer", triggers=["order.*"])
    def outer(event, step):
        return local_client.functions_invoke_and_wait("inner", {})["output"]

    assert local.wait_for_run(start(local_client))["output"] == "done"
    assert local.now == START + timedelta(days=1)


def test_a_handler_may_make_a_call_that_the_server_holds(local, local_client):
    numbers(local)

    @local.function("outer", triggers=["begin"])
    def outer(event, step):
        return local_client.projections_list_catchup("numbers", min_seq=2, timeout=60_000)[
            "caughtUp"
        ]

    @local.function("inner", triggers=["begin"])
    def inner(event, step):
        step.sleep("short", 5)
        emit(local_client, n=1)

    (run_id, _) = local_client.events_create(body={"name": "begin"})["run_ids"]
    assert local.wait_for_run(run_id)["output"] is True


def test_a_call_that_was_taken_for_that_of_a_run_does_not_stop_time(local, local_client):
    local_client.workers_register(
        "packer", body={"function_ids": ["pack"], "max_concurrent_jobs": 1}
    )
    ours, theirs = socket.socketpair()
    is_listening = threading.Event()

    @local.function("listens", triggers=["order.*"])
    def listen(event, step):
        with selectors.DefaultSelector() as selector:  # as in the middle of a call
            selector.register(theirs, selectors.EVENT_READ)
            is_listening.set()
            selector.select(PATIENCE)
        step.sleep("long", DAY)

    with ours, theirs:
        starting = Patience(lambda: start(local_client))
        assert is_listening.wait(PATIENCE)
        path = "/api/v1/workers/packer/jobs"
        polling = Patience(lambda: local_client.request("GET", path, params={"wait": 20}))
        arrived(local, path)
        until(lambda: local._application.state.clock._turn is None)  # the poll gave up the run's
        ours.send(b"x")
        until(lambda: local_client.runs_get(starting.result())["status"] == "paused")
    local_client.functions_invoke("pack")
    (job,) = polling.result()["jobs"]
    done = {"status": "completed", "output": None}
    local_client.workers_update_jobs("packer", job["job_id"], body=done)
    assert local.wait_for_run(starting.result())["status"] == "completed"


# What does not end.


def test_a_handler_that_blocks_holds_up_time_but_nobody_else(local, local_client, gate, impatient):
    @local.function("blocks", triggers=["order.*"])
    def block(event, step):
        step.run("forever", lambda: gate.wait(PATIENCE))

    month(local)
    local_client.functions_invoke("blocks")
    run_id = local_client.functions_invoke("month")["run_id"]
    until(lambda: local_client.runs_get(run_id)["status"] == "paused")  # it goes on nevertheless
    with pytest.raises(TimeoutError, match=r"run_2 is still paused .*run_1 \(blocks\) in step fo"):
        local.wait_for_run(run_id, timeout=0.1)
    with pytest.raises(TimeoutError, match=r"run_1 \(blocks\) in step forever"):
        local.advance(60, timeout=0.1)
    assert local.now == START
    gate.set()
    assert local.wait_for_run(run_id)["status"] == "completed"


def test_a_handler_that_loops_is_named(local, local_client, impatient):
    @local.function("loops", triggers=["order.*"])
    def loop(event, step):
        while True:
            step.run("again", lambda: None)

    start(local_client)
    for wait in (local.wait_until_idle, lambda timeout: local.advance(60, timeout)):
        with pytest.raises(TimeoutError, match=r"run_1 \(loops\)"):
            wait(timeout=0.1)
    local.reset()


def test_a_run_that_sleeps_again_and_again_is_named_and_the_server_lives(local, local_client):
    @local.function("sleeps", triggers=["order.*"])
    def sleep(event, step):
        for number in range(10**9):
            step.sleep(f"nap-{number}", 1)

    run_id = start(local_client)
    with pytest.raises(TimeoutError, match=r"run_1 is still .* run_1 \(sleeps\)"):
        local.wait_for_run(run_id, timeout=0.1)
    moment = local.now
    assert moment > START
    assert local_client.runs_cancel(run_id)["status"] == "cancelled"
    assert local.now == moment


def test_an_interrupted_wait_leaves_nothing_behind(local, local_client, monkeypatch):
    month(local)
    run_id = start(local_client)

    def interrupted(wait, seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(virtual._Wait, "stand", interrupted)
        patch.setattr(virtual.VirtualClock, "_may_jump", lambda clock: False)
        with pytest.raises(KeyboardInterrupt):
            local.wait_for_run(run_id)
    local_client.runs_get(run_id)
    assert local.now == START


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_reducer_that_calls_the_server_is_named(clock, impatient):
    with CheckedServer(clock=clock) as server, IronflowClient(server.url, timeout=10) as client:

        @server.projection("calls", events=["order.*"])
        def reduce(state, event):
            client.runs_list()

        emit(client)
        failed = client.projections_list_status("calls")
        assert failed["status"] == "error"
        assert (
            "projection calls is being called; it must not call the server"
            in (failed["error_message"])
        )


def test_a_reducer_that_uses_the_server_object_is_named(local, local_client):
    @local.projection("calls", events=["order.*"])
    def reduce(state, event):
        local.wait_until_idle()

    emit(local_client)
    message = local_client.projections_list_status("calls")["error_message"]
    assert "projection calls is being called; it must not call the server" in message


def test_an_upcaster_that_calls_the_server_is_named(local, local_client, impatient):
    @local.upcaster("order.placed", 1)
    def convert(data):
        return local_client.runs_list()

    for version in (1, 2):
        schema = {"event_name": "order.placed", "version": version, "schema_json": "{}"}
        local_client.schemas_create(body=schema)
    with pytest.raises(IronflowError, match="upcaster of order.placed from version 1"):
        body = {"event_name": "order.placed", "data": {}, "from_version": 1, "to_version": 2}
        local_client.schemas_create_upcast(body=body)


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_a_reducer_that_does_not_return_is_named(clock, gate, impatient):
    server = CheckedServer(clock=clock).start()
    with IronflowClient(server.url, timeout=10, max_attempts=1) as client:
        entered = threading.Event()

        @server.projection("hangs", events=["order.*"])
        def reduce(state, event):
            entered.set()
            gate.wait(PATIENCE)

        call = Patience(lambda: emit(client, n=1))
        entered.wait(PATIENCE)
        with pytest.raises(IronflowError, match="projection hangs is being called") as raised:
            client.runs_list()
        assert raised.value.status_code == 508
        with pytest.raises(RuntimeError, match="projection hangs is being called"):
            server.wait_until_idle()
        gate.set()
        assert call.result() == "evt_1"
        assert state_of(client, "hangs") == {}
    server.stop()


def test_a_snapshot_has_the_time(local, local_client):
    month(local)
    run_id = start(local_client)
    local.advance(DAY)
    taken = local.snapshot()
    ended = local.wait_for_run(run_id)
    local.restore(taken)
    assert local.now == START + timedelta(days=1)
    assert local.wait_for_run(run_id) == ended


def test_a_subscriber_gets_what_happens_while_time_passes(local, local_client):
    @local.function("counts", triggers=["order.*"])
    def count(event, step):
        for number in range(20):
            step.sleep(f"day-{number}", DAY)
            step.run(f"emit-{number}", partial(emit, local_client, "day.begun", number=number))

    with local_client.subscribe("events:day.begun", timeout=10) as days:
        local.wait_for_run(start(local_client))
        assert [next(days)["data"]["number"] for _ in range(20)] == list(range(20))
    assert local.now == START + timedelta(days=20)


def test_paused_runs_cost_other_requests_nothing(local, local_client, monkeypatch):
    asked = []
    is_over = execution._AtWork.is_over
    monkeypatch.setattr(
        execution._AtWork, "is_over", lambda at_work: asked.append(at_work) or is_over(at_work)
    )
    month(local)
    for number in range(20):
        start(local_client, n=number)
    asked.clear()
    local_client.kv_buckets(body={"name": "stock"})
    assert local_client.runs_list(status="paused")["count"] == 20
    assert asked == []  # with a look at each, time would grow with the square of the runs


@pytest.mark.parametrize("is_enabled", [True, False])
def test_no_garbage_is_collected_while_frames_are_looked_at(monkeypatch, is_enabled):
    """In CPython up to 3.11 that may stop the interpreter for ever (issue 106883)."""
    seen = []
    monkeypatch.setattr(sys, "_current_frames", lambda: seen.append(gc.isenabled()) or {})
    was_enabled = gc.isenabled()
    try:
        gc.enable() if is_enabled else gc.disable()
        virtual._frames()
        assert gc.isenabled() is is_enabled
    finally:
        gc.enable() if was_enabled else gc.disable()
    assert seen == [False]
