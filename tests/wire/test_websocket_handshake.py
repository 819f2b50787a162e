"""The opening handshake of a WebSocket without a socket, on both sides."""

from __future__ import annotations

import pytest

from ironflow._wire.websocket_handshake import (
    HandshakeError,
    check_reply,
    new_key,
    read_head,
    reply_head,
    request_head,
)

# The example of RFC 6455, section 1.3.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

REPLY = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": ACCEPT}
REQUEST = {
    "host": "localhost:9123",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-key": KEY,
    "sec-websocket-version": "13",
}


def changed(headers, **changes):
    """Return a copy; underscores in names stand for hyphens, None takes a header out."""
    copy = dict(headers)
    for name, value in changes.items():
        copy[name.replace("_", "-")] = value
    return {name: value for name, value in copy.items() if value is not None}


# The client


def test_a_key_is_16_random_bytes_in_base64():
    asked = []

    def fake(size):
        asked.append(size)
        return b"the sample nonce"

    assert new_key(fake) == KEY
    assert asked == [16]
    assert new_key() != new_key()


def test_the_request_of_a_client():
    head = request_head("/ws?env=dev", "localhost:9123", KEY, {"Authorization": "Bearer k"})
    assert head == (
        b"GET /ws?env=dev HTTP/1.1\r\n"
        b"Host: localhost:9123\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\n"
        b"Authorization: Bearer k\r\n"
        b"\r\n"
    )


@pytest.mark.parametrize(
    "headers",
    [
        REPLY,
        changed(REPLY, upgrade="WebSocket", connection="upgrade"),
        changed(REPLY, connection="keep-alive, Upgrade"),
        changed(REPLY, server="nginx"),
    ],
)
def test_a_reply_that_opens_a_websocket_is_taken(headers):
    check_reply(101, headers, KEY)


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 426, 500])
def test_any_other_status_is_refused_and_named(status):
    with pytest.raises(HandshakeError, match=f"answered {status} ") as caught:
        check_reply(status, REPLY, KEY)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({}, "did not switch to WebSocket"),
        (changed(REPLY, upgrade=None), "did not switch to WebSocket"),
        (changed(REPLY, upgrade="h2c"), "did not switch to WebSocket"),
        (changed(REPLY, upgrade="websocket, h2c"), "did not switch to WebSocket"),
        (changed(REPLY, connection=None), "Connection header"),
        (changed(REPLY, connection="keep-alive"), "Connection header"),
        (changed(REPLY, sec_websocket_accept=None), "Sec-WebSocket-Accept"),
        (changed(REPLY, sec_websocket_accept=""), "Sec-WebSocket-Accept"),
        (changed(REPLY, sec_websocket_accept=KEY), "Sec-WebSocket-Accept"),
        (changed(REPLY, sec_websocket_accept=ACCEPT.lower()), "Sec-WebSocket-Accept"),
        (changed(REPLY, sec_websocket_accept=f"{ACCEPT}, {ACCEPT}"), "Sec-WebSocket-Accept"),
        (changed(REPLY, sec_websocket_extensions="permessage-deflate"), "extension"),
        (changed(REPLY, sec_websocket_protocol="chat"), "subprotocol"),
    ],
)
def test_a_reply_that_does_not_fit_the_request_is_refused(headers, problem):
    with pytest.raises(HandshakeError, match=problem):
        check_reply(101, headers, KEY)


# The server


@pytest.mark.parametrize(
    "headers",
    [
        REQUEST,
        changed(REQUEST, upgrade="WebSocket", connection="upgrade"),
        changed(REQUEST, upgrade="h2c, websocket", connection="keep-alive , Upgrade"),
        changed(REQUEST, sec_websocket_extensions="permessage-deflate", origin="http://localhost"),
        changed(REQUEST, sec_websocket_protocol="chat"),
    ],
)
def test_a_request_that_opens_a_websocket_is_answered_with_its_accept_key(headers):
    assert reply_head("GET", "HTTP/1.1", headers) == (
        b"HTTP/1.1 101 Switching Protocols\r\n"
        b"Upgrade: websocket\r\n"
        b"Connection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        b"\r\n"
    )


@pytest.mark.parametrize(
    ("method", "version", "headers", "status", "problem"),
    [
        ("POST", "HTTP/1.1", REQUEST, 400, "GET over HTTP/1.1"),
        ("GET", "HTTP/1.0", REQUEST, 400, "GET over HTTP/1.1"),
        ("GET", "HTTP/1.1", changed(REQUEST, connection=None), 400, "Connection header"),
        ("GET", "HTTP/1.1", changed(REQUEST, connection="close"), 400, "Connection header"),
        ("GET", "HTTP/1.1", changed(REQUEST, host=None), 400, "Host"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key=None), 400, "Sec-WebSocket-Key"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key=""), 400, "Sec-WebSocket-Key"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key="c2hvcnQ="), 400, "16 bytes"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key=KEY[:-1]), 400, "16 bytes"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key=f"{KEY}, {KEY}"), 400, "16 bytes"),
        ("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_key="ü" + KEY), 400, "16 bytes"),
    ],
)
def test_a_request_that_is_not_a_handshake_is_refused(method, version, headers, status, problem):
    with pytest.raises(HandshakeError, match=problem) as caught:
        reply_head(method, version, headers)
    assert caught.value.status == status
    assert caught.value.headers == {}


@pytest.mark.parametrize("version", [None, "8", "12", "14", "13, 8"])
def test_another_version_is_told_the_one_that_is_supported(version):
    with pytest.raises(HandshakeError, match="version 13") as caught:
        reply_head("GET", "HTTP/1.1", changed(REQUEST, sec_websocket_version=version))
    assert caught.value.status == 426
    assert caught.value.headers == {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
    }


@pytest.mark.parametrize("upgrade", [None, "h2c"])
def test_a_plain_request_is_told_to_upgrade(upgrade):
    with pytest.raises(HandshakeError, match="WebSocket only") as caught:
        reply_head("GET", "HTTP/1.1", changed(REQUEST, upgrade=upgrade))
    assert caught.value.status == 426
    assert caught.value.headers == {"Upgrade": "websocket", "Connection": "Upgrade"}


# Heads


def test_a_head_is_read_once_it_is_whole():
    data = (
        b"GET /ws?a=1 HTTP/1.1\r\n"
        b"Host: localhost\r\n"
        b"X-Twice:one\r\n"
        b"Empty:\r\n"
        b"x-twice: \t two \r\n"
        b"\r\n"
        b"behind\r\n\r\n"
    )
    end = data.index(b"behind")
    for cut in range(end):
        assert read_head(data[:cut]) is None
    head = read_head(data)
    assert head.start == ("GET", "/ws?a=1", "HTTP/1.1")
    assert head.headers == {"host": "localhost", "x-twice": "one, two", "empty": ""}
    assert head.rest == b"behind\r\n\r\n"


def test_the_head_of_a_reply_is_read_too():
    head = read_head(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00")
    assert head.start == ("HTTP/1.1", "101", "Switching Protocols")
    assert head.headers == {"upgrade": "websocket"}
    assert head.rest == b"\x81\x00"


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
        b"GET / HTTP/1.1\r\nblank before : colon\r\n\r\n",
        b"GET / HTTP/1.1\r\na: folded\r\n line\r\n\r\n",
        b"GET / HTTP/1.1\r\na: bare\nline feed\r\n\r\n",
        b"GET / HTTP/1.1\r\na: bare\rreturn\r\n\r\n",
        b"GET / HTTP/1.1\r\na: nul\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nn\xfcme: x\r\n\r\n",
    ],
)
def test_a_malformed_head_is_refused(head):
    with pytest.raises(HandshakeError) as caught:
        read_head(head)
    assert caught.value.status == 400


def test_an_endless_head_is_refused():
    endless = b"GET / HTTP/1.1\r\na: " + b"x" * 16_384
    assert read_head(endless[:16_383]) is None
    with pytest.raises(HandshakeError, match="larger than 16384 bytes"):
        read_head(endless)
    with pytest.raises(HandshakeError, match="larger than 16384 bytes"):
        read_head(endless + b"\r\n\r\n")


def test_no_error_and_no_repr_shows_a_credential():
    secret = "ifkey_0123456789"
    with pytest.raises(HandshakeError) as caught:
        read_head(f"GET / HTTP/1.1\r\nAuthorization : Bearer {secret}\r\n\r\n".encode())
    assert secret not in repr(caught.value)
    head = read_head(f"GET / HTTP/1.1\r\nAuthorization: Bearer {secret}\r\n\r\n".encode())
    assert secret not in repr(head)
    assert head.headers["authorization"] == f"Bearer {secret}"
    with pytest.raises(HandshakeError) as caught:
        reply_head("GET", "HTTP/1.1", {**head.headers, "upgrade": "websocket"})
    assert secret not in repr(caught.value)
