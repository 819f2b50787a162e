"""Waiting until a projection has caught up."""

from __future__ import annotations

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError

from ...local import until
from ..projections import (
    Patience,
    arrived,
    caught_up,
    emit,
    numbers,
    over,
    state_of,
)

# Waiting until a projection has caught up.


def test_a_sequence_that_was_seen_is_reached_at_once(local, local_client):
    numbers(local)
    emit(local_client)
    emit(local_client, "user.signup")  # no event of the projection counts too
    for target in (0, 1, 2):
        reply = local_client.projections_list_catchup("numbers", min_seq=target, timeout=0)
        assert reply == caught_up(2, target, reached=True)
    assert local_client.projections_list_catchup("numbers", min_seq=2)["caughtUp"] is True


@pytest.mark.ironflow(clock="virtual")
def test_a_wait_that_takes_too_long_is_a_reply(local, local_client):
    numbers(local)
    emit(local_client)
    for timeout in (0, 60_000):
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


@pytest.mark.ironflow(clock="virtual")
def test_a_projection_in_error_does_not_catch_up(local, local_client):
    local.projection("numbers", events=["order.*"])(lambda state, event: 1 / 0)
    emit(local_client)
    reply = local_client.projections_list_catchup("numbers", min_seq=1)
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


def test_an_event_of_another_environment_cannot_be_waited_for(local, local_client):
    numbers(local)
    event_id = emit(local_client.with_options(environment="staging"))
    with pytest.raises(NotFoundError, match="event not found"):
        local_client.projections_wait_for_event({"eventId": event_id, "projection": "numbers"})


@pytest.mark.ironflow(clock="virtual")
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
    reply = local_client.projections_catchup_batch({"items": items})
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
