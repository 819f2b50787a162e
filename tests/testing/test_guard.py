"""Web pages that a developer visits do not reach the local server."""

from __future__ import annotations

import http.client
import json

import pytest

from ironflow.testing import LocalServer
from ironflow.testing._engine.refusals import Refusal
from ironflow.testing._guard import refuse_foreign

EVENT = b'{"name": "order.placed", "data": {}}'


def ask(server, method, path, headers, body=None):
    """Send a request with these headers alone; return status and decoded body of the reply."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def test_the_form_of_a_web_page_runs_no_handler(local, local_client):
    ran = []
    local.function("process-order", triggers=["order.*"])(ran.append)
    form = {
        "Host": f"localhost:{local.port}",
        "Origin": "https://shop.example",
        "Content-Type": "text/plain",
        "Sec-Fetch-Site": "cross-site",
    }
    status, reply = ask(local, "POST", "/api/v1/events", form, EVENT)
    assert status == 403
    assert reply == {"error": "a web page of 'https://shop.example' may not call the local server"}
    assert local_client.events_list()["count"] == 0
    local.wait_until_idle()
    assert ran == []


def test_a_name_that_was_pointed_here_is_refused_with_advice(local):
    status, reply = ask(local, "GET", "/api/v1/runs", {"Host": f"shop.example:{local.port}"})
    assert status == 403
    assert reply["error"].endswith("does not name this machine; use localhost")


def test_a_refused_request_meets_no_fault_and_is_not_recorded(local, local_client):
    local.fail("GET", "/api/v1/runs", status=418)
    assert ask(local, "GET", "/api/v1/runs", {"Origin": "null"})[0] == 403
    assert local.requests == []
    assert ask(local, "GET", "/api/v1/runs", {})[0] == 418


@pytest.mark.parametrize(
    "headers",
    [
        {},  # no browser
        {"host": "localhost"},
        {"host": "LOCALHOST.:9123"},
        {"host": "127.0.0.1:9123"},
        {"host": "127.8.9.10"},
        {"host": "[::1]:9123"},
        {"host": "localhost", "origin": "http://localhost:3000"},
        {"host": "localhost", "origin": "http://127.0.0.1:5173", "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_what_names_this_machine_passes(headers):
    assert refuse_foreign(headers, "127.0.0.1") is None


@pytest.mark.parametrize(
    "headers",
    [
        {"host": ""},
        {"host": "example.com"},
        {"host": "localhost.example.com"},
        {"host": "127.0.0.1.example.com"},
        {"host": "128.0.0.1"},
        {"host": "192.168.1.2:9123"},
        {"host": "[fe80::1]"},
        {"host": "[::1"},
        {"host": "user@example.com"},
        {"host": "localhost@example.com"},
        {"host": "localhost", "origin": "null"},
        {"host": "localhost", "origin": ""},
        {"host": "localhost", "origin": "https://example.com"},
        {"host": "localhost", "origin": "https://localhost.example.com"},
        {"host": "localhost", "origin": "localhost"},
        {"host": "localhost", "sec-fetch-site": "Cross-Site"},
    ],
)
def test_what_names_another_machine_is_refused(headers):
    with pytest.raises(Refusal) as refused:
        refuse_foreign(headers, "127.0.0.1")
    assert refused.value.status == 403


def test_the_host_that_the_server_listens_on_is_ours():
    refuse_foreign({"host": "build-box:9123", "origin": "http://Build-Box"}, "build-box")
    refuse_foreign({"host": "192.168.1.2:9123"}, "192.168.1.2")
    with pytest.raises(Refusal):
        refuse_foreign({"host": "192.168.1.3:9123"}, "192.168.1.2")


def test_a_server_on_every_address_takes_addresses_and_no_names():
    for host in ("192.168.1.2:9123", "[fe80::1]:9123", "localhost"):
        refuse_foreign({"host": host}, "0.0.0.0")
    for headers in ({"host": "shop.example"}, {"host": "10.0.0.1", "origin": "http://10.0.0.1"}):
        with pytest.raises(Refusal):
            refuse_foreign(headers, "0.0.0.0")


def test_the_guard_holds_with_a_key_too():
    key = "ifkey_0123456789abcdef0123456789abcdef"
    with LocalServer(api_key=key) as server:
        headers = {"Host": "shop.example", "Authorization": f"Bearer {key}"}
        assert ask(server, "GET", "/api/v1/runs", headers)[0] == 403
