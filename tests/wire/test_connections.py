"""Connections kept open: that they are reused, by whom, when they are dropped, and what is left."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import threading
import time
import warnings

import pytest

from ironflow import IronflowClient, IronflowError
from ironflow._wire import connection as connection_module
from ironflow._wire import transport as transport_module

from ..conftest import KEY
from ..hostile import (
    OK,
    PATIENCE,
    HostileServer,
    behave,
    reply,
    request,
    request_head,
    stall,
    trusting_context,
)
from .calls import get, post

THREADS = 32
CALLS = 2_000 if os.environ.get("CI") else 250
TLS = pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])


def connected(server, **options):
    if server.url.startswith("https:"):
        options.setdefault("ssl_context", trusting_context())
    return IronflowClient(server.url, **{"api_key": KEY, "timeout": PATIENCE, **options})


def eventually(condition):
    """Wait until something is true that a thread of the server has to notice first."""
    for _ in range(PATIENCE * 100):
        if condition():
            return True
        time.sleep(0.01)
    return False


def all_closed(server):
    """Tell whether every connection of the server has ended on both sides."""
    return eventually(lambda: all(peer.sock.fileno() == -1 for peer in server.peers))


def served_by(server):
    """Return the number of the connection that each request came on, in order."""
    owner = {id(seen): peer.number for peer in server.peers for seen in peer.requests}
    return [owner[id(seen)] for seen in server.requests]


@TLS
def test_calls_share_one_connection(tls):
    with HostileServer(certificate=tls) as server, connected(server) as client:
        for number in range(20):
            assert post(client, number) == {"id": number}
            assert get(client, str(number)) == {"id": str(number)}
        assert server.accepted == 1


def test_errors_of_the_server_do_not_cost_the_connection():
    script = [request, reply(b"{}", status="404 Not Found"), request, reply(b"<"), behave]
    with HostileServer(script) as server, connected(server) as client:
        for _ in range(2):
            with pytest.raises(IronflowError):
                post(client, "1")
        assert post(client, "2") == {"id": "2"}
        assert server.accepted == 1


def test_copies_of_a_client_share_its_connections():
    with HostileServer() as server, connected(server) as client:
        other = client.with_options(api_key="ifkey_other", timeout=9, headers={"X-A": "b"})
        post(client, "1")
        post(other, "2")
        post(client.with_options(timeout=8), "3")
        post(client, "4")
        assert served_by(server) == [0, 0, 0, 0]
        with other:
            post(other, "5")
        assert all_closed(server)


def test_a_copy_made_before_the_first_call_shares_the_connections_too():
    with HostileServer() as server:
        client = connected(server)
        copy = client.with_options(timeout=9)
        post(client, "1")
        post(copy, "2")
        assert server.accepted == 1
        client.close()


def test_a_copy_for_another_server_or_other_tls_settings_has_its_own_connections():
    with HostileServer() as first, HostileServer(certificate="good.pem") as second:
        with connected(first) as client:
            post(client, "1")
            with client.with_options(server_url=second.url, ssl_context=trusting_context()) as copy:
                post(copy, "2")
            assert all_closed(second)
            post(client, "3")
        assert (first.accepted, second.accepted) == (1, 1)


@TLS
def test_a_closed_client_has_no_connection_and_opens_one_for_the_next_call(tls):
    with HostileServer(certificate=tls) as server:
        client = connected(server)
        client.close()
        post(client, "1")
        client.close()
        client.close()
        assert all_closed(server)
        post(client, "2")
        assert server.accepted == 2
        client.close()
        assert all_closed(server)


def test_the_with_block_closes_and_the_client_works_after_it():
    with HostileServer() as server:
        with connected(server) as client:
            post(client, "1")
        assert all_closed(server)
        with client:
            post(client, "2")
        assert all_closed(server)


def test_a_connection_in_use_while_the_client_is_closed_is_not_kept():
    ready, go = threading.Event(), threading.Event()

    def hold(peer):
        peer.request()
        ready.set()
        go.wait(PATIENCE)
        peer.answer({"late": True})
        behave(peer)

    with HostileServer([hold]) as server:
        client = connected(server)
        values = []
        thread = threading.Thread(target=lambda: values.append(post(client, "1")))
        thread.start()
        assert ready.wait(PATIENCE)
        client.close()
        go.set()
        thread.join(PATIENCE)
        assert values == [{"late": True}]
        assert all_closed(server)


@TLS
def test_a_client_that_is_dropped_unclosed_warns_of_nothing_and_closes(tls):
    with HostileServer(certificate=tls) as server:
        client = connected(server)
        post(client, "1")
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            del client
            gc.collect()
        assert [str(warning.message) for warning in warned] == []
        assert all_closed(server)


@TLS
@pytest.mark.parametrize("framing", ["length", "chunked", "error", "cut"])
def test_a_failed_or_a_long_reply_leaves_no_connection_to_warn_of(tls, framing):
    content = {
        "length": reply(b"[%s]" % (b" " * 200_000)),
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "error": reply(b"x" * 300_000, status="404 Not Found"),
        "cut": reply(b"[]")[:-1],
    }[framing]
    with HostileServer([request, content], certificate=tls) as server:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            client = connected(server)
            with contextlib.suppress(IronflowError):
                post(client, "1")
            del client
            gc.collect()
        assert [str(warning.message) for warning in warned] == []


@TLS
def test_a_connection_that_the_server_closed_while_idle_is_not_used_for_a_write(tls):
    with HostileServer([request, OK], [request, OK], certificate=tls) as server:
        with connected(server) as client:
            for id in ("1", "2", "3"):
                post(client, id)
                server.settle()  # the server has closed before the next call
            assert served_by(server) == [0, 1, 2]
            assert [server.delivered(id) for id in ("1", "2", "3")] == [1, 1, 1]


@TLS
def test_bytes_that_come_while_a_connection_is_idle_are_nobodys_reply(tls):
    sent = threading.Event()

    def poison(peer):
        asked.wait(PATIENCE)
        peer.send(reply(b'"poison"'))
        sent.set()
        behave(peer)

    asked = threading.Event()
    with HostileServer([request, OK, poison], certificate=tls) as server:
        with connected(server) as client:
            post(client, "1")
            asked.set()
            assert sent.wait(PATIENCE)
            assert post(client, "2") == {"id": "2"}
            assert served_by(server) == [0, 1]


@TLS
@pytest.mark.parametrize("size", [2, 16_000, 65_000, 65_536, 70_000, 131_072, 200_000])
def test_bytes_right_behind_a_reply_are_nobodys_reply(size, tls):
    # Whatever the buffers of TLS and of the body hold back, it must not be read as the next reply.
    good = reply(b"[" + b" " * (size - 2) + b"]")
    with HostileServer(
        [request, good + reply(b'"poison"') * 300, behave], certificate=tls
    ) as server:
        with connected(server) as client:
            assert post(client, "1") == []
            assert post(client, "2") == {"id": "2"}
            assert get(client, "3") == {"id": "3"}
            assert served_by(server) == [0, 1, 1]


def test_a_connection_that_has_waited_too_long_is_not_used(monkeypatch):
    monkeypatch.setattr(transport_module, "MAX_IDLE_SECONDS", 0)
    with HostileServer() as server, connected(server) as client:
        post(client, "1")
        post(client, "2")
        assert server.accepted == 2


@pytest.mark.parametrize(
    ("header", "waited", "kept"),
    [
        ("Keep-Alive: timeout=10", 7, True),
        ("Keep-Alive: timeout=10", 9, False),  # less than what is said: the reply was on its way
        ("Keep-Alive: timeout=0", 0, False),
        ("Keep-Alive: timeout=600", 50, True),
        ("Keep-Alive: timeout=600", 60, False),  # balancers on the way know nothing of it
        ("Keep-Alive: max=5", 50, True),
    ],
)
def test_a_connection_waits_no_longer_than_the_server_says(header, waited, kept):
    with HostileServer([request, reply(b"{}", header), behave]) as server:
        with connected(server) as client:
            post(client, "1")
            for connection in client._open()._idle:
                connection.idle_since -= waited
            post(client, "2")
        assert server.accepted == (1 if kept else 2)


@pytest.mark.parametrize("framing", ["Content-Length: 2", "Transfer-Encoding: chunked"])
def test_a_connection_on_which_a_request_was_cut_off_is_not_used_for_another(framing):
    # The server would take the next request for the rest of the one before.
    body = b"{}" if "Length" in framing else b"2\r\n{}\r\n0\r\n\r\n"
    refusal = reply(b"", framing, status="413 Too Large", length=False) + body
    with HostileServer([request_head, refusal, stall]) as server, connected(server) as client:
        with pytest.raises(IronflowError) as caught:
            post(client, "x" * 20_000_000)
        assert caught.value.status_code == 413
        assert post(client, "next") == {"id": "next"}
        assert server.accepted == 2


def meet(server, client, count):
    """Make ``count`` calls that are all in flight at once; they end in order of connection."""
    threads = [threading.Thread(target=post, args=(client, f"meet {n}")) for n in range(count)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(server.requests) == count)
    for left in reversed(range(count)):
        server.peers[count - 1 - left].go.set()
        assert eventually(lambda left=left: sum(map(threading.Thread.is_alive, threads)) == left)
    for thread in threads:
        thread.join(PATIENCE)


class Turnstile(HostileServer):
    """Holds the first reply of each connection back until the test lets it go."""

    def __init__(self):
        super().__init__(then=[self._hold, behave])

    def _hold(self, peer):
        peer.go = threading.Event()
        peer.request()
        peer.go.wait(PATIENCE)
        peer.answer({})


def test_the_connection_that_was_used_last_is_used_next():
    with Turnstile() as server, connected(server) as client:
        meet(server, client, 3)
        for id in range(4):
            post(client, id)
        assert server.accepted == 3
        assert served_by(server)[3:] == [2, 2, 2, 2]


def test_no_more_connections_wait_than_allowed(monkeypatch):
    monkeypatch.setattr(transport_module, "MAX_IDLE_CONNECTIONS", 2)
    with Turnstile() as server, connected(server) as client:
        meet(server, client, 5)
        assert eventually(lambda: sum(peer.sock.fileno() != -1 for peer in server.peers) == 2)
        post(client, "next")
        assert server.accepted == 5


# Many threads, on a bad day.


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def kill_some(peer):
    """Serve as ``behave`` does, and kill one connection in ten, once for each request at most."""
    chance = random.Random(peer.number)
    while True:
        received = peer.request()
        content = reply(b'{"id": "%s"}' % received.id.encode())
        if chance.random() < 0.1 and peer.server.delivered_first(received):
            # Before the reply, inside its head, or inside its body; politely or with a reset.
            peer.send(content[: chance.choice((0, 12, len(content) - 2))])
            if chance.random() < 0.5:
                peer.reset()
            return
        peer.send(content)


class Killer(HostileServer):
    def __init__(self, **options):
        super().__init__(then=[kill_some], **options)
        self._deliveries = {}
        self._lock = threading.Lock()

    def delivered_first(self, received):
        """Note a delivery that is about to fail; tell whether it is the first of its request."""
        with self._lock:
            count = self._deliveries.get(received.id, 0)
            self._deliveries[received.id] = count + 1
            return count == 0


class Sockets:
    """Counts the sockets that a client has open at once."""

    def __init__(self, monkeypatch):
        self.most = 0
        self._open = []
        self._lock = threading.Lock()
        self._connect = connection_module.connect
        monkeypatch.setattr(connection_module, "connect", self)

    def __call__(self, *arguments):
        sock = self._connect(*arguments)
        with self._lock:
            self._open = [known for known in self._open if known.fileno() != -1] + [sock]
            self.most = max(self.most, len(self._open))
        return sock


def work(client, name, calls, problems):
    """Call again and again, reads and writes in turn; note what should not have happened."""
    for number in range(calls):
        id = f"{name}-{number}"
        write = number % 2
        try:
            value = post(client, id) if write else get(client, id)
        except IronflowError as error:
            if not write:
                problems.append(f"{id}: {error!r}")
        except BaseException as error:
            problems.append(f"{id}: {error!r}")
        else:
            if value != {"id": id}:
                problems.append(f"{id}: got the reply {value!r}")


def test_threads_that_share_a_client_on_a_bad_day_mix_up_and_lose_nothing(monkeypatch):
    gc.collect()
    count_descriptors = os.path.isdir("/proc/self/fd")
    before = descriptors() if count_descriptors else 0
    problems = []
    with Killer() as server:
        sockets = Sockets(monkeypatch)
        with connected(server, initial_backoff=0) as client:
            threads = [
                threading.Thread(target=work, args=(client, f"t{number}", CALLS, problems))
                for number in range(THREADS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(600)
            assert not any(thread.is_alive() for thread in threads), "a call hangs"
        writes = [received.id for received in server.requests if received.method == "POST"]
        deaths = server.accepted
    assert problems == []
    assert len(writes) == len(set(writes)), "a write was delivered twice"
    assert len(writes) == THREADS * CALLS // 2
    assert sockets.most <= THREADS
    assert deaths > THREADS * CALLS // 50, "the server was not as bad as this test needs"
    if count_descriptors:
        assert eventually(lambda: descriptors() == before)


@TLS
def test_threads_that_share_a_client_get_their_own_replies(tls):
    problems = []
    with HostileServer(certificate=tls) as server, connected(server) as client:
        threads = [
            threading.Thread(target=work, args=(client, f"t{number}", 50, problems))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert problems == []
        assert len(server.requests) == 8 * 50
        assert server.accepted <= 8


def test_threads_that_close_the_client_under_others_do_no_harm():
    problems = []
    done = threading.Event()
    with HostileServer() as server, connected(server) as client:

        def keep_closing():
            while not done.wait(0.001):
                client.close()

        closer = threading.Thread(target=keep_closing)
        threads = [
            threading.Thread(target=work, args=(client, f"t{number}", 100, problems))
            for number in range(4)
        ]
        closer.start()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        done.set()
        closer.join(PATIENCE)
        assert problems == []
        writes = [received.id for received in server.requests if received.method == "POST"]
        assert len(writes) == len(set(writes)) == 200


# Forks.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
# The server of the test is threads; Python 3.12 and later warn of forking next to any.
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@TLS
def test_children_do_not_use_or_harm_the_connections_of_their_parent(tls):
    with HostileServer(certificate=tls) as server, connected(server) as client:
        post(client, "warm")
        children = []
        for number in range(3):
            child = os.fork()
            if child == 0:
                _call_as_child(client, f"child {number}")
            children.append(child)
            # At once, while the child calls.
            assert post(client, f"parent {number}") == {"id": f"parent {number}"}
        for child in children:
            assert os.waitpid(child, 0)[1] == 0
        assert post(client, "after") == {"id": "after"}
        assert all(
            server.delivered(f"child {number} {n}") == 1 for number in range(3) for n in (0, 1)
        )
        # One for the parent and one for each child, none of them shared.
        assert server.accepted == 4
        parent = [received.id for received in server.peers[0].requests]
        assert parent == ["warm", "parent 0", "parent 1", "parent 2", "after"]


def _call_as_child(client, id):
    """Make two calls in a forked child and end it; never returns."""
    status = 1
    try:
        signal.alarm(PATIENCE)
        if all(post(client, f"{id} {n}") == {"id": f"{id} {n}"} for n in (0, 1)):
            client.close()
            status = 0
    finally:
        os._exit(status)
