"""Live streams against the server of the ``websockets`` library, which is not ours."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading

import pytest

from ironflow import IronflowClient, IronflowConnectionError, IronflowError
from ironflow._wire.websocket import Closed, Message

from .conftest import KEY
from .live import put_message
from .websocket_echo import dialled

pytest.importorskip("websockets", reason="the library websockets (extra: interop) is not installed")

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

pytestmark = pytest.mark.interop

PATIENCE = 30
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
SIZES = [0, 1, 125, 126, 1000, 65_535, 65_536, 1 << 20]


@contextlib.contextmanager
def their_server(handle):
    """Serve connections with ``handle``; yields a client of ours."""
    with serve(handle, "127.0.0.1", 0, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        try:
            with IronflowClient(url, KEY, timeout=PATIENCE) as client:
                yield client
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def fragments(text, seeded, connection):
    """Cut a text into pieces at random places, with a ping before each of them."""
    cuts = sorted(seeded.randrange(len(text) + 1) for _ in range(seeded.randrange(1, 20)))
    for start, end in zip([0, *cuts], [*cuts, len(text)]):
        connection.ping()
        yield text[start:end]


def test_updates_of_all_sizes_in_random_fragments_with_pings_between_arrive_whole():
    seeded = random.Random(11)
    values = [seeded.randbytes(size) for size in SIZES]
    sent = [put_message(f"k{n}", value, n + 1) for n, value in enumerate(values)]
    seen = []

    def handle(connection):
        seen.append((connection.request.path, connection.request.headers["Authorization"]))
        for message in sent:
            connection.send(fragments(json.dumps(message), seeded, connection))

    with their_server(handle) as client:
        updates = list(client.kv_watch("b", "k*"))
    assert updates == sent
    assert [client.kv_value(update) for update in updates] == values
    assert seen == [("/api/v1/kv/buckets/b/watch?key=k%2A", f"Bearer {KEY}")]


def test_a_subscription_is_made_acknowledged_and_ended():
    received = []

    def handle(connection):
        asked = json.loads(connection.recv())
        received.append(asked)
        result = {"pattern": "topic:t", "status": "ok", "subscriptionId": "sub_1"}
        connection.send(json.dumps({"type": "subscription_result", "results": [result]}))
        event = {"type": "event", "subscriptionId": "sub_1", "topic": "topic:t", "eventId": "e"}
        connection.send(json.dumps({**event, "data": "ü" * 500_000}))
        received.append(json.loads(connection.recv()))

    with their_server(handle) as client:
        with client.subscribe("topic:t", ack="manual") as events:
            for event in events:
                assert event["data"] == "ü" * 500_000
                events.ack(event)
    assert received == [
        {
            "type": "subscribe",
            "subscription": {"pattern": "topic:t", "options": {"ackMode": "manual"}},
        },
        {"type": "ack", "eventId": "e", "ackType": "ack"},
    ]


@pytest.mark.parametrize("code", CODES)
def test_each_close_code_ends_the_stream_and_only_1000_quietly(code):
    with their_server(lambda connection: connection.close(code, "für jetzt")) as client:
        updates = client.config_watch("limits", reconnect=False)
        if code == 1000:
            assert list(updates) == []
        else:
            with pytest.raises(IronflowConnectionError, match=f"code {code}: für jetzt"):
                next(updates)


def test_leaving_the_loop_tells_the_server_that_it_was_meant():
    codes = []

    def handle(connection):
        connection.send(json.dumps(put_message("a", b"1", 1)))
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv()
        codes.append(caught.value.rcvd.code)

    with their_server(handle) as client, client.kv_watch("b") as updates:
        next(updates)
    assert codes == [1000]


@pytest.mark.parametrize("cut", [b"", b"\x81", b"\x81\x7e\x01", b"\x81\x05Hel", b"\x01\x05Hello"])
def test_an_abrupt_end_is_a_loss(cut):
    def handle(connection):
        connection.send(json.dumps(put_message("a", b"1", 1)))
        connection.socket.sendall(cut)
        connection.socket.shutdown(socket.SHUT_RDWR)

    with their_server(handle) as client:
        updates = client.kv_watch("b", reconnect=False)
        assert next(updates)["key"] == "a"
        with pytest.raises(IronflowConnectionError):
            next(updates)


def test_their_server_learns_that_a_message_is_too_large():
    codes = []

    def handle(connection):
        with pytest.raises(ConnectionClosed) as caught:
            connection.send("x" * 5000)
            connection.recv()
        codes.append(caught.value.rcvd.code)

    with their_server(handle) as client:
        small = client.with_options(max_response_bytes=1000)
        with pytest.raises(IronflowError, match="larger than 1000 bytes"):
            next(small.kv_watch("b"))
    assert codes == [1009]


def test_the_sdk_s_connection_carries_text_and_bytes_of_all_sizes():
    seeded = random.Random(12)
    sent = [seeded.randbytes(size) for size in SIZES] + ["ü" * size for size in SIZES]

    def handle(connection):
        for data in connection:
            connection.send(data)

    with their_server(handle) as client, dialled(client._options.server_url) as connection:
        for data in sent:
            connection.send(data, float("inf"))
            while not isinstance(event := connection.receive(float("inf")), Message):
                assert not isinstance(event, Closed)
            assert event.data == data
