"""The connections of ``client.map``: how they open, by which way, and which are used again."""

from __future__ import annotations

import gc
import select
import socket
import threading
import time

import pytest

from ironflow import IronflowClient, IronflowConnectionError, _map
from ironflow._wire.lane import READ, Lane

from .conftest import KEY
from .hostile import OK, HostileServer, behave, reply, request, reset, trusting_context
from .many_calls import gets, in_flight_behind, posts, values
from .wire.calls import connected
from .wire.test_proxies import tunnel


def test_calls_are_spread_over_connections_before_they_share_one():
    def serve(peer):
        together.wait(10)
        behave(peer)

    together = threading.Barrier(4)
    with HostileServer(then=[serve]) as server, connected(server, timeout=15) as client:
        outcomes = gets(client, "abcd", concurrency=4, pipeline=4)
        assert values(outcomes) == [{"id": id} for id in "abcd"]
        assert server.accepted == 4


def test_a_pipeline_that_is_half_empty_is_filled_again_by_calls_that_leave_together():
    def serve(peer):
        received = [peer.request() for _ in range(4)]
        peer.answer({"id": received[0].id})
        assert not select.select([peer.sock], [], [], 0.1)[0]  # one by one costs a send each
        peer.answer({"id": received[1].id})
        received += [peer.request() for _ in range(2)]  # although two are not answered
        for each in received[2:]:
            peer.answer({"id": each.id})
        behave(peer)

    with HostileServer([serve]) as server, connected(server, timeout=15) as client:
        outcomes = gets(client, "abcdefgh", concurrency=1, pipeline=4)
        assert values(outcomes) == [{"id": id} for id in "abcdefgh"]
        assert server.accepted == 1


# Those of the pool


@pytest.mark.parametrize("end", [[], [reset]], ids=["close", "reset"])
@pytest.mark.parametrize("pipeline", [1, 4])
def test_kept_connections_that_are_all_dead_fail_no_read_and_end_no_pipeline(end, pipeline):
    def hold(peer):
        peer.request()
        together.wait(10)
        peer.send(OK)

    together, waiting = threading.Barrier(6), []
    dying, good = [hold, request, *end], [in_flight_behind(waiting)]
    with HostileServer(*[dying] * 6, then=good) as server, connected(server) as client:
        threads = [threading.Thread(target=client.request, args=("GET", "/x")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert server.accepted == 6
        ids = [f"r{number}" for number in range(40)]
        outcomes = gets(client, ids, concurrency=2, pipeline=pipeline)
        assert values(outcomes) == [{"id": id} for id in ids]
        assert server.accepted == 8  # two of the six were tried, and then no other
    assert (max(count for _, count in waiting) > 0) == (pipeline > 1)


def test_a_client_that_is_closed_meanwhile_gets_no_connections_back():
    with HostileServer() as server, connected(server) as client:
        calls = gets(client, "abcdefgh", concurrency=2)
        next(calls)
        client.close()
        assert len(list(calls)) == 7
        assert client._open()._idle == []


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
def test_a_connection_that_may_be_closed_by_now_is_not_used_again(tls):
    pause = reply(
        b'{"error": "slow"}', "Retry-After: 1.2", "Keep-Alive: timeout=1", status="429 No"
    )
    with HostileServer([request, pause, behave], certificate=tls) as server:
        with connected(server) as client:
            assert values(gets(client, ["a"], concurrency=1)) == [{"id": "a"}]
            assert server.accepted == 2


def test_a_connection_that_ends_while_the_consumer_is_away_is_not_used_for_a_write():
    def close(peer):
        leave.wait(10)

    leave = threading.Event()
    with HostileServer([request, reply(b'{"id": 0}'), request, OK, close]) as server:
        with connected(server) as client:
            calls = posts(client, ids := iter("abcdef"), concurrency=1)
            next(calls)
            assert server.accepted == 1
            leave.set()
            assert server.peers[0].settled.wait(10)
            rest = list(calls)
            assert [outcome.error for outcome in rest] == [None] * 5
            assert list(ids) == []
            assert [server.delivered(id) for id in "abcdef"] == [1] * 6


def test_what_is_left_of_a_refused_body_is_not_sent_before_the_next_call():
    def refuse(peer):
        peer.request_head()
        peer.send(reply(b'{"error": "too large"}', status="413 Content Too Large"))
        peer.stall()

    with HostileServer([refuse]) as server, connected(server, timeout=15) as client:
        big = {"name": "x", "data": {}, "id": "x" * 8_000_000}
        small = {"name": "x", "data": {}, "id": "small"}
        first, second = client.map(client.events_create, [big, small], concurrency=1)
        assert first.error.status_code == 413
        assert second.value == {"id": "small"}
        assert server.accepted == 2


def test_large_bodies_in_a_row_arrive_whole():
    sizes = {}

    def serve(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            sizes[received.target] = len(received.body)
            peer.answer({})

    bodies = [b"x" * 500_000 * number for number in range(1, 9)]
    with HostileServer(then=[serve]) as server, connected(server) as client:
        keys = [f"k{number}" for number in range(1, 9)]
        outcomes = client.map(client.kv_put, ["b"] * 8, keys, bodies, concurrency=1, pipeline=8)
        assert values(outcomes) == [{}] * 8
        assert server.accepted == 1
    assert sorted(sizes.values()) == [500_000 * number for number in range(1, 9)]


# Opening


def test_a_server_that_moves_to_its_other_address_is_found_again(monkeypatch):
    def serve(listener, name, count):
        with listener:
            for _ in range(count):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(reply(name, "Connection: close"))

    first = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    try:
        second = socket.create_server(("127.0.0.2", port))
    except OSError:
        first.close()
        pytest.skip("this machine has one loopback address only, or the port is taken there")
    addresses = [("127.0.0.1", port), ("127.0.0.2", port)]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    threads = [
        threading.Thread(target=serve, args=(first, b'"first"', 3)),
        threading.Thread(target=serve, args=(second, b'"second"', 5)),
    ]
    for thread in threads:
        thread.start()
    with IronflowClient(f"http://api.example.com:{port}", timeout=20, initial_backoff=0) as client:
        outcomes = values(gets(client, map(str, range(8)), concurrency=1))
    assert outcomes == ["first"] * 3 + ["second"] * 5
    for thread in threads:
        thread.join(20)


@pytest.mark.parametrize("pipeline", [1, 8])
def test_calls_go_by_a_plain_proxy(monkeypatch, pipeline):
    with HostileServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://joe:secret@127.0.0.1:{proxy.port}")
        with IronflowClient("http://api.example.com", KEY, timeout=20) as client:
            ids = [f"r{number}" for number in range(40)]
            outcomes = gets(client, ids, concurrency=4, pipeline=pipeline)
            assert values(outcomes) == [{"id": id} for id in ids]
        assert proxy.accepted == 4
        assert {received.headers["proxy-authorization"] for received in proxy.requests} == {
            "Basic am9lOnNlY3JldA=="
        }
        assert proxy.requests[0].target.startswith("http://api.example.com/x?id=")


@pytest.mark.parametrize("pipeline", [1, 8])
def test_calls_go_through_tunnels_of_a_proxy(monkeypatch, pipeline):
    with HostileServer(certificate="good.pem") as server:
        with HostileServer(then=[tunnel(server.port)]) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            url = f"https://127.0.0.1:{server.port}"
            with IronflowClient(url, KEY, timeout=20, ssl_context=trusting_context()) as client:
                ids = [f"r{number}" for number in range(40)]
                outcomes = gets(client, ids, concurrency=4, pipeline=pipeline)
                assert values(outcomes) == [{"id": id} for id in ids]
            assert (proxy.accepted, server.accepted) == (4, 4)
            assert {received.method for received in proxy.requests} == {"CONNECT"}


def test_a_proxy_that_refuses_tunnels_fails_every_call_and_hangs_none(monkeypatch):
    refuse = [request, reply(b"", status="403 No")]
    with HostileServer(then=refuse) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with IronflowClient("https://api.example.com", KEY) as client:
            outcomes = list(gets(client, "abcd", concurrency=2))
        assert {type(outcome.error) for outcome in outcomes} == {IronflowConnectionError}
        assert {outcome.error.delivered for outcome in outcomes} == {False}
        assert {outcome.error.attempts for outcome in outcomes} == {1}


@pytest.mark.parametrize("make", [gets, posts], ids=["reads", "writes"])
def test_a_proxy_that_cannot_be_used_fails_every_call_and_raises_nothing(monkeypatch, make):
    monkeypatch.setenv("HTTP_PROXY", "socks5://joe:secret@127.0.0.1:1")
    with IronflowClient("http://api.example.com", KEY) as client, client.capture() as seen:
        outcomes = list(make(client, "ab"))
    for outcome in outcomes:
        error = outcome.error
        assert type(error) is IronflowConnectionError
        assert str(error) == (
            "api.example.com:80: HTTP_PROXY: only http and https proxies are supported"
        )
        assert (error.delivered, error.attempts) == (False, 1)
    assert [info.error for info in seen] == [outcome.error for outcome in outcomes]
    assert len(seen) == 2


def test_a_connection_that_opens_is_not_touched_before_it_is_ready(monkeypatch):
    """A call that comes meanwhile waits: a step too early takes a connection for open."""

    class Slow(HostileServer):
        def _serve(self, peer, script):
            if peer.number == 2:
                time.sleep(0.2)
            super()._serve(peer, script)

    def checked(lane):
        if lane.watched:
            wanted = [lane.sock]
            is_ready = select.select(
                *((wanted, []) if lane.watched == READ else ([], wanted)), [], 0
            )
            steps.append(any(is_ready))
        return step(lane)

    def hold(peer):
        received = peer.request()
        opened.wait(10)
        peer.answer({"id": received.id})
        behave(peer)

    def come(peer):
        opened.set()
        behave(peer)

    steps, step, opened = [], Lane.step, threading.Event()
    monkeypatch.setattr(Lane, "step", checked)
    monkeypatch.setattr(_map, "EARLY", 0)  # the second connection ends, and is pipelined to again
    busy = reply(b'{"error": "busy"}', "Connection: close", status="503 Service Unavailable")
    scripts = [hold], [*[request] * 4, busy], [come]
    with Slow(*scripts, certificate="good.pem") as server:
        with connected(server, initial_backoff=0.02) as client:
            # On the first a, f, g and h; on the second b to e. Then c, d and e go on a third, and
            # b joins them there once it may be repeated.
            outcomes = gets(client, "abcdefgh", concurrency=2, pipeline=4)
            assert values(outcomes) == [{"id": id} for id in "abcdefgh"]
        assert [each.id for each in server.peers[2].requests][:4] == ["c", "d", "e", "b"]
    assert len(steps) >= 2
    assert all(steps)


def test_a_server_that_resets_in_the_tls_handshake_leaves_no_socket_open():
    def serve(peer):
        peer.sock.recv(100)
        peer.reset()

    with HostileServer(then=[serve]) as server:
        url = f"https://127.0.0.1:{server.port}"
        with IronflowClient(url, max_attempts=1, timeout=10) as client:
            outcomes = list(gets(client, map(str, range(60)), concurrency=8))
        assert {type(outcome.error) for outcome in outcomes} == {IronflowConnectionError}
    gc.collect()  # a socket that is left open is a warning, and so an error


def test_a_server_that_resets_later_tls_handshakes_fails_those_calls_alone():
    class Half(HostileServer):
        """Speaks TLS on its first connection, and resets the others before the handshake."""

        def _serve(self, peer, script):
            if peer.number:
                peer.sock.recv(100)
                peer.reset()
                peer.settled.set()
            else:
                super()._serve(peer, script)

    with Half(certificate="good.pem") as server:
        with connected(server, max_attempts=1) as client:
            outcomes = list(gets(client, [f"r{n}" for n in range(20)], concurrency=4))
        good = [outcome.value for outcome in outcomes if outcome.error is None]
        bad = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert len(good) >= 1
        assert {type(error) for error in bad} == {IronflowConnectionError}
        assert {error.delivered for error in bad} == {False}
    gc.collect()
