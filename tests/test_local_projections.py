"""The local server's projections: state, partitions, pausing, rebuilding, and catching up."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError

from .local import PATIENCE, until

FOREVER = 600.0  # seconds for an event of a rebuild that the test ends


def emit(client, name="order.placed", **data):
    return client.events_create(body={"name": name, "data": data})["event_id"]


def numbers(server, name="numbers", **options):
    """Register a projection that lists the ``n`` of the events, in their order."""

    @server.projection(name, events=["order.*"], initial={"n": []}, **options)
    def reduce(state, event):
        state["n"].append(event["data"].get("n"))

    return reduce


def state_of(client, name="numbers", **query):
    return client.projections_get(name, **query)["state"]["state"]


def status_of(client, name="numbers"):
    return client.projections_list_status(name)["status"]


def sequence_of(client, name="numbers"):
    return client.projections_list_status(name)["last_event_seq"]


def job_of(client, name="numbers"):
    return client.projections_list_rebuild(name)["job"]


def over(client, name="numbers"):
    """Wait until no rebuild is running and return the job of the latest."""
    until(lambda: status_of(client, name) != "rebuilding")
    return job_of(client, name)


def threads_of(job_id):
    return [found for found in threading.enumerate() if found.name == f"ironflow-{job_id}"]


class Patience(threading.Thread):
    """A call in a thread of its own, and what it returned or raised."""

    def __init__(self, call):
        super().__init__()
        self._call = call
        self.outcome = None
        self.start()

    def run(self):
        try:
            self.outcome = self._call()
        except Exception as error:
            self.outcome = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def arrived(server, path):
    """Wait until a request of this path has reached the server."""
    until(lambda: any(request.path == path for request in server.requests))


# State.


def test_a_state_follows_the_events(local, local_client):
    @local.projection("order_stats", events=["order.*"], initial={"orders": 0})
    def order_stats(state, event):
        return {"orders": state["orders"] + 1}

    assert "state" not in local_client.projections_get("order_stats")
    for n in (1, 2):
        event_id = emit(local_client)
        event = local_client.events_get(event_id)
        found = local_client.projections_get("order_stats")["state"]
        assert found["state"] == {"orders": n}
        assert found["version"] == n
        assert (found["last_event_id"], found["last_event_seq"]) == (event_id, n)
        assert found["last_event_time"] == event["timestamp"]
        assert found["partition_key"] == "__global__"
        assert found["projection_name"] == "order_stats"
    emit(local_client, "user.signup")
    emit(local_client, "order.line.added")
    assert local_client.projections_get("order_stats")["state"] == found
    assert sequence_of(local_client, "order_stats") == 4


def test_a_reducer_may_change_the_state_or_return_another(local, local_client):
    @local.projection("changed", events=[">"])
    def changed(state, event):
        state[event["name"]] = state.get(event["name"], 0) + 1

    @local.projection("returned", events=[">"], initial=[])
    def returned(state, event):
        return [*state, event["name"]]

    local.projection("falsy", events=[">"], initial=5)(lambda state, event: 0)
    for name in ("a", "b", "a"):
        emit(local_client, name)
    assert state_of(local_client, "changed") == {"a": 2, "b": 1}
    assert state_of(local_client, "returned") == ["a", "b", "a"]
    assert state_of(local_client, "falsy") == 0


def test_an_initial_state_is_not_shared(local, local_client):
    initial = {"n": []}

    @local.projection("lists", events=[">"], initial=initial, partition_by=lambda e: e["data"]["k"])
    def lists(state, event):
        state["n"].append(event["data"]["n"])

    staging = local_client.with_options(environment="staging")
    emit(local_client, k="x", n=1)
    emit(local_client, k="y", n=2)
    emit(staging, k="x", n=3)
    assert state_of(local_client, "lists", partition="x") == {"n": [1]}
    assert state_of(local_client, "lists", partition="y") == {"n": [2]}
    assert state_of(staging, "lists", partition="x") == {"n": [3]}
    assert initial == {"n": []}


def test_a_reducer_can_not_change_the_event(local, local_client):
    @local.projection("rude", events=[">"])
    def rude(state, event):
        event["data"]["n"] = 0
        event["data"].clear()
        return event["data"]

    event_id = emit(local_client, n=1)
    assert local_client.events_get(event_id)["data"] == {"n": 1}
    emit(local_client, n=2)
    assert local_client.events_get(event_id)["data"] == {"n": 1}


def test_a_projection_sees_the_events_of_before_its_registration(local, local_client):
    for n in range(3):
        emit(local_client, n=n)
    numbers(local)
    assert state_of(local_client) == {"n": [0, 1, 2]}


def test_a_projection_that_is_registered_again_starts_afresh(local, local_client):
    numbers(local)
    emit(local_client, n=1)
    local.projection("numbers", events=["order.*"])(lambda state, event: {"last": event["data"]})
    assert state_of(local_client) == {"last": {"n": 1}}
    assert local_client.projections_list()["count"] == 1


def test_projections_are_listed_as_they_were_registered(local, local_client):
    numbers(local, description="All numbers")
    local.projection("other", events=["user.*", "cart.>"])(lambda state, event: None)
    found = local_client.projections_get("numbers")
    assert (found["description"], found["events"]) == ("All numbers", ["order.*"])
    assert (found["mode"], found["status"]) == ("managed", "active")
    listed = local_client.projections_list()
    assert [projection["name"] for projection in listed["projections"]] == ["numbers", "other"]
    assert listed["projections"][0] == found
    local_client.projections_pause("other")

    def names(**query):
        reply = local_client.projections_list(**query)
        assert reply["count"] == len(reply["projections"])
        return [projection["name"] for projection in reply["projections"]]

    assert names(status="paused") == ["other"]
    assert names(status="active") == ["numbers"]
    assert names(mode="managed", limit=1) == ["numbers"]
    assert names(limit=1, offset=1) == ["other"]
    assert names(mode="external") == []


def test_what_is_not_there_is_a_404(local, local_client):
    for call in (
        local_client.projections_get,
        local_client.projections_list_status,
        local_client.projections_list_partitions,
        local_client.projections_pause,
        local_client.projections_resume,
        local_client.projections_delete,
        local_client.projections_rebuild,
        local_client.projections_list_rebuild,
        local_client.projections_cancel,
        lambda name: local_client.projections_list_catchup(name, min_seq=1),
    ):
        with pytest.raises(NotFoundError, match="projection not found"):
            call("nothing")


def test_a_reset_forgets_the_state_and_keeps_the_projection(local, local_client):
    numbers(local)
    emit(local_client, n=1)
    local_client.projections_pause("numbers")
    local.reset()
    assert "state" not in local_client.projections_get("numbers")
    assert status_of(local_client) == "active"
    emit(local_client, n=2)
    assert state_of(local_client) == {"n": [2]}


# Partitions.


def test_partitions_have_states_of_their_own(local, local_client):
    numbers(local, partition_by=lambda event: event["data"]["customer"])
    for n, customer in enumerate(["ada", "grace", "ada", 7]):
        emit(local_client, n=n, customer=customer)
    assert state_of(local_client, partition="ada") == {"n": [0, 2]}
    assert state_of(local_client, partition="grace") == {"n": [1]}
    assert state_of(local_client, partition="7") == {"n": [3]}
    found = local_client.projections_get("numbers", partition="ada")["state"]
    assert (found["partition_key"], found["version"], found["last_event_seq"]) == ("ada", 2, 3)
    assert "state" not in local_client.projections_get("numbers", partition="alan")
    assert "state" not in local_client.projections_get("numbers")


def test_partitions_are_listed_by_their_text(local, local_client):
    numbers(local, partition_by=lambda event: event["data"]["customer"])
    numbers(local, "whole")
    for customer in ("c-10", "c-2", "d-1", "c-1"):
        emit(local_client, customer=customer)

    def keys(**query):
        reply = local_client.projections_list_partitions("numbers", **query)
        assert reply["returned"] == len(reply["partitions"])
        return reply["partitions"]

    assert keys() == ["c-1", "c-10", "c-2", "d-1"]
    assert keys(q="c-1") == ["c-1", "c-10"]
    assert keys(q="-1", limit=2) == ["c-1", "c-10"]
    assert keys(q="x") == []
    with pytest.raises(ValidationError, match="limit must be at least 1"):
        keys(limit=0)
    assert local_client.projections_list_partitions("whole")["partitions"] == []


# Pausing, and reducers that raise.


def test_a_projection_that_is_paused_catches_up_when_it_is_resumed(local, local_client):
    numbers(local)
    emit(local_client, n=1)
    assert local_client.projections_pause("numbers") == {"status": "paused"}
    emit(local_client, n=2)
    emit(local_client, n=3)
    assert state_of(local_client) == {"n": [1]}
    assert (status_of(local_client), sequence_of(local_client)) == ("paused", 1)
    assert local_client.projections_pause("numbers") == {"status": "paused"}
    assert local_client.projections_resume("numbers") == {"status": "active"}
    assert state_of(local_client) == {"n": [1, 2, 3]}
    assert sequence_of(local_client) == 3
    assert local_client.projections_resume("numbers") == {"status": "active"}
    assert state_of(local_client) == {"n": [1, 2, 3]}


def test_pausing_is_for_one_environment(local, local_client):
    numbers(local)
    local_client.projections_pause("numbers")
    staging = local_client.with_options(environment="staging")
    emit(staging, n=1)
    assert state_of(staging) == {"n": [1]}


def test_a_reducer_that_raises_stops_its_projection_at_that_event(local, local_client):
    broken = [True]

    @local.projection("numbers", events=["order.*"], initial={"n": []})
    def reduce(state, event):
        state["n"].append(event["data"]["n"])
        if event["data"]["n"] == 2 and broken:
            raise ValueError("two is not taken")

    numbers(local, "healthy")
    event_ids = [emit(local_client, n=n) for n in (1, 2, 3)]
    found = local_client.projections_list_status("numbers")
    assert (found["status"], found["last_event_seq"]) == ("error", 1)
    assert found["error_message"] == f"ValueError: two is not taken (event {event_ids[1]})"
    assert local_client.projections_get("numbers")["error_message"] == found["error_message"]
    assert state_of(local_client) == {"n": [1]}
    assert state_of(local_client, "healthy") == {"n": [1, 2, 3]}
    assert local_client.projections_resume("numbers") == {"status": "error"}
    assert local_client.projections_list(status="error")["count"] == 1
    broken.clear()
    assert local_client.projections_resume("numbers") == {"status": "active"}
    assert state_of(local_client) == {"n": [1, 2, 3]}
    assert local_client.projections_list_status("numbers")["error_message"] == ""
    assert "error_message" not in local_client.projections_get("numbers")


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()])
def test_a_state_that_is_no_json_is_an_error_of_its_projection(local, local_client, value):
    local.projection("numbers", events=["order.*"])(lambda state, event: {"value": value})
    emit(local_client)
    found = local_client.projections_get("numbers")
    assert found["status"] == "error"
    assert "JSON" in found["error_message"]
    assert "state" not in found


def test_a_partition_that_can_not_be_told_is_an_error_of_its_projection(local, local_client):
    numbers(local, partition_by=lambda event: event["data"]["customer"])
    emit(local_client, n=1)
    found = local_client.projections_list_status("numbers")
    assert found["status"] == "error"
    assert found["error_message"].startswith("KeyError: 'customer'")


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


def test_a_rebuild_can_be_watched(local, local_client):
    numbers(local, rebuild_pace=0.02)
    for n in range(10):
        emit(local_client, n=n)
    local_client.projections_rebuild("numbers")
    assert status_of(local_client) == "rebuilding"
    seen = []

    def watched():
        job = job_of(local_client)
        seen.append((job["events_processed"], job["progress"], job.get("estimated_remaining")))
        return job["status"] == "completed"

    until(watched)
    assert [processed for processed, _, _ in seen] == sorted(processed for processed, _, _ in seen)
    assert all(progress == processed * 10 for processed, progress, _ in seen)
    assert any(0 < processed < 10 and remaining for processed, _, remaining in seen)
    assert seen[-1] == (10, 100, None)
    assert status_of(local_client) == "active"


def rebuilding(server, client, count=3, **options):
    """Register ``numbers``, emit events and start a rebuild that does not end by itself."""
    numbers(server, rebuild_pace=FOREVER, **options)
    event_ids = [emit(client, n=n) for n in range(count)]
    client.projections_rebuild("numbers")
    return event_ids


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


def test_events_that_come_during_a_rebuild_are_not_lost(local, local_client):
    numbers(local, rebuild_pace=0.005)
    for n in range(20):
        emit(local_client, n=n)
    local_client.projections_rebuild("numbers")
    for n in range(20, 50):
        emit(local_client, n=n)
    assert over(local_client)["total_events"] == 20
    assert state_of(local_client) == {"n": list(range(50))}
    assert sequence_of(local_client) == 50


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


def test_a_rebuild_heals_a_projection_whose_reducer_was_mended(local, local_client):
    broken = [True]

    @local.projection("numbers", events=["order.*"], initial={"n": []}, rebuild_pace=0.01)
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


# Deleting.


def test_a_projection_that_was_deleted_is_gone(local, local_client):
    numbers(local)
    emit(local_client, n=1)
    assert local_client.projections_delete("numbers") == {"status": "deleted"}
    with pytest.raises(NotFoundError):
        local_client.projections_get("numbers")
    with pytest.raises(NotFoundError):
        local_client.projections_delete("numbers")
    assert local_client.projections_list()["count"] == 0
    emit(local_client, n=2)
    staging = local_client.with_options(environment="staging")
    assert status_of(staging) == "active"
    numbers(local)
    assert state_of(local_client) == {"n": [1, 2]}


def test_deleting_a_projection_ends_its_rebuild(local, local_client):
    rebuilding(local, local_client)
    job_id = job_of(local_client)["job_id"]
    local_client.projections_delete("numbers")
    until(lambda: not threads_of(job_id))
    with pytest.raises(NotFoundError):
        local_client.projections_list_rebuild("numbers")


# Waiting until a projection has caught up.


def caught_up(current, target, *, reached):
    return {
        "caughtUp": reached,
        "timedOut": not reached,
        "currentSeq": current,
        "targetSeq": target,
        "behindByEvents": max(0, target - current),
        "rebuilding": False,
        "mode": "managed",
    }


def test_a_sequence_that_was_seen_is_reached_at_once(local, local_client):
    numbers(local)
    emit(local_client)
    emit(local_client, "user.signup")  # no event of the projection counts too
    for target in (0, 1, 2):
        reply = local_client.projections_list_catchup("numbers", min_seq=target, timeout=0)
        assert reply == caught_up(2, target, reached=True)
    assert local_client.projections_list_catchup("numbers", min_seq=2)["caughtUp"] is True


def test_a_wait_that_takes_too_long_is_a_reply(local, local_client):
    numbers(local)
    emit(local_client)
    for timeout in (0, 50):
        reply = local_client.projections_list_catchup("numbers", min_seq=5, timeout=timeout)
        assert reply == caught_up(1, 5, reached=False)


def test_an_event_wakes_who_waits_for_it(local, local_client):
    numbers(local)
    waits = [
        Patience(
            lambda: local_client.projections_list_catchup("numbers", min_seq=2, timeout=60_000)
        )
        for _ in range(3)
    ]
    until(lambda: len(local.requests) == 3)
    emit(local_client)
    emit(local_client)
    for wait in waits:
        reply = wait.result()
        assert (reply["caughtUp"], reply["timedOut"], reply["targetSeq"]) == (True, False, 2)


def test_a_message_that_is_published_moves_the_sequence_too(local, local_client):
    numbers(local)
    emit(local_client, n=1)
    wait = Patience(lambda: local_client.projections_list_catchup("numbers", min_seq=2))
    arrived(local, "/api/v1/projections/numbers/catchup")
    sequence = local_client.pub_sub_create({"topic": "stock", "data": {}})["sequence"]
    assert wait.result() == caught_up(sequence, 2, reached=True)
    emit(local_client, n=2)
    assert state_of(local_client) == {"n": [1, 2]}


def test_a_wait_ends_when_its_projection_is_deleted(local, local_client):
    numbers(local)
    wait = Patience(lambda: local_client.projections_list_catchup("numbers", min_seq=1))
    arrived(local, "/api/v1/projections/numbers/catchup")
    local_client.projections_delete("numbers")
    with pytest.raises(NotFoundError, match="projection not found"):
        wait.result()


def test_a_wait_outlives_a_rebuild(local, local_client):
    numbers(local, rebuild_pace=0.02)
    emit(local_client, n=0)
    wait = Patience(lambda: local_client.projections_list_catchup("numbers", min_seq=2))
    arrived(local, "/api/v1/projections/numbers/catchup")
    local_client.projections_rebuild("numbers")
    emit(local_client, n=1)
    assert wait.result()["caughtUp"] is True
    over(local_client)
    assert state_of(local_client) == {"n": [0, 1]}


def test_waiting_for_a_paused_projection_is_a_conflict(local, local_client):
    numbers(local)
    event_id = emit(local_client)
    local_client.projections_pause("numbers")
    with pytest.raises(ConflictError, match="projection is paused"):
        local_client.projections_list_catchup("numbers", min_seq=1)
    with pytest.raises(ConflictError, match="projection is paused"):
        local_client.projections_wait_for_event({"eventId": event_id, "projection": "numbers"})


def test_a_projection_in_error_does_not_catch_up(local, local_client):
    local.projection("numbers", events=["order.*"])(lambda state, event: 1 / 0)
    emit(local_client)
    reply = local_client.projections_list_catchup("numbers", min_seq=1, timeout=50)
    assert (reply["timedOut"], reply["currentSeq"]) == (True, 0)


def test_a_partition_can_be_waited_for_where_there_are_partitions(local, local_client):
    numbers(local, partition_by=lambda event: "x")
    numbers(local, "whole")
    emit(local_client)

    def wait(name, partition):
        return local_client.projections_list_catchup(name, min_seq=1, partition=partition)

    assert wait("numbers", "x")["caughtUp"] is True
    assert wait("whole", "__global__")["caughtUp"] is True
    with pytest.raises(ValidationError, match="no partitions"):
        wait("whole", "x")


@pytest.mark.parametrize(
    "params, name",
    [
        ({}, "minSeq is required"),
        ({"minSeq": ""}, "minSeq is required"),
        ({"minSeq": "-1"}, "minSeq must be at least 0"),
        ({"minSeq": "many"}, "minSeq must be a whole number"),
        ({"minSeq": "1", "timeout": "-1"}, "timeout must be at least 0"),
        ({"minSeq": "1", "timeout": "1s"}, "timeout must be a whole number"),
    ],
)
def test_a_wait_asks_for_proper_numbers(local, local_client, params, name):
    numbers(local)
    with pytest.raises(ValidationError, match=name):
        local_client.request("GET", "/api/v1/projections/numbers/catchup", params=params)


def test_one_can_wait_for_an_event_that_was_emitted(local, local_client):
    numbers(local)
    emit(local_client)
    event_id = emit(local_client)
    body = {"eventId": event_id, "projection": "numbers", "timeoutMs": 1000}
    assert local_client.projections_wait_for_event(body) == caught_up(2, 2, reached=True)
    with pytest.raises(NotFoundError, match="event not found"):
        local_client.projections_wait_for_event({**body, "eventId": "evt_404"})
    with pytest.raises(NotFoundError, match="projection not found"):
        local_client.projections_wait_for_event({**body, "projection": "nothing"})
    for member in ("eventId", "projection"):
        with pytest.raises(ValidationError, match=f"{member} must not be empty"):
            local_client.projections_wait_for_event({**body, member: ""})
    with pytest.raises(ValidationError, match="timeoutMs must be at least 0"):
        local_client.projections_wait_for_event({**body, "timeoutMs": -1})


def test_an_event_of_another_environment_can_not_be_waited_for(local, local_client):
    numbers(local)
    event_id = emit(local_client.with_options(environment="staging"))
    with pytest.raises(NotFoundError, match="event not found"):
        local_client.projections_wait_for_event({"eventId": event_id, "projection": "numbers"})


def test_a_batch_has_a_result_for_each_of_its_items(local, local_client):
    numbers(local)
    numbers(local, "paused")
    emit(local_client)
    local_client.projections_pause("paused")
    items = [
        {"name": "numbers", "minSeq": "1"},
        {"name": "nothing", "minSeq": "1"},
        {"name": "paused", "minSeq": "1"},
        {"name": "numbers", "minSeq": "9"},
        {"name": "numbers", "minSeq": "9", "partition": "x"},
        {"name": "numbers", "minSeq": "many"},
        {"name": "numbers"},
        {"minSeq": "1"},
        {"name": "numbers", "minSeq": 1},
    ]
    reply = local_client.projections_catchup_batch({"items": items, "timeoutMs": 50})
    assert reply["results"] == [
        {"result": caught_up(1, 1, reached=True)},
        {"error": "projection not found"},
        {"error": "projection is paused"},
        {"result": caught_up(1, 9, reached=False)},
        {"error": "the projection has no partitions"},
        {"error": "minSeq must be a whole number, as text"},
        {"error": "minSeq is required"},
        {"error": "name is required"},
        {"result": caught_up(1, 1, reached=True)},
    ]


def test_the_items_of_a_batch_share_one_time_limit(local, local_client):
    numbers(local)
    items = [{"name": "numbers", "minSeq": "2"}] * 16
    wait = Patience(
        lambda: local_client.projections_catchup_batch({"items": items, "timeoutMs": 60_000})
    )
    arrived(local, "/api/v1/projections/catchup/batch")
    emit(local_client)
    emit(local_client)
    assert [item["result"]["caughtUp"] for item in wait.result()["results"]] == [True] * 16


@pytest.mark.parametrize("count", [0, 17])
def test_a_batch_has_bounds(local, local_client, count):
    numbers(local)
    items = [{"name": "numbers", "minSeq": "0"}] * count
    with pytest.raises(ValidationError, match="items must hold 1 to 16 projections"):
        local_client.projections_catchup_batch({"items": items})


@pytest.mark.parametrize("items", [None, ["numbers"], "numbers"])
def test_a_batch_asks_for_objects(local_client, items):
    with pytest.raises(ValidationError, match="items"):
        local_client.projections_catchup_batch({"items": items})


@pytest.mark.parametrize("error", [SystemExit("stop"), pytest.fail.Exception("not this one")])
def test_a_reducer_that_gives_up_altogether_is_an_error_of_its_projection(
    local, local_client, error
):
    def reducer(state, event):
        raise error

    local.projection("fragile", events=["order.*"])(reducer)
    local_client.events_create(body={"name": "order.placed", "data": {}})
    status = local_client.projections_list_status("fragile")
    assert status["status"] == "error"
    assert type(error).__name__ in status["error_message"]
    local_client.projections_rebuild("fragile")
    for _ in range(200):
        job = local_client.projections_list_rebuild("fragile")["job"]
        if job["status"] != "running":
            break
        time.sleep(0.01)
    assert job["status"] == "failed"


def test_a_pace_that_can_not_be_is_refused(local):
    with pytest.raises(ValueError, match="rebuild_pace must be"):
        local.projection("slow", events=["order.*"], rebuild_pace=-1)


def test_what_a_reducer_raises_is_in_the_log(local, local_client, caplog):
    @local.projection("fragile", events=["order.*"])
    def fragile(state, event):
        raise ValueError("no such order")

    local_client.events_create(body={"name": "order.placed", "data": {}})
    assert "projection fragile failed" in caplog.text
    assert "ValueError: no such order" in caplog.text
