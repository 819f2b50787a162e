"""Replies that are unusual or large but right: they are read, and the connection is kept."""

from __future__ import annotations

import gzip
import json

import pytest

from ..hostile import OK, HostileServer, behave, drain, half_close, pause, reply, request, slowly
from .calls import GZIP, UNTIL_CLOSE, connected, get, head, next_call_works, post
from .reading import CHUNKED, LENGTH

GOOD = [
    # name, script after the request, value, whether the connection serves the next call too
    ("a body until the close", [UNTIL_CLOSE, b'{"a": 1}'], {"a": 1}, False),
    ("Connection: close", [reply(b'{"a": 1}', "Connection: close"), drain], {"a": 1}, False),
    ("Connection: Close, x", [reply(b"{}", "Connection: Close, x"), drain], {}, False),
    ("HTTP/1.0", [reply(b'{"a": 1}', version="HTTP/1.0"), drain], {"a": 1}, False),
    ("HTTP/1.0 until the close", [b"HTTP/1.0 200 OK\r\n\r\n[1]"], [1], False),
    (
        "HTTP/1.0 with keep-alive",
        [reply(b"[1]", "Connection: Keep-Alive", version="HTTP/1.0"), behave],
        [1],
        True,
    ),
    ("no reason phrase", [reply(b"[1]", status="200"), behave], [1], True),
    ("an empty reason phrase", [reply(b"[1]", status="200 "), behave], [1], True),
    ("a reason phrase in UTF-8", [reply(b"[1]", status="200 \xc3\xa4"), behave], [1], True),
    ("an empty header", [reply(b"[1]", "X-Empty:"), behave], [1], True),
    ("the same header twice", [reply(b"[1]", "Vary: a", "Vary: b"), behave], [1], True),
    ("headers in odd case", [head("CONTENT-length:\t2  "), b"{}", behave], {}, True),
    ("chunks", [CHUNKED, b'4\r\n{"a"\r\n3\r\n: 1\r\n1\r\n}\r\n0\r\n\r\n', behave], {"a": 1}, True),
    ("one byte at a time", [slowly(CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"), behave], {}, True),
    ("a chunk size with leading zeros", [CHUNKED, b"0002\r\n{}\r\n000\r\n\r\n", behave], {}, True),
    (
        "chunk extensions of any kind",
        [CHUNKED, b'2;a=b;"\x00;;=\r\n{}\r\n0;x\r\n\r\n', behave],
        {},
        True,
    ),
    ("trailers", [CHUNKED, b"2\r\n{}\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", behave], {}, True),
    ("gzip", [reply(gzip.compress(b'{"a": 1}'), GZIP), behave], {"a": 1}, True),
    ("gzip in members", [reply(gzip.compress(b"[1,") + gzip.compress(b"2]"), GZIP), behave],
     [1, 2], True),
    ("gzip of nothing", [reply(gzip.compress(b""), GZIP), behave], None, True),
    ("nothing, as gzip", [reply(b"", GZIP), behave], None, True),
    ("x-gzip", [reply(gzip.compress(b"[1]"), "Content-Encoding: X-GZIP"), behave], [1], True),
    ("the identity coding", [reply(b"[1]", "Content-Encoding: identity"), behave], [1], True),
    ("interim replies first", [b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n", OK,
     behave], {}, True),
    ("an interim reply on its own", [head(status="HTTP/1.1 102 P"), pause(0.02), OK, behave], {},
     True),
    ("the head and the body apart", [reply(b"[1]")[:-3], pause(0.02), b"[1]", behave], [1], True),
    ("half of the head first", [OK[:12], pause(0.02), OK[12:], behave], {}, True),
    ("a half-close after the reply", [OK, half_close, drain], {}, False),
    ("a 204 with a length", [reply(b"", status="204 No Content"), behave], None, True),
    ("a 204 without a length", [head(status="HTTP/1.1 204 No Content"), behave], None, True),
    ("a 205", [reply(b"", status="205 Reset Content"), behave], None, True),
    ("junk behind the reply", [OK + b"HTTP/1.1 500 Junk\r\n\r\n", drain], {}, False),
    ("another reply behind the reply", [OK + reply(b'"not yours"'), drain], {}, False),
    ("junk behind a chunked reply", [CHUNKED + b"0\r\n\r\n" + reply(b'"not yours"'), drain], None,
     False),
    ("junk behind a long reply", [reply(b"[%s]" % (b" " * 100_000)) + OK, drain], [], False),
    ("junk behind a 204", [reply(b"", status="204 N", length=False) + OK, drain], None, False),
]  # fmt: skip


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    ("script", "value", "kept"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD]
)
def test_a_reply_that_is_unusual_but_right_is_read_and_the_connection_kept_where_it_may_be(
    script, value, kept, tls
):
    with HostileServer([request, *script], certificate=tls) as server, connected(server) as client:
        assert post(client, "first") == value
        if not kept:
            server.settle()
        assert post(client, "second") == {"id": "second"}
        assert get(client, "third") == {"id": "third"}
        assert server.accepted == (1 if kept else 2)
        assert [server.delivered(id) for id in ("first", "second", "third")] == [1, 1, 1]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("framing", ["length", "chunks", "gzip", "close"])
def test_a_reply_of_10_mb_arrives_whole(method, framing):
    value = {"items": [f"{number:0100}" for number in range(100_000)]}
    body = json.dumps(value).encode()
    content = {
        "length": reply(body),
        "chunks": CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        "gzip": reply(gzip.compress(body, 1), GZIP),
        "close": UNTIL_CLOSE + body,
    }[framing]
    with HostileServer([request, content]) as server, connected(server) as client:
        assert client.request(method, "/x") == value
        next_call_works(client, server)


def test_a_head_request_does_not_wait_for_the_body_that_the_head_announces():
    script = [request, LENGTH, request, CHUNKED, request, UNTIL_CLOSE, behave]
    with HostileServer(script) as server, connected(server) as client:
        for _ in range(3):
            assert client.request("HEAD", "/x") is None
        assert post(client, "next") == {"id": "next"}
        assert server.accepted == 1
