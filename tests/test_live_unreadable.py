"""A gap after which the server does not let the state be read: the watch itself still works."""

from __future__ import annotations

import logging

import pytest

from .hostile import HostileServer, reply, request, reset
from .live import closed, connected, entry, keys, put, text, upgrade

REFUSALS = [
    reply(b'{"error": "bucket not found"}', status="404 Not Found"),
    reply(b'{"error": "kv:read is missing"}', status="403 Forbidden"),
    reply(b'{"error": "authentication required"}', status="401 Unauthorized"),
    reply(b"this is a WebSocket server", status="426 Upgrade Required"),
    reply(b"bad request", status="400 Bad Request"),
    reply(b"<html>not Ironflow</html>"),
    reply(b'{"keys": 7}'),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_watch_goes_on_although_its_bucket_cannot_be_listed(refusal, caplog):
    scripts = [
        [upgrade, put("a", b"1", 1), reset],
        [upgrade, put("a", b"1", 1) + put("b", b"2", 2), closed()],
        [request, refusal],
    ]
    told = []
    with HostileServer(*scripts) as server, connected(server) as client:
        for update in client.kv_watch("b", on_gap=lambda gap: told.append(gap["healed"])):
            told.append((update["key"], update["revision"]))
    assert told == [("a", 1), False, ("b", 2)]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("the state of /api/v1/kv/buckets/b/watch cannot be read")


def test_without_a_callback_the_log_says_what_may_be_missing(caplog):
    scripts = [
        [upgrade, put("a", b"1", 1), reset],
        [upgrade, put("b", b"2", 2), closed()],
        [request, REFUSALS[0]],
    ]
    with HostileServer(*scripts) as server, connected(server) as client:
        assert [update["key"] for update in client.kv_watch("b")] == ["a", "b"]
    assert "events may have been missed" in caplog.records[-1].getMessage()


def test_a_key_that_must_not_be_read_does_not_end_the_watch():
    scripts = [
        [upgrade, put("a", b"1", 1), reset],
        [upgrade, put("c", b"3", 9), closed()],
        [request, keys("a", "b"), request, entry("a", "Mg==", 5), request, REFUSALS[1]],
    ]
    with HostileServer(*scripts) as server, connected(server) as client:
        found = [(update["key"], update["revision"]) for update in client.kv_watch("b")]
    assert found == [("a", 1), ("a", 5), ("c", 9)]


def test_a_document_that_must_not_be_read_does_not_end_the_watch():
    def config(revision):
        data = {"revision": revision}
        update = {"type": "config_update", "name": "x", "data": data, "revision": revision}
        return text(update)

    scripts = [
        [upgrade, config(1), reset],
        [upgrade, config(1) + config(2), closed()],
        [request, REFUSALS[1]],
    ]
    with HostileServer(*scripts) as server, connected(server) as client:
        found = [update["revision"] for update in client.config_watch("x")]
    assert found == [1, 2]


def test_a_server_that_cannot_answer_now_is_connected_to_again():
    scripts = [
        [upgrade, put("a", b"1", 1), reset],
        [upgrade, put("a", b"1", 1), closed()],
        *[[request, reply(status="503 Service Unavailable")]] * 3,
        [upgrade, put("a", b"1", 1), closed()],
        [request, keys("a"), request, entry("a", "Mg==", 5)],
    ]
    told = []
    with HostileServer(*scripts) as server, connected(server) as client:
        for update in client.kv_watch("b", on_gap=lambda gap: told.append(gap["healed"])):
            told.append((update["key"], update["revision"]))
    assert told == [("a", 1), True, ("a", 5)]
