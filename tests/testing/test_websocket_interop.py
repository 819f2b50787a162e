"""The local server's WebSockets against the client of the ``websockets`` library."""

from __future__ import annotations

import json
import random

import pytest

from ironflow.testing._http import HttpServer

from ..websocket_echo import answer
from .conftest import KEY

pytest.importorskip("websockets", reason="the library websockets (extra: interop) is not installed")

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

pytestmark = pytest.mark.interop

PATIENCE = 30
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
SIZES = [0, 1, 125, 126, 1000, 65_535, 65_536, 1 << 20]
WATCH = "/api/v1/kv/buckets/b/watch"


@pytest.fixture
def echo():
    """URL of a server that echoes with the local server's shell."""
    server = HttpServer("127.0.0.1", 0, answer)
    yield f"ws://127.0.0.1:{server.port}"
    server.stop()


def joined(server, path, **options):
    """A connection of their client; it offers compression, which is not taken."""
    return connect(server.url.replace("http", "ws", 1) + path, max_size=None, **options)


def received(connection):
    return json.loads(connection.recv(timeout=PATIENCE))


def subscribed(connection, pattern, **options):
    subscription = {"pattern": pattern, "options": options}
    connection.send(json.dumps({"type": "subscribe", "subscription": subscription}))
    assert received(connection)["results"][0]["status"] == "ok"


def test_messages_of_all_sizes_in_random_fragments_come_back(echo):
    seeded = random.Random(13)
    with connect(echo, max_size=None) as connection:
        for size in SIZES:
            for message in ("".join(seeded.choices("aü€🌍", k=size // 3)), seeded.randbytes(size)):
                cuts = sorted(seeded.randrange(len(message) + 1) for _ in range(9))
                connection.send([message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)])])
                assert connection.recv(timeout=PATIENCE) == message


def test_their_ping_is_answered(local):
    with joined(local, "/ws") as connection:
        assert connection.ping(b"are you there?").wait(PATIENCE)


@pytest.mark.parametrize("code", CODES)
def test_each_close_code_is_answered_with_itself(local, code):
    with joined(local, "/ws") as connection:
        connection.close(code, "für jetzt")
        assert connection.protocol.close_rcvd.code == code


def test_a_bucket_is_followed_with_values_of_all_sizes(local, local_client):
    seeded = random.Random(14)
    values = [seeded.randbytes(size) for size in SIZES]
    local_client.kv_buckets(body={"name": "b"})
    for number, value in enumerate(values):
        local_client.kv_put("b", f"before.{number}", value)
    with joined(local, f"{WATCH}?key=*.%3E") as connection:
        for number, value in enumerate(values):
            local_client.kv_put("b", f"after.{number}", value)
        for number, value in enumerate([*values, *values]):
            update = received(connection)
            assert (update["revision"], local_client.kv_value(update)) == (number + 1, value)


def test_a_config_document_is_followed(local, local_client):
    with joined(local, "/api/v1/config/limits/watch") as connection:
        local_client.config_create("limits", body={"max": 5})
        local_client.config_delete("limits")
        assert [received(connection)["data"] for _ in range(2)] == [{"max": 5}, None]


def test_events_are_followed_and_acknowledged(local, local_client):
    with joined(local, "/ws?env=default") as connection:
        subscribed(connection, "events:order.*", ackMode="manual", includeMetadata=True)
        local_client.events_create(body={"name": "order.placed", "data": {"q": 1}})
        event = received(connection)
        assert (event["topic"], event["data"]) == ("events:order.placed", {"q": 1})
        nak = {"type": "ack", "eventId": event["eventId"], "ackType": "nak", "redeliverDelay": 1}
        connection.send(json.dumps(nak))
        again = received(connection)
        assert (again["eventId"], again["meta"]["sequence"]) == (event["eventId"], 1)


def test_a_missing_bucket_is_an_error_frame_and_a_close_with_1000(local):
    with joined(local, WATCH) as connection:
        assert received(connection)["message"] == "bucket not found: b"
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=PATIENCE)
        assert caught.value.rcvd.code == 1000


def test_a_stop_is_a_close_with_1001(local):
    with joined(local, "/ws") as connection:
        local.stop()
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=PATIENCE)
        assert caught.value.rcvd.code == 1001


def test_a_missing_key_is_a_401_and_a_web_page_a_403(guarded):
    with pytest.raises(InvalidStatus) as caught:
        joined(guarded, WATCH)
    assert caught.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as caught:
        joined(guarded, f"/ws?token={KEY}", origin="https://example.com")
    assert caught.value.response.status_code == 403
    with joined(guarded, f"/ws?token={KEY}") as connection:
        subscribed(connection, "events:>")


def test_abrupt_ends_of_their_client_hurt_nobody(local, local_client):
    for cut in (b"", b"\x81", b"\x81\x85\x01\x02", b"\x81\x85\x01\x02\x03\x04a"):
        with joined(local, "/ws") as connection:
            subscribed(connection, "events:>")
            connection.socket.sendall(cut)
            connection.socket.shutdown(2)
    assert local_client.events_list()["count"] == 0
