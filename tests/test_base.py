"""One call and what surrounds it: headers, any-route requests, copies with options, closing."""

from __future__ import annotations

import sys

import pytest

from ironflow import IronflowClient, IronflowError, __version__

from .conftest import KEY


def test_the_standing_headers_are_sent_with_every_call(client, server):
    client.runs_list()
    headers = server.last.headers
    assert headers["accept"] == "application/json"
    assert headers["authorization"] == f"Bearer {KEY}"
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert headers["user-agent"] == f"ironflow-python/{__version__} Python/{python}"
    assert headers["host"] == f"127.0.0.1:{server.port}"


def test_optional_headers_are_sent_when_asked_for(server):
    client = IronflowClient(
        server.url,
        environment="staging",
        org="org_123",
        headers={"X-Trace": "t1", "accept": "application/vnd.x+json"},
        user_agent_suffix="nightly/2",
    )
    client.runs_list()
    headers = server.last.headers
    assert headers["x-ironflow-environment"] == "staging"
    assert headers["x-ironflow-org"] == "org_123"
    assert headers["x-trace"] == "t1"
    assert headers["accept"] == "application/vnd.x+json"
    assert headers["user-agent"].endswith(" nightly/2")
    assert "authorization" not in headers


def test_a_header_of_the_call_wins_over_that_of_the_client(client, server):
    staging = client.with_options(environment="staging")
    staging.secrets_get("my-secret", x_ironflow_environment="production")
    assert server.last.headers["x-ironflow-environment"] == "production"
    staging.secrets_get("my-secret")
    assert server.last.headers["x-ironflow-environment"] == "staging"
    staging.request("GET", "/x", headers={"AUTHORIZATION": "Bearer other", "Accept": None})
    assert server.last.headers["authorization"] == "Bearer other"
    assert server.last.headers["accept"] == "application/json"


def test_a_path_prefix_of_the_server_url_is_kept(server):
    IronflowClient(f"{server.url}/gateway/").runs_get("run_1")
    assert server.last.target == "/gateway/api/v1/runs/run_1"


def test_request_takes_what_follows_the_path_by_name(client, server):
    server.reply({"ok": True})
    reply = client.request(
        "post", "/api/v1/x", params={"a": 1}, headers={"X-B": "2"}, body={"c": 3}, retry=False
    )
    assert reply == {"ok": True}
    seen = server.last
    assert (seen.method, seen.target, seen.json) == ("POST", "/api/v1/x?a=1", {"c": 3})
    assert seen.headers["x-b"] == "2"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_request_reaches_any_route_with_any_method(client, server, method):
    client.request(method, "/anything/at%20all")
    assert (server.last.method, server.last.target) == (method, "/anything/at%20all")


def test_request_adds_parameters_to_a_query_in_the_path(client, server):
    client.request("GET", "/x?a=1", params={"b": 2})
    assert server.last.target == "/x?a=1&b=2"


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("", ValueError, "must start with one '/'"),
        ("api/v1/runs", ValueError, "must start with one '/'"),
        ("http://elsewhere.example/x", ValueError, "must start with one '/'"),
        ("//elsewhere.example/x", ValueError, "must start with one '/'"),
        ("/a b", ValueError, "must be percent-encoded"),
        ("/a\r\nX: 1", ValueError, "must be percent-encoded"),
        ("/é", ValueError, "must be percent-encoded"),
        ("/a#b", ValueError, "must be percent-encoded"),
        ("/a\\b", ValueError, "must be percent-encoded"),
        ("/a/../b", ValueError, "must not hold a '.'"),
        ("/a/%2e%2E/b", ValueError, "must not hold a '.'"),
        ("/a/%2e%2e%2fb", ValueError, "must not hold a '.'"),
        ("/a/.", ValueError, "must not hold a '.'"),
        ("/api/v1/runs//audit", ValueError, "must not hold an empty part"),
        ("/a/%2F/b", ValueError, "must not hold an empty part"),
        ("/a%2f%2Fb", ValueError, "must not hold an empty part"),
        ("/a/%5Cb", ValueError, "must not hold an empty part"),
        ("/a//?b=c", ValueError, "must not hold an empty part"),
        (None, TypeError, "must be a string"),
        (b"/x", TypeError, "must be a string"),
    ],
)
def test_request_refuses_a_path_that_would_go_elsewhere(client, server, path, error, message):
    with pytest.raises(error, match=f"^path: .*{message}"):
        client.request("GET", path)
    assert server.requests == []


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/runs/", "/a?b=c//d", "/a/%20/b", "/a/...", "/a%252F%252Fb"]
)
def test_request_takes_a_path_that_only_looks_odd(client, server, path):
    client.request("GET", path)
    assert server.last.target == path


@pytest.mark.parametrize("misplaced", [{"a": 1}, b"raw", None])
def test_request_takes_no_body_and_no_parameters_by_position(client, server, misplaced):
    with pytest.raises(TypeError, match="positional"):
        client.request("POST", "/x", misplaced)
    assert server.requests == []


def test_request_refuses_parameters_that_are_no_mapping(client, server):
    for params in ("a=1", [("a", 1)], {1}):
        with pytest.raises(TypeError, match="^params: must be a mapping, not "):
            client.request("GET", "/x", params=params)
    assert server.requests == []


def test_request_gives_text_where_it_is_asked_for(client, server):
    server.reply(body=b"up 1\n", headers={"Content-Type": "text/plain"})
    assert client.request("GET", "/metrics", text=True) == "up 1\n"
    assert server.last.headers["accept"] == "text/plain, */*"
    client.request("GET", "/x", text=True, headers={"accept": "text/csv"})
    assert server.last.headers["accept"] == "text/csv"


def test_request_refuses_what_is_no_method(client, server):
    for method in ("FETCH", "GET\r\n", "", "CONNECT"):
        with pytest.raises(ValueError, match="^method: must be one of DELETE, GET"):
            client.request(method, "/x")
    with pytest.raises(TypeError, match="^method: "):
        client.request(None, "/x")
    with pytest.raises(TypeError, match="^retry: must be True, False or None, not int"):
        client.request("GET", "/x", retry=1)
    assert server.requests == []


def test_the_endpoints_outside_the_groups_are_there(client, server):
    server.reply({"status": "healthy", "timestamp": "2026-01-15T09:30:00Z"})
    assert client.health()["status"] == "healthy"
    client.ready()
    client.capabilities()
    client.metrics()
    paths = [request.target for request in server.requests]
    assert paths == ["/health", "/ready", "/api/v1/capabilities", "/metrics"]


def test_with_options_leaves_the_client_as_it_is(client, server):
    before = repr(client)
    other = client.with_options(
        timeout=1, api_key=None, environment="staging", headers={"X-A": "b"}
    )
    assert repr(client) == before
    assert type(other) is IronflowClient
    other.runs_list()
    assert "authorization" not in server.last.headers
    assert server.last.headers["x-a"] == "b"
    client.runs_list()
    assert server.last.headers["authorization"] == f"Bearer {KEY}"
    assert "x-a" not in server.last.headers


def test_with_options_can_point_at_another_server(client, server):
    elsewhere = client.with_options(server_url="http://127.0.0.1:1")
    with pytest.raises(IronflowError):
        elsewhere.runs_list()
    assert server.requests == []
    assert client.runs_list() == {}


def test_with_options_keeps_what_a_subclass_added(server):
    class Mine(IronflowClient):
        def __init__(self, url, tag):
            super().__init__(url)
            self.tag = tag

    copy = Mine(server.url, "t").with_options(timeout=1)
    assert (type(copy), copy.tag) == (Mine, "t")


def test_a_closed_client_reopens_on_the_next_call(server):
    with IronflowClient(server.url) as client:
        client.runs_list()
    client.close()
    client.close()
    assert client.runs_list() == {}


def test_a_client_that_never_called_can_be_closed():
    IronflowClient().close()


def test_a_deprecated_method_warns_at_the_line_of_the_caller(client):
    class Old(IronflowClient):
        def runs_old(self):
            return self._call(
                "GET", "/x", deprecated="runs_old is deprecated since 2.0: use runs_list"
            )

    old = Old(client.with_options()._options.server_url)
    with pytest.warns(DeprecationWarning, match="use runs_list") as caught:
        old.runs_old()
    assert caught[0].filename == __file__


def test_a_stored_body_cannot_be_none_which_would_store_nothing(client, server):
    with pytest.raises(TypeError, match='body: must not be None; b"" stores nothing'):
        client.kv_update_buckets_keys("cache", "greeting", None)
    assert server.requests == []
