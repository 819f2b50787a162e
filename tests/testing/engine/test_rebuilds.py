"""Rebuilding projections."""

from __future__ import annotations

import contextlib
import threading

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError

from ...local import until
from ..projections import (
    emit,
    job_of,
    numbers,
    over,
    rebuilding,
    sequence_of,
    state_of,
    status_of,
    threads_of,
)

# Rebuilding.


def test_a_rebuild_reduces_the_log_anew(local, local_client):
    factor = [1]

    @local.projection("numbers", events=["order.*"], initial={"n": []})
    def reduce(state, event):
        state["n"].append(event["data"]["n"] * factor[0])

    for n in range(3):
        emit(local_client, n=n)
        emit(local_client, "user.signup")
    assert local_client.projections_list_rebuild("numbers") == {"job": None}
    factor[0] = 10
    started = local_client.projections_rebuild("numbers")["job"]
    assert (started["status"], started["projection_name"]) == ("running", "numbers")
    assert (started["events_processed"], started["total_events"]) == (0, 3)
    job = over(local_client)
    assert (job["job_id"], job["status"]) == (started["job_id"], "completed")
    assert (job["events_processed"], job["progress"]) == (3, 100)
    assert "error" not in job
    assert state_of(local_client) == {"n": [0, 10, 20]}
    emit(local_client, n=3)
    assert state_of(local_client) == {"n": [0, 10, 20, 30]}
    assert sequence_of(local_client) == 7


def test_a_rebuild_of_an_empty_log_completes(local, local_client):
    numbers(local)
    local_client.projections_rebuild("numbers", {})
    job = over(local_client)
    assert (job["status"], job["total_events"], job["progress"]) == ("completed", 0, 100)
    assert "state" not in local_client.projections_get("numbers")


@pytest.mark.ironflow(clock="virtual")
def test_a_rebuild_can_be_watched(local, local_client):
    numbers(local, rebuild_pace=60)
    for n in range(3):
        emit(local_client, n=n)
    local_client.projections_rebuild("numbers")
    assert status_of(local_client) == "rebuilding"
    seen = []
    for _ in range(3):
        local.advance(60)
        job = job_of(local_client)
        seen.append((job["events_processed"], job.get("estimated_remaining")))
    assert seen == [(1, "120.0s"), (2, "60.0s"), (3, None)]
    assert job["progress"] == 100
    assert status_of(local_client) == "active"


def test_a_projection_that_is_rebuilding_keeps_its_state_and_says_no(local, local_client):
    rebuilding(local, local_client)
    emit(local_client, n=3)
    found = local_client.projections_get("numbers")
    assert (found["status"], found["state"]["state"]) == ("rebuilding", {"n": [0, 1, 2]})
    with pytest.raises(ConflictError, match="a rebuild is already in progress"):
        local_client.projections_rebuild("numbers")
    with pytest.raises(ConflictError, match="projection is rebuilding"):
        local_client.projections_pause("numbers")
    with pytest.raises(ConflictError, match="projection is rebuilding"):
        local_client.projections_resume("numbers")
    with pytest.raises(ConflictError, match="projection is rebuilding"):
        local_client.projections_list_catchup("numbers", min_seq=1)
    assert job_of(local_client)["status"] == "running"


def test_cancelling_a_rebuild_keeps_the_state_and_loses_no_event(local, local_client):
    rebuilding(local, local_client)
    job_id = job_of(local_client)["job_id"]
    until(lambda: len(threads_of(job_id)) == 1)  # that of the test before may still be ending
    emit(local_client, n=3)
    assert local_client.projections_cancel("numbers") == {"status": "cancelled"}
    assert job_of(local_client)["status"] == "cancelled"
    assert status_of(local_client) == "active"
    assert state_of(local_client) == {"n": [0, 1, 2, 3]}
    with pytest.raises(ConflictError, match="no rebuild is in progress"):
        local_client.projections_cancel("numbers")
    until(lambda: not threads_of(job_id))
    assert job_of(local_client)["status"] == "cancelled"


def test_cancelling_without_a_rebuild_is_a_conflict(local, local_client):
    numbers(local)
    with pytest.raises(ConflictError, match="no rebuild is in progress"):
        local_client.projections_cancel("numbers")
    emit(local_client, n=1)
    local_client.projections_rebuild("numbers")
    over(local_client)
    with pytest.raises(ConflictError, match="no rebuild is in progress"):
        local_client.projections_cancel("numbers", {})


def test_a_rebuild_can_follow_one_that_was_cancelled(local, local_client):
    rebuilding(local, local_client)
    first = job_of(local_client)["job_id"]
    local_client.projections_cancel("numbers")
    local_client.projections_rebuild("numbers")
    assert status_of(local_client) == "rebuilding"
    second = job_of(local_client)
    assert (second["status"], second["job_id"] != first) == ("running", True)
    local_client.projections_cancel("numbers")


@pytest.mark.ironflow(clock="virtual")
def test_events_that_come_during_a_rebuild_are_not_lost(local, local_client):
    numbers(local, rebuild_pace=60)
    for n in range(3):
        emit(local_client, n=n)
    local_client.projections_rebuild("numbers")
    for n in range(3, 9):
        local.advance(30)
        emit(local_client, n=n)
    assert over(local_client)["total_events"] == 3
    assert state_of(local_client) == {"n": list(range(9))}
    assert sequence_of(local_client) == 9


def test_rebuilds_and_events_from_many_threads_agree_in_the_end(local, local_client):
    numbers(local)

    def emit_some(base):
        for n in range(20):
            emit(local_client, n=base + n)

    def rebuild_some():
        for _ in range(10):
            with contextlib.suppress(ConflictError):
                local_client.projections_rebuild("numbers")

    threads = [threading.Thread(target=emit_some, args=(base,)) for base in (0, 100, 200)]
    threads += [threading.Thread(target=rebuild_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over(local_client)
    log = local_client.events_list(limit=200)["events"]
    assert len(log) == 60
    assert state_of(local_client) == {"n": [event["data"]["n"] for event in reversed(log)]}


def test_a_dry_run_counts_and_changes_nothing(local, local_client):
    numbers(local)
    emit(local_client, "user.signup")
    event_ids = [emit(local_client, n=n) for n in range(4)]
    before = local_client.projections_get("numbers")
    for body, total in (
        ({"dryRun": True}, 4),
        ({"dry_run": True}, 4),
        ({"dryRun": True, "fromEventId": event_ids[1], "toEventId": event_ids[2]}, 2),
    ):
        job = local_client.projections_rebuild("numbers", body)["job"]
        assert (job["status"], job["total_events"], job["events_processed"]) == (
            "dry_run",
            total,
            0,
        )
    assert local_client.projections_get("numbers") == before
    assert local_client.projections_list_rebuild("numbers") == {"job": None}


@pytest.mark.parametrize(
    "first, last", [("fromEventId", "toEventId"), ("from_event_id", "to_event_id")]
)
def test_a_rebuild_may_be_of_some_events(local, local_client, first, last):
    numbers(local)
    event_ids = [emit(local_client, n=n) for n in range(5)]
    for body, expected in (
        ({first: event_ids[1], last: event_ids[3]}, [1, 2, 3]),
        ({first: event_ids[3]}, [3, 4]),
        ({last: event_ids[0]}, [0]),
        ({first: event_ids[3], last: event_ids[1]}, []),
    ):
        local_client.projections_rebuild("numbers", body)
        job = over(local_client)
        assert (job["status"], job["total_events"]) == ("completed", len(expected))
        found = local_client.projections_get("numbers").get("state")
        assert (found["state"]["n"] if found else []) == expected
    for name in (first, last):
        with pytest.raises(NotFoundError, match="event not found: evt_404"):
            local_client.projections_rebuild("numbers", {name: "evt_404"})
    assert status_of(local_client) == "active"


def test_a_rebuild_of_a_partition_leaves_the_others_alone(local, local_client):
    factor = [1]

    @local.projection(
        "numbers",
        events=["order.*"],
        initial={"n": []},
        partition_by=lambda event: event["data"]["k"],
    )
    def reduce(state, event):
        state["n"].append(event["data"]["n"] * factor[0])

    for n in range(4):
        emit(local_client, n=n, k="xy"[n % 2])
    factor[0] = 10
    local_client.projections_rebuild("numbers", {"partition": "x"})
    assert over(local_client)["status"] == "completed"
    assert state_of(local_client, partition="x") == {"n": [0, 20]}
    assert state_of(local_client, partition="y") == {"n": [1, 3]}
    emit(local_client, n=4, k="x")
    assert state_of(local_client, partition="x") == {"n": [0, 20, 40]}
    local_client.projections_rebuild("numbers", {"partition": "z"})
    over(local_client)
    assert local_client.projections_list_partitions("numbers")["partitions"] == ["x", "y"]


@pytest.mark.parametrize("partition", ["", "x"])
def test_a_rebuild_of_a_paused_projection_takes_no_event_twice(local, local_client, partition):
    numbers(local, partition_by=lambda event: "x")
    emit(local_client, n=1)
    local_client.projections_pause("numbers")
    emit(local_client, n=2)
    local_client.projections_rebuild("numbers", {"partition": partition})
    assert over(local_client)["status"] == "completed"
    assert status_of(local_client) == "paused"
    seen = [1] if partition else [1, 2]
    assert state_of(local_client, partition="x") == {"n": seen}
    assert sequence_of(local_client) == seen[-1]
    local_client.projections_resume("numbers")
    assert state_of(local_client, partition="x") == {"n": [1, 2]}
    emit(local_client, n=3)
    assert state_of(local_client, partition="x") == {"n": [1, 2, 3]}


def test_a_rebuild_that_fails_says_why_and_keeps_the_state(local, local_client):
    broken = []

    @local.projection("numbers", events=["order.*"], initial={"n": []})
    def reduce(state, event):
        state["n"].append(event["data"]["n"])
        if broken:
            raise LookupError("no rate")

    emit(local_client, n=1)
    broken.append(True)
    local_client.projections_rebuild("numbers")
    job = over(local_client)
    assert (job["status"], job["error"]) == ("failed", "LookupError: no rate")
    found = local_client.projections_list_status("numbers")
    assert (found["status"], found["error_message"]) == ("error", "LookupError: no rate")
    assert state_of(local_client) == {"n": [1]}
    broken.clear()
    local_client.projections_rebuild("numbers")
    assert over(local_client)["status"] == "completed"
    found = local_client.projections_list_status("numbers")
    assert (found["status"], found["error_message"]) == ("active", "")


@pytest.mark.ironflow(clock="virtual")
def test_a_rebuild_heals_a_projection_whose_reducer_was_mended(local, local_client):
    broken = [True]

    @local.projection("numbers", events=["order.*"], initial={"n": []}, rebuild_pace=60)
    def reduce(state, event):
        if broken:
            raise LookupError("no rate")
        state["n"].append(event["data"]["n"])

    for n in range(3):
        emit(local_client, n=n)
    local_client.projections_rebuild("numbers")
    local_client.projections_cancel("numbers")
    found = local_client.projections_list_status("numbers")
    assert (found["status"], found["error_message"][:20]) == ("error", "LookupError: no rate")
    broken.clear()
    local_client.projections_rebuild("numbers")
    assert over(local_client)["status"] == "completed"
    assert state_of(local_client) == {"n": [0, 1, 2]}


def test_a_rebuild_asks_for_a_proper_body(local, local_client):
    numbers(local)
    for body, name in (({"dryRun": "yes"}, "dryRun"), ({"fromEventId": 7}, "fromEventId")):
        with pytest.raises(ValidationError, match=name):
            local_client.projections_rebuild("numbers", body)
    assert job_of(local_client) is None


def test_a_stop_cancels_a_rebuild_and_the_projection_goes_on(local, local_client):
    rebuilding(local, local_client)
    local.stop()
    local.start()
    until(lambda: job_of(local_client)["status"] == "cancelled")
    emit(local_client, n=3)
    assert status_of(local_client) == "active"
    assert state_of(local_client) == {"n": [0, 1, 2, 3]}
