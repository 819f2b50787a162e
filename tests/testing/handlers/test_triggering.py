"""Events by RPC: one, several, and one whose runs are waited for."""

from __future__ import annotations

import threading

from ironflow import IronflowClient

from ...local import CheckedServer, until
from ..connect import refusal, rpc

SYNC = "IronflowService/TriggerSync"


def test_an_event_starts_the_runs_that_are_told(local, local_client):
    local.function("pack", triggers=["order.*"])(lambda event: None)
    asked = {"event": "order.placed", "data": {"order_id": 7}, "metadata": {"a_B": 1}, "version": 2}
    for method in ("IronflowService/Emit", "IronflowService/Trigger", "PubSubService/Emit"):
        reply = rpc(local, method, asked)
        assert [run["id"] for run in local_client.runs_list(event_id=reply["eventId"])["runs"]] == (
            reply["runIds"]
        )
    event = local_client.events_get("evt_1")
    assert (event["name"], event["data"]) == ("order.placed", {"order_id": 7})
    assert event["metadata"] == {"a_B": 1}


def test_an_event_that_starts_nothing_has_no_runs(local):
    assert rpc(local, "IronflowService/Emit", {"event": "a"}) == {"eventId": "evt_1"}


def test_a_repeated_key_is_the_same_event_for_any_of_the_methods(local, local_client):
    local.function("pack", triggers=["a"])(lambda event: None)
    asked = {"event": "a", "idempotencyKey": "k"}
    first = rpc(local, "IronflowService/Emit", asked)
    assert rpc(local, "PubSubService/Emit", asked) == first
    assert rpc(local, SYNC, asked)["eventId"] == first["eventId"]
    other = rpc(local, "IronflowService/Emit", {**asked, "event": "b"})
    assert other["eventId"] != first["eventId"]
    assert local_client.events_list()["count"] == 2


def test_several_events_are_emitted_in_their_order(local, local_client):
    events = [{"event": "a", "data": {"n": 1}}, {"event": "b"}, {"event": "c"}]
    results = rpc(local, "IronflowService/TriggerBatch", {"events": events})["results"]
    assert results == [{"eventId": "evt_1"}, {"eventId": "evt_2"}, {"eventId": "evt_3"}]
    assert [e["name"] for e in local_client.events_list()["events"]] == ["c", "b", "a"]


def test_one_bad_event_of_several_keeps_all_of_them_from_being_emitted(local, local_client):
    reserved = {"event": "system.run"}
    for bad in ({"data": {}}, {"event": "b", "version": -1}, {"event": ["b"]}, reserved):
        asked = {"events": [{"event": "a"}, bad]}
        assert refusal(local, "IronflowService/TriggerBatch", asked)[1] == "invalid_argument"
    assert refusal(local, "IronflowService/TriggerBatch", {"events": {}})[1] == "invalid_argument"
    assert local_client.events_list()["count"] == 0


def test_a_call_waits_for_all_runs_and_has_what_came_of_them(local, local_client, gate):
    local.function("pack", triggers=["order.*"])(lambda event: {"packed": event["data"]})
    local.function("count", triggers=["order.*"])(lambda event: 3)

    @local.function("ship", triggers=["order.*"])
    def ship(event):
        gate.wait(10)
        raise ValueError("no carrier")

    def open_once_two_are_done():
        with IronflowClient(local.url) as other:
            until(lambda: other.runs_list(status="completed")["count"] == 2)
        gate.set()

    opening = threading.Thread(target=open_once_two_are_done)
    opening.start()
    reply = local_client.events_trigger_sync({"event": "order.placed", "data": {"id": 7}})
    opening.join(10)

    assert reply["event_id"] == "evt_1"
    pack, count, ship_ = reply["results"]
    pack.pop("duration_ms", None)
    assert pack == {
        "run_id": "run_1",
        "function_id": "pack",
        "status": "RUN_STATUS_COMPLETED",
        "output": {"packed": {"id": 7}},
    }
    assert (count["output_value"], "output" in count) == (3, False)
    assert (ship_["status"], ship_["error"]) == (
        "RUN_STATUS_FAILED",
        {"code": "ValueError", "message": "no carrier"},
    )


def test_a_run_that_is_not_done_in_time_goes_on_and_says_so(local, local_client, sleeper):
    reply = rpc(local, SYNC, {"event": "order.placed", "timeoutMs": 1})
    (result,) = reply["results"]
    assert (result["status"], result["waitTimedOut"]) == ("RUN_STATUS_PAUSED", True)
    assert local_client.runs_get(result["runId"])["status"] == "paused"


def test_without_a_listener_there_are_no_results(local):
    assert rpc(local, SYNC, {"event": "nobody.listens"}) == {"eventId": "evt_1"}


def test_others_are_served_while_a_call_waits(local, local_client, sleeper):
    with IronflowClient(local.url, timeout=10) as other:
        waiting = threading.Thread(
            target=lambda: other.events_trigger_sync({"event": "order.x", "timeout_ms": 8000})
        )
        waiting.start()
        try:
            until(lambda: local_client.runs_list()["count"] == 2)
            assert waiting.is_alive()
            local_client.runs_cancel("run_2")  # which ends the wait
        finally:
            waiting.join(10)
        assert not waiting.is_alive()


def test_a_stop_of_the_server_ends_the_wait(local, sleeper):
    answers = []

    def ask():
        answers.append(refusal(local, SYNC, {"event": "order.x", "timeoutMs": 60_000}))

    waiting = threading.Thread(target=ask)
    waiting.start()
    with IronflowClient(local.url) as client:
        until(lambda: client.runs_list()["count"] == 2)
    local.reset()
    waiting.join(10)
    assert answers == [(503, "unavailable", "the server is stopping")]


def test_what_is_no_event_is_refused(local, local_client):
    for bad in ({}, {"event": ""}, {"event": "a", "data": [1]}, {"event": "a", "timeoutMs": -1}):
        assert refusal(local, SYNC, bad)[:2] == (400, "invalid_argument")
    assert local_client.events_list()["count"] == 0


def test_with_a_virtual_clock_the_wait_takes_the_runs_time_and_no_other():
    with CheckedServer(clock="virtual") as server, IronflowClient(server.url) as client:

        @server.function("settle", triggers=["order.*"])
        def settle(event, step):
            step.sleep("a while", event["data"]["seconds"])
            return {"settled": True}

        began = server.now
        asked = {"event": "order.placed", "data": {"seconds": 10}}
        (done,) = client.events_trigger_sync(asked)["results"]
        assert (done["output"], done["duration_ms"]) == ({"settled": True}, 10_000)
        asked["data"]["seconds"] = 3600
        (late,) = client.events_trigger_sync(asked)["results"]
        assert late["wait_timed_out"] is True
        assert (server.now - began).total_seconds() == 40
    assert server.misfits == []
