"""Runs of workers that sleep or wait for an event."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ironflow import ConflictError

from ..workers import REGISTRATION, STEP, fetched, in_seconds, invoked, report, yielded


@pytest.fixture
def client(local_client):
    """A client of a server that ``worker-1`` has registered at."""
    local_client.workers_register("worker-1", body=REGISTRATION)
    return local_client


# Waits.


@pytest.mark.ironflow(clock="virtual")
def test_a_run_that_sleeps_is_paused_and_comes_back_when_the_time_has_come(local, client):
    run_id = invoked(client)
    job = fetched(client)
    until = (local.now + timedelta(days=1)).isoformat()
    assert yielded(client, job, "sleep", until=until) == {"status": "ok"}
    run = client.runs_get(run_id)
    assert run["status"] == "paused"
    (step,) = client.runs_list_steps(run_id)["steps"]
    assert (step["step_id"], step["step_type"], step["status"]) == ("w1", "sleep", "running")
    with pytest.raises(ConflictError):
        report(client, job, "completed")

    local.advance(86399)
    assert client.workers_list_jobs("worker-1") is None
    local.advance(1)
    again = fetched(client)
    assert again["run_id"] == run_id
    assert again["attempt"] == 1
    done = {"step_id": "w1", "name": "wait-a-while", "output": None, "status": "completed"}
    assert again["completed_steps"] == [done]
    report(client, again, "completed", output="rested")
    assert client.runs_get(run_id)["output"] == "rested"


def test_a_run_that_sleeps_holds_no_place_at_its_worker(client):
    client.workers_register("worker-1", body={**REGISTRATION, "max_concurrent_jobs": 1})
    sleeper, other = invoked(client), invoked(client)
    yielded(client, fetched(client), "sleep", until=in_seconds(3600))
    assert fetched(client)["run_id"] == other
    assert client.runs_get(sleeper)["status"] == "paused"


def test_a_sleep_until_a_time_that_has_passed_is_over_at_once(client):
    run_id = invoked(client)
    yielded(client, fetched(client), "sleep", until="2020-01-01T00:00:00Z")
    assert fetched(client)["run_id"] == run_id


def test_a_run_that_waits_comes_back_with_the_event_it_waited_for(client):
    client.events_create(body={"name": "order.paid", "data": {"number": 0}})  # too early
    run_id = invoked(client)
    yielded(client, fetched(client), "wait_for_event", event_filter={"event": "order.paid"})
    client.events_create(body={"name": "order.placed", "data": {}})
    assert client.workers_list_jobs("worker-1") is None
    assert client.runs_get(run_id)["status"] == "paused"
    assert client.runs_list_steps(run_id)["steps"][0]["wait_event_name"] == "order.paid"

    paid = client.events_create(body={"name": "order.paid", "data": {"number": 1}})
    client.events_create(body={"name": "order.paid", "data": {"number": 2}})
    (step,) = fetched(client)["completed_steps"]
    assert (step["step_id"], step["name"]) == ("w1", "wait-a-while")
    assert step["output"]["id"] == paid["event_id"]
    assert (step["output"]["name"], step["output"]["data"]) == ("order.paid", {"number": 1})
    assert client.runs_get(run_id)["status"] == "running"


def test_a_wait_for_a_value_ends_by_the_event_that_has_it(client):
    invoked(client)
    wanted = {"event": "order.paid", "match": "data.order.number", "match_value": "2"}
    yielded(client, fetched(client), "wait_for_event", event_filter=wanted)
    for data in ({}, {"order": "2"}, {"order": {"number": 1}}, {"number": 2}):
        client.events_create(body={"name": "order.paid", "data": data})
    assert client.workers_list_jobs("worker-1") is None
    client.events_create(body={"name": "order.paid", "data": {"order": {"number": 2}}})
    (step,) = fetched(client)["completed_steps"]
    assert step["output"]["data"] == {"order": {"number": 2}}


@pytest.mark.parametrize(
    ("step_id", "name"),
    [
        ("run_1:nap:0", "nap"),
        ("run_1:both:1:nap\\:short\\\\:3", "nap:short\\"),
        ("nap", "nap"),
    ],
)
def test_a_wait_without_a_name_takes_it_from_its_id(client, step_id, name):
    invoked(client)
    nap = {"step_id": step_id, "type": "sleep", "until": "2020-01-01T00:00:00Z"}
    report(client, fetched(client), "yielded", **{"yield": nap})
    (step,) = fetched(client)["completed_steps"]
    assert (step["step_id"], step["name"]) == (step_id, name)


@pytest.mark.ironflow(clock="virtual")
def test_a_wait_that_times_out_comes_back_without_an_event(local, client):
    run_id = invoked(client)
    wanted = {"event": "order.paid", "timeout": "24h", "match": "data.id == '1'"}
    yielded(client, fetched(client), "wait_for_event", event_filter=wanted)
    local.advance(86400)
    client.events_create(body={"name": "order.paid", "data": {}})  # too late
    (step,) = fetched(client)["completed_steps"]
    assert step["output"] is None
    assert "wait_timeout" in client.runs_list_steps(run_id)["steps"][0]


def test_a_time_out_beyond_the_calendar_is_taken(client):
    invoked(client)
    wanted = {"event": "order.paid", "timeout": f"{'9' * 400}h"}
    yielded(client, fetched(client), "wait_for_event", event_filter=wanted)
    assert client.workers_list_jobs("worker-1") is None


def test_a_wait_outlives_a_registration(client):
    run_id = invoked(client)
    yielded(client, fetched(client), "sleep", until="2020-01-01T00:00:00Z")
    client.workers_register("worker-1", body=REGISTRATION)
    assert fetched(client)["run_id"] == run_id


def test_a_step_that_waited_says_for_what_and_what_came(client):
    run_id = invoked(client)
    wanted = {"event": "order.paid", "match": "data.number == 1"}
    yielded(client, fetched(client), "wait_for_event", event_filter=wanted)
    paid = client.events_create(body={"name": "order.paid", "data": {"number": 1}})
    fetched(client)
    step_id = client.runs_list_steps(run_id)["steps"][0]["id"]
    step = client.runs_create(body={"step_id": step_id, "output": {}})
    assert (step["wait_event_id"], step["wait_event_match"]) == (
        paid["event_id"],
        "data.number == 1",
    )


@pytest.mark.parametrize("fetches", [1, 2])
def test_resuming_a_run_ends_its_wait(client, fetches):
    run_id = invoked(client)
    yielded(client, fetched(client), "sleep", until=in_seconds(3600))
    if fetches == 2:
        assert client.workers_list_jobs("worker-1") is None
    run = client.runs_resume(body={"run_id": run_id})
    assert run["status"] == "pending"
    assert not {"claimed_at", "claimed_by"} & set(run)  # nobody has it now
    job = fetched(client)
    assert [step["step_id"] for step in job["completed_steps"]] == ["w1"]
    report(client, job, "completed")
    assert client.runs_get(run_id)["status"] == "completed"


def test_resuming_from_a_step_forgets_it_and_what_came_after(client):
    run_id = invoked(client)
    job = fetched(client)
    wait = {"step_id": "w1", "step_name": "nap", "type": "sleep", "until": in_seconds(3600)}
    report(client, job, "yielded", steps=[STEP, {**STEP, "id": "s2"}], **{"yield": wait})
    client.runs_resume(body={"run_id": run_id, "from_step": "s2"})
    assert [step["step_id"] for step in fetched(client)["completed_steps"]] == ["s1"]
    assert client.runs_list_steps(run_id)["count"] == 1


def test_resuming_from_a_wait_starts_it_over(client):
    run_id = invoked(client)
    yielded(client, fetched(client), "sleep", until=in_seconds(3600))
    client.runs_resume(body={"run_id": run_id, "from_step": "w1"})
    assert fetched(client)["completed_steps"] == []
    types = [entry["event_type"] for entry in client.runs_list_audit(run_id)["events"]]
    assert "step.completed" not in types


def test_a_cancelled_wait_is_over_for_good(client):
    run_id = invoked(client)
    yielded(client, fetched(client), "wait_for_event", event_filter={"event": "order.paid"})
    client.runs_cancel(run_id)
    client.events_create(body={"name": "order.paid", "data": {}})
    assert client.workers_list_jobs("worker-1") is None
    assert client.runs_get(run_id)["status"] == "cancelled"
    assert client.runs_list_steps(run_id)["steps"][0]["status"] == "cancelled"


def test_a_run_can_wait_again_and_again(client):
    run_id = invoked(client)
    for number in range(3):
        wait = {"step_id": f"w{number}", "step_name": "nap", "type": "sleep"}
        wait["until"] = "2020-01-01T00:00:00+01:00"
        report(client, fetched(client), "yielded", **{"yield": wait})
    job = fetched(client)
    assert [step["step_id"] for step in job["completed_steps"]] == ["w0", "w1", "w2"]
    report(client, job, "completed")
    statuses = [step["status"] for step in client.runs_list_steps(run_id)["steps"]]
    assert statuses == ["completed"] * 3
