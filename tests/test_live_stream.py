"""The life of a live stream: losses, gaps, timeouts, silence, and how it is closed."""

from __future__ import annotations

import threading
import time

import pytest

from ironflow import IronflowConnectionError, IronflowError, IronflowTimeoutError, _live_stream
from ironflow._wire.websocket_connection import WebSocketConnection

from .frames import CLOSE, PING, PONG, close_frame, frame
from .hostile import PATIENCE, HostileServer, drain, reply, request, reset, stall
from .live import closed, connected, entry, event, keys, put, subscribed, text, upgrade
from .websocket_peer import read_frame

END = close_frame(1000)


def test_frames_that_came_in_one_piece_with_the_handshake_are_read():
    def all_at_once(peer):
        sent = []
        send, peer.send = peer.send, sent.append
        upgrade(peer)
        send(b"".join(sent) + put("a", b"1", 1) + END)
        peer.drain()

    with HostileServer([all_at_once]) as server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a"]


def test_the_first_connection_is_tried_again_as_a_get_is():
    scripts = [[request, reply(status="503 Service Unavailable")], [request, reset]]
    server = HostileServer(*scripts, [upgrade, put("a", b"1", 1), closed()])
    with server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a"]
    assert server.accepted == 3


# Losses


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


# The callback for gaps


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


# Timeouts and silence


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


def test_a_server_that_confirms_nothing_is_waited_for_no_longer_than_the_timeout(monkeypatch):
    monkeypatch.setattr(_live_stream, "_CONFIRMATION", 3600)
    with HostileServer([upgrade, stall]) as server, connected(server) as client:
        with client.subscribe("topic:a", timeout=0.05, reconnect=False) as events:
            with pytest.raises(IronflowTimeoutError):
                next(events)
        server.released.set()


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


# Closing


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
