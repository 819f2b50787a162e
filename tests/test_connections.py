"""Connections that stay open: reused, checked, shared by threads, left alone by forks."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
import warnings

import pytest

from ironflow import IronflowClient, IronflowConnectionError, IronflowError
from ironflow import _transport as transport

from .conftest import KEY
from .hostile import HostileServer, HungUp, behave, clear_proxies, request

CALLS = 2_000 if os.environ.get("CI") else 250
THREADS = 32


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    clear_proxies(monkeypatch)


@pytest.fixture
def server():
    with HostileServer() as running:
        yield running


@pytest.fixture
def client(server):
    with IronflowClient(server.url, api_key=KEY, timeout=20) as connected:
        yield connected


def get(client, id):
    reply = client.request("GET", "/x", params={"id": id})
    assert reply == {"id": id}


def test_calls_in_a_row_use_one_connection(client, server):
    for number in range(20):
        get(client, str(number))
    client.request("POST", "/x", body={"id": "write"})
    assert server.accepted == 1


def test_copies_of_a_client_share_its_connections(client, server):
    get(client.with_options(timeout=3), "a")
    get(client, "b")
    get(client.with_options(api_key=None), "c")
    assert server.accepted == 1


def test_close_closes_and_the_next_call_opens_again(client, server):
    get(client, "a")
    client.close()
    get(client, "b")
    assert server.accepted == 2


def test_a_connection_that_the_server_closed_while_it_waited_is_not_used_for_a_write(server):
    server.scripts = [[request, _answer("first"), _close]]
    with IronflowClient(server.url, timeout=20) as client:
        get(client, "first")
        server.peers[0].settled.wait(20)
        client.request("POST", "/x", body={"id": "write"})
    assert server.delivered("write") == 1
    assert server.accepted == 2


def _answer(id):
    return lambda peer: peer.answer({"id": id})


def _close(peer):
    peer.sock.close()


def _end_without_a_reply(peer):
    peer.request()
    peer.reset()


def test_a_read_on_a_connection_that_dies_is_sent_again_at_once(server):
    server.scripts = [[request, _answer("first"), _end_without_a_reply]]
    with IronflowClient(server.url, timeout=20) as client, client.capture() as seen:
        client._open().sleep = pytest.fail
        get(client, "first")
        get(client, "second")
    assert [call.attempts for call in seen] == [1, 1]
    assert server.delivered("second") == 2


def test_a_write_on_a_connection_that_dies_is_not_sent_again(server):
    server.scripts = [[request, _answer("first"), _end_without_a_reply]]
    with IronflowClient(server.url, timeout=20) as client:
        get(client, "first")
        with pytest.raises(IronflowConnectionError) as caught:
            client.request("POST", "/x", body={"id": "write"})
        assert caught.value.attempts == 1
    assert server.delivered("write") == 1


def test_a_connection_that_waited_too_long_is_not_used(client, server, monkeypatch):
    get(client, "a")
    monkeypatch.setattr(transport, "MAX_IDLE_SECONDS", 0.0)
    get(client, "b")
    assert server.accepted == 2


def test_no_more_connections_wait_than_may(client, server, monkeypatch):
    monkeypatch.setattr(transport, "MAX_IDLE_CONNECTIONS", 0)
    get(client, "a")
    get(client, "b")
    assert server.accepted == 2


def test_threads_that_start_together_share_one_pool(server):
    client = IronflowClient(server.url, timeout=20)
    barrier = threading.Barrier(8)

    def work(number):
        barrier.wait(20)
        for turn in range(5):
            get(client, f"{number}.{turn}")

    _in_threads(work, 8)
    assert server.accepted <= 8
    client.close()


def test_a_client_that_nobody_closes_goes_without_a_warning(server):
    client = IronflowClient(server.url)
    client.itself = client  # a cycle, which only the collector can end
    get(client, "a")
    peer = server.peers[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del client
        gc.collect()
    assert peer.settled.wait(20)


def _in_threads(work, count):
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def _dies_now_and_then(peer):
    """Answer; drop every tenth request of the server, before or after it has been carried out."""
    peer.settled.set()
    server = peer.server
    while True:
        received = peer.request()
        if len(server.requests) % 10 == 0:
            return
        peer.answer({"id": received.id})
        if peer.number >= 0 and received.id is None:
            raise HungUp


def _descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
def test_threads_on_one_client_get_their_own_replies_and_no_write_twice():
    before = _descriptors()
    with HostileServer(then=(_dies_now_and_then,)) as server:
        client = IronflowClient(server.url, timeout=60, max_attempts=10, max_backoff=0)
        client._open()._budget.tokens = sys.maxsize  # as many retries as the server asks for
        lost = []

        def work(number):
            for turn in range(CALLS):
                id = f"{number}.{turn}"
                if turn % 4:
                    get(client, id)
                    continue
                try:
                    assert client.request("POST", "/x", body={"id": f"w{id}"}) == {"id": f"w{id}"}
                except IronflowError:
                    lost.append(id)

        _in_threads(work, THREADS)
        writes = [seen.id for seen in server.requests if seen.method == "POST"]
        assert len(writes) == len(set(writes)) == THREADS * len(range(0, CALLS, 4))
        assert lost
        assert sum(not peer.settled.is_set() for peer in server.peers) <= THREADS
        assert len(client._open()._idle) <= THREADS
        client.close()
    assert _descriptors() <= before + 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_leaves_the_connections_of_its_parent_alone(server):
    client = IronflowClient(server.url, timeout=20)
    get(client, "parent")
    children = []
    for number in range(4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
            child = os.fork()
        if child == 0:
            status = 1
            try:
                for turn in range(5):
                    get(client, f"{number}.{turn}")
                client.close()
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for turn in range(5):
        get(client, f"parent.{turn}")
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    get(client, "parent_again")
    assert server.accepted == 5
    assert len(server.peers[0].requests) == 7
    client.close()


def test_a_slow_server_does_not_outlast_the_timeout_while_it_reads():
    def never_reads(peer):
        peer.settled.set()
        peer.server.released.wait(30)

    with HostileServer([never_reads]) as server:
        client = IronflowClient(server.url, timeout=0.3)
        with pytest.raises(TimeoutError):
            client.request("POST", "/x", body={"id": "x" * 30_000_000})


def test_head_and_body_leave_in_one_piece():
    arrived = []

    def first_receive(peer):
        arrived.append(peer.sock.recv(65536))
        peer.answer({})
        peer.settled.set()

    with HostileServer([first_receive], then=(behave,)) as server:
        with IronflowClient(server.url) as client:
            client.events_create(body={"name": "order.placed", "data": {}})
    assert arrived[0].endswith(b'{"name":"order.placed","data":{}}')


def test_nagle_is_off(client, server):
    get(client, "a")
    sock = client._open()._idle[0].sock
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
