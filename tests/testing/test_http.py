"""The local server's HTTP: what is malformed is answered, and hurts nobody else."""

from __future__ import annotations

import http.client
import json
import socket
import threading

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer, _http


@pytest.fixture
def raw(local):
    connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=5)
    yield connection
    connection.close()


def ask(connection, method, path, body=None, headers=None):
    """Status, headers in lower case and decoded body of one request."""
    connection.request(method, path, body=body, headers=headers or {})
    reply = connection.getresponse()
    content = reply.read()
    found = {name.lower(): value for name, value in reply.getheaders()}
    return reply.status, found, json.loads(content) if content else None


def send(server, content):
    """Everything that comes back for raw bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(content)
        received = b""
        while True:
            part = connection.recv(65536)
            if not part:
                return received
            received += part


def test_an_unknown_route_is_404_and_says_which(raw):
    assert ask(raw, "GET", "/api/v1/nothing/here") == (
        404,
        {"content-type": "application/json", "content-length": "47"},
        {"error": "no such route: /api/v1/nothing/here"},
    )


@pytest.mark.parametrize("path", ["/", "//", "/api/v1/runs/", "/api/v1//runs", "/API/V1/runs"])
def test_a_path_that_only_looks_like_a_route_is_none(raw, path):
    assert ask(raw, "GET", path)[0] == 404


def test_a_wrong_verb_is_405_and_says_which_are_right(raw):
    status, headers, body = ask(raw, "DELETE", "/api/v1/runs")
    assert (status, headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert body == {"error": "method not allowed"}


def test_options_lists_the_methods_of_a_route(raw):
    status, headers, body = ask(raw, "OPTIONS", "/api/v1/config/flags")
    assert (status, body) == (204, None)
    assert headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST"


def test_head_is_get_without_the_body(raw):
    raw.request("HEAD", "/api/v1/runs")
    reply = raw.getresponse()
    assert (reply.status, reply.read()) == (200, b"")
    assert int(reply.headers["Content-Length"]) > 10
    assert ask(raw, "GET", "/api/v1/runs")[0] == 200  # the connection is still in step


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"nope",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"[" * 100_000,
        b"[" * 101 + b"]" * 101,
        b'{"a":' * 101 + b"1" + b"}" * 101,
    ],
)
def test_a_body_that_is_no_json_is_400(raw, content):
    status, _, body = ask(raw, "POST", "/api/v1/events", content)
    assert (status, body) == (400, {"error": "the body is not valid JSON"})


def test_a_body_that_nobody_reads_has_to_be_json_too(raw):
    assert ask(raw, "POST", "/api/v1/runs/run_1/cancel", b"{")[0] == 400


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"1"])
def test_a_body_that_is_no_object_is_400(raw, content):
    status, _, body = ask(raw, "POST", "/api/v1/events", content)
    assert (status, body) == (400, {"error": "the body must be a JSON object"})


def test_a_chunked_body_is_read(raw):
    chunks = iter([b'{"name": "order.placed",', b'"data": {}}'])
    raw.request("POST", "/api/v1/events", body=chunks, encode_chunked=True)
    reply = raw.getresponse()
    assert (reply.status, json.loads(reply.read())) == (200, {"event_id": "evt_1", "run_ids": []})


POST = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS on a plain port
        (b"GET\r\n\r\n", 400),
        (b"GET /api/v1/runs HTTP/9.9\r\n\r\n", 505),
        (b"BREW /coffee HTTP/1.1\r\n\r\n", 501),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /api/v1/runs HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (POST + b"Content-Length: -1\r\n\r\n", 400),
        (POST + b"Content-Length: ten\r\n\r\n", 400),
        (POST + b"Content-Length: 99999999999999999999999\r\n\r\n", 413),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400),
    ],
)
def test_a_malformed_request_is_answered_and_the_server_goes_on(local, content, status):
    with IronflowClient(local.url) as client:
        client.runs_list()
        received = send(local, content)
        assert received.startswith(b"HTTP/1.1 %d " % status)
        assert json.loads(received.partition(b"\r\n\r\n")[2])["error"]
        assert client.runs_list()["count"] == 0


@pytest.mark.parametrize(
    "content", [b"", b"GE", b"GET /api/v1/runs HTTP/1.1\r\n", POST + b"Content-Length: 9\r\n\r\n{"]
)
def test_a_client_that_hangs_up_half_way_is_no_concern(local, local_client, content):
    with socket.create_connection(("127.0.0.1", local.port)) as connection:
        connection.sendall(content)
    assert local_client.events_list()["count"] == 0


def test_a_body_that_is_too_large_is_413_before_it_is_read(local, monkeypatch):
    monkeypatch.setattr(_http, "MAX_BODY", 1000)
    received = send(local, POST + b"Content-Length: 1001\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 413 ")
    chunk = b"1f4\r\n" + b" " * 500 + b"\r\n"
    received = send(local, POST + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * chunk)
    assert received.startswith(b"HTTP/1.1 413 ")


def test_many_requests_share_a_connection(local, local_client):
    for _ in range(50):
        local_client.runs_list()
    assert len(local._http._listener._open) == 1


def test_nothing_is_left_behind_by_a_server_that_stopped():
    before = set(threading.enumerate())
    with LocalServer() as server:
        clients = [IronflowClient(server.url) for _ in range(5)]
        for client in clients:
            client.runs_list()
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        assert ask(idle, "GET", "/api/v1/runs")[0] == 200
    assert set(threading.enumerate()) <= before  # those of other tests may be ending
    assert idle.sock.recv(1) == b""
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port)).close()
    for client in clients:
        client.close()


@pytest.mark.parametrize("sent", [b"", b"GET /api/v1/ru", POST + b"Content-Length: 9\r\n\r\n{"])
def test_a_client_that_sends_no_more_does_not_hold_a_stop_up(sent):
    server = LocalServer().start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(sent)
        with IronflowClient(server.url) as client:
            client.runs_list()  # the connection before is accepted then
        thread = next(iter(server._http._listener._open.values()))
        server.stop()
        assert not thread.is_alive()
        assert connection.recv(1) == b""


def test_a_reply_of_304_ends_with_its_head(local):
    local.fail("GET", "/api/v1/runs", status=304)
    received = send(local, b"GET /api/v1/runs HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 304 ")
    assert received.endswith(b"\r\n\r\n")


def test_requests_are_recorded_as_they_arrived(local):
    with IronflowClient(local.url, api_key="ifkey_0123456789") as client:
        client.events_create(body={"name": "order.placed", "data": {"a": 1}})
        client.events_list(names=["order.placed", "order.paid"], limit=5)
    first, second = local.requests
    assert (first.method, first.path, first.query) == ("POST", "/api/v1/events", {})
    assert first.json == {"name": "order.placed", "data": {"a": 1}}
    assert first.headers["authorization"] == "Bearer ifkey_0123456789"
    assert second.query == {"names": "order.placed,order.paid", "limit": "5"}
    assert (second.body, second.json) == (b"", None)
    assert repr(first) == "<ReceivedRequest POST /api/v1/events>"


def test_a_query_name_that_comes_twice_keeps_both_values(local, raw):
    ask(raw, "GET", "/api/v1/events?names=a&names=b%20c")
    assert local.requests[-1].query == {"names": "a,b c"}


def test_as_many_brackets_side_by_side_are_no_depth(local_client):
    data = {"rows": [[n] for n in range(200)], "text": "[{" * 200}
    event_id = local_client.events_create(body={"name": "import.done", "data": data})["event_id"]
    assert local_client.events_get(event_id)["data"] == data
