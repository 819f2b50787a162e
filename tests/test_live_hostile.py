"""Live streams from servers that break the protocol: the right error, no hang, no key in a text."""

from __future__ import annotations

import json

import pytest

from ironflow import (
    AuthenticationError,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
)

from .conftest import KEY
from .frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, close_frame, frame
from .hostile import HostileServer, reply, request, stall
from .live import assert_is_safe, closed, connected, entry, keys, put, upgrade
from .websocket_peer import accept_key


@pytest.mark.parametrize(
    "broken",
    [
        frame(TEXT, b"{not json"),
        frame(TEXT, b"[1]"),
        frame(TEXT, b"\xff"),
        frame(TEXT, b"{}", reserved=4),
        frame(TEXT, b"{}", masked=True),
        frame(3, b""),
        frame(BINARY, b"{}"),
        frame(TEXT, b"", length=1 << 40),
        frame(TEXT, b"[" * 100_000),
        frame(TEXT, b"\xed\xa0\x80"),
        frame(TEXT, b"{}", reserved=1),
        frame(TEXT, b"{", final=False) + frame(TEXT, b"}"),
        frame(CONTINUATION, b"{}"),
        frame(PING, b"", final=False),
        frame(PING, b"x" * 126),
        frame(TEXT, b"{}", form=8),
        frame(CLOSE, b"\x03"),
        frame(CLOSE, b"\x03\xe8\xff"),
        close_frame(999),
        close_frame(1004),
        close_frame(1005),
        close_frame(1006),
        close_frame(1015),
        close_frame(5000),
    ],
    ids=lambda content: content[:12].hex(),
)
def test_a_message_that_cannot_be_used_ends_the_stream_although_it_may_reconnect(broken):
    script = [upgrade, put("a", b"1", 1) + broken, stall]
    with HostileServer(script) as server, connected(server) as client:
        updates = client.kv_watch("b")
        assert next(updates)["key"] == "a"
        with pytest.raises(InvalidResponseError) as caught:
            next(updates)
        assert list(updates) == []
        server.released.set()
    assert server.accepted == 1
    assert_is_safe(caught.value)


def test_a_message_that_is_larger_than_the_limit_is_refused():
    script = [upgrade, frame(TEXT, b"x" * 2000), stall]
    with HostileServer(script) as server, connected(server, max_response_bytes=1000) as client:
        with pytest.raises(InvalidResponseError, match="larger than 1000 bytes"):
            next(client.kv_watch("b"))
        server.released.set()


@pytest.mark.parametrize("piece", [b"", b"x", b"x" * 100])
def test_fragments_without_an_end_are_refused_before_they_fill_the_memory(piece):
    def endless(peer):
        peer.send(frame(TEXT, piece, final=False))
        while True:
            peer.send(frame(CONTINUATION, piece, final=False) * 100)

    script = [upgrade, endless]
    with HostileServer(script) as server, connected(server, max_response_bytes=5000) as client:
        with pytest.raises(InvalidResponseError, match="larger than 5000 bytes"):
            next(client.kv_watch("b"))


@pytest.mark.parametrize("end", [close_frame(), close_frame(1001), close_frame(4000, b"later")])
def test_a_close_without_a_code_or_with_another_than_1000_is_a_loss(end):
    scripts = [[upgrade, end], [upgrade, put("a", b"1", 1), closed()]]
    with HostileServer(
        *scripts, then=[request, keys("a"), request, entry("a", "MQ==", 1)]
    ) as server:
        with connected(server) as client:
            gaps = []
            seen = [update["key"] for update in client.kv_watch("b", on_gap=gaps.append)]
    assert seen == ["a"]
    assert [type(gap["error"]) for gap in gaps] == [IronflowConnectionError]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("200 OK", InvalidResponseError),
        ("301 Moved Permanently", IronflowError),
        ("401 Unauthorized", AuthenticationError),
        ("403 Forbidden", PermissionDeniedError),
        ("404 Not Found", NotFoundError),
        ("426 Upgrade Required", IronflowError),
        ("500 Internal Server Error", ServerError),
    ],
)
def test_a_refused_handshake_is_the_error_of_its_status(status, kind):
    answer = reply(json.dumps({"error": f"no, {KEY}"}).encode(), status=status)
    server = HostileServer(then=[request, answer])
    with server, connected(server, max_attempts=2) as client:
        with pytest.raises(kind) as caught:
            client.kv_watch("b")
    assert caught.value.status_code == int(status[:3])
    assert server.accepted == (2 if status.startswith("500") else 1)
    assert_is_safe(caught.value)


def test_a_wrong_accept_key_is_refused():
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAA\r\n\r\n"
    )
    with HostileServer([request, answer, stall]) as server, connected(server) as client:
        with pytest.raises(InvalidResponseError, match="Sec-WebSocket-Accept does not match"):
            client.kv_watch("b")
        server.released.set()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Upgrade": "h2c"}, "did not switch to WebSocket"),
        ({"Connection": "close"}, "does not name the upgrade"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "chose an extension"),
        ({"Sec-WebSocket-Protocol": "chat"}, "chose a subprotocol"),
    ],
)
def test_a_handshake_that_agrees_to_something_else_is_refused(changes, problem):
    def agree(peer):
        key = accept_key(peer.request().headers["sec-websocket-key"])
        fields = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": key,
            **changes,
        }
        lines = [f"{name}: {value}\r\n" for name, value in fields.items()]
        peer.send(f"HTTP/1.1 101 Switching Protocols\r\n{''.join(lines)}\r\n".encode())
        peer.drain()

    with HostileServer([agree]) as server, connected(server) as client:
        with pytest.raises(InvalidResponseError, match=problem) as caught:
            client.kv_watch("b")
    assert_is_safe(caught.value)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 101 Switching Protocols\r\nUpgr"])
def test_a_server_that_goes_silent_in_the_handshake_is_a_timeout(said):
    with HostileServer([request, said, stall]) as server:
        with connected(server, timeout=0.1, max_attempts=1) as client:
            with pytest.raises(IronflowTimeoutError) as caught:
                client.subscribe("events:>")
        server.released.set()
    assert_is_safe(caught.value)
