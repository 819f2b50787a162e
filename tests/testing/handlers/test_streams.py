"""The local server's entity streams: append, read, history, snapshots."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest

from ironflow import ConflictError, IronflowClient, NotFoundError, ValidationError

APPEND = {"entity_type": "order", "event_name": "order.updated"}


def append(client, entity_id="order-1", **members):
    return client.streams_events(entity_id, body={**APPEND, **members})


def appended(client, count, entity_id="order-1", **members):
    """Append events with the data 1, 2, …"""
    return [append(client, entity_id, data={"n": n}, **members) for n in range(1, count + 1)]


def versions(reply):
    return [event["entity_version"] for event in reply["events"]]


def test_an_appended_event_can_be_read_back_whole(local_client):
    receipt = append(local_client, data={"status": "shipped"}, version=3, run_id="run_9")
    assert receipt["entity_version"] == 1
    reply = local_client.streams_list_events("order-1")
    assert reply["total_count"] == 1
    (event,) = reply["events"]
    assert event["id"] == receipt["event_id"]
    assert event["name"] == "order.updated"
    assert event["data"] == {"status": "shipped"}
    assert event["version"] == 3
    assert event["run_id"] == "run_9"
    assert (event["entity_id"], event["entity_type"]) == ("order-1", "order")
    assert "idempotency_key" not in event
    assert event["environment_id"] == "env_default"


def test_the_defaults_of_an_append_are_no_data_and_schema_version_1(local_client):
    append(local_client)
    (event,) = local_client.streams_list_events("order-1")["events"]
    assert (event["data"], event["version"]) == ({}, 1)
    assert "run_id" not in event


def test_the_versions_of_a_stream_count_its_own_events_only(local_client):
    append(local_client, "order-1")
    append(local_client, "order-2")
    assert append(local_client, "order-1")["entity_version"] == 2
    assert append(local_client, "order-2")["entity_version"] == 2


def test_an_entity_id_with_slashes_and_spaces_is_one_stream(local_client):
    append(local_client, "a/b c%")
    assert local_client.streams_get("a/b c%")["entity_id"] == "a/b c%"


def test_an_appended_event_is_in_the_event_log_too(local_client):
    event_id = append(local_client, data={"n": 1})["event_id"]
    assert local_client.events_get(event_id)["entity_id"] == "order-1"


def test_an_expected_version_that_holds_lets_the_append_through(local_client):
    assert append(local_client, expected_version=0)["entity_version"] == 1
    assert append(local_client, expected_version=1)["entity_version"] == 2
    assert append(local_client, expected_version=-1)["entity_version"] == 3


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_an_expected_version_that_does_not_hold_appends_nothing(local_client, expected):
    appended(local_client, 2)
    with pytest.raises(ConflictError, match=f"expected {expected}, the stream is at 2"):
        append(local_client, expected_version=expected)
    assert local_client.streams_get("order-1")["version"] == 2


def test_an_expected_version_of_a_stream_that_is_not_there_is_a_conflict(local_client):
    with pytest.raises(ConflictError, match="expected 4, the stream is at 0"):
        append(local_client, expected_version=4)
    with pytest.raises(NotFoundError):
        local_client.streams_get("order-1")


def test_of_many_writers_that_expect_the_same_version_one_wins(local):
    outcomes = []

    def write():
        with IronflowClient(local.url, max_attempts=1) as client:
            try:
                outcomes.append(append(client, expected_version=0)["entity_version"])
            except ConflictError:
                outcomes.append("conflict")

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [1] + ["conflict"] * 7


def test_an_event_of_the_products_own_is_not_appended(local_client):
    body = {"entity_type": "order", "event_name": "$deleted", "data": {}}
    with pytest.raises(ValidationError, match="must not begin with"):
        local_client.streams_events("order-1", body=body)


@pytest.mark.parametrize("key", ["a b", "k" * 256])
def test_an_idempotency_key_that_cannot_be_one_is_400(local_client, key):
    with pytest.raises(ValidationError, match="idempotency_key must be 255 bytes"):
        append(local_client, idempotency_key=key)


def test_a_repeated_idempotency_key_gives_the_first_receipt(local_client):
    first = append(local_client, expected_version=0, idempotency_key="create-1")
    append(local_client)
    again = append(local_client, expected_version=0, idempotency_key="create-1")
    assert again == first
    assert local_client.streams_get("order-1")["event_count"] == 2
    (event, _) = local_client.streams_list_events("order-1")["events"]
    assert event["idempotency_key"] == "create-1"


def test_an_idempotency_key_belongs_to_one_stream(local_client):
    append(local_client, "order-1", idempotency_key="create")
    append(local_client, "order-2", idempotency_key="create")
    assert local_client.streams_get("order-2")["version"] == 1


def test_an_append_that_was_refused_does_not_use_up_its_idempotency_key(local_client):
    with pytest.raises(ConflictError):
        append(local_client, expected_version=1, idempotency_key="k")
    append(local_client)
    assert append(local_client, expected_version=1, idempotency_key="k")["entity_version"] == 2


def test_a_lost_reply_and_a_retry_append_one_event(local):
    local.reset_connection("POST", "/api/v1/streams/{entityId}/events", handled=True)
    with IronflowClient(local.url, max_attempts=3, initial_backoff=0.01) as client:
        receipt = append(client, expected_version=0, idempotency_key="once")
        assert receipt["entity_version"] == 1
        assert client.streams_get("order-1")["version"] == 1


def test_another_entity_type_than_the_streams_is_refused(local_client):
    append(local_client)
    with pytest.raises(ConflictError, match="entity_type is order, not user"):
        append(local_client, entity_type="user")
    assert local_client.streams_get("order-1")["entity_type"] == "order"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"entity_type": None}, "entity_type is required"),
        ({"entity_type": ""}, "entity_type must not be empty"),
        ({"event_name": None}, "event_name is required"),
        ({"data": [1]}, "data must be a JSON object"),
        ({"version": 0}, "version must be at least 1"),
        ({"version": "1"}, "version must be a whole number"),
        ({"expected_version": -2}, "expected_version must be at least -1"),
        ({"expected_version": True}, "expected_version must be a whole number"),
        ({"idempotency_key": 7}, "idempotency_key must be a string"),
        ({"run_id": 7}, "run_id must be a string"),
    ],
)
def test_a_malformed_append_says_what_is_wrong_and_makes_no_stream(local_client, members, message):
    with pytest.raises(ValidationError, match=message):
        append(local_client, **members)
    assert local_client.streams_list()["total_count"] == 0


def test_an_append_starts_functions_and_feeds_projections(local, local_client):
    @local.function("ship", triggers=["order.*"])
    def ship(event):
        return {"entity": event["entity_id"], "version": event["entity_version"]}

    @local.projection("orders", events=["order.*"], initial={"count": 0})
    def orders(state, event):
        return {"count": state["count"] + 1}

    append(local_client)
    append(local_client)
    assert local_client.projections_get("orders")["state"]["state"] == {"count": 2}
    local.wait_until_idle()
    runs = local_client.runs_list(function_id="ship")["runs"]
    assert [run["output"]["version"] for run in runs] == [2, 1]


def test_reading_forward_starts_at_the_version_given_included(local_client):
    appended(local_client, 5)
    assert versions(local_client.streams_list_events("order-1")) == [1, 2, 3, 4, 5]
    reply = local_client.streams_list_events("order-1", from_version=3, limit=2)
    assert versions(reply) == [3, 4]
    assert [event["data"] for event in reply["events"]] == [{"n": 3}, {"n": 4}]
    assert reply["total_count"] == 5
    assert versions(local_client.streams_list_events("order-1", from_version=6)) == []


def test_reading_backward_starts_at_the_end_or_the_version_given(local_client):
    appended(local_client, 5)
    read = local_client.streams_list_events
    assert versions(read("order-1", direction="backward")) == [5, 4, 3, 2, 1]
    assert versions(read("order-1", direction="backward", from_version=0)) == [5, 4, 3, 2, 1]
    assert versions(read("order-1", direction="backward", from_version=3, limit=2)) == [3, 2]
    assert versions(read("order-1", direction="backward", from_version=9, limit=1)) == [5]


def test_reading_gives_100_events_by_default_and_1000_at_most(local_client):
    append(local_client)
    for direction, first in (("forward", 1), ("backward", 1)):
        reply = local_client.streams_list_events("order-1", direction=direction, limit=5000)
        assert versions(reply) == [first]
    appended(local_client, 100)
    assert versions(local_client.streams_list_events("order-1")) == list(range(1, 101))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"direction": "sideways"}, "direction must be one of forward, backward"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"from_version": -1}, "from_version must be at least 0"),
    ],
)
def test_a_read_that_cannot_be_understood_is_refused(local_client, query, message):
    append(local_client)
    for method in (local_client.streams_list_events, local_client.streams_list_history):
        with pytest.raises(ValidationError, match=message):
            method("order-1", **query)


def test_a_stream_that_is_not_there_is_a_404_everywhere(local_client):
    snapshot = {"entity_type": "order", "entity_version": 1, "state": {}}
    for call in (
        lambda: local_client.streams_get("nope"),
        lambda: local_client.streams_list_events("nope"),
        lambda: local_client.streams_list_history("nope"),
        lambda: local_client.streams_list_snapshots("nope"),
        lambda: local_client.streams_snapshots("nope", body=snapshot),
    ):
        with pytest.raises(NotFoundError, match="stream not found"):
            call()


def test_the_head_of_a_stream_follows_its_events(local_client):
    appended(local_client, 3)
    events = local_client.streams_list_events("order-1")["events"]
    assert local_client.streams_get("order-1") == {
        "entity_id": "order-1",
        "entity_type": "order",
        "version": 3,
        "event_count": 3,
        "created_at": events[0]["timestamp"],
        "updated_at": events[2]["timestamp"],
    }


def test_streams_are_listed_by_what_changed_last(local_client):
    for entity_id in ("a", "b", "c", "a"):
        append(local_client, entity_id)
    reply = local_client.streams_list()
    assert [stream["entity_id"] for stream in reply["streams"]] == ["a", "c", "b"]
    assert (reply["count"], reply["total_count"]) == (3, 3)


def test_the_list_of_streams_is_filtered_and_paged(local_client):
    for entity_id, entity_type in (("o-1", "order"), ("o-2", "order"), ("u-1", "user")):
        append(local_client, entity_id, entity_type=entity_type)

    def ids(**query):
        return [stream["entity_id"] for stream in local_client.streams_list(**query)["streams"]]

    assert ids(entity_type="order") == ["o-2", "o-1"]
    assert ids(entity_type="ord") == []
    assert ids(search="U-") == ["u-1"]
    assert ids(search="ORD") == ["o-2", "o-1"]
    assert ids(limit=1, offset=1) == ["o-2"]
    page = local_client.streams_list(limit=1, entity_type="order")
    assert (page["count"], page["total_count"]) == (1, 2)


def test_the_streams_of_another_environment_do_not_show(local, local_client):
    append(local_client)
    with IronflowClient(local.url, environment="staging") as staging:
        assert staging.streams_list()["streams"] == []
        assert append(staging)["entity_version"] == 1
    assert local_client.streams_get("order-1")["version"] == 1


@pytest.mark.ironflow(clock="virtual")
def test_history_tells_which_runs_and_steps_an_event_started(local, local_client):
    @local.function("ship", triggers=["order.updated"])
    def ship(event, step):
        step.run("pack", lambda: local.advance(1))
        if event["data"]["n"] == 2:
            step.run("send", lambda: 1 // 0)

    appended(local_client, 2)
    append(local_client, event_name="other")
    local.wait_until_idle()
    reply = local_client.streams_list_history("order-1")
    first, second, third = reply["entries"]
    assert third["runs"] == []
    (run,) = first["runs"]
    assert (run["function_id"], run["status"]) == ("ship", "completed")
    assert run["duration_ms"] == 1000
    assert run["started_at"] <= run["ended_at"]
    assert [step["name"] for step in run["steps"]] == ["pack"]
    (run,) = second["runs"]
    assert run["status"] == "failed"
    pack, send = run["steps"]
    assert (pack["status"], send["status"]) == ("completed", "failed")
    assert send["step_type"] == "invoke"
    assert "zero" in send["error_message"]
    assert "error_message" not in pack
    assert first["event_data"] == {"n": 1}


def test_history_of_a_run_that_goes_on_has_no_end(local, local_client):
    @local.function("wait", triggers=["order.updated"])
    def wait(event, step):
        step.wait_for_event("payment", "payment.done")

    append(local_client)
    local.wait_until_idle()
    (run,) = local_client.streams_list_history("order-1")["entries"][0]["runs"]
    assert run["status"] == "paused"
    assert "ended_at" not in run
    assert "duration_ms" not in run
    (step,) = run["steps"]
    assert (step["status"], step["step_type"]) == ("running", "wait_for_event")
    assert "duration_ms" not in step


def test_history_says_how_the_stream_stands(local_client):
    appended(local_client, 3)
    head = local_client.streams_get("order-1")
    reply = local_client.streams_list_history("order-1", limit=1)
    assert reply["total_events"] == 3
    assert reply["info"] == {
        "entity_id": "order-1",
        "entity_type": "order",
        "current_version": 3,
        "total_event_count": 3,
        "created_at": head["created_at"],
        "updated_at": head["updated_at"],
    }


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("forward", [[1, 2], [3, 4], [5]]), ("backward", [[5, 4], [3, 2], [1]])],
)
def test_following_next_cursor_gives_each_entry_once_and_ends_at_0(
    local_client, direction, expected
):
    appended(local_client, 5)
    pages, cursor = [], None
    while cursor != 0:
        reply = local_client.streams_list_history(
            "order-1", direction=direction, limit=2, from_version=cursor
        )
        pages.append([entry["entity_version"] for entry in reply["entries"]])
        cursor = reply["next_cursor"]
    assert pages == expected


def test_history_keeps_to_the_times_given(local_client):
    appended(local_client, 3)
    times = [event["timestamp"] for event in local_client.streams_list_events("order-1")["events"]]

    def found(**query):
        reply = local_client.streams_list_history("order-1", **query)
        return [entry["entity_version"] for entry in reply["entries"]]

    assert found(from_timestamp=times[1]) == [2, 3]
    assert found(to_timestamp=times[1]) == [1, 2]
    assert found(from_timestamp=times[1], to_timestamp=times[1]) == [2]
    assert found(from_timestamp=datetime.now(timezone.utc) + timedelta(hours=1)) == []
    reply = local_client.streams_list_history("order-1", to_timestamp=times[1], limit=1)
    assert reply["next_cursor"] == 2
    with pytest.raises(ValidationError, match="from_timestamp must be an RFC 3339 time"):
        found(from_timestamp="yesterday")


def snapshot(client, version, state, entity_type="order"):
    body = {"entity_type": entity_type, "entity_version": version, "state": state}
    return client.streams_snapshots("order-1", body=body)["snapshot_id"]


def test_the_snapshot_of_the_highest_version_is_given(local_client):
    append(local_client)
    snapshot(local_client, 10, {"status": "shipped"})
    snapshot(local_client, 4, {"status": "paid"})
    found = local_client.streams_list_snapshots("order-1")
    assert (found["entity_version"], found["state"]) == (10, {"status": "shipped"})
    assert (found["entity_id"], found["entity_type"]) == ("order-1", "order")


def test_before_version_looks_strictly_below(local_client):
    append(local_client)
    snapshot(local_client, 10, {"n": 10})
    older = snapshot(local_client, 4, {"n": 4})
    found = local_client.streams_list_snapshots("order-1", before_version=10)
    assert found["snapshot_id"] == older
    with pytest.raises(NotFoundError, match="snapshot not found"):
        local_client.streams_list_snapshots("order-1", before_version=4)


def test_a_second_snapshot_of_a_version_takes_the_place_of_the_first(local_client):
    append(local_client)
    snapshot(local_client, 1, {"n": "old"})
    newer = snapshot(local_client, 1, {"n": "new"})
    assert local_client.streams_list_snapshots("order-1")["snapshot_id"] == newer


def test_a_stream_without_snapshots_is_a_404(local_client):
    append(local_client)
    with pytest.raises(NotFoundError, match="snapshot not found"):
        local_client.streams_list_snapshots("order-1")


def test_a_snapshot_does_not_change_the_stream(local_client):
    append(local_client)
    before = local_client.streams_get("order-1")
    snapshot(local_client, 7, {})
    assert local_client.streams_get("order-1") == before


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"entity_version": 0}, "entity_version must be at least 1"),
        ({"entity_version": None}, "entity_version is required"),
        ({"state": None}, "state is required"),
        ({"state": "shipped"}, "state must be a JSON object"),
        ({"entity_type": None}, "entity_type is required"),
    ],
)
def test_a_malformed_snapshot_is_refused(local_client, members, message):
    append(local_client)
    with pytest.raises(ValidationError, match=message):
        body = {"entity_type": "order", "entity_version": 1, "state": {}, **members}
        local_client.streams_snapshots("order-1", body=body)


def test_a_snapshot_of_another_entity_type_is_refused(local_client):
    append(local_client)
    with pytest.raises(ConflictError, match="entity_type is order, not user"):
        snapshot(local_client, 1, {}, entity_type="user")
