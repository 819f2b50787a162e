"""``LocalServer`` itself: starting, stopping, its options."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer
from ironflow.testing._samples import add_samples

from ..conftest import ROOT
from ..local import until


def test_a_url_before_the_start_says_what_to_do():
    server = LocalServer()
    assert repr(server) == "<LocalServer stopped>"
    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        server.url  # noqa: B018


def test_start_and_stop_may_be_called_twice():
    server = LocalServer().start()
    port = server.port
    assert server.start().port == port
    server.stop()
    server.stop()


def test_a_server_that_starts_again_has_its_port_and_its_data():
    server = LocalServer().start()
    client = IronflowClient(server.url, max_attempts=1)
    client.events_create(body={"name": "order.placed", "data": {}})
    server.stop()
    with pytest.raises(ConnectionError):
        client.events_list()
    with server:
        assert client.events_list()["count"] == 1
    client.close()


def test_servers_do_not_share_anything():
    with LocalServer() as one, LocalServer() as other:
        with IronflowClient(one.url) as client:
            client.events_create(body={"name": "order.placed", "data": {}})
        with IronflowClient(other.url) as client:
            assert client.events_list()["count"] == 0


@pytest.mark.parametrize("host", ["no such host", "a\0b", "é" * 80])
def test_a_host_that_is_none_is_said_in_one_line(host):
    server = LocalServer(host=host)
    with pytest.raises(OSError, match="cannot listen on") as failure:
        server.start()
    assert "\n" not in str(failure.value)
    server.stop()


def test_a_start_that_failed_can_be_tried_again():
    with LocalServer() as server:
        other = LocalServer(port=server.port)
        with pytest.raises(OSError):
            other.start()
    with other:
        assert other.port == server.port


def test_starts_and_stops_from_many_threads_end_in_a_server_that_works():
    server = LocalServer()
    failures = []

    def toggle():
        for _ in range(20):
            try:
                server.start()
                server.stop()
            except OSError as error:  # the port of a stop that is not through
                failures.append(error.strerror)

    threads = [threading.Thread(target=toggle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("Address already in use" in failure for failure in failures)
    with server, IronflowClient(server.url) as client:
        assert client.runs_list()["count"] == 0


def test_a_reset_meets_no_call_half_way(local, local_client):
    stop = threading.Event()

    def register():
        number = 0
        while not stop.is_set():
            local.function(f"function-{number % 50}", triggers=["order.*"])(len)
            number += 1

    thread = threading.Thread(target=register)
    thread.start()
    for _ in range(10):
        local_client.events_create(body={"name": "stock.counted", "data": {}})
        local_client.functions_list()
        local.reset()
    stop.set()
    thread.join()
    assert local_client.events_list()["count"] == 0


def test_a_server_on_every_address_has_a_url_that_can_be_called():
    with LocalServer(host="0.0.0.0") as server, IronflowClient(server.url) as client:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert client.runs_list()["count"] == 0


CHILD = """
import os, sys
from ironflow import IronflowClient
from ironflow.testing import LocalServer

with LocalServer() as server:
    client = IronflowClient(server.url)
    client.runs_list()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)  # until the parent is through
        server.stop()
        os._exit(0)
server.start()
assert client.events_create(body={"name": "order.placed", "data": {}})["event_id"] == "evt_1"
server.stop()
os.close(write)
_, status = os.waitpid(child, 0)
sys.exit(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_neither_holds_the_port_nor_hangs():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CHILD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_taken_port_is_said_in_one_line():
    with LocalServer() as server:
        with pytest.raises(OSError) as failure:
            LocalServer(port=server.port).start()
        assert failure.value.strerror == (
            f"cannot listen on 127.0.0.1:{server.port}: Address already in use"
        )


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_serves_too():
    try:
        with LocalServer(host="::1") as server, IronflowClient(server.url) as client:
            assert server.url == f"http://[::1]:{server.port}"
            assert client.runs_list()["count"] == 0
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": -1}, "port must be"),
        ({"port": 65536}, "port must be"),
        ({"port": "9123"}, "port must be"),
        ({"port": True}, "port must be"),
        ({"host": ""}, "host must be"),
        ({"api_key": ""}, "api_key must be"),
        ({"api_key": "two words"}, "api_key must be"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        LocalServer(**options)


@pytest.mark.parametrize("wrong", ["order.*", b"order.*"])
def test_a_pattern_that_is_no_list_is_refused(local, wrong):
    with pytest.raises(TypeError, match="must be a list of patterns"):
        local.function("process-order", triggers=wrong)
    with pytest.raises(TypeError, match="must be a list of patterns"):
        local.projection("order_stats", events=wrong)


def test_a_handler_that_cannot_be_called_is_refused(local):
    with pytest.raises(TypeError, match="must be callable"):
        local.function("process-order")("no handler")
    with pytest.raises(TypeError, match="must be callable"):
        local.projection("order_stats", events=["order.*"])("no reducer")
    with pytest.raises(TypeError, match="partition_by must be callable"):
        local.projection("order_stats", events=["order.*"], partition_by="shop")


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda s: s.function(len), TypeError, "id must be a string"),  # @server.function, bare
        (lambda s: s.function(""), TypeError, "id must be a string"),
        (lambda s: s.function("f", retry_delay=1e12), ValueError, "retry_delay must be"),
        (lambda s: s.projection("", events=["a"]), TypeError, "name must be a string"),
        (lambda s: s.upcaster("", 1), TypeError, "event_name must be a string"),
        (lambda s: s.upcaster("order.placed", "1"), ValueError, "from_version must be"),
        (lambda s: s.upcaster("order.placed", True), ValueError, "from_version must be"),
        (lambda s: s.break_circuit("f", "http://x", fails=0), ValueError, "fails must be"),
        (lambda s: s.break_circuit("f", "http://x", environment="env_9"), KeyError, "env_9"),
        (lambda s: s.dead_letter("evt_1", environment="env_9"), KeyError, "env_9"),
    ],
)
def test_what_cannot_be_registered_is_refused_at_once(local, ask, error, message):
    with pytest.raises(error, match=message):
        ask(local)


def test_calls_from_many_threads_are_all_handled(local, local_client):
    def emit():
        for _ in range(25):
            local_client.events_create(body={"name": "order.placed", "data": {}})

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = [event["id"] for event in local_client.events_list(limit=200)["events"]]
    assert sorted(events, key=lambda id: int(id[4:])) == [f"evt_{n}" for n in range(1, 201)]


def test_stopping_ends_a_wait_that_a_caller_is_in(local, local_client):
    add_samples(local)
    outcome = []

    def wait():
        try:
            local_client.projections_list_catchup("order_stats", min_seq=9, timeout=30_000)
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: local.requests)
    local.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(outcome) == 1
