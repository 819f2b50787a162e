"""The server's listing of its routes: what is taken, and what is said of anything else."""

from __future__ import annotations

import json
import socket
import threading

import pytest

from codegen import listing
from codegen.listing import ListedRoute, ListingError, fetch, read_listing

from ..conftest import KEY

RUNS = {"method": "GET", "path": "/api/v1/runs", "group": "runs", "category": "supported"}
FOUND = [ListedRoute("GET", "/api/v1/runs", "runs", "supported")]


def read(document):
    return read_listing(json.dumps(document).encode())


# What is a listing


@pytest.mark.parametrize(
    "document",
    [
        [RUNS],
        {"routes": [RUNS]},
        {"version": "1", "count": 1, "routes": [RUNS], "groups": ["runs"], "tags": []},
        {"data": [{**RUNS, "streaming": False, "request": None}]},
    ],
)
def test_a_list_or_an_object_with_one_list_of_routes_is_taken(document):
    assert read(document) == FOUND


@pytest.mark.parametrize(
    ("shown", "group"),
    [
        ("runs", "runs"),
        ("Runs", "runs"),
        ("KV", "kv"),
        ("SQL", "sql"),
        ("APIKeys", "api_keys"),
        ("PubSub", "pub_sub"),
        ("Circuit Breakers", "circuit_breakers"),
        ("policy-templates", "policy_templates"),
        ("PlatformAudit", "platform_audit"),
    ],
)
def test_the_name_of_a_group_is_brought_to_snake_case(shown, group):
    assert read([{**RUNS, "group": shown}])[0].group == group


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!doctype html><title>Login</title>", "is not JSON; is the address that of an Ironflow"),
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"7", "has no lists of routes instead of one"),
        (b"{}", "has no lists of routes instead of one"),
        (b'{"error": "no"}', "has no lists of routes instead of one"),
        (b'{"a": [], "b": []}', "has 2 lists of routes instead of one"),
        (b"[]", "the server lists no routes; is it still starting?"),
        (b'{"routes": []}', "the server lists no routes"),
    ],
)
def test_anything_else_is_refused_with_what_to_do(content, message):
    with pytest.raises(ListingError, match=message):
        read_listing(content)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (7, "route [0] has no method that can be used: there is none"),
        ({**RUNS, "method": None}, "has no method that can be used: there is none"),
        ({**RUNS, "method": "FETCH"}, "has no method that can be used: 'FETCH' is not one"),
        ({**RUNS, "path": "/api/../x"}, "has no path that can be used: '/api/../x' is not one"),
        ({**RUNS, "path": "\x1b[31m"}, "has no path that can be used: '\\x1b[31m' is not one"),
        ({**RUNS, "group": ""}, "has no group that can be used: there is none"),
        ({**RUNS, "group": "läufe"}, "has no group that can be used: 'l\\xe4ufe' is not one"),
        ({**RUNS, "category": "rpc"}, "has no category that can be used: 'rpc' is not one"),
        ({**RUNS, "category": "beta"}, "has no category that can be used: 'beta' is not one"),
    ],
)
def test_a_route_that_cannot_be_used_is_told_with_its_place(entry, message):
    with pytest.raises(ListingError) as caught:
        read([entry])

    assert message in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_route_that_is_listed_twice_is_told_with_both_places():
    twice = {"routes": [RUNS, {**RUNS, "method": "POST"}, {**RUNS}]}

    with pytest.raises(ListingError, match=r"GET /api/v1/runs is routes\[0\] and routes\[2\]"):
        read(twice)
    with pytest.raises(ListingError, match="twice"):
        read([{**RUNS, "path": "/x/{id}"}, {**RUNS, "path": "/x/{runId}"}])


# Fetching it


def test_the_key_is_sent_as_a_bearer_credential(server):
    server.reply([RUNS])

    assert json.loads(fetch(server.url, KEY)) == [RUNS]
    assert (server.last.method, server.last.target) == ("GET", "/api/v1/routes")
    assert server.last.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_none_is_sent(server, key):
    server.reply([RUNS])
    fetch(server.url, key)

    assert "authorization" not in server.last.headers


def test_a_path_prefix_of_the_address_is_kept(server):
    server.reply([RUNS])
    fetch(server.url + "/flow/", None)

    assert server.last.target == "/flow/api/v1/routes"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "wants another key (HTTP 401); set IRONFLOW_API_KEY"),
        (403, "wants another key (HTTP 403)"),
        (404, "has no list of routes (HTTP 404); is it the address of an Ironflow server?"),
        (500, "answered HTTP 500; look into its log"),
    ],
)
def test_a_refusal_says_what_to_do_and_quotes_nothing(server, status, words):
    server.reply({"error": f"bad key {KEY}"}, status=status)

    with pytest.raises(ListingError) as caught:
        fetch(server.url, KEY)
    assert str(caught.value).startswith(f"{server.url} {words}")
    assert KEY not in str(caught.value)


def test_a_redirect_is_not_followed_with_the_key(server):
    server.reply(None, status=302, headers={"Location": f"{server.url}/elsewhere?{KEY}"})

    with pytest.raises(ListingError) as caught:
        fetch(server.url, KEY)
    assert "redirects to another address (HTTP 302); give that one with --server" in str(
        caught.value
    )
    assert KEY not in str(caught.value)
    assert len(server.requests) == 1


def test_a_server_that_is_down_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ListingError, match="cannot be reached .Connection refused.; start"):
            fetch(url, None)


def test_a_peer_that_speaks_no_http_is_one_line(server):
    server.raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")

    with pytest.raises(ListingError, match="gave no reply that can be read"):
        fetch(server.url, None)


def test_a_server_that_trickles_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def trickle():
            peer, _ = listener.accept()
            with peer:
                while not over.wait(0.05):
                    peer.sendall(b"H")

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        try:
            with pytest.raises(ListingError, match="did not answer within 0.3 seconds"):
                fetch(f"http://127.0.0.1:{listener.getsockname()[1]}", None, timeout=0.3)
        finally:
            over.set()
            thread.join()


def test_a_server_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(ListingError, match="did not answer within 0.2 seconds"):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}", None, timeout=0.2)


def test_a_listing_that_is_too_large_is_refused(server, monkeypatch):
    monkeypatch.setattr(listing, "MAX_BYTES", 100)
    server.reply(body=b" " * 101)

    with pytest.raises(ListingError, match="answered with more than 32 MiB"):
        fetch(server.url, None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:9123",
        "ftp://host",
        "http://",
        "http://h:0",
        "http://h:x",
        "http://h\n",
        "http://[::1",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url):
    with pytest.raises(ListingError, match="must be as http://localhost:9123; give --server"):
        fetch(url, None)


@pytest.mark.parametrize("url", [f"http://u:{KEY}@h", f"http://h?key={KEY}", f"http://h#{KEY}"])
def test_a_secret_in_the_address_is_refused_and_not_printed(url):
    with pytest.raises(ListingError) as caught:
        fetch(url, None)

    assert "the key belongs in IRONFLOW_API_KEY" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}\x00", f"{KEY}é"])
def test_a_key_that_a_header_cannot_carry_is_refused_and_not_printed(server, key):
    with pytest.raises(ListingError) as caught:
        fetch(server.url, key)

    assert "IRONFLOW_API_KEY has characters that a header cannot carry" in str(caught.value)
    assert KEY not in str(caught.value)
    assert server.requests == []
