"""Redirects: a read follows them within the server, a write never, and nobody elsewhere."""

from __future__ import annotations

import pytest

from ironflow import IronflowClient, IronflowError, IronflowTimeoutError

from ..conftest import KEY
from ..hostile import OK, HostileServer, behave, pause, reply, request, trickle
from .calls import connected, failure, get, next_call_works, post


def redirect(location, status=302, *headers):
    return reply(b"", f"Location: {location}", *headers, status=f"{status} Found")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/there?id=2", "/there?id=2"),
        ("there?id=2", "/api/there?id=2"),
        ("?id=2", "/api/x?id=2"),
        ("{url}/there?id=2", "/there?id=2"),
        ("//127.0.0.1:{port}/there?id=2", "/there?id=2"),
        ("/there?id=2#part", "/there?id=2"),
        ("../there/%2E?id=2", "/there/%2E?id=2"),
        ("/th ere?id=2", "/th%20ere?id=2"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_follows_a_redirect_within_the_server(status, location, target, method):
    with HostileServer() as server, connected(server) as client:
        pointed = location.format(url=server.url, port=server.port)
        server.scripts = [[request, redirect(pointed, status), request, OK, behave]]
        assert client.request(method, "/api/x") == ({} if method == "GET" else None)
        assert [(seen.method, seen.target) for seen in server.requests] == [
            (method, "/api/x"),
            (method, target),
        ]
        assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"
        assert server.accepted == 1


@pytest.mark.parametrize(
    ("server_url", "location", "target"),
    [
        ("http://api.example.com", "http://api.example.com:80/there", "/there"),
        ("http://api.example.com:80", "http://api.example.com/there?a=b", "/there?a=b"),
        ("http://API.example.com", "HTTP://api.Example.com/there", "/there"),
        ("http://api.example.com", "http://api.example.com?a=b", "/?a=b"),
    ],
)
def test_an_origin_is_the_same_however_it_is_written(monkeypatch, server_url, location, target):
    with HostileServer([request, redirect(location), behave]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with IronflowClient(server_url, KEY) as client:
            assert client.request("GET", "/api/x") == {"id": None}
        assert proxy.requests[1].target == server_url + target


@pytest.mark.parametrize(
    ("count", "followed"), [(5, True), (6, False)], ids=["five redirects", "six redirects"]
)
def test_a_redirect_loop_ends(count, followed):
    step = [request, redirect("/x?id=1")]
    with HostileServer([*step * count, behave]) as server, connected(server) as client:
        if followed:
            assert get(client, "1") == {"id": "1"}
        else:
            error = failure(get, client, "1")
            assert type(error) is IronflowError
            assert (error.status_code, error.code) == (302, "HTTP_302")
            assert (error.retryable, error.attempts) == (False, 1)
            assert "redirected to /x?id=1" in str(error)
            next_call_works(client, server)
        assert server.delivered("1") == 6


ELSEWHERE = [
    "http://other.example/x",
    "http://127.0.0.1:1/x",
    "//other.example/x",
    "http://127.0.0.1/x",
    "https://127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}0/x",
    "http://127.0.0.1:{port}@other.example/x",
    "http://user@127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}.other.example/x",
    "http://[",
    "http://[::1/x",
    "ftp://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "mailto:a@b",
    "/caf\xc3\xa9",
]


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("call", [get, post])
def test_a_redirect_to_elsewhere_is_an_error_that_says_where_it_pointed(location, call):
    with HostileServer() as server, connected(server) as client:
        pointed = location.format(port=server.port)
        server.scripts = [[request, redirect(pointed), behave]]
        error = failure(call, client, "first")
        assert type(error) is IronflowError
        assert (error.status_code, error.code) == (302, "HTTP_302")
        assert (error.retryable, error.attempts) == (False, 1)
        assert f"redirected to {pointed}" in str(error)
        assert server.delivered("first") == 1
        next_call_works(client, server)


def test_a_redirect_from_tls_to_plain_is_not_followed():
    with HostileServer() as plain, HostileServer(certificate="good.pem") as server:
        server.scripts = [[request, redirect(f"http://127.0.0.1:{server.port}/x"), behave]]
        with connected(server) as client:
            error = failure(get, client, "first")
            assert (type(error), error.status_code) == (IronflowError, 302)
            next_call_works(client, server)
        assert plain.requests == []


def test_a_redirect_without_a_location_is_an_error():
    with HostileServer([request, reply(b"", status="302 Found"), behave]) as server:
        with connected(server) as client:
            error = failure(get, client, "first")
            assert (type(error), error.status_code) == (IronflowError, 302)
            next_call_works(client, server)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirected_write_is_not_sent_again(status, method):
    with HostileServer([request, redirect("/there", status), behave]) as server:
        with connected(server) as client:
            error = failure(lambda: client.request(method, "/x", body={"id": "first"}))
            assert type(error) is IronflowError
            assert (error.status_code, error.code) == (status, f"HTTP_{status}")
            assert (error.retryable, error.attempts) == (False, 1)
            assert "redirected to /there" in str(error)
            assert server.delivered("first") == 1
            next_call_works(client, server)


def test_a_redirect_that_trickles_on_and_on_is_over_in_time():
    hop = [request, pause(0.1), redirect("/x")]
    with HostileServer([*hop * 3, request, trickle(OK[:-3] + b"x" * 99)]) as server:
        with connected(server, timeout=0.5) as client:
            assert type(failure(get, client, "first")) is IronflowTimeoutError
