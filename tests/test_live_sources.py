"""What live streams give: which messages are items, and how state is read after a gap."""

from __future__ import annotations

import logging
import random
import threading

import pytest

from ironflow import IronflowConnectionError, IronflowError

from .conftest import KEY
from .hostile import PATIENCE, HostileServer, reply, request, reset, stall
from .live import (
    Bucket,
    assert_is_safe,
    closed,
    connected,
    entry,
    event,
    keys,
    put,
    subscribed,
    text,
    upgrade,
)
from .websocket_peer import read_frame


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


# What the server reports


def test_an_error_frame_ends_the_stream_with_its_code_and_message():
    script = [upgrade, text({"type": "error", "message": f"bucket not found {KEY}"}), stall]
    with HostileServer(script) as server, connected(server) as client:
        with pytest.raises(IronflowError, match="bucket not found") as caught:
            next(client.kv_watch("b"))
        server.released.set()
    assert server.accepted == 1
    assert_is_safe(caught.value)


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


# After a gap


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


def test_a_bucket_that_was_emptied_in_a_gap_may_be_listed_as_null():
    nothing = reply(b'{"keys": null, "count": 0}')
    scripts = [[upgrade, put("a", b"1", 1), reset], [upgrade, closed()], [request, nothing]]
    with HostileServer(*scripts) as server, connected(server) as client:
        updates = client.kv_watch("b", timeout=5)
        assert [update["operation"] for update in updates] == ["put", "delete"]


def test_a_config_document_that_was_deleted_in_a_gap_is_one_item_without_data():
    written = {"type": "config_update", "name": "c", "data": {"a": 1}, "revision": 4}
    missing = reply(b'{"error": "no"}', status="404 Not Found")
    server = HostileServer([upgrade, text(written), reset], [upgrade, closed()], [request, missing])
    with server, connected(server) as client:
        assert list(client.config_watch("c")) == [
            written,
            {"type": "config_update", "name": "c", "data": None, "revision": 4},
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
