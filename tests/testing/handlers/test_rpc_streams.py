"""RPC methods that stream: what is given, in which order, and how each stream ends."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

import pytest

from ironflow import IronflowError, NotFoundError, ServerError, ValidationError

from ...connect import enveloped
from ...local import until

SUBSCRIBE = "PubSubService/Subscribe"
CATCHUP = "ProjectionService/WaitProjectionCatchupStream"


def publish(client, topic="orders", **data):
    return client.pub_sub_create(body={"topic": topic, "data": data})


def consumers(client, topic="orders"):
    return client.pub_sub_get_topic_stats({"topic": topic}).get("consumer_count", 0)


@pytest.fixture
def follow(local_client):
    """Starts to follow a pattern; the subscription stands when it returns."""
    opened = []

    def start(pattern="topic:orders", **options):
        stream = local_client.rpc_stream(SUBSCRIBE, {"pattern": pattern, "options": options})
        opened.append(stream)
        return stream

    yield start
    for stream in opened:
        stream.close()


def after_opening(client, stream, act):
    """The first message of a stream, which ``act`` makes once the subscription stands."""
    first = []
    waiting = threading.Thread(target=lambda: first.append(next(stream)))
    waiting.start()
    until(lambda: consumers(client))
    act()
    waiting.join(10)
    return first[0]


# Subscribing


def test_what_is_published_is_given_as_it_was(local_client, follow):
    sent = []
    event = after_opening(
        local_client, follow(), lambda: sent.append(publish(local_client, order_id=7, b={"c_d": 1}))
    )
    assert event == {
        "subscriptionId": "sub_1",
        "eventId": sent[0]["event_id"],
        "topic": "topic:orders",
        "data": {"order_id": 7, "b": {"c_d": 1}},
        "sequence": str(sent[0]["sequence"]),
        "deliveryAttempt": 1,
    }


def test_what_was_published_before_is_replayed_in_its_order(local_client, follow):
    for number in range(4):
        publish(local_client, n=number)
        publish(local_client, "other", n=number)
    stream = follow(replay=2)
    assert [next(stream)["data"]["n"] for _ in range(2)] == [2, 3]


def test_a_cursor_goes_on_behind_the_message_that_is_known(local_client, follow):
    sequences = [publish(local_client, n=number)["sequence"] for number in range(3)]
    stream = follow(startAfterSequence=str(sequences[0]))
    assert [next(stream)["data"]["n"] for _ in range(2)] == [1, 2]
    assert next(follow(start_after_sequence=0))["data"] == {"n": 0}


def test_events_can_be_followed_with_their_metadata(local_client, follow):
    local_client.events_create(body={"name": "order.placed", "data": {"id": 7}})
    event = next(follow("events:order.*", replay=1, includeMetadata=True))
    assert (event["topic"], event["data"]) == ("events:order.placed", {"id": 7})
    assert event["metadata"]["namespace"] == "default"
    assert event["metadata"]["timestamp"].endswith("Z")


def test_a_payload_that_is_no_object_has_a_member_of_its_own(local_client, follow):
    local_client.pub_sub_create(body={"topic": "orders", "data": [1, 2]})
    assert next(follow(replay=1))["dataValue"] == [1, 2]


def test_a_group_shares_its_messages(local_client, follow):
    streams = [follow(consumerGroup="packers"), follow(consumerGroup="packers")]
    given = []

    def read(stream):
        given.append(next(stream)["eventId"])

    threads = [threading.Thread(target=read, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    # Until both have joined, the first one gets everything.
    until(lambda: publish(local_client) and len(given) == 2)
    for thread in threads:
        thread.join(10)
    assert len(set(given)) == 2


def test_leaving_the_loop_ends_the_subscription(local_client, follow):
    publish(local_client)
    stream = follow(replay=1)
    next(stream)
    assert consumers(local_client) == 1
    stream.close()
    until(lambda: consumers(local_client) == 0)


def test_a_peer_that_reads_nothing_holds_up_nobody(local, local_client):
    address = urlsplit(local.url)
    message = enveloped({"pattern": "topic:orders"})
    head = (
        f"POST /ironflow.v1.{SUBSCRIBE} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/connect+json\r\nContent-Length: {len(message)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as deaf:
        deaf.sendall(head.encode() + message)
        until(lambda: consumers(local_client))
        for _ in range(30):
            publish(local_client, text="x" * 100_000)
        assert local_client.pub_sub_get_topic_stats({"topic": "orders"})["message_count"] == "30"
    until(lambda: consumers(local_client) == 0)


def test_a_stop_of_the_server_ends_the_stream_with_an_error(local, local_client, follow):
    publish(local_client)
    stream = follow(replay=1)
    next(stream)
    local.reset()
    with pytest.raises(ServerError, match="stopping") as ended:
        next(stream)
    assert ended.value.code == "unavailable"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_argument"),
        ({"pattern": "orders"}, "invalid_argument"),
        ({"pattern": "topic:a", "options": [1]}, "invalid_argument"),
        ({"pattern": "topic:a", "options": {"replay": -1}}, "invalid_argument"),
        (
            {"pattern": "topic:a", "options": {"replay": 1, "startAfterSequence": "1"}},
            "invalid_argument",
        ),
        (
            {"pattern": "topic:a", "options": {"consumerGroup": "g", "startAfterSequence": 0}},
            "invalid_argument",
        ),
        ({"pattern": "topic:a", "options": {"ackMode": "MANUAL"}}, "invalid_argument"),
        ({"pattern": "topic:a", "options": {"ackMode": "ACK_MODE_MANUAL"}}, "unimplemented"),
        ({"pattern": "topic:a", "options": {"filter": "data.n > 1"}}, "unimplemented"),
    ],
)
def test_a_subscription_that_cannot_be_made_says_why(local_client, body, code):
    with pytest.raises(IronflowError) as refused:
        list(local_client.rpc_stream(SUBSCRIBE, body))
    assert refused.value.code == code
    assert str(refused.value)
    assert consumers(local_client, "a") == 0


# The progress of a projection


def test_a_projection_that_is_there_is_done_at_once(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    local_client.events_create(body={"name": "a"})
    asked = {"name": "orders", "minSeq": "1"}
    assert list(local_client.rpc_stream(CATCHUP, asked)) == [
        {
            "kind": "WAIT_STREAM_FRAME_KIND_DONE",
            "currentSeq": "1",
            "targetSeq": "1",
            "caughtUp": True,
            "mode": "managed",
        }
    ]


def test_progress_is_told_until_the_projection_is_there(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    frames = []
    for frame in local_client.rpc_stream(CATCHUP, {"name": "orders", "min_seq": 2}):
        frames.append((frame["kind"].rpartition("_")[2], frame.get("currentSeq", "0")))
        local_client.events_create(body={"name": "a"})
    assert frames == [("PROGRESS", "0"), ("PROGRESS", "1"), ("DONE", "2")]


def test_a_wait_that_is_over_in_vain_says_so(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    asked = {"name": "orders", "minSeq": "5", "timeout": "0.01s"}
    *_, last = local_client.rpc_stream(CATCHUP, asked)
    assert (last["kind"], last["timedOut"]) == ("WAIT_STREAM_FRAME_KIND_DONE", True)
    assert last["behindByEvents"] == "5"
    assert "caughtUp" not in last


def test_a_projection_that_is_missing_or_paused_is_not_waited_for(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    with pytest.raises(NotFoundError):
        list(local_client.rpc_stream(CATCHUP, {"name": "gone", "minSeq": 1}))
    with pytest.raises(ValidationError, match="min_seq is required"):
        list(local_client.rpc_stream(CATCHUP, {"name": "orders"}))
    local_client.projections_pause("orders")
    with pytest.raises(ValidationError) as refused:
        list(local_client.rpc_stream(CATCHUP, {"name": "orders", "minSeq": 1}))
    assert refused.value.code == "failed_precondition"


def test_a_projection_that_goes_away_ends_the_wait(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    stream = local_client.rpc_stream(CATCHUP, {"name": "orders", "minSeq": 9})
    assert next(stream)["kind"] == "WAIT_STREAM_FRAME_KIND_PROGRESS"
    local_client.projections_delete("orders")
    with pytest.raises(NotFoundError):
        next(stream)
