"""Live streams against scripted servers: what is given, what ends them, what a loss leaves."""

from __future__ import annotations

import json
import logging
import random
import threading
import time

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    _live_stream,
)
from ironflow._live_ends import (
    DELIBERATE,
    DENIED,
    LOST,
    RAISE,
    RECONNECT,
    REFUSED,
    STOP,
    UNUSABLE,
    after_end,
)
from ironflow._wire.websocket_connection import WebSocketConnection

from .conftest import KEY
from .frames import CLOSE, PING, PONG, close_frame, frame
from .hostile import HostileServer, drain, reply, request, reset, stall
from .hostile import trusting_context as trusting
from .live import (
    Bucket,
    assert_is_safe,
    closed,
    connected,
    delete_message,
    entry,
    keys,
    put,
    put_message,
    text,
    upgrade,
)
from .test_examples import start
from .websocket_peer import read_frame

PATIENCE = 30
END = close_frame(1000)


def test_initial_frames_updates_and_deletes_are_items_and_a_close_with_1000_ends_quietly():
    frames = put("a", b"1", 1) + put("b", b"2", 2) + text(delete_message("a", 3))
    with HostileServer([upgrade, frames, closed()]) as server, connected(server) as client:
        assert list(client.kv_watch("b", "user.*")) == [
            put_message("a", b"1", 1),
            put_message("b", b"2", 2),
            delete_message("a", 3),
        ]
    received = server.requests[0]
    assert received.target == "/api/v1/kv/buckets/b/watch?key=user.%2A"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["sec-websocket-version"] == "13"


def test_frames_that_came_in_one_piece_with_the_handshake_are_read():
    def all_at_once(peer):
        sent = []
        send, peer.send = peer.send, sent.append
        upgrade(peer)
        send(b"".join(sent) + put("a", b"1", 1) + END)
        peer.drain()

    with HostileServer([all_at_once]) as server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a"]


def test_what_is_not_newer_for_its_key_is_not_given_again():
    frames = put("a", b"2", 2) + put("a", b"2", 2) + put("a", b"1", 1) + put("b", b"x", 1)
    with HostileServer([upgrade, frames, closed()]) as server, connected(server) as client:
        found = [(update["key"], update["revision"]) for update in client.kv_watch("b")]
        assert found == [("a", 2), ("b", 1)]


def test_unknown_types_are_skipped():
    frames = text({"type": "kv_hint"}) + text({}) + text({"type": ["x"]}) + put("a", b"1", 1)
    with HostileServer([upgrade, frames, closed()]) as server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a"]


def test_a_config_document_is_followed_until_it_is_deleted():
    first = {"type": "config_update", "name": "c", "data": {"a": 1}, "revision": 1}
    gone = {"type": "config_update", "name": "c", "data": None, "revision": 2}
    script = [upgrade, text(first) + text(first) + text(gone), closed()]
    with HostileServer(script) as server, connected(server) as client:
        assert list(client.config_watch("c")) == [first, gone]
    assert server.requests[0].target == "/api/v1/config/c/watch"


def test_the_first_connection_is_tried_again_as_a_get_is():
    scripts = [[request, reply(status="503 Service Unavailable")], [request, reset]]
    server = HostileServer(*scripts, [upgrade, put("a", b"1", 1), closed()])
    with server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a"]
    assert server.accepted == 3


def test_an_error_frame_ends_the_stream_with_its_code_and_message():
    script = [upgrade, text({"type": "error", "message": f"bucket not found {KEY}"}), stall]
    with HostileServer(script) as server, connected(server) as client:
        with pytest.raises(IronflowError, match="bucket not found") as caught:
            next(client.kv_watch("b"))
        server.released.set()
    assert server.accepted == 1
    assert_is_safe(caught.value)


def test_after_a_loss_the_state_is_read_and_only_what_changed_is_given():
    gaps = []
    first = put("a", b"1", 1) + put("b", b"1", 2) + put("c", b"1", 3)
    again = put("a", b"1", 1) + put("b", b"2", 5) + put("d", b"1", 6)
    server = HostileServer(
        [upgrade, first, reset],
        [upgrade, again, put("e", b"1", 7), closed()],
        [
            *[request, keys("a", "b", "d"), request, entry("a", "MQ==", 1)],
            *[request, entry("b", "Mg==", 5), request, entry("d", "MQ==", 6)],
        ],
    )
    with server, connected(server) as client:
        found = [
            (update["operation"], update["key"], update["revision"], client.kv_value(update))
            for update in client.kv_watch("b", on_gap=gaps.append)
        ]
    assert found == [
        ("put", "a", 1, b"1"),
        ("put", "b", 2, b"1"),
        ("put", "c", 3, b"1"),
        ("delete", "c", 3, b""),
        ("put", "b", 5, b"2"),
        ("put", "d", 6, b"1"),
        ("put", "e", 7, b"1"),
    ]
    assert [(gap["healed"], gap["attempts"]) for gap in gaps] == [(True, 1)]
    assert isinstance(gaps[0]["error"], IronflowConnectionError)


def test_a_gap_is_told_ahead_of_what_follows_it():
    scripts = [
        [upgrade, put("a", b"1", 1) + put("b", b"1", 2), reset],
        [upgrade, put("a", b"2", 3), closed()],
        [request, keys("a"), request, entry("a", "Mg==", 3)],
    ]
    told = []
    with HostileServer(*scripts) as server, connected(server) as client:
        for update in client.kv_watch("b", on_gap=lambda gap: told.append(gap["healed"])):
            told.append((update["key"], update["revision"], update["operation"]))
    assert told == [("a", 1, "put"), ("b", 2, "put"), True, ("b", 2, "delete"), ("a", 3, "put")]


def test_a_bucket_that_was_emptied_in_a_gap_may_be_listed_as_null():
    nothing = reply(b'{"keys": null, "count": 0}')
    scripts = [[upgrade, put("a", b"1", 1), reset], [upgrade, closed()], [request, nothing]]
    with HostileServer(*scripts) as server, connected(server) as client:
        updates = client.kv_watch("b", timeout=5)
        assert [update["operation"] for update in updates] == ["put", "delete"]


def test_an_item_outlives_a_callback_that_raises():
    scripts = [
        [upgrade, put("a", b"1", 1), reset],
        [upgrade, closed()],
        [request, keys("a"), request, entry("a", "Mg==", 2)],
    ]

    def fail(gap):
        raise LookupError("not now")

    with HostileServer(*scripts) as server, connected(server) as client:
        updates = client.kv_watch("b", on_gap=fail)
        assert next(updates)["revision"] == 1
        with pytest.raises(LookupError, match="not now"):
            next(updates)
        assert [update["revision"] for update in updates] == [2]


def test_a_gap_of_events_is_told_ahead_of_them_by_a_server_that_confirms_nothing():
    told = []
    scripts = [
        [upgrade, read_frame, text(event("evt_1")), closed(1001)],
        [upgrade, read_frame, text(event("evt_2")), closed()],
    ]
    with HostileServer(*scripts) as server, connected(server) as client:
        for found in client.subscribe("events:a", on_gap=lambda gap: told.append(gap["healed"])):
            told.append(found["eventId"])
    assert told == ["evt_1", False, "evt_2"]


def test_a_config_document_that_was_deleted_in_a_gap_is_one_item_without_data():
    written = {"type": "config_update", "name": "c", "data": {"a": 1}, "revision": 4}
    missing = reply(b'{"error": "no"}', status="404 Not Found")
    server = HostileServer([upgrade, text(written), reset], [upgrade, closed()], [request, missing])
    with server, connected(server) as client:
        assert list(client.config_watch("c")) == [
            written,
            {"type": "config_update", "name": "c", "data": None, "revision": 4},
        ]


@pytest.mark.parametrize("status", [401, 403, 404, 426])
def test_a_reconnect_ends_with_a_status_that_stays(status):
    server = HostileServer([upgrade, reset], [request, reply(status=f"{status} No")])
    with server, connected(server) as client:
        with pytest.raises(IronflowError) as caught:
            next(client.kv_watch("b"))
    assert caught.value.status_code == status


def test_a_reconnect_goes_on_for_as_long_as_the_server_fails():
    failing = [[request, reply(status="500 No")]] * 6
    server = HostileServer([upgrade, reset], *failing, [upgrade, closed()], [request, keys()])
    gaps = []
    with server, connected(server, max_backoff=0.002) as client:
        assert list(client.kv_watch("b", on_gap=gaps.append)) == []
    assert [gap["attempts"] for gap in gaps] == [7]


def test_without_reconnect_a_loss_is_an_error():
    with HostileServer([upgrade, reset]) as server, connected(server) as client:
        with pytest.raises(IronflowConnectionError, match="closed with code 1006"):
            next(client.kv_watch("b", reconnect=False))
    assert server.accepted == 1


def test_a_timeout_leaves_the_stream_usable_and_pings_do_not_extend_it():
    went_on = threading.Event()

    def pinging(peer):
        while not went_on.wait(0.01):
            peer.send(frame(PING, b"x"))

    script = [upgrade, pinging, put("a", b"1", 1), closed()]
    with HostileServer(script) as server, connected(server) as client:
        updates = client.kv_watch("b", timeout=0.3)
        with pytest.raises(IronflowTimeoutError):
            next(updates)
        went_on.set()
        assert next(updates)["key"] == "a"


def test_a_timeout_bounds_reconnecting():
    server = HostileServer([upgrade, reset], then=[request, reset])
    with server, connected(server, max_backoff=0.01) as client:
        updates = client.kv_watch("b", timeout=0.2)
        with pytest.raises(IronflowTimeoutError):
            next(updates)
        assert "open" in repr(updates)
        updates.close()


def test_a_stream_that_another_thread_is_closing_has_ended(monkeypatch):
    closing, may_close = threading.Event(), threading.Event()
    with HostileServer([upgrade, lambda peer: peer.drain()]) as server, connected(server) as client:
        updates = client.kv_watch("b")
        drop = updates._drop

        def slow():
            closing.set()
            may_close.wait(10)
            drop()

        monkeypatch.setattr(updates, "_drop", slow)
        thread = threading.Thread(target=updates.close)
        thread.start()
        try:
            assert closing.wait(10)
            assert next(updates, "ended") == "ended"
        finally:
            may_close.set()
            thread.join()


def test_a_silent_peer_is_pinged_and_then_lost():
    asked = []

    def silent(peer):
        asked.append(read_frame(peer)[0])
        peer.drain()

    with HostileServer([upgrade, silent]) as server, connected(server) as client:
        with pytest.raises(IronflowConnectionError, match="silent"):
            next(client.kv_watch("b", idle_ping=0.1, reconnect=False))
    assert asked == [PING]


def test_a_peer_that_answers_pings_is_alive():
    def answering(peer):
        for _ in range(3):
            assert read_frame(peer)[0] == PING
            peer.send(frame(PONG))

    script = [upgrade, answering, put("a", b"1", 1), closed()]
    with HostileServer(script) as server, connected(server) as client:
        updates = client.kv_watch("b", idle_ping=0.2, reconnect=False)
        assert [update["key"] for update in updates] == ["a"]


def test_the_time_of_the_consumer_is_not_the_silence_of_the_peer():
    script = [upgrade, put("a", b"1", 1), stall, put("b", b"1", 2), closed()]
    with HostileServer(script) as server, connected(server) as client:
        updates = client.kv_watch("b", idle_ping=0.2, reconnect=False)
        next(updates)
        time.sleep(0.5)
        server.released.set()
        assert next(updates)["key"] == "b"


@pytest.mark.parametrize(
    ("scripts", "requests", "pause"),
    [
        pytest.param([[upgrade, stall]], 1, 0.001, id="waiting"),
        pytest.param([[upgrade, reset]], 1, 600, id="pausing"),
        pytest.param([[upgrade, reset], [request, stall]], 2, 0.001, id="connecting"),
        pytest.param([[upgrade, reset], [upgrade, stall]], 3, 0.001, id="reading"),
    ],
)
def test_close_from_another_thread_ends_the_loop_without_an_error(scripts, requests, pause):
    server = HostileServer(*scripts, then=[request, stall])
    options = {"timeout": 600, "initial_backoff": pause, "max_backoff": 600}
    with server, connected(server, **options) as client:
        updates = client.kv_watch("b")
        found, begun = [], threading.Event()

        def loop():
            begun.set()
            found.append(list(updates))

        thread = threading.Thread(target=loop)
        thread.start()
        begun.wait(PATIENCE)
        while len(server.requests) < requests:
            time.sleep(0.01)
        time.sleep(0.1)
        updates.close()
        thread.join(PATIENCE / 2)  # long before the server lets go of anything
        assert found == [[]]
        server.released.set()


def test_leaving_the_block_closes_with_1000():
    left = []

    def note(peer):
        left.append(read_frame(peer))

    with HostileServer([upgrade, put("a", b"1", 1), note]) as server, connected(server) as client:
        with client.kv_watch("b") as updates:
            for update in updates:
                assert update["key"] == "a"
                break
        assert list(updates) == []
    assert left == [(CLOSE, b"\x03\xe8")]


# Subscriptions


def subscribed(*patterns, then=()):
    """A script that takes subscriptions to patterns, in their order."""

    def confirm(peer):
        for number, pattern in enumerate(patterns):
            _, payload = read_frame(peer)
            peer.asked = [*getattr(peer, "asked", []), json.loads(payload)]
            result = {"pattern": pattern, "status": "ok", "subscriptionId": f"sub_{number}"}
            peer.send(text({"type": "subscription_result", "results": [result]}))

    return [upgrade, confirm, *then]


def event(id="evt_1", **members):
    return {"type": "event", "subscriptionId": "sub_0", "topic": "t", "data": 1, "eventId": id} | (
        members
    )


def test_a_server_that_confirms_nothing_is_waited_for_no_longer_than_the_timeout(monkeypatch):
    monkeypatch.setattr(_live_stream, "_CONFIRMATION", 3600)
    with HostileServer([upgrade, stall]) as server, connected(server) as client:
        with client.subscribe("topic:a", timeout=0.05, reconnect=False) as events:
            with pytest.raises(IronflowTimeoutError):
                next(events)
        server.released.set()


@pytest.mark.parametrize("reconnect", [True, False])
def test_a_loss_before_the_first_subscription_is_sent_is_one_like_any_other(monkeypatch, reconnect):
    sends = []
    send = WebSocketConnection.send

    def fail_once(self, data, deadline):
        sends.append(data)
        if len(sends) == 1:
            raise IronflowConnectionError("reset by peer", code="CONNECTION_FAILED")
        send(self, data, deadline)

    monkeypatch.setattr(WebSocketConnection, "send", fail_once)
    script = subscribed("topic:a", then=[text(event()), closed()])
    with HostileServer([upgrade, drain], script) as server, connected(server) as client:
        if reconnect:
            assert list(client.subscribe("topic:a", on_gap=str)) == [event()]
        else:
            with pytest.raises(IronflowConnectionError, match="reset by peer"):
                client.subscribe("topic:a", reconnect=False)


def test_patterns_are_subscribed_with_their_options():
    script = subscribed("topic:a", "events:>", then=[text(event()), closed()])
    with HostileServer(script) as server, connected(server, environment="dev") as client:
        stream = client.subscribe(
            "topic:a", "events:>", replay=3, include_metadata=True, filter="data.x > 1",
            consumer_group="g", ack="manual", backpressure="block", namespace="n",
        )  # fmt: skip
        assert list(stream) == [event()]
    assert server.requests[0].target == "/ws?env=dev"
    assert server.requests[0].headers["x-ironflow-environment"] == "dev"
    options = {
        "replay": 3,
        "includeMetadata": True,
        "filter": "data.x > 1",
        "consumerGroup": "g",
        "ackMode": "manual",
        "backpressure": "block",
        "namespace": "n",
    }
    assert server.peers[0].asked == [
        {"type": "subscribe", "subscription": {"pattern": "topic:a", "options": options}},
        {"type": "subscribe", "subscription": {"pattern": "events:>", "options": options}},
    ]


def test_a_lost_subscription_is_made_again_without_replay_and_the_gap_is_told(caplog):
    server = HostileServer(
        subscribed("topic:a", then=[text(event()), reset]),
        subscribed("topic:a", then=[text(event("evt_2")), closed()]),
    )
    with server, connected(server) as client, caplog.at_level(logging.WARNING, "ironflow"):
        found = [item["eventId"] for item in client.subscribe("topic:a", replay=1)]
    assert found == ["evt_1", "evt_2"]
    assert server.peers[0].asked[0]["subscription"]["options"]["replay"] == 1
    assert "replay" not in server.peers[1].asked[0]["subscription"]["options"]
    assert "events may have been missed on /ws" in caplog.text


@pytest.mark.parametrize(
    "refusal",
    [
        {
            "type": "subscription_result",
            "results": [
                {"pattern": "topic:a", "status": "error", "code": "DENIED", "message": "not yours"}
            ],
        },
        {"type": "error", "code": "DENIED", "message": "topic:a is not yours"},
    ],
)
def test_a_refused_pattern_ends_it_with_code_and_message(refusal):
    script = [upgrade, read_frame, text(refusal), stall]
    with HostileServer(script) as server, connected(server) as client:
        with pytest.raises(IronflowError, match=r"topic:a.*not yours") as caught:
            client.subscribe("topic:a")
        server.released.set()
    assert caught.value.code == "DENIED"
    assert_is_safe(caught.value)


def test_a_failed_subscription_ends_it_unless_the_server_retries(caplog):
    failure = {"type": "subscription_error", "subscriptionId": "sub_0", "code": "C", "message": "m"}
    retried = text({**failure, "retrying": True})
    final = text({**failure, "retrying": False})
    script = subscribed("topic:a", then=[retried + text(event()) + final, stall])
    with HostileServer(script) as server, connected(server) as client:
        stream = client.subscribe("topic:a")
        assert next(stream)["eventId"] == "evt_1"
        with pytest.raises(IronflowError, match="topic:a has failed: m") as caught:
            next(stream)
        server.released.set()
    assert caught.value.code == "C"
    assert "the server retries topic:a: m" in caplog.text


def test_events_are_acknowledged_with_delays_in_milliseconds():
    acks = []

    def collect(peer):
        acks.extend(json.loads(read_frame(peer)[1]) for _ in range(3))

    events = text(event("evt_1")) + text(event("evt_2")) + text(event("evt_3"))
    script = subscribed("topic:a", then=[events, collect, closed()])
    with HostileServer(script) as server, connected(server) as client:
        stream = client.subscribe("topic:a", ack="manual")
        stream.ack(next(stream))
        stream.nak(next(stream), delay=1.5)
        stream.term(next(stream))
        with pytest.raises(ValueError, match="eventId"):
            stream.ack({"type": "event"})
        assert list(stream) == []
    assert acks == [
        {"type": "ack", "eventId": "evt_1", "ackType": "ack"},
        {"type": "ack", "eventId": "evt_2", "ackType": "nak", "redeliverDelay": 1500},
        {"type": "ack", "eventId": "evt_3", "ackType": "term"},
    ]


def test_acknowledging_what_is_acknowledged_already_is_refused():
    script = subscribed("topic:a", then=[text(event()), closed()])
    with HostileServer(script) as server, connected(server) as client:
        stream = client.subscribe("topic:a")
        with pytest.raises(ValueError, match="manual"):
            stream.ack(next(stream))
        stream.close()


# The way to the server


def test_a_stream_goes_over_tls():
    script = [upgrade, put("a", b"x" * 100_000, 1), closed()]
    server = HostileServer(script, certificate="good.pem")
    with server, connected(server, ssl_context=trusting()) as client:
        assert [len(client.kv_value(update)) for update in client.kv_watch("b")] == [100_000]


def test_a_proxy_is_asked_for_a_tunnel_without_tls_too(monkeypatch):
    script = [request, b"HTTP/1.1 200 OK\r\n\r\n", upgrade, put("a", b"1", 1), closed()]
    with HostileServer(script) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//user:pass@"))
        with IronflowClient("http://ironflow.test:81", KEY, timeout=5) as client:
            assert [update["key"] for update in client.kv_watch("b")] == ["a"]
    tunnel, handshake = proxy.requests
    assert (tunnel.method, tunnel.target) == ("CONNECT", "ironflow.test:81")
    assert "authorization" not in tunnel.headers
    assert handshake.target == "/api/v1/kv/buckets/b/watch"
    assert "proxy-authorization" not in handshake.headers


# Decisions and arguments


@pytest.mark.parametrize(
    ("kind", "with_reconnect", "without"),
    [
        (DELIBERATE, STOP, STOP),
        (REFUSED, RAISE, RAISE),
        (UNUSABLE, RAISE, RAISE),
        (DENIED, RAISE, RAISE),
        (LOST, RECONNECT, RAISE),
    ],
)
def test_what_follows_an_end(kind, with_reconnect, without):
    assert after_end(kind, reconnect=True) == with_reconnect
    assert after_end(kind, reconnect=False) == without


@pytest.mark.parametrize(
    ("arguments", "options", "refusal"),
    [
        ((), {}, TypeError),
        (("",), {}, ValueError),
        ((1,), {}, TypeError),
        (("a",), {"replay": -1}, ValueError),
        (("a",), {"replay": True}, TypeError),
        (("a",), {"ack": "none"}, ValueError),
        (("a",), {"backpressure": "wait"}, ValueError),
        (("a",), {"filter": 1}, TypeError),
        (("a",), {"timeout": 0}, ValueError),
        (("a",), {"idle_ping": None}, TypeError),
        (("a",), {"reconnect": 1}, TypeError),
        (("a",), {"on_gap": 1}, TypeError),
    ],
)
def test_arguments_are_checked_before_anything_is_sent(arguments, options, refusal):
    with pytest.raises(refusal):
        IronflowClient("http://127.0.0.1:1").subscribe(*arguments, **options)


def test_a_value_is_decoded():
    assert IronflowClient.kv_value({"value": "AAE=", "operation": "put"}) == b"\x00\x01"
    assert IronflowClient.kv_value({"value": "", "operation": "delete"}) == b""
    assert IronflowClient.kv_value({"value": None, "operation": "delete"}) == b""
    with pytest.raises(InvalidResponseError):
        IronflowClient.kv_value({"value": "?"})


# A thousand restarts


def test_a_mirror_stays_right_through_a_thousand_disconnects():
    gaps, seen = [], []
    chosen = random.Random(11)
    with Bucket(seed=7) as bucket, connected(bucket, initial_backoff=0.0005) as client:
        updates = client.kv_watch("b", on_gap=gaps.append)

        def write():
            for number in range(5000):
                key = f"k{chosen.randrange(8)}"
                if chosen.random() < 0.3:
                    bucket.delete(key)
                else:
                    bucket.put(key, b"%d" % number)
                if number % 5 == 4:
                    bucket.cut()
            bucket.finish()

        writer = threading.Thread(target=write)
        writer.start()
        seen.extend(updates)
        writer.join(PATIENCE)
    mirror, last = {}, {}
    for update in seen:
        key, revision, operation = update["key"], update["revision"], update["operation"]
        assert (revision, operation != "put") > last.get(key, (0, False))
        last[key] = (revision, operation != "put")
        if operation == "delete":
            mirror.pop(key, None)
        else:
            mirror[key] = client.kv_value(update)
    assert mirror == {key: value for key, (value, _) in bucket.entries.items()}
    assert bucket.cuts == 1000
    assert len(gaps) == 1000
    assert all(gap["healed"] for gap in gaps)


@pytest.mark.parametrize(
    ("plain", "live"),
    [
        ("kv_list_buckets_watch", "kv_watch"),
        ("config_list_watch", "config_watch"),
        ("websocket_list", "subscribe"),
    ],
)
def test_the_plain_get_of_a_live_route_points_to_the_method_that_follows_it(plain, live):
    assert f"``{live}`` of the Python client" in " ".join(
        getattr(IronflowClient, plain).__doc__.split()
    )


# The example


def test_the_example_mirrors_a_bucket_through_a_restart():
    first = put("a", b"1", 1) + put("b", b"2", 2)
    server = HostileServer(
        [upgrade, first, reset],
        [upgrade, put("b", b"3", 5), closed()],
        [request, keys("b"), request, entry("b", "Mw==", 5)],
    )
    with server:
        done = start("mirror_bucket.py", "b", IRONFLOW_SERVER_URL=server.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "{'a': b'1'}",
        "{'a': b'1', 'b': b'2'}",
        "connected again",
        "{'b': b'2'}",
        "{'b': b'3'}",
    ]
