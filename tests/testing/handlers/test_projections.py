"""Projections: their state, partitions, pausing, deleting."""

from __future__ import annotations

import pytest

from ironflow import NotFoundError, ValidationError

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


def test_a_reducer_cannot_change_the_event(local, local_client):
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


def test_a_partition_that_cannot_be_told_is_an_error_of_its_projection(local, local_client):
    numbers(local, partition_by=lambda event: event["data"]["customer"])
    emit(local_client, n=1)
    found = local_client.projections_list_status("numbers")
    assert found["status"] == "error"
    assert found["error_message"].startswith("KeyError: 'customer'")


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
    assert over(local_client, "fragile")["status"] == "failed"


def test_a_pace_that_cannot_be_is_refused(local):
    with pytest.raises(ValueError, match="rebuild_pace must be"):
        local.projection("slow", events=["order.*"], rebuild_pace=-1)


def test_what_a_reducer_raises_is_in_the_log(local, local_client, caplog):
    @local.projection("fragile", events=["order.*"])
    def fragile(state, event):
        raise ValueError("no such order")

    local_client.events_create(body={"name": "order.placed", "data": {}})
    assert "projection fragile failed" in caplog.text
    assert "ValueError: no such order" in caplog.text
