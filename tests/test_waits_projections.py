"""Waiting for the rebuild of a projection, and until it has caught up."""

from __future__ import annotations

import json

import pytest

from ironflow import InvalidResponseError, IronflowClient, IronflowError, IronflowTimeoutError


def job(status="running", **members):
    return {"job_id": "job_1", "projection_name": "orders", "status": status, **members}


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "dry_run"])
def test_a_rebuild_is_started_and_waited_for(client, server, clock, status):
    server.reply({"job": job("pending")})
    server.reply({"job": job(events_processed=5)})
    server.reply({"job": job(status, events_processed=9)})
    seen = []
    result = client.projections_rebuild_and_wait(
        "orders", {"partition": "eu"}, on_progress=seen.append
    )
    assert result == job(status, events_processed=9)
    assert seen == [job("pending"), job(events_processed=5), job(status, events_processed=9)]
    assert [(request.method, request.path) for request in server.requests] == [
        ("POST", "/api/v1/projections/orders/rebuild"),
        ("GET", "/api/v1/projections/orders/rebuild"),
        ("GET", "/api/v1/projections/orders/rebuild"),
    ]
    assert server.requests[0].json == {"partition": "eu"}


def test_a_dry_run_is_over_with_its_first_reply(client, server, clock):
    server.reply({"job": job("dry_run", total_events=40)})
    result = client.projections_rebuild_and_wait("orders", {"dryRun": True})
    assert result["total_events"] == 40
    assert len(server.requests) == 1


@pytest.mark.parametrize("forgotten", [{"job": None}, {}])
def test_a_job_that_the_server_forgot_is_done(client, server, clock, forgotten):
    server.reply({"job": job("pending")})
    server.reply({"job": job(progress=0.5)})
    server.reply(forgotten)
    seen = []
    assert client.projections_rebuild_and_wait("orders", on_progress=seen.append) == job(
        progress=0.5
    )
    assert seen == [job("pending"), job(progress=0.5)]


def test_a_rebuild_whose_job_shows_only_later_is_waited_for(client, server, clock):
    server.reply({"job": None})
    server.reply({"job": job("completed")})
    assert client.projections_rebuild_and_wait("orders") == job("completed")


def test_a_rebuild_that_never_names_a_job_is_an_unusable_reply(client, server, clock):
    server.reply({"job": None})
    server.reply({"job": None})
    with pytest.raises(InvalidResponseError, match="^the reply names no job for the rebuild$"):
        client.projections_rebuild_and_wait("orders")


def test_a_rebuild_that_takes_too_long_is_told_with_its_last_state(client, server, clock):
    server.reply({"job": job("pending")})
    for _ in range(3):
        server.reply({"job": job(progress=0.5)})
    with pytest.raises(IronflowTimeoutError) as caught:
        client.projections_rebuild_and_wait("orders", timeout=2.5, poll_interval=1)
    assert str(caught.value) == "the rebuild of orders has not ended after 2.5 s"
    assert caught.value.body == job(progress=0.5)


def test_a_rebuild_survives_a_failed_look(client, server, clock):
    server.reply({"job": job("pending")})
    server.reply({"error": "restarting"}, status=503)
    server.reply({"job": job("completed")})
    assert client.projections_rebuild_and_wait("orders")["status"] == "completed"


def caught_up(**members):
    return {"caughtUp": True, "timedOut": False, "currentSeq": 42, "targetSeq": 42, **members}


def behind(current):
    return {"caughtUp": False, "timedOut": True, "currentSeq": current, "targetSeq": 42}


def test_a_projection_that_has_caught_up_is_asked_once(client, server, clock):
    server.reply(caught_up())
    assert client.projections_wait_for("orders", 42, timeout=10) == caught_up()
    assert server.last.path == "/api/v1/projections/orders/catchup"
    assert server.last.query == {"minSeq": "42", "timeout": "8000"}


def test_the_servers_own_wait_is_repeated_until_it_has_caught_up(client, server, clock):
    states = [behind(10), behind(10), behind(41), caught_up()]
    for state in states:
        server.reply(state)
    seen = []
    result = client.projections_wait_for("orders", 42, partition="eu", on_progress=seen.append)
    assert result == caught_up()
    assert seen == [states[0], states[2], states[3]]
    assert [request.query["timeout"] for request in server.requests] == ["30000"] * 4
    assert all(request.query["partition"] == "eu" for request in server.requests)


def test_a_wait_that_the_server_held_needs_no_pause(client, server, clock):
    def held():
        clock.time += 30
        return 200, {}, json.dumps(behind(10)).encode()

    server.next_reply = held
    with pytest.raises(IronflowTimeoutError):
        client.projections_wait_for("orders", 42, timeout=90)
    assert clock.slept[:2] == [0.0, 0.0]


def test_a_server_that_does_not_hold_the_call_is_not_asked_without_a_pause(client, server, clock):
    for _ in range(3):
        server.reply(behind(10))
    server.reply(caught_up())
    client.projections_wait_for("orders", 42)
    assert clock.slept == pytest.approx([0.05, 0.1, 0.2])


@pytest.mark.parametrize(
    ("timeout", "hold", "limit"),
    [
        (300, "30000", 32.0),  # longer than the client's own 5 s, as the server is asked to wait
        (20, "18000", 20.0),
        (6, "4000", 6.0),
        (4, "2000", 4.0),
        (1, "500", 1.0),
        (0, "1", 5.0),
    ],
)
def test_a_held_look_may_take_longer_but_never_outlasts_the_wait(
    client, server, clock, monkeypatch, timeout, hold, limit
):
    limits = []
    make = IronflowClient.with_options
    monkeypatch.setattr(
        IronflowClient,
        "with_options",
        lambda self, **changes: limits.append(changes["timeout"]) or make(self, **changes),
    )
    server.reply(caught_up())
    client.projections_wait_for("orders", 42, timeout=timeout)
    assert server.last.query["timeout"] == hold
    assert limits == [pytest.approx(limit)]


def test_a_projection_that_stays_behind_is_told_with_its_last_state(client, server, clock):
    for current in (7, 8):
        server.reply(behind(current))
    with pytest.raises(IronflowTimeoutError) as caught:
        client.projections_wait_for("orders", 42, timeout=3, poll_interval=2)
    assert str(caught.value) == "projection orders has not reached 42 after 3 s"
    assert caught.value.body == behind(8)


@pytest.mark.parametrize("status", [404, 409])
def test_a_projection_that_cannot_be_waited_for_ends_it_at_once(client, server, clock, status):
    server.reply({"error": "projection is paused"}, status=status)
    with pytest.raises(IronflowError, match="^projection is paused"):
        client.projections_wait_for("orders", 42)
    assert len(server.requests) == 1


def test_a_server_without_room_for_waits_is_asked_again(client, server, clock):
    server.reply({"error": "too many waits"}, status=429, headers={"Retry-After": "3"})
    server.reply(caught_up())
    assert client.projections_wait_for("orders", 42)["caughtUp"] is True
    assert clock.slept == [3.0]


@pytest.mark.parametrize(
    ("min_seq", "error"),
    [(None, TypeError), (True, TypeError), (4.2, TypeError), (-1, ValueError), ("4x", ValueError)],
)
def test_a_sequence_that_is_none_is_refused_instead_of_waited_for(client, server, min_seq, error):
    with pytest.raises(error, match="^min_seq: must be a whole number"):
        client.projections_wait_for("orders", min_seq)
    assert server.requests == []


def test_a_sequence_may_be_the_text_that_replies_have_it_as(client, server, clock):
    server.reply(caught_up())
    assert client.projections_wait_for("orders", "42")["caughtUp"] is True
    assert server.last.query["minSeq"] == "42"
