"""Polling under a virtual clock: a request that is repeated lets time pass."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from .runs import DAY, month, napper, start

START = datetime(2026, 1, 1, tzinfo=timezone.utc)

pytestmark = pytest.mark.ironflow(clock="virtual")


@pytest.mark.parametrize(
    "poll",
    [
        lambda client, run_id: client.runs_wait(run_id)["status"],
        lambda client, run_id: client.runs_get(run_id)["status"],
        lambda client, run_id: client.runs_list(function_id="month")["runs"][0]["status"],
    ],
)
def test_a_program_that_polls_sees_the_time_pass(local, local_client, poll):
    month(local)
    run_id = start(local_client)
    statuses = [poll(local_client, run_id) for _ in range(4)]
    assert statuses[-1] == "completed"
    assert local.now == START + timedelta(days=37)


@pytest.mark.parametrize(
    "wait",
    [
        lambda client: client.functions_invoke_and_wait("month"),
        lambda client: client.events_create_and_wait({"name": "order.placed"})[0],
        lambda client: next(client.runs_wait_many([start(client)])),
    ],
)
def test_a_wait_of_the_client_takes_one_look(local, local_client, wait):
    month(local)
    assert wait(local_client)["status"] == "completed"
    assert [request.method for request in local.requests] == ["POST", "GET"]
    assert local.now == START + timedelta(days=37)


def test_reading_a_run_that_has_ended_twice_is_no_poll(local, local_client):
    napper(local, "nap", DAY)
    local_client.functions_invoke("nap")
    local.function("quick", triggers=["order.*"])(lambda event: 1)
    run_id = start(local_client)
    assert [local_client.runs_get(run_id)["status"] for _ in range(3)] == ["completed"] * 3
    assert local.now == START


def test_reading_what_has_changed_or_reading_after_an_action_is_no_poll(local, local_client):
    month(local)
    run_id = start(local_client)
    for number in range(3):
        assert local_client.runs_get(run_id)["status"] == "paused"
        local_client.config_create("flags", body={"number": number})
    for _ in range(3):
        assert local_client.runs_get(run_id)["status"] == "paused"
        local.wait_until_idle()
    assert local.now == START


def test_a_failed_read_that_is_tried_again_is_no_poll(local, local_client):
    month(local)
    run_id = start(local_client)
    local.fail("GET", "/api/v1/runs/{id}", times=2, headers={"Retry-After": "0"})
    again = local_client.with_options(max_attempts=3)
    assert again.runs_get(run_id)["status"] == "paused"
    assert local.now == START


def test_reading_a_setting_twice_within_a_handler_is_no_wait(local, local_client):
    local_client.config_create("flags", body={"dark_mode": True})
    napper(local, "nap", DAY)
    local_client.functions_invoke("nap")

    @local.function("reader", triggers=["order.*"])
    def read(event, step):
        return [local_client.config_get("flags")["data"] for _ in range(3)]

    assert local.wait_for_run(start(local_client))["output"] == [{"dark_mode": True}] * 3
    assert local.now == START


@pytest.mark.parametrize("of_one_event", [True, False])
@pytest.mark.parametrize("interval", [None, 0.01], ids=["by pushes", "by polls"])
def test_many_runs_that_end_at_different_times_are_waited_for(
    local, local_client, of_one_event, interval
):
    hours = range(1, 21)
    for hour in hours:
        napper(local, f"nap-{hour}", hour * 3600, triggers=["order.placed"])
    if of_one_event:
        run_ids = local_client.events_create(body={"name": "order.placed"})["run_ids"]
    else:
        run_ids = [local_client.functions_invoke(f"nap-{hour}")["run_id"] for hour in hours]
    waited = local_client.runs_wait_many(run_ids, timeout=10, poll_interval=interval)
    assert {run["id"]: run["status"] for run in waited} == dict.fromkeys(run_ids, "completed")
    assert local.now == START + timedelta(hours=20)
