"""``client.map`` on a bad day: broken connections, pipelines that end, leaving in the middle."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import repeat

import pytest

from ironflow import IronflowClient, IronflowConnectionError, NotFoundError

from .conftest import KEY, ROOT
from .hostile import OK, HostileServer, behave, pause, reply, request, reset, stall
from .many_calls import gets, in_flight_behind, posts, values
from .wire.calls import connected


def faulty(peer):
    """Answer requests, but reset, truncate, delay or close one in ten."""
    peer.settled.set()
    while True:
        received = peer.request()
        fault = random.Random(f"{received.id}/{time.monotonic_ns()}").randrange(40)
        if fault == 0:
            return peer.reset()
        if fault == 1:
            return peer.send(reply(b'{"id": "%s"}' % received.id.encode())[:-4])
        if fault == 2:
            return None
        if fault == 3:
            time.sleep(0.01)
        peer.answer({"id": received.id})


def test_three_thousand_writes_on_a_bad_day_are_each_delivered_at_most_once():
    ids = [f"w{number}" for number in range(3000)]
    with HostileServer(then=[faulty]) as server, connected(server) as client:
        outcomes = list(posts(client, ids, concurrency=16))
        assert [outcome.args[0]["id"] for outcome in outcomes] == ids
        good = [o for o in outcomes if o.error is None]
        assert all(outcome.value == {"id": outcome.args[0]["id"]} for outcome in good)
        delivered = dict.fromkeys(ids, 0)
        for received in server.requests:
            delivered[received.id] += 1
        assert max(delivered.values()) == 1
        assert all(delivered[outcome.args[0]["id"]] == 1 for outcome in good)
        assert 2000 < len(good) < 3000
        lost = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert {error.delivered for error in lost} <= {None, True}


@pytest.mark.parametrize("pipeline", [1, 8])
def test_three_thousand_reads_on_a_bad_day_all_succeed(pipeline):
    ids = [f"r{number}" for number in range(3000)]
    with HostileServer(then=[faulty]) as server:
        with connected(server, max_attempts=8, initial_backoff=0.001) as client:
            client._open()._budget.tokens = 10**6  # the budget is not what this is about
            outcomes = list(gets(client, ids, pipeline=pipeline))
        assert [outcome.error for outcome in outcomes if outcome.error is not None] == []
        assert [outcome.value["id"] for outcome in outcomes] == ids


# Pipelines


def sent_in_a_row(count):
    """Answer after so many requests have come, all of them at once."""

    def act(peer):
        received = [peer.request() for _ in range(count)]
        for one in received:
            peer.answer({"id": one.id})

    return act


def test_calls_are_sent_in_a_row_and_answered_in_order():
    with HostileServer([sent_in_a_row(5), behave]) as server, connected(server) as client:
        outcomes = list(gets(client, "abcde", concurrency=1, pipeline=5))
        assert [outcome.value for outcome in outcomes] == [{"id": id} for id in "abcde"]
        assert server.accepted == 1


def test_a_write_has_its_connection_to_itself():
    in_flight = []

    def serve(peer):
        while True:
            received = peer.request()
            in_flight.append(len(peer._buffer))
            peer.answer({"id": received.id})

    with HostileServer(then=[serve]) as server, connected(server) as client:
        outcomes = list(posts(client, [f"w{n}" for n in range(50)], concurrency=2, pipeline=8))
        assert [outcome.error for outcome in outcomes] == [None] * 50
    assert set(in_flight) == {0}


def test_what_was_in_flight_when_a_pipeline_ends_is_sent_again_and_is_no_attempt():
    script = [request, request, request]  # and the connection is closed
    with HostileServer(script) as server, connected(server, max_attempts=1) as client:
        with client.capture() as seen:
            outcomes = list(gets(client, "abc", concurrency=1, pipeline=3))
        assert [outcome.value for outcome in outcomes] == [{"id": id} for id in "abc"]
        assert [server.delivered(id) for id in "abc"] == [2, 2, 2]
        assert [info.attempts for info in seen] == [1, 1, 1]


def test_the_call_whose_reply_had_begun_counts_its_attempt():
    script = [request, request, request, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
    with HostileServer(script) as server, connected(server, max_attempts=1) as client:
        first, second, third = gets(client, "abc", concurrency=1, pipeline=3)
        assert "cut short" in str(first.error)
        assert first.error.attempts == 1
        assert (second.value, third.value) == ({"id": "b"}, {"id": "c"})


def test_a_peer_that_ends_a_pipeline_early_is_not_pipelined_to_again():
    waiting = []

    def serve(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            waiting.append(peer._buffer.count(b"HTTP/1.1"))
            peer.answer({"id": received.id})

    with HostileServer([request, OK, request], then=[serve]) as server:
        with connected(server) as client:
            ids = [f"r{number}" for number in range(60)]
            outcomes = list(gets(client, ids, concurrency=1, pipeline=8))
            assert [outcome.error for outcome in outcomes] == [None] * 60
    assert set(waiting) == {0}


def test_a_peer_that_closes_after_many_calls_is_still_pipelined_to():
    connections = []

    def serve(peer):
        connections.append(peer.number)
        for _ in range(120):
            received = peer.request()
            waiting.append(peer._buffer.count(b"HTTP/1.1"))
            peer.answer({"id": received.id})

    waiting = []
    with HostileServer(then=[serve]) as server, connected(server) as client:
        ids = [f"r{number}" for number in range(500)]
        outcomes = list(gets(client, ids, concurrency=1, pipeline=8))
        assert [outcome.value["id"] for outcome in outcomes] == ids
    assert len(connections) == 5
    assert max(waiting[-100:]) > 0


def test_a_peer_that_cuts_a_pipelined_reply_short_is_not_pipelined_to_again():
    waiting = []
    script = [request, request, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
    with HostileServer(script, then=[in_flight_behind(waiting)]) as server:
        with connected(server) as client:
            ids = [f"r{number}" for number in range(40)]
            assert values(gets(client, ids, concurrency=1, pipeline=8)) == [
                {"id": id} for id in ids
            ]
    assert {count for _, count in waiting} == {0}


def test_writes_among_pipelined_reads_have_their_connection_to_themselves():
    waiting = []
    methods = ["GET", "GET", "GET", "POST", "GET", "POST"] * 20
    paths = [f"/x?id=r{number}" for number in range(120)]
    with HostileServer(then=[in_flight_behind(waiting)]) as server:
        with connected(server) as client:
            outcomes = client.map(client.request, methods, paths, concurrency=2, pipeline=4)
            assert values(outcomes) == [{"id": path[6:]} for path in paths]
        assert server.accepted == 2
    assert {count for method, count in waiting if method == "POST"} == {0}
    assert max(count for method, count in waiting if method == "GET") > 0


def test_calls_that_must_not_be_repeated_are_not_pipelined():
    waiting = []
    paths = [f"/x?id=r{number}" for number in range(40)]
    with HostileServer(then=[in_flight_behind(waiting)]) as server, connected(server) as client:
        options = {"concurrency": 2, "pipeline": 8, "retry": False}
        assert len(values(client.map(client.request, ["GET"] * 40, paths, **options))) == 40
    assert {count for _, count in waiting} == {0}


def test_a_reply_that_says_close_ends_the_pipeline_and_loses_nothing():
    closing = reply(b'{"id": "a"}', "Connection: close")
    with HostileServer([request, request, closing]) as server, connected(server) as client:
        outcomes = list(gets(client, "ab", concurrency=1, pipeline=2))
        assert [outcome.value for outcome in outcomes] == [{"id": "a"}, {"id": "b"}]
        assert (server.delivered("a"), server.delivered("b")) == (1, 2)


# Connections


def test_a_server_that_is_not_there_fails_every_call_and_hangs_none():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with IronflowClient(url, initial_backoff=0, max_backoff=0) as client:
        outcomes = list(client.map(client.runs_get, map(str, range(1000)), concurrency=8))
    assert len(outcomes) == 1000
    assert {type(outcome.error) for outcome in outcomes} == {IronflowConnectionError}
    assert {outcome.error.delivered for outcome in outcomes} == {False}


def test_an_idle_connection_of_the_pool_is_used_and_goes_back(monkeypatch):
    with HostileServer() as server, connected(server) as client:
        client.request("GET", "/x?id=before")
        assert len(list(gets(client, "abc", concurrency=1))) == 3
        client.request("GET", "/x?id=after")
        assert server.accepted == 1


@pytest.mark.parametrize("acts", [[], [reset]], ids=["close", "reset"])
def test_a_kept_connection_that_dies_under_a_write_is_an_error_and_no_second_write(acts):
    with HostileServer([request, OK, request, *acts]) as server, connected(server) as client:
        client.request("GET", "/x?id=before")
        first, second = posts(client, ["a", "b"], concurrency=1)
        assert type(first.error) is IronflowConnectionError
        assert first.error.delivered is None
        assert second.value == {"id": "b"}
        assert (server.delivered("a"), server.delivered("b")) == (1, 1)


def test_one_attempt_means_one_on_a_kept_connection_too():
    with HostileServer([request, OK, request]) as server:
        with connected(server, max_attempts=1) as client:
            client.request("GET", "/x?id=before")
            (outcome,) = gets(client, ["a"], concurrency=1)
            assert type(outcome.error) is IronflowConnectionError
            assert server.delivered("a") == 1


@pytest.mark.parametrize("pipeline", [1, 4])
@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("end", [reset, stall], ids=["reset", "stall"])
def test_an_error_reply_that_breaks_off_is_an_answer_and_no_lost_connection(end, tls, pipeline):
    cut = b'HTTP/1.1 404 Gone\r\nContent-Length: 900\r\n\r\n{"error": "no'
    script = [request, cut, pause(0.02), end]
    timeout = 1 if end is stall else 20
    with HostileServer(script, certificate=tls) as server:
        with connected(server, timeout=timeout) as client:
            [lost, *others] = gets(client, "abc", concurrency=1, pipeline=pipeline)
        assert type(lost.error) is NotFoundError
        assert (str(lost.error), lost.error.attempts) == ('{"error": "no', 1)
        assert [outcome.value for outcome in others] == [{"id": "b"}, {"id": "c"}]
        assert server.delivered("a") == 1


def test_an_early_reply_to_a_large_write_counts():
    refusal = reply(b'{"error": "too large"}', status="413 Content Too Large")

    def refuse(peer):
        peer.request_head()
        peer.send(refusal)
        peer.drain()

    with HostileServer([refuse]) as server, connected(server, max_attempts=1) as client:
        body = {"name": "x", "data": {}, "id": "x" * 5_000_000}
        (outcome,) = client.map(client.events_create, [body])
        assert outcome.error.status_code == 413
        assert len(server.requests) == 1


# Leaving


def test_leaving_the_loop_closes_what_is_on_its_way_and_the_client_works():
    with HostileServer() as server, connected(server) as client:
        for _ in gets(client, (str(n) for n in range(1000)), concurrency=4):
            break
        assert client.request("GET", "/x?id=after") == {"id": "after"}
        with pytest.raises(ZeroDivisionError):
            for _ in gets(client, (str(n) for n in range(1000)), concurrency=4):
                raise ZeroDivisionError
        assert client.request("GET", "/x?id=again") == {"id": "again"}
        calls = gets(client, (str(n) for n in range(1000)))
        next(calls)
        calls.close()
        assert list(calls) == []
    assert threading.active_count() < 3 + len(server._threads)


def test_leaving_hangs_up_on_what_is_on_its_way_and_keeps_what_is_idle():
    hung_up = threading.Semaphore(0)

    def hold(peer):
        peer.request()
        peer.settled.set()
        assert peer.sock.recv(100) == b""
        hung_up.release()

    with HostileServer(then=[hold]) as server, connected(server) as client:
        server.scripts = [[behave]]
        calls = gets(client, ["good", "a", "b", "c"], concurrency=4, ordered=False)
        assert next(calls).value == {"id": "good"}
        calls.close()
        assert all(hung_up.acquire(timeout=20) for _ in range(3))
        assert client.request("GET", "/x?id=after") == {"id": "after"}
        assert server.accepted == 4


def test_other_calls_can_be_made_in_the_loop():
    ids, found = [f"r{number}" for number in range(20)], []
    with HostileServer() as server, connected(server) as client:
        for outcome in gets(client, ids, concurrency=3):
            inner = values(gets(client, ["x", "y"], concurrency=2))
            assert inner == [{"id": "x"}, {"id": "y"}]
            assert client.request("GET", "/x?id=z") == {"id": "z"}
            found.append(outcome.value["id"])
    assert found == ids


PROGRAM = """
import gc, os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
from itertools import repeat
from ironflow import IronflowClient

client = IronflowClient(sys.argv[2])
how = sys.argv[3]


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def leave(calls):
    for number, _ in enumerate(calls):
        if number == 50:
            if how == "break" or how == "exit":
                break
            if how == "exception":
                raise ZeroDivisionError
            if how == "interrupt":
                interrupt()
            if how == "cycle":
                cycle = [calls]
                cycle.append(cycle)
                break


calls = client.map(client.request, repeat("GET"), repeat("/x?id=a"))
try:
    if how == "interrupt while it waits":
        threading.Timer(0.3, interrupt).start()
        list(client.map(client.request, ["GET"], ["/x?id=stall"]))
    else:
        leave(calls)
except (KeyboardInterrupt, ZeroDivisionError):
    pass
if how != "exit":
    del calls
    gc.collect()
print(client.request("GET", "/x?id=after"))
files = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
print(threading.active_count(), len(files))
if how != "exit":
    client.close()
"""


@pytest.mark.parametrize(
    "how",
    ["break", "exception", "interrupt", "interrupt while it waits", "cycle", "exit"],
)
def test_no_socket_no_thread_and_no_warning_is_left(how):
    def serve(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            if received.id == "stall":
                peer.stall()
            peer.answer({"id": received.id})

    with HostileServer(then=[serve]) as server:
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", PROGRAM, str(ROOT), server.url, how],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, "")
    value, counts = done.stdout.splitlines()
    assert value == "{'id': 'after'}"
    threads, files = map(int, counts.split())
    assert threads == 1
    # Those of the interpreter, and idle connections of the pool; "exit" still has the map's own.
    assert files <= (48 if how == "exit" else 24)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_cannot_go_on_with_a_map_and_leaves_the_parents_alone():
    with HostileServer() as server, connected(server) as client:
        calls = gets(client, (f"r{number}" for number in range(100)), concurrency=4)
        next(calls)
        child = os.fork()
        if not child:
            try:
                next(calls)
            except RuntimeError:
                del calls
                os._exit(7)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WEXITSTATUS(status) == 7
        rest = list(calls)
        assert [outcome.value["id"] for outcome in rest] == [f"r{n}" for n in range(1, 100)]


def test_an_exception_of_a_signal_handler_passes():
    class Alarm(Exception):
        pass

    def ring(signum, frame):
        raise Alarm

    def stall(peer):
        peer.request()
        peer.stall()

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with HostileServer([stall]) as server, connected(server) as client:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(Alarm):
                list(gets(client, "abc", concurrency=1))
            server.released.set()
            assert client.request("GET", "/x?id=after") == {"id": "after"}
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("place", ["an input", "an argument"])
def test_an_exception_of_a_signal_handler_passes_while_inputs_are_taken(place):
    class Alarm(ValueError):
        pass

    def ring(signum, frame):
        raise Alarm

    def wait():
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        time.sleep(20)

    class Slow(dict):
        """A body that takes its time."""

        def items(self):
            wait()
            return super().items()

    def ids():
        yield {"id": "a"}
        if place == "an input":
            wait()
        yield Slow(id="b")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with HostileServer() as server, connected(server) as client:
            calls = client.map(client.events_create, ids(), concurrency=4)
            with pytest.raises(Alarm):
                next(calls)  # it does not wait for its turn behind the first call
    finally:
        signal.signal(signal.SIGALRM, before)


def test_no_key_is_shown_by_an_outcome_or_its_error():
    echo = reply(f'{{"error": "bad key {KEY}"}}'.encode(), status="401 No")
    with HostileServer([request, echo, behave]) as server, connected(server) as client:
        outcome, _ = client.map(
            client.request, repeat("GET"), ["/x?id=a", "/x?id=b"], concurrency=1
        )
    assert KEY not in f"{outcome!r} {vars(outcome.error)!r}"
    assert str(outcome.error) == "bad key ***"
