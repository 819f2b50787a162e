"""Our side of a WebSocket against the ``websockets`` library on the other, over real sockets."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ironflow._wire.websocket import Closed, Message, Ping, Pong, ProtocolError

from ..websocket_sides import MAX_MESSAGE, accept, dial, echo

pytest.importorskip("websockets", reason="the library websockets (extra: interop) is not installed")

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

pytestmark = pytest.mark.interop

PATIENCE = 30
CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
SIZES = [0, 1, 125, 126, 1000, 65_535, 65_536, 1 << 20]


@contextlib.contextmanager
def their_server(handle):
    """Serve one connection with ``handle``; yields the URL and the future of what it returns."""
    future = Future()

    def run(connection):
        try:
            future.set_result(handle(connection))
        except Exception as error:
            future.set_exception(error)

    with serve(run, "127.0.0.1", 0, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}", future
        finally:
            server.shutdown()
            thread.join(PATIENCE)


@contextlib.contextmanager
def our_server(handle, max_message=MAX_MESSAGE):
    """Serve one connection with ``handle``; yields the URL and the future of what it returns."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as executor:
        listener.settimeout(PATIENCE)
        future = executor.submit(lambda: handle(accept(listener.accept()[0], max_message)))
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}", future


def all_events(peer):
    with peer:
        return list(peer.events())


def messages(seed):
    """Return a text and a binary message of each size."""
    seeded = random.Random(seed)
    for size in SIZES:
        yield "".join(seeded.choices("aü€🌍", k=size // 3))
        yield seeded.randbytes(size)


def fragments(message, seeded):
    """Cut a message into at least two pieces at random places."""
    cuts = sorted(seeded.randrange(len(message) + 1) for _ in range(seeded.randrange(1, 20)))
    return [message[a:b] for a, b in zip([0, *cuts], [*cuts, len(message)])]


# Their server, our client


def test_messages_in_random_fragments_with_pings_between_arrive_whole():
    seeded = random.Random(11)
    sent = list(messages(11))

    def handle(connection):
        def pinging(pieces):
            for piece in pieces:
                connection.ping()
                yield piece

        for message in sent:
            connection.send(pinging(fragments(message, seeded)))

    with their_server(handle) as (url, _):
        events = all_events(dial(url))
    pings = [event for event in events if type(event) is Ping]
    assert len(pings) > len(sent)
    assert [event.data for event in events if type(event) is Message] == sent
    assert events[-1] == Closed(1000, "")


def test_what_our_client_sends_arrives():
    sent = list(messages(12))
    with their_server(list) as (url, future):
        with dial(url) as peer:
            for message in sent:
                peer.websocket.send(message)
                peer.flush()
            peer.websocket.close()
            peer.flush()
            assert list(peer.events()) == [Closed(1000, "")]
        assert future.result(PATIENCE) == sent


def test_our_ping_is_answered_by_their_server():
    with their_server(list) as (url, _), dial(url) as peer:
        peer.websocket.ping(b"are you there?")
        peer.flush()
        events = peer.events()
        assert next(events) == Pong(b"are you there?")
        peer.websocket.close()
        peer.flush()
        assert list(events) == [Closed(1000, "")]


@pytest.mark.parametrize("code", CODES)
def test_our_client_is_told_each_close_code(code):
    with their_server(lambda connection: connection.close(code, "für jetzt")) as (url, _):
        assert all_events(dial(url)) == [Closed(code, "für jetzt")]


@pytest.mark.parametrize("code", CODES)
def test_their_server_is_told_each_close_code(code):
    def handle(connection):
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv()
        return caught.value.rcvd.code, caught.value.rcvd.reason

    with their_server(handle) as (url, future):
        with dial(url) as peer:
            peer.websocket.close(code, "für jetzt")
            peer.flush()
            # The library repeats the reason in its answer.
            assert list(peer.events()) == [Closed(code, "für jetzt")]
        assert future.result(PATIENCE) == (code, "für jetzt")


@pytest.mark.parametrize("cut", [b"", b"\x81", b"\x81\x7e\x01", b"\x81\x05Hel", b"\x01\x05Hello"])
def test_our_client_sees_an_abrupt_end(cut):
    def handle(connection):
        connection.send("whole")
        connection.socket.sendall(cut)
        connection.socket.shutdown(socket.SHUT_RDWR)

    with their_server(handle) as (url, _):
        assert all_events(dial(url)) == [Message("whole"), Closed(1006, "")]


def test_their_server_is_told_that_a_message_is_too_large():
    def handle(connection):
        connection.send("x" * 1001)
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv()
        return caught.value.rcvd.code

    with their_server(handle) as (url, future):
        with pytest.raises(ProtocolError, match="larger than 1000 bytes"):
            all_events(dial(url, max_message=1000))
        assert future.result(PATIENCE) == 1009


# Our server, their client


def test_our_server_echoes_messages_in_random_fragments():
    seeded = random.Random(13)
    with our_server(echo) as (url, _), connect(url, max_size=None) as connection:
        for message in messages(13):
            connection.send(fragments(message, seeded))
            assert connection.recv(timeout=PATIENCE) == message


def test_their_ping_is_answered_by_our_server():
    with our_server(echo) as (url, _), connect(url) as connection:
        assert connection.ping(b"are you there?").wait(PATIENCE)


@pytest.mark.parametrize("code", CODES)
def test_our_server_is_told_each_close_code(code):
    with our_server(all_events) as (url, future), connect(url) as connection:
        connection.close(code, "für jetzt")
        assert future.result(PATIENCE) == [Closed(code, "für jetzt")]
        assert connection.protocol.close_rcvd.code == code


@pytest.mark.parametrize("code", CODES)
def test_their_client_is_told_each_close_code(code):
    def handle(peer):
        peer.websocket.close(code, "für jetzt")
        return all_events(peer)

    with our_server(handle) as (url, future), connect(url) as connection:
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=PATIENCE)
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (code, "für jetzt")
        # The library repeats the reason in its answer.
        assert future.result(PATIENCE) == [Closed(code, "für jetzt")]


@pytest.mark.parametrize("cut", [b"", b"\x81", b"\x81\x85\x01\x02", b"\x81\x85\x01\x02\x03\x04a"])
def test_our_server_sees_an_abrupt_end(cut):
    with our_server(all_events) as (url, future), connect(url) as connection:
        connection.send("whole")
        connection.socket.sendall(cut)
        connection.socket.shutdown(socket.SHUT_RDWR)
        assert future.result(PATIENCE) == [Message("whole"), Closed(1006, "")]


def test_their_client_is_told_that_a_message_is_too_large():
    def handle(peer):
        with pytest.raises(ProtocolError, match="larger than 1000 bytes"):
            all_events(peer)

    with our_server(handle, max_message=1000) as (url, future), connect(url) as connection:
        connection.send("x" * 1001)
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=PATIENCE)
        assert caught.value.rcvd.code == 1009
        future.result(PATIENCE)
