"""Watches and ``/ws`` of the local server, frame by frame."""

from __future__ import annotations

import json

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer
from ironflow.testing._websocket import WebSockets

from ..live import delete_message, put_message
from ..local import until
from .conftest import KEY
from .runs import begin
from .wire import Wire
from .workers import REGISTRATION

WATCH = "/api/v1/kv/buckets/b/watch"
NO_BUCKET = {"type": "error", "code": "not_found", "message": "bucket not found: b"}


def emit(client, name, **data):
    """Emit an event and return its id."""
    return client.events_create(body={"name": name, "data": data})["event_id"]


def publish(client, topic, data):
    """Publish a message and return its id."""
    return client.pub_sub_create(body={"topic": topic, "data": data})["event_id"]


@pytest.fixture
def bucket(local_client):
    local_client.kv_buckets(body={"name": "b"})
    local_client.kv_put("b", "user.1", b"one")
    local_client.kv_put("b", "user.2", b"two")
    local_client.kv_put("b", "user.1", b"uno")
    return local_client


@pytest.fixture
def wire(local):
    with Wire(local, "/ws") as connected:
        yield connected


# Watches of buckets


def test_a_watch_gives_what_is_there_and_then_every_put_message(local, bucket):
    with Wire(local, WATCH) as wire:
        assert [wire.receive(), wire.receive()] == [
            put_message("user.2", b"two", 2),
            put_message("user.1", b"uno", 3),
        ]
        bucket.kv_put("b", "user.1", b"one")
        bucket.kv_put("b", "user.1", b"")
        bucket.kv_delete("b", "user.2")
        assert [wire.receive(), wire.receive(), wire.receive()] == [
            put_message("user.1", b"one", 4),
            put_message("user.1", b"", 5),
            delete_message("user.2", 6),
        ]
        wire.close()


def test_a_watch_leaves_out_what_was_deleted_before(local, bucket):
    bucket.kv_delete("b", "user.1")
    with Wire(local, WATCH) as wire:
        assert wire.receive() == put_message("user.2", b"two", 2)
        bucket.kv_delete("b", "user.2", purge=True)
        assert wire.receive() == delete_message("user.2", 5)


@pytest.mark.parametrize("pattern", ["user.%2A", "%3E", "user.*", "user.2"])
def test_a_watch_of_a_pattern_gives_the_keys_that_fit(local, bucket, pattern):
    bucket.kv_put("b", "order", b"o")
    with Wire(local, f"{WATCH}?key={pattern}") as wire:
        first = wire.receive()
        assert first == put_message("user.2", b"two", 2)
        bucket.kv_put("b", "user.2", b"dos")
        while (seen := wire.receive())["revision"] != 5:
            assert pattern != "user.2" or seen["key"] == "user.2"
            assert seen["key"] == "user.1" or pattern == "%3E"


def test_a_watch_of_a_bucket_that_is_not_there_is_opened_and_then_told(local):
    with Wire(local, WATCH) as wire:
        assert wire.receive() == NO_BUCKET
        assert wire.end() == 1000


def test_a_watch_ends_when_its_bucket_is_deleted(local, bucket):
    with Wire(local, f"{WATCH}?key=user.2") as wire:
        assert wire.receive() == put_message("user.2", b"two", 2)
        bucket.kv_delete_buckets("b")
        bucket.kv_buckets(body={"name": "b"})  # another bucket, which nobody watches
        bucket.kv_put("b", "user.2", b"new")
        assert wire.receive() == NO_BUCKET
        assert wire.end() == 1000


def test_a_key_that_expires_is_gone_without_a_word():
    with LocalServer(clock="virtual") as server, IronflowClient(server.url) as client:
        client.kv_buckets(body={"name": "b", "ttl_seconds": 60})
        client.kv_put("b", "old", b"1")
        with Wire(server, WATCH) as wire:
            assert wire.receive() == put_message("old", b"1", 1)
            server.advance(61)
            client.kv_put("b", "new", b"2")
            assert wire.receive() == put_message("new", b"2", 2)
        with Wire(server, WATCH) as wire:
            assert wire.receive() == put_message("new", b"2", 2)


def test_a_watch_follows_its_own_environment_and_bucket_only(local, bucket):
    bucket.kv_buckets(body={"name": "c"})
    staging = bucket.with_options(environment="staging")
    staging.kv_buckets(body={"name": "b"})
    with Wire(local, WATCH, {"X-Ironflow-Environment": "staging"}) as wire:
        bucket.kv_put("b", "user.1", b"default")
        staging.kv_put("b", "user.1", b"staging")
        assert wire.receive() == put_message("user.1", b"staging", 1)
    with Wire(local, "/api/v1/kv/buckets/c/watch") as wire:
        bucket.kv_put("b", "user.1", b"default")
        bucket.kv_put("c", "user.1", b"c")
        assert wire.receive()["bucket"] == "c"


# Watches of config documents


def test_a_watch_gives_the_document_and_then_every_write(local, local_client):
    local_client.config_create("limits", body={"max": 1})
    with Wire(local, "/api/v1/config/limits/watch") as wire:
        first = wire.receive()
        assert first == {"type": "config_update", **local_client.config_get("limits")}
        local_client.config_patch("limits", body={"min": 0})
        local_client.config_create("other", body={})
        local_client.config_delete("limits")
        second, third = wire.receive(), wire.receive()
        assert (second["data"], second["revision"]) == ({"max": 1, "min": 0}, 2)
        assert (third["name"], third["data"], third["revision"]) == ("limits", None, 3)
        local_client.config_delete("limits")  # is gone already
        local_client.config_create("limits", body={})
        assert wire.receive()["revision"] == 4


def test_a_document_that_is_not_there_is_followed(local, local_client):
    with Wire(local, "/api/v1/config/limits/watch") as wire:
        local_client.config_create("limits", body={"max": 5})
        seen = wire.receive()
        assert (seen["data"], seen["revision"]) == ({"max": 5}, 1)


# Topics


def test_a_subscriber_follows_a_run_from_its_creation_to_its_end(local, local_client, wire):
    @local.function("work", triggers=["order.*"])
    def work(event, step):
        return step.run("price", lambda: 15)

    id = wire.subscribe("system.run.>")
    run = begin(local, local_client)
    seen = [wire.receive() for _ in range(5)]
    kinds = ["created", "started", "step.started", "step.completed", "completed"]
    assert [frame["topic"] for frame in seen] == [f"system.run.{run}.{kind}" for kind in kinds]
    assert {frame["subscriptionId"] for frame in seen} == {id}
    statuses = [frame["data"]["status"] for frame in seen]
    assert statuses == ["pending", "running", "running", "running", "completed"]
    for frame in seen:
        assert (frame["data"]["id"], frame["data"]["function_id"]) == (run, "work")
    assert seen[3]["data"]["step"]["name"] == "price"
    assert seen[4]["data"]["output"] == 15


def test_a_subscriber_follows_one_run_through_failure_resumption_and_cancelling(
    local, local_client, wire
):
    @local.function("work", triggers=["order.*"])
    def work(event, step):
        if step.attempt == 1:
            raise ValueError("no price")
        step.sleep("settle", 600)

    run = begin(local, local_client)
    other = begin(local, local_client)
    wire.subscribe(f"system.run.{run}.*", replay=1)
    failed = wire.receive()
    assert failed["topic"] == f"system.run.{run}.failed"
    assert failed["data"]["error"]["message"] == "no price"
    for id in (other, run):
        local_client.runs_resume(body={"run_id": id})
        local.wait_until_idle()
        local_client.runs_cancel(id, body={})
    kinds = [wire.receive()["topic"].rpartition(".")[2] for _ in range(4)]
    assert kinds == ["resumed", "started", "paused", "cancelled"]


def test_an_event_comes_with_its_data_and_where_asked_its_place(local_client, wire):
    bare = wire.subscribe("events:order.*")
    full = wire.subscribe("events:order.placed", includeMetadata=True)
    event = emit(local_client, "order.placed", quantity=3)
    emit(local_client, "stock.counted")
    seen = {frame["subscriptionId"]: frame for frame in (wire.receive(), wire.receive())}
    meta = seen[full].pop("meta")
    assert meta["sequence"] == 1
    assert meta["timestamp"] > local_client.events_get(event)["timestamp"]
    for id in (bare, full):
        assert seen[id] == {
            "type": "event",
            "subscriptionId": id,
            "topic": "events:order.placed",
            "eventId": event,
            "data": {"quantity": 3},
        }


def test_an_appended_event_is_one_message_under_two_topics(local_client, wire):
    wire.subscribe("entity:order.*.placed")
    wire.subscribe("events:placed")
    body = {"entity_type": "order", "event_name": "placed", "data": {"q": 1}}
    local_client.streams_events("order-7", body=body)
    first, second = wire.receive(), wire.receive()
    assert {first["topic"], second["topic"]} == {"entity:order.order-7.placed", "events:placed"}
    assert first["eventId"] == second["eventId"]


@pytest.mark.parametrize("data", [{"a": [1, "ü"]}, "text", 7, [1], False])
def test_a_published_message_comes_as_it_is(local_client, wire, data):
    wire.subscribe("topic:news.>", includeMetadata=True)
    local_client.pub_sub_create(body={"topic": "news", "data": "too short for the pattern"})
    reply = local_client.pub_sub_create(body={"topic": "news.local", "data": data})
    seen = wire.receive()
    assert (seen["topic"], seen["data"]) == ("topic:news.local", data)
    assert (seen["eventId"], seen["meta"]["sequence"]) == (reply["event_id"], reply["sequence"])


def test_a_message_that_was_published_before_by_its_key_is_not_given_again(local_client, wire):
    wire.subscribe("topic:>")
    body = {"topic": "news", "data": {"n": 1}, "idempotency_key": "k"}
    assert local_client.pub_sub_create(body=body) == local_client.pub_sub_create(body=body)
    publish(local_client, "news", {"n": 2})
    assert [wire.receive()["data"]["n"], wire.receive()["data"]["n"]] == [1, 2]


def test_secrets_are_told_without_their_values(local_client, wire):
    wire.subscribe("system.secret.*.*")
    local_client.secrets_create(body={"name": "token", "value": "s3cret"})
    local_client.secrets_update("token", body={"value": "s3cret-too"})
    local_client.secrets_patch("token", body={"name": "key"})
    local_client.secrets_delete("key")
    seen = [wire.receive() for _ in range(4)]
    topics = ["token.created", "token.updated", "key.updated", "key.deleted"]
    assert [frame["topic"] for frame in seen] == [f"system.secret.{topic}" for topic in topics]
    assert [frame["data"]["revision"] for frame in seen] == [1, 2, 3, 3]
    assert "s3cret" not in str(seen)


def test_functions_and_config_documents_are_told(local, local_client, wire):
    wire.subscribe("system.function.>")
    wire.subscribe("system.config.limits.updated")
    local.function("work", triggers=["order.*"])(lambda event: None)
    local_client.workers_register("worker-1", body=REGISTRATION)
    local_client.config_create("other", body={})
    local_client.config_create("limits", body={"max": 5})
    local_client.config_delete("limits")
    seen = [wire.receive() for _ in range(4)]
    assert [frame["topic"] for frame in seen] == [
        "system.function.work.registered",
        "system.function.process-order.registered",
        "system.config.limits.updated",
        "system.config.limits.updated",
    ]
    assert seen[0]["data"]["triggers"] == [{"event": "order.*"}]
    assert [frame["data"]["data"] for frame in seen[2:]] == [{"max": 5}, None]


# Subscribing


@pytest.mark.parametrize(
    ("pattern", "options", "code", "message"),
    [
        ("order.*", {}, "invalid_argument", "a pattern begins with"),
        ("events:", {}, "invalid_argument", "no empty part"),
        ("events:a..b", {}, "invalid_argument", "no empty part"),
        ("events:>.a", {}, "invalid_argument", "> only at its end"),
        ("events:a", {"replay": -1}, "invalid_argument", "replay must be at least 0"),
        ("events:a", {"replay": "all"}, "invalid_argument", "replay must be a whole number"),
        ("events:a", {"ackMode": "none"}, "invalid_argument", "ackMode must be one of"),
        ("events:a", {"backpressure": "x"}, "invalid_argument", "backpressure must be one of"),
        ("events:a", {"filter": "event.data.x > 1"}, "unimplemented", "CEL"),
    ],
)
def test_a_subscription_that_is_refused_says_why_and_the_others_go_on(
    local_client, wire, pattern, options, code, message
):
    wire.subscribe("events:order.placed")
    result = wire.result_of(pattern, **options)
    assert (result["pattern"], result["status"], result["code"]) == (pattern, "error", code)
    assert message in result["message"]
    assert "subscriptionId" not in result
    emit(local_client, "order.placed")
    assert wire.receive()["type"] == "event"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("{", "JSON"),
        ("[" * 100_000, "JSON"),
        (b"{}", "JSON"),
        ("[]", "a frame must be a JSON object"),
        ({}, "type is required"),
        ({"type": "hello"}, "type must be one of"),
        ({"type": "subscribe"}, "subscription is required"),
        ({"type": "subscribe", "subscription": {}}, "pattern is required"),
        ({"type": "unsubscribe", "subscriptionId": "sub_9"}, "there is no subscription sub_9"),
        ({"type": "ack", "eventId": "evt_1", "ackType": "no"}, "ackType must be one of"),
        ({"type": "ack", "eventId": "evt_1"}, "ackType is required"),
        ({"type": "ack", "ackType": "ack"}, "eventId is required"),
        (
            {"type": "ack", "eventId": "e", "ackType": "ack", "redeliverDelay": 1},
            "redeliverDelay is for nak",
        ),
        (
            {"type": "ack", "eventId": "e", "ackType": "nak", "redeliverDelay": -1},
            "redeliverDelay must be at least 0",
        ),
    ],
)
def test_a_frame_that_cannot_be_used_is_answered_and_the_others_go_on(
    local_client, wire, frame, message
):
    wire.subscribe("events:order.placed")
    wire.send(frame)
    answer = wire.receive()
    assert answer["type"] == "error"
    assert answer["code"] in ("invalid_argument", "not_found")
    assert message in answer["message"]
    emit(local_client, "order.placed")
    assert wire.receive()["type"] == "event"


def test_what_was_unsubscribed_is_not_given_any_more(local_client, wire):
    first, second = wire.subscribe("events:a"), wire.subscribe("events:b")
    wire.send({"type": "unsubscribe", "subscriptionId": first})
    wire.subscribe("events:c")  # its answer shows that the frame before has been read
    emit(local_client, "a")
    emit(local_client, "b")
    assert wire.receive()["subscriptionId"] == second


def test_the_latest_messages_are_replayed_in_order_and_then_come_the_new_ones(local_client, wire):
    for number in range(5):
        emit(local_client, "order.placed", n=number)
        emit(local_client, "stock.counted")
    wire.subscribe("events:order.*", replay=3)
    emit(local_client, "order.placed", n=5)
    assert [wire.receive()["data"]["n"] for _ in range(4)] == [2, 3, 4, 5]
    wire.subscribe("events:stock.*", replay=100)
    assert [wire.receive()["topic"] for _ in range(5)] == ["events:stock.counted"] * 5


def test_events_of_several_subscriptions_come_in_the_order_of_emitting(local_client, wire):
    for name in ("b", "a", "b", "a"):
        emit(local_client, name)
    for name in ("a", "b"):  # both leave in one piece
        subscription = {"pattern": f"events:{name}", "options": {"replay": 9}}
        frame = {"type": "subscribe", "subscription": subscription}
        wire._peer.websocket.send(json.dumps(frame))
    wire._peer.flush()
    seen = [wire.receive() for _ in range(6)]
    assert [frame["type"] for frame in seen] == ["subscription_result"] * 2 + ["event"] * 4
    topics = ["events:b", "events:a", "events:b", "events:a"]
    assert [frame["topic"] for frame in seen[2:]] == topics


# Who may subscribe, and to what


def test_the_environment_is_that_of_the_query_or_of_the_header(local, local_client):
    staging = local_client.with_options(environment="staging")
    emit(staging, "first")
    for path, headers in (
        ("/ws?env=staging", {}),
        ("/ws", {"X-Ironflow-Environment": "staging"}),
        ("/ws?env=staging", {"X-Ironflow-Environment": "staging"}),
    ):
        with Wire(local, path, headers) as wire:
            wire.subscribe("events:>")
            emit(local_client, "in.default")
            emit(staging, "in.staging")
            assert wire.receive()["topic"] == "events:in.staging"


def test_a_key_is_taken_from_the_header_or_the_query(guarded, admin):
    for path, headers in ((f"/ws?token={KEY}", {}), ("/ws", {"Authorization": f"Bearer {KEY}"})):
        with Wire(guarded, path, headers) as wire:
            wire.subscribe("events:>")
            emit(admin, "a")
            assert wire.receive()["topic"] == "events:a"


def test_our_client_follows_a_bucket_and_events(local, bucket):
    with IronflowClient(local.url, environment="default") as client:
        with client.kv_watch("b", timeout=10) as updates:
            assert [next(updates)["revision"] for _ in range(2)] == [2, 3]
            bucket.kv_put("b", "user.3", b"three")
            assert client.kv_value(next(updates)) == b"three"
        with client.subscribe("events:a", "events:b", timeout=10) as events:
            emit(bucket, "a")
            emit(bucket, "b")
            assert [next(events)["topic"], next(events)["topic"]] == ["events:a", "events:b"]
    until(lambda: not local._application.state.of(WebSockets)._open)
