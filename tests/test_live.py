"""The methods that follow a server: what they send and give, over TLS and proxies too."""

from __future__ import annotations

import pytest

from ironflow import InvalidResponseError, IronflowClient

from .conftest import KEY
from .hostile import HostileServer, request, reset
from .hostile import trusting_context as trusting
from .live import (
    closed,
    connected,
    delete_message,
    entry,
    event,
    keys,
    put,
    put_message,
    subscribed,
    text,
    upgrade,
)
from .test_examples import start


def test_initial_frames_updates_and_deletes_are_items_and_a_close_with_1000_ends_quietly():
    frames = put("a", b"1", 1) + put("b", b"2", 2) + text(delete_message("a", 3))
    with HostileServer([upgrade, frames, closed()]) as server, connected(server) as client:
        assert list(client.kv_watch("b", "user.*")) == [
            put_message("a", b"1", 1),
            put_message("b", b"2", 2),
            delete_message("a", 3),
        ]
    received = server.requests[0]
    assert received.target == "/api/v1/kv/buckets/b/watch?key=user.%2A"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["sec-websocket-version"] == "13"


def test_patterns_are_subscribed_with_their_options():
    script = subscribed("topic:a", "events:>", then=[text(event()), closed()])
    with HostileServer(script) as server, connected(server, environment="dev") as client:
        stream = client.subscribe(
            "topic:a", "events:>", replay=3, include_metadata=True, filter="data.x > 1",
            consumer_group="g", ack="manual", backpressure="block", namespace="n",
        )  # fmt: skip
        assert list(stream) == [event()]
    assert server.requests[0].target == "/ws?env=dev"
    assert server.requests[0].headers["x-ironflow-environment"] == "dev"
    options = {
        "replay": 3,
        "includeMetadata": True,
        "filter": "data.x > 1",
        "consumerGroup": "g",
        "ackMode": "manual",
        "backpressure": "block",
        "namespace": "n",
    }
    assert server.peers[0].asked == [
        {"type": "subscribe", "subscription": {"pattern": "topic:a", "options": options}},
        {"type": "subscribe", "subscription": {"pattern": "events:>", "options": options}},
    ]


# Over TLS and by a proxy


def test_a_stream_goes_over_tls():
    script = [upgrade, put("a", b"x" * 100_000, 1), closed()]
    server = HostileServer(script, certificate="good.pem")
    with server, connected(server, ssl_context=trusting()) as client:
        assert [len(client.kv_value(update)) for update in client.kv_watch("b")] == [100_000]


def test_a_proxy_is_asked_for_a_tunnel_without_tls_too(monkeypatch):
    script = [request, b"HTTP/1.1 200 OK\r\n\r\n", upgrade, put("a", b"1", 1), closed()]
    with HostileServer(script) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//user:pass@"))
        with IronflowClient("http://ironflow.test:81", KEY, timeout=5) as client:
            assert [update["key"] for update in client.kv_watch("b")] == ["a"]
    tunnel, handshake = proxy.requests
    assert (tunnel.method, tunnel.target) == ("CONNECT", "ironflow.test:81")
    assert "authorization" not in tunnel.headers
    assert handshake.target == "/api/v1/kv/buckets/b/watch"
    assert "proxy-authorization" not in handshake.headers


# Values and documentation


def test_a_value_is_decoded():
    assert IronflowClient.kv_value({"value": "AAE=", "operation": "put"}) == b"\x00\x01"
    assert IronflowClient.kv_value({"value": "", "operation": "delete"}) == b""
    assert IronflowClient.kv_value({"value": None, "operation": "delete"}) == b""
    with pytest.raises(InvalidResponseError):
        IronflowClient.kv_value({"value": "?"})


@pytest.mark.parametrize(
    ("plain", "live"),
    [
        ("kv_list_buckets_watch", "kv_watch"),
        ("config_list_watch", "config_watch"),
        ("websocket_list", "subscribe"),
    ],
)
def test_the_plain_get_of_a_live_route_points_to_the_method_that_follows_it(plain, live):
    assert f"``{live}`` of the Python client" in " ".join(
        getattr(IronflowClient, plain).__doc__.split()
    )


# The example


def test_the_example_mirrors_a_bucket_through_a_restart():
    first = put("a", b"1", 1) + put("b", b"2", 2)
    server = HostileServer(
        [upgrade, first, reset],
        [upgrade, put("b", b"3", 5), closed()],
        [request, keys("b"), request, entry("b", "Mw==", 5)],
    )
    with server:
        done = start("mirror_bucket.py", "b", IRONFLOW_SERVER_URL=server.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "{'a': b'1'}",
        "{'a': b'1', 'b': b'2'}",
        "connected again",
        "{'b': b'2'}",
        "{'b': b'3'}",
    ]
