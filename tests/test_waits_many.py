"""Waiting for several runs: in which order they come, and how few requests it takes."""

from __future__ import annotations

import json

import pytest

from ironflow import IronflowTimeoutError, NotFoundError, RunFailedError

from .waits import run, runs, targets


def test_runs_come_in_the_order_in_which_they_end(client, server, clock):
    server.reply(run(id="a"))
    server.reply(run("completed", id="b"))
    server.reply(run(id="c"))
    server.reply(runs(run(id="c"), run(id="a")))
    server.reply(
        runs(
            run("failed", id="c", ended_at="2026-01-15T09:30:02.5Z"),
            run("completed", id="a", ended_at="2026-01-15T09:30:02Z"),
        )
    )
    found = client.runs_wait_many(["a", "b", "c"])
    assert [each["id"] for each in found] == ["b", "a", "c"]


def test_runs_of_one_event_take_one_request_a_poll(client, server, clock):
    ids = [f"run_{n}" for n in range(20)]
    for id in ids[:2]:
        server.reply(run(id=id))
    for _ in range(3):
        server.reply(runs(*(run(id=id) for id in ids)))
    server.reply(runs(*(run("completed", id=id) for id in ids)))
    assert len(list(client.runs_wait_many(ids))) == 20
    assert targets(server) == [
        *(f"/api/v1/runs/{id}" for id in ids[:2]),
        *["/api/v1/runs?event_id=evt_1"] * 4,
    ]
    assert len(clock.slept) == 3


def test_all_pages_of_an_event_are_read_until_every_run_is_found(client, server, clock):
    server.reply(run(id="a"))
    server.reply(run(id="b"))
    server.reply(runs(run(id="x"), run("completed", id="a"), total=9))
    server.reply(runs(run(id="y"), run("completed", id="b"), total=9))
    assert [each["id"] for each in client.runs_wait_many(["a", "b"])] == ["a", "b"]
    assert targets(server)[2:] == [
        "/api/v1/runs?event_id=evt_1",
        "/api/v1/runs?event_id=evt_1&offset=2",
    ]


def test_runs_of_different_events_take_one_request_each_a_poll(client, server, clock):
    server.reply(run(id="a", event_id="evt_1"))
    server.reply(run(id="b", event_id="evt_2"))
    server.reply(runs(run("completed", id="a")))
    server.reply(runs(run(id="b")))
    server.reply(runs(run("completed", id="b")))
    assert [each["id"] for each in client.runs_wait_many(["a", "b"])] == ["a", "b"]
    assert targets(server)[2:] == [
        "/api/v1/runs?event_id=evt_1",
        "/api/v1/runs?event_id=evt_2",
        "/api/v1/runs?event_id=evt_2",
    ]


def test_a_run_without_an_event_is_looked_up_by_its_id(client, server, clock):
    server.reply(run(event_id=""))
    server.reply({"id": "run_1", "status": "running"})
    server.reply(run("completed", event_id=""))
    assert len(list(client.runs_wait_many(["run_1"]))) == 1
    assert targets(server) == ["/api/v1/runs/run_1"] * 3


def test_a_run_that_the_list_does_not_show_is_looked_up_by_its_id(client, server, clock):
    server.reply(run())
    server.reply(runs())
    server.reply(run("completed"))
    assert len(list(client.runs_wait_many(["run_1"]))) == 1
    assert targets(server)[1:] == ["/api/v1/runs?event_id=evt_1", "/api/v1/runs/run_1"]
    assert len(clock.slept) == 2  # never twice in one poll


def test_an_id_given_twice_counts_once(client, server, clock):
    server.reply(run("completed"))
    assert len(list(client.runs_wait_many(iter(["run_1", "run_1"])))) == 1
    assert len(server.requests) == 1


def test_no_ids_are_no_requests(client, server):
    assert list(client.runs_wait_many([])) == []
    assert server.requests == []


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ("run_1", TypeError, "^ids: must be several ids"),
        (b"run_1", TypeError, "^ids: must be several ids"),
        (None, TypeError, "^ids: must be several ids"),
        (7, TypeError, "^ids: must be several ids"),
        ([None], TypeError, "^ids: "),
        ([b"run_1"], TypeError, "^ids: "),
        (["run_1", ""], ValueError, "^ids: must not be empty"),
        (["run_1", ".."], ValueError, "^ids: "),
    ],
)
def test_bad_ids_are_refused_by_the_call(client, server, ids, error, message):
    with pytest.raises(error, match=message):
        client.runs_wait_many(ids)
    assert server.requests == []


def test_nothing_is_asked_before_the_first_run_is_wanted(client, server, clock):
    waiting = client.runs_wait_many(["run_1"])
    assert server.requests == []
    server.reply(run("completed"))
    assert next(waiting)["id"] == "run_1"


def test_when_time_is_up_the_last_states_of_the_rest_are_told(client, server, clock):
    server.reply(run("completed", id="a"))
    server.reply(run(id="b", event_id="evt_2"))
    server.reply(run(id="c", event_id="evt_2"))
    server.reply(runs(run(id="c", attempt=2), run(id="b", attempt=3)))
    waiting = client.runs_wait_many(["a", "b", "c"], timeout=1.5, poll_interval=1)
    assert next(waiting)["id"] == "a"
    with pytest.raises(IronflowTimeoutError) as caught:
        next(waiting)
    assert caught.value.body == [run(id="b", attempt=3), run(id="c", attempt=2)]
    assert str(caught.value) == "2 of the runs have not ended (b, c) after 1.5 s"


def test_nothing_is_asked_once_the_time_is_up(client, server, clock):
    def slow():
        clock.time += 6
        return 200, {}, json.dumps(run(id="a")).encode()

    server.next_reply = slow
    with pytest.raises(IronflowTimeoutError) as caught:
        list(client.runs_wait_many(["a", "b"], timeout=5))
    assert targets(server) == ["/api/v1/runs/a"]
    assert caught.value.body == [run(id="a")]


def test_a_timeout_of_zero_is_one_look_at_each_run(client, server, clock):
    server.reply(run("completed", id="a"))
    server.reply(run(id="b"))
    server.reply(run("completed", id="c"))
    waiting = client.runs_wait_many(["a", "b", "c"], timeout=0)
    assert [next(waiting)["id"], next(waiting)["id"]] == ["a", "c"]
    with pytest.raises(IronflowTimeoutError):
        next(waiting)
    assert len(server.requests) == 3


def test_time_that_the_caller_spends_is_not_counted(client, server, clock):
    server.reply(run("completed", id="a"))
    server.reply(run(id="b"))
    server.reply(runs(run("completed", id="b")))
    found = []
    for each in client.runs_wait_many(["a", "b"], timeout=10):
        clock.time += 3600
        found.append(each["id"])
    assert found == ["a", "b"]


def test_a_failed_look_does_not_keep_other_runs_from_being_seen(client, server, clock):
    server.reply({"error": "broken record"}, status=500)
    server.reply(run("completed", id="b"))
    server.reply({"error": "broken record"}, status=500)
    server.reply(run("completed", id="a"))
    assert [each["id"] for each in client.runs_wait_many(["a", "b"])] == ["b", "a"]
    assert [target[-1] for target in targets(server)] == ["a", "b", "a", "a"]
    assert len(clock.slept) == 2


def test_a_server_that_asks_to_slow_down_is_not_asked_for_the_other_runs(client, server, clock):
    server.reply({"error": "slow down"}, status=429, headers={"Retry-After": "9"})
    for id in ("b", "c", "a"):
        server.reply(run("completed", id=id))
    assert len(list(client.runs_wait_many(["a", "b", "c"]))) == 3
    assert clock.slept == [9.0]


def test_a_missing_run_ends_the_wait_for_all(client, server, clock):
    server.reply(run(id="a"))
    server.reply({"error": "run not found"}, status=404)
    with pytest.raises(NotFoundError, match="^run not found"):
        list(client.runs_wait_many(["a", "b"]))


def test_progress_is_told_of_each_run(client, server, clock):
    server.reply(run(id="a"))
    server.reply(run(id="b"))
    server.reply(runs(run(id="a"), run("completed", id="b")))
    server.reply(runs(run("completed", id="a")))
    seen = []
    list(client.runs_wait_many(["a", "b"], on_progress=seen.append))
    assert [(state["id"], state["status"]) for state in seen] == [
        ("a", "running"),
        ("b", "running"),
        ("b", "completed"),
        ("a", "completed"),
    ]


def test_the_first_failure_is_raised_when_asked_for(client, server, clock):
    server.reply(run("completed", id="a"))
    server.reply(run("failed", id="b", error="boom"))
    waiting = client.runs_wait_many(["a", "b"], raise_on_failure=True)
    assert next(waiting)["id"] == "a"
    with pytest.raises(RunFailedError, match="^run b failed: boom$"):
        next(waiting)
