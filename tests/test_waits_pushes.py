"""Waits for runs by push: what opens a subscription, what it brings, and what a loss leaves."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest

from ironflow import IronflowClient, IronflowTimeoutError, RunFailedError, _polling, _pushes

from .conftest import KEY
from .frames import TEXT, close_frame, frame
from .hostile import PATIENCE, reply
from .live import connected, text
from .local import until
from .run_server import RunServer
from .waits import NEVER, run, targets


@pytest.fixture(autouse=True)
def _quick_polls(monkeypatch, request):
    if "real_pauses" not in request.fixturenames:
        monkeypatch.setattr(_polling, "FIRST_PAUSE", 0.02)
        monkeypatch.setattr(_polling, "LONGEST_PAUSE", 0.2)


@pytest.fixture
def real_pauses():
    """Leave the pauses between looks as long as they are."""


@pytest.fixture
def only_pushes(monkeypatch):
    """Switch the slow looks off, so that only a push or a loss can bring one."""
    monkeypatch.setattr(_pushes, "FIRST_SAFETY", NEVER)
    monkeypatch.setattr(_pushes, "LONGEST_SAFETY", NEVER)


class Waiting:
    """A wait in a thread: ``with Waiting(call) as waiting``, then ``waiting.result()``."""

    def __init__(self, call):
        self._call = call
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self._found = self._call()
            self._error = None
        except Exception as error:
            self._error = error

    def result(self):
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the wait hangs"
        if self._error is not None:
            raise self._error
        return self._found

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(PATIENCE)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_an_end_that_is_pushed_ends_the_wait_by_one_more_look(only_pushes, status):
    with RunServer("run_1") as server, connected(server, environment="staging") as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until_settled()
            before = len(server.looks)
            server.end("run_1", status)
            assert waiting.result() == run(status)
        assert len(server.looks) == before + 1
        assert server.subscribed == ["system.run.run_1.>"]
        assert server.asked("/api/v1/capabilities") == server.asked("/ws") == 1
        server.until(lambda: not server.listening)  # closed, with a close frame
    (opened,) = [each for each in server.requests if each.target.startswith("/ws")]
    assert opened.target == "/ws?env=staging"
    assert opened.headers["authorization"] == f"Bearer {KEY}"


def test_calls_that_wait_for_their_runs_wait_by_push(only_pushes):
    with RunServer("run_1", "run_2") as server, connected(server) as client:
        server.started = {"event_id": "evt_1", "run_ids": ["run_1", "run_2"], "run_id": "run_1"}
        with Waiting(lambda: client.events_create_and_wait({"name": "a", "data": {}})) as waiting:
            server.until_settled()
            server.end("run_2")
            server.end("run_1")
            assert [each["id"] for each in waiting.result()] == ["run_1", "run_2"]
        server.change("run_1", status="running")
        with Waiting(lambda: client.functions_invoke_and_wait("f")) as waiting:
            server.until_settled(2)
            server.end("run_1")
            assert waiting.result()["id"] == "run_1"
    assert server.asked("/api/v1/capabilities") == 1


def test_a_short_wait_asks_for_nothing_but_the_run(client, server):
    for status in ("pending", "running", "completed"):
        server.reply(run(status))
    assert client.runs_wait("run_1")["status"] == "completed"
    assert targets(server) == ["/api/v1/runs/run_1"] * 3


@pytest.mark.parametrize(
    "arguments", [{"timeout": 0.3, "poll_interval": 0.001}, {"timeout": 0}, {"timeout": 0.9}]
)
def test_a_wait_that_is_to_poll_or_has_little_time_opens_nothing(client, server, arguments):
    server.next_reply = lambda: (200, {}, json.dumps(run()).encode())
    with pytest.raises(IronflowTimeoutError):
        client.runs_wait("run_1", **arguments)
    assert set(targets(server)) == {"/api/v1/runs/run_1"}


NO_OFFER = {
    "none": reply(b'{"transports": ["connectrpc"]}'),
    "empty": reply(b"{}"),
    "a text": reply(b'{"transports": "websocket"}'),
    "a list": reply(b'["websocket"]'),
    "null": reply(b"null"),
    "not json": reply(b"<html>"),
    "404": reply(b"{}", status="404 Not Found"),
    "401": reply(b"{}", status="401 Unauthorized"),
    "503": reply(b"{}", status="503 Service Unavailable"),
    "cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
}


@pytest.mark.parametrize("offer", NO_OFFER.values(), ids=NO_OFFER.keys())
def test_without_an_offer_a_wait_polls_and_the_question_is_not_repeated(offer, monkeypatch):
    monkeypatch.setattr(_polling, "LONGEST_OPENING", 0.5)  # for the one that is cut short
    with RunServer("run_1", offer=offer) as server, connected(server) as client:
        for _ in range(2):
            server.change("run_1", status="running")
            with Waiting(lambda: client.with_options(timeout=4).runs_wait("run_1")) as waiting:
                server.until(lambda: server.asked("/api/v1/capabilities"))
                server.until_looks(4)
                server.end("run_1", push=False)
                assert waiting.result()["status"] == "completed"
        assert server.asked("/api/v1/capabilities") == 1
        assert server.asked("/ws") == 0


def test_the_question_takes_the_place_of_a_look(monkeypatch):
    pauses = []

    def pause_after(number, *_):
        pauses.append(number)
        return 0.01

    monkeypatch.setattr(_polling, "pause_after", pause_after)
    with RunServer("run_1", offer=NO_OFFER["none"]) as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until_looks(6)
            server.end("run_1", push=False)
            waiting.result()
    assert pauses[:5] == [1, 2, 3, 5, 6]


def test_runs_that_have_ended_are_no_reason_to_subscribe():
    ids = [f"run_{n}" for n in range(9)]
    with RunServer(*ids) as server, connected(server) as client:
        for id in ids:
            server.end(id)
        assert len(list(client.runs_wait_many(ids))) == 9
        assert server.asked("/api/v1/capabilities") == 0


def test_a_subscription_is_opened_within_a_second(monkeypatch, only_pushes):
    timeouts = []
    make = IronflowClient.with_options

    def noted(self, **changes):
        timeouts.append(changes["timeout"])
        return make(self, **changes)

    monkeypatch.setattr(IronflowClient, "with_options", noted)
    with RunServer("run_1") as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until_settled()
            server.end("run_1")
            waiting.result()
    assert timeouts[:4] == [5, 5, 5, 1.0]  # the client's for looks


NO_OPENING = {
    "403": {"refusal": reply(b'{"error": "no"}', status="403 Forbidden")},
    "404": {"refusal": reply(b"{}", status="404 Not Found")},
    "426": {"refusal": reply(b"{}", status="426 Upgrade Required")},
    "503": {"refusal": reply(b"{}", status="503 Service Unavailable")},
    "200": {"refusal": reply(b"{}")},
    "nothing": {"refusal": b""},
    "a refused pattern": {"results": [("status", "error"), ("code", "FORBIDDEN")]},
}


@pytest.mark.parametrize("options", NO_OPENING.values(), ids=NO_OPENING.keys())
def test_what_cannot_be_opened_is_polled_and_not_tried_again(
    options, monkeypatch, caplog, only_pushes
):
    monkeypatch.setattr(_polling, "LONGEST_OPENING", 0.5)  # for the one that says nothing
    caplog.set_level(logging.DEBUG, "ironflow")
    with RunServer("run_1", **options) as server, connected(server) as client:
        for _ in range(2):
            server.change("run_1", status="running")
            with Waiting(lambda: client.runs_wait("run_1")) as waiting:
                server.until(lambda: server.asked("/ws"))
                server.until_looks(4)
                server.end("run_1", push=False)
                assert waiting.result()["status"] == "completed"
        assert server.asked("/ws") == 1
    assert KEY not in caplog.text
    told = [each for each in caplog.records if each.getMessage().startswith("waits poll: ")]
    assert [each.levelname for each in told] == ["DEBUG"]
    assert {each.levelname for each in caplog.records} == {"DEBUG"}


def test_a_subscription_that_is_not_confirmed_does_not_hold_up_the_polls(only_pushes):
    with RunServer("run_1", results=None) as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until(lambda: server.subscribed)
            server.until_looks(len(server.looks) + 2)
            server.end("run_1", push=False)
            assert waiting.result()["status"] == "completed"


@pytest.mark.parametrize("ending", [close_frame(1000), frame(TEXT, b"[")], ids=["close", "broken"])
def test_a_subscription_that_the_server_ends_is_not_opened_again(ending, only_pushes):
    with RunServer("run_1") as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until_settled()
            server.send(ending)
            server.until_looks(len(server.looks) + 2)
            server.end("run_1", push=False)
            assert waiting.result()["status"] == "completed"
        assert server.asked("/ws") == 1


def test_trouble_with_a_subscription_that_the_server_retries_is_reason_to_poll(only_pushes):
    trouble = {"type": "subscription_error", "subscriptionId": "sub_1", "retrying": True}
    with RunServer("run_1") as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until_settled()
            server.send(text(trouble))
            server.until_looks(len(server.looks) + 1)
            server.end("run_1", push=False)
            assert waiting.result()["status"] == "completed"


def test_what_happened_in_a_gap_is_looked_for_and_then_pushes_go_on(only_pushes):
    with RunServer("a", "b", "c") as server, connected(server) as client:
        waiting = client.runs_wait_many(["a", "b", "c"])
        with Waiting(lambda: next(waiting)["id"]) as first:
            server.until_settled()
            server.change("a", status="completed")
            server.cut()
            assert first.result() == "a"
        with Waiting(lambda: next(waiting)["id"]) as second:
            server.until_settled(2)
            server.cut()
            server.until_settled(3)
            server.end("b")
            assert second.result() == "b"
        assert sorted(server.subscribed[-2:]) == ["system.run.b.>", "system.run.c.>"]
        waiting.close()
        server.until(lambda: not server.listening)


def test_a_server_that_drops_each_connection_is_not_connected_to_all_the_time(
    only_pushes, real_pauses
):
    with RunServer("run_1") as server, connected(server, initial_backoff=0.05) as client:
        server.drops = True
        started = time.monotonic()
        with Waiting(lambda: client.runs_wait("run_1")) as waiting:
            server.until(lambda: server.asked("/ws") > 4)
            server.end("run_1", push=False)
            assert waiting.result()["status"] == "completed"
        # Pauses of 25, 50, 100 ms and so on at least, so five connections take 375 ms.
        assert server.asked("/ws") <= 5 + (time.monotonic() - started) / 0.4
        assert len(server.looks) <= time.monotonic() - started + 5


def test_an_end_that_is_not_pushed_is_found_and_the_server_is_polled_from_then_on(monkeypatch):
    monkeypatch.setattr(_pushes, "FIRST_SAFETY", 0.01)
    with RunServer("run_1") as server, connected(server) as client:
        for _ in range(2):
            server.change("run_1", status="running")
            with Waiting(lambda: client.runs_wait("run_1")) as waiting:
                server.until_settled()
                server.until_looks(len(server.looks) + 2)
                server.end("run_1", push=False)
                assert waiting.result()["status"] == "completed"
        assert server.asked("/ws") == 1


def test_a_server_that_has_pushed_an_end_is_trusted_for_longer(monkeypatch):
    monkeypatch.setattr(_pushes, "FIRST_SAFETY", 0.01)
    monkeypatch.setattr(_pushes, "LONGEST_SAFETY", NEVER)
    with RunServer("run_1") as server, connected(server) as client:
        looks = []
        for number in (1, 2):
            server.change("run_1", status="running")
            with Waiting(lambda: client.runs_wait("run_1")) as waiting:
                server.until_settled(number)
                looks.append(len(server.looks))
                if number == 1:
                    server.until_looks(len(server.looks) + 2)
                server.end("run_1")
                waiting.result()
                looks.append(len(server.looks))
        assert looks[1] >= looks[0] + 3
        assert looks[3] == looks[2] + 1


def test_pushes_that_end_nothing_bring_no_more_looks_than_polling(only_pushes, real_pauses):
    with RunServer("run_1") as server, connected(server) as client:
        seen = []
        started = time.monotonic()
        with Waiting(lambda: client.runs_wait("run_1", on_progress=seen.append)) as waiting:
            server.until_settled()
            server.change("run_1", "step.completed", attempt=2)
            until(lambda: run(attempt=2) in seen)
            for _ in range(300):
                server.push("system.run.run_1.step.completed", "run_1")
                server.push("system.run.run_1.completed", "run_1")  # it lies
            server.push("system.run.run_1.step.failed", "run_1")
            server.until_looks(len(server.looks) + 1)
            server.end("run_1", push="updated")
            assert waiting.result()["status"] == "completed"
        assert len(server.looks) <= time.monotonic() - started + 6
        assert seen == [run(), run(attempt=2), run("completed", attempt=2)]


def test_many_runs_share_one_connection_and_few_looks(only_pushes, monkeypatch):
    monkeypatch.setattr(_pushes, "_WINDOW", 7)
    events = {f"run_{n}": f"evt_{n}" for n in range(40)}
    with RunServer(events=events) as server, connected(server) as client:
        with Waiting(lambda: list(client.runs_wait_many(events))) as waiting:
            server.until_settled()
            for id in events:
                server.end(id)
            assert {each["id"] for each in waiting.result()} == set(events)
        assert sorted(server.subscribed) == sorted(f"system.run.{id}.>" for id in events)
        assert server.opened == 1
        # Each at first and at its end; the first few, which came before the subscription, again.
        assert len(server.looks) <= 2 * 40 + 5


def test_many_ends_of_one_event_are_read_from_its_list(only_pushes):
    ids = [f"run_{n}" for n in range(40)]
    with RunServer(*ids) as server, connected(server) as client:
        with Waiting(lambda: list(client.runs_wait_many(ids))) as waiting:
            server.until_settled()
            before = len(server.looks)
            with server.lock:  # in one piece
                for id in ids:
                    server.end(id)
            assert len(waiting.result()) == 40
        assert server.looks[before:].count("evt_1") >= 1
        assert len(server.looks) - before < 20


def test_a_first_failure_closes_the_connection(only_pushes):
    with RunServer("a", "b") as server, connected(server) as client:
        waiting = client.runs_wait_many(["a", "b"], raise_on_failure=True)
        with Waiting(lambda: next(waiting)) as first:
            server.until_settled()
            server.end("b", "failed")
            with pytest.raises(RunFailedError):
                first.result()
        server.until(lambda: not server.listening)


def test_time_that_is_up_is_an_error_with_the_last_state_and_closes_the_connection(only_pushes):
    with RunServer("run_1") as server, connected(server) as client:
        with pytest.raises(
            IronflowTimeoutError, match="^run run_1 has not ended after 2 s"
        ) as caught:
            client.runs_wait("run_1", timeout=2)
        assert caught.value.body == run()
        server.until(lambda: not server.listening)
        assert server.opened == 1


def test_what_on_progress_raises_closes_the_connection(only_pushes):
    def stop(state):
        if state.get("attempt"):
            raise LookupError

    with RunServer("run_1") as server, connected(server) as client:
        with Waiting(lambda: client.runs_wait("run_1", on_progress=stop)) as waiting:
            server.until_settled()
            server.change("run_1", "updated", attempt=2)
            with pytest.raises(LookupError):
                waiting.result()
        server.until(lambda: not server.listening)


def test_waits_in_many_threads_ask_one_question(only_pushes):
    with RunServer("run_1") as server, connected(server) as client:
        waits = [Waiting(lambda: client.runs_wait("run_1")) for _ in range(12)]
        for waiting in waits:
            waiting.__enter__()
        server.until(lambda: len(server.listening) == 12)
        server.end("run_1")
        assert [waiting.result()["status"] for waiting in waits] == ["completed"] * 12
        assert server.asked("/api/v1/capabilities") == 1


def test_the_local_server_pushes_the_ends_of_runs(only_pushes, local, local_client):
    @local.function("approve", triggers=["order.placed"])
    def approve(event, step):
        return step.wait_for_event("approval", "order.approved")["data"]

    def settled():
        asked = [request.path for request in local.requests]
        return "/ws" in asked and len(asked) - asked.index("/ws") > len(ids)

    placed = [{"name": "order.placed", "data": {}}] * 5
    ids = [
        each.result()["run_ids"][0] for each in local_client.map(local_client.events_create, placed)
    ]
    with Waiting(lambda: list(local_client.runs_wait_many(ids))) as waiting:
        until(settled)
        local_client.events_create({"name": "order.approved", "data": {"by": "Alice"}})
        ended = waiting.result()
    assert {each["id"] for each in ended} == set(ids)
    assert [each["output"] for each in ended] == [{"by": "Alice"}] * 5
