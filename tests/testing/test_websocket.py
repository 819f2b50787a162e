"""WebSockets of the local server: handshakes, ends, and peers that are slow, broken or dead."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time

import pytest

from ironflow import IronflowClient
from ironflow._wire.websocket import Closed, Pong
from ironflow._wire.websocket_handshake import HandshakeError, new_key
from ironflow.testing import LocalServer, _websocket
from ironflow.testing._engine.subscriptions import Consumers
from ironflow.testing._http import HttpServer
from ironflow.testing._websocket import Session, WebSocketConnection, WebSockets

from ..frames import CLOSE, PING, PONG, TEXT, close_frame, frame
from ..local import until
from ..websocket_sides import dial
from .conftest import KEY
from .wire import Wire

ROUTES = ["/ws", "/api/v1/kv/buckets/b/watch", "/api/v1/config/limits/watch"]
PATIENCE = 30


def url(server, path="/ws"):
    return server.url.replace("http", "ws", 1) + path


def sockets(server):
    """The WebSockets that a server holds open."""
    return server._application.state.of(WebSockets)._open


def handshake(**changes):
    """Headers of a handshake; None removes one."""
    headers = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": new_key(),
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    return {name: value for name, value in headers.items() if value is not None}


def ask(server, headers, path="/ws", method="GET", version="HTTP/1.1"):
    """Status, headers and body of the reply to a request."""
    lines = [f"{method} {path} {version}", *(f"{name}: {headers[name]}" for name in headers)]
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as sock:
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        with sock.makefile("rb") as reply:
            status = int(reply.readline().split()[1])
            fields = dict(
                line.decode().strip().lower().split(": ", 1)
                for line in iter(reply.readline, b"\r\n")
            )
            body = b"" if method == "HEAD" else reply.read(int(fields.get("content-length", 0)))
    return status, fields, json.loads(body) if body else None


# Handshakes


@pytest.mark.parametrize("path", ROUTES)
def test_a_handshake_is_answered_with_101(local, path):
    status, headers, body = ask(local, handshake(), path)
    assert (status, body) == (101, None)
    assert headers["upgrade"] == "websocket"
    assert "content-length" not in headers
    assert "sec-websocket-extensions" not in headers


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"Upgrade": None}, 426, "speaks WebSocket"),
        ({"Upgrade": "h2c"}, 426, "WebSocket only"),
        ({"Connection": "keep-alive"}, 400, "Connection header"),
        ({"Sec_WebSocket_Version": "8"}, 426, "version 13"),
        ({"Sec_WebSocket_Version": None}, 426, "version 13"),
        ({"Sec_WebSocket_Key": None}, 400, "Sec-WebSocket-Key"),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, 400, "Sec-WebSocket-Key"),
        ({"Origin": "https://example.com"}, 403, "web page"),
        ({"Host": "example.com"}, 403, "does not name this machine"),
    ],
)
def test_a_wrong_handshake_gets_the_status_that_says_what_is_wrong(
    local, local_client, path, changes, status, message
):
    local_client.kv_buckets(body={"name": "b"})
    found, headers, body = ask(local, handshake(**changes), path)
    assert found == status
    assert message in body["error"]
    assert status != 426 or headers["upgrade"] == "websocket"
    assert message != "version 13" or headers["sec-websocket-version"] == "13"


def test_http_1_0_cannot_be_upgraded(local):
    assert ask(local, handshake(), version="HTTP/1.0")[0] == 426


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("HEAD", 400)])
def test_only_a_get_is_upgraded(local, method, status):
    assert ask(local, handshake(), method=method)[0] == status


@pytest.mark.parametrize("path", ROUTES)
def test_a_missing_or_wrong_key_is_refused_in_the_handshake(guarded, path):
    for query in ("", "?token=ifkey_wrong"):
        with pytest.raises(HandshakeError) as caught:
            dial(url(guarded, path + query))
        assert caught.value.status == 401


@pytest.mark.parametrize("path", ROUTES[1:])
def test_a_key_in_the_url_is_for_subscriptions_only(guarded, path):
    assert ask(guarded, handshake(), f"{path}?token={KEY}")[0] == 401


def test_a_handshake_is_recorded_and_meets_faults(local):
    local.fail("GET", "/ws", status=503)
    local.reset_connection("GET", "/ws")
    local.delay("GET", "/ws", 0.001)
    local.trickle("GET", "/ws", interval=0.0001, size=40)
    with pytest.raises(HandshakeError) as caught:
        dial(url(local))
    assert caught.value.status == 503
    with pytest.raises(ConnectionError):
        dial(url(local))
    with Wire(local, "/ws?env=default") as wire:
        wire.subscribe("events:>")
    assert [request.path for request in local.requests] == ["/ws"] * 3
    assert local.requests[-1].query == {"env": "default"}


def test_a_handshake_that_is_cut_short_opens_nothing(local):
    local.truncate("GET", "/ws")
    with dial(url(local)) as peer:
        assert list(peer.events()) == [Closed(1006, "")]
    assert not sockets(local)


def test_frames_that_come_with_the_handshake_are_read(local):
    headers = handshake()
    lines = ["GET /ws HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers), "", ""]
    subscribe = {"type": "subscribe", "subscription": {"pattern": "events:a"}}
    content = frame(TEXT, json.dumps(subscribe).encode(), masked=True)
    with socket.create_connection(("127.0.0.1", local.port), timeout=PATIENCE) as sock:
        sock.sendall("\r\n".join(lines).encode() + content + close_frame(1000, masked=True))
        received = b""
        while part := sock.recv(65536):
            received += part
    assert b"subscription_result" in received
    assert received.endswith(close_frame(1000))


# Ends


def test_pings_are_answered(local):
    with dial(url(local)) as peer:
        peer.websocket.ping(b"there?")
        peer.flush()
        assert next(peer.events()) == Pong(b"there?")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x81\x01a", 1002),  # not masked
        (frame(0x3, b"", masked=True), 1002),
        (frame(TEXT, b"\xff", masked=True), 1007),
        (frame(TEXT, length=1 << 40, masked=True), 1009),
        (frame(CLOSE, b"\x03\xec", masked=True), 1002),  # 1004
        (close_frame(1001, masked=True), 1001),
        (frame(CLOSE, b"", masked=True), 1005),
    ],
)
def test_a_peer_that_breaks_the_protocol_is_told_and_nobody_else_is_hurt(local, content, code):
    with Wire(local, "/ws") as other:
        other.subscribe("events:a")
        with dial(url(local)) as peer:
            peer.sock.sendall(content)
            assert [event.code for event in peer.events()] == [code]
        with IronflowClient(local.url) as client:
            client.events_create(body={"name": "a"})
        assert other.receive()["topic"] == "events:a"
    until(lambda: not sockets(local))


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_a_stop_and_a_reset_close_with_1001_and_leave_no_thread(end):
    before = set(threading.enumerate())
    with LocalServer() as server:
        with Wire(server, "/ws") as wire, Wire(server, ROUTES[2]) as watch:
            wire.subscribe("events:>")
            getattr(server, end)()
            assert (wire.end(), watch.end()) == (1001, 1001)
            left = {thread.name for thread in set(threading.enumerate()) - before}
            assert end == "reset" or not left


@pytest.mark.parametrize("end", ["stop", "reset"])
def test_a_stop_right_behind_the_handshake_is_a_close_with_1001_too(local, monkeypatch, end):
    started, serve = threading.Event(), WebSockets.serve

    def serve_late(*arguments):
        started.wait(PATIENCE)
        time.sleep(0.1)  # what stops the server is far ahead by now
        serve(*arguments)

    monkeypatch.setattr(WebSockets, "serve", serve_late)
    with Wire(local, "/ws") as wire:
        started.set()
        getattr(local, end)()
        assert wire.end() == 1001


def test_a_reset_server_serves_the_next_connection(local):
    with Wire(local, "/ws") as wire:
        local.reset()
        assert wire.end() == 1001
    with Wire(local, "/ws") as wire, IronflowClient(local.url) as client:
        wire.subscribe("events:>")
        client.events_create(body={"name": "a"})
        assert wire.receive()["topic"] == "events:a"


def test_peers_that_hang_up_leave_nothing_behind(local, local_client):
    for _ in range(20):
        with Wire(local, "/ws") as wire:
            wire.subscribe("events:>")
    until(lambda: not sockets(local))
    local_client.events_create(body={"name": "a"})


# Slow and dead peers


def deaf(server, path="/ws"):
    """A peer that will never read, with the smallest buffers that there are."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", server.port))
    headers = handshake()
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers), "", ""]
    sock.sendall("\r\n".join(lines).encode())
    return sock


def masked(message):
    return frame(TEXT, json.dumps(message).encode(), masked=True)


SUBSCRIBE = masked({"type": "subscribe", "subscription": {"pattern": "topic:>"}})
LARGE = "x" * 100_000


def test_a_peer_that_reads_nothing_holds_up_nobody(local, local_client):
    with deaf(local) as sock, Wire(local, "/ws") as other:
        sock.sendall(SUBSCRIBE)
        other.subscribe("topic:>")
        until(
            lambda: (
                len(local_client.request("GET", "/api/v1/capabilities")) and subscribed(local) == 2
            )
        )
        for number in range(300):
            local_client.pub_sub_create(body={"topic": "t", "data": [number, LARGE]})
            assert other.receive()["data"][0] == number


def subscribed(server):
    """How many subscriptions a server has."""
    state = server._application.state
    return sum(len(found.of(Consumers)._all) for found in state.environments.values())


@pytest.mark.parametrize("sends", [False, True])
def test_a_stop_does_not_wait_for_a_peer_that_reads_nothing(monkeypatch, sends):
    ended, stop = [], HttpServer.stop

    def stopping(self):
        ended.append(connection._ended.is_set())
        stop(self)

    def chatter():
        with contextlib.suppress(OSError):
            while True:
                sock.sendall(frame(PONG, masked=True))

    monkeypatch.setattr(HttpServer, "stop", stopping)
    thread = threading.Thread(target=chatter)
    with LocalServer() as server, IronflowClient(server.url) as client:
        with deaf(server, ROUTES[2]) as sock:
            for _ in range(100):
                client.config_create("limits", body={"text": LARGE})
            [connection] = sockets(server)
            until(lambda: connection._pending)
            if sends:
                thread.start()
            server.stop()
            assert ended == [True]
            if sends:
                thread.join(PATIENCE)


def test_pings_of_a_peer_that_reads_nothing_are_not_hoarded_and_not_forgotten(local, monkeypatch):
    limit = 100_000
    monkeypatch.setattr(_websocket, "_MAX_ANSWERS", limit)
    pings, ping = 60_000, frame(PING, b"p" * 100, masked=True)
    with deaf(local) as sock:
        sender = threading.Thread(target=sock.sendall, args=(ping * pings,))
        sender.start()
        [connection] = until(lambda: sockets(local))
        until(lambda: connection._answers > limit)
        assert len(connection._pending) < limit + 1000
        with sock.makefile("rb") as reader:
            while reader.readline() != b"\r\n":
                pass  # the head of the handshake
            pong = frame(PONG, b"p" * 100)
            for _ in range(pings):
                assert reader.read(len(pong)) == pong
        sender.join(PATIENCE)


def test_a_session_that_fails_ends_its_own_connection_only(caplog):
    class Broken(Session):
        def receive(self, data):
            raise RuntimeError("a bug")

    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(masked("x"))
        WebSocketConnection(ours, b"", Broken()).run()
        assert theirs.recv(100) == b""
    assert "a WebSocket failed" in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_the_websockets_of_its_parent_alone(local, local_client):
    with Wire(local, "/ws") as wire:
        wire.subscribe("events:>")
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                local.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        local_client.events_create(body={"name": "a"})
        assert wire.receive()["topic"] == "events:a"
