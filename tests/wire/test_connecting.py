"""Before a connection is made: names, ports and servers that do not answer, and how it is told."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from ironflow import IronflowConnectionError, IronflowTimeoutError

from ..hostile import OK, HostileServer
from .calls import connected, failure, get, post
from .patience import patient


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


@pytest.mark.parametrize("call", [get, post])
def test_a_refused_connection_names_host_and_port_and_is_tried_again(closed_port, call):
    error = failure(call, patient(f"http://127.0.0.1:{closed_port}"), "first")
    assert type(error) is IronflowConnectionError
    assert isinstance(error, ConnectionError)
    assert (error.status_code, error.code, error.retryable) == (0, "CONNECTION_FAILED", True)
    assert error.attempts == 3
    assert str(error).startswith(f"127.0.0.1:{closed_port}: connection refused")
    assert isinstance(error.__cause__, ConnectionRefusedError)


def test_a_server_that_comes_up_in_the_meantime_is_reached_by_the_same_client(closed_port):
    with patient(f"http://127.0.0.1:{closed_port}", max_attempts=1) as client:
        assert failure(post, client, "first").code == "CONNECTION_FAILED"
        with HostileServer() as server:
            elsewhere = client.with_options(server_url=server.url)
            assert post(elsewhere, "next") == {"id": "next"}
            elsewhere.close()


def test_an_ipv6_host_is_named_in_brackets(closed_port):
    error = failure(post, patient(f"http://[::1]:{closed_port}"), "first")
    assert type(error) is IronflowConnectionError
    assert str(error).startswith(f"[::1]:{closed_port}: ")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "a..b"])
def test_a_name_that_does_not_resolve_is_a_connection_error(host):
    error = failure(post, patient(f"http://{host}:9123"), "first")
    assert type(error) is IronflowConnectionError
    assert (error.status_code, error.code, error.attempts) == (0, "CONNECTION_FAILED", 3)
    assert str(error).startswith(f"{host}:9123: the host name cannot be resolved")


def test_a_server_that_does_not_answer_the_connect_is_a_timeout():
    fillers = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        try:
            for _ in range(8):  # the backlog is full after one or two
                filler = socket.socket()
                fillers.append(filler)
                filler.setblocking(False)
                filler.connect_ex(address)
            error = failure(post, patient(f"http://127.0.0.1:{address[1]}", timeout=0.3), "first")
        finally:
            for filler in fillers:
                filler.close()
    assert type(error) is IronflowTimeoutError
    assert isinstance(error, TimeoutError)
    assert (error.status_code, error.code, error.retryable) == (0, "TIMEOUT", True)
    assert str(error) == f"127.0.0.1:{address[1]}: no reply in time (timeout=0.3)"


def test_a_slow_accept_within_the_time_is_no_failure():
    with HostileServer(accept_after=0.2) as server, connected(server) as client:
        assert post(client, "first") == {"id": "first"}
        assert server.delivered("first") == 1


def test_a_server_that_reads_at_the_last_moment_does_not_get_the_time_twice(monkeypatch):
    # Sending and receiving share the time of a call; each must not take all of it.
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
    near.setblocking(False)
    monkeypatch.setattr("ironflow._wire.connection.connect", lambda *_: near)

    def read_late():
        with far:
            over.wait(1.2)
            while b"END" not in far.recv(65536)[-20:]:
                pass
            over.wait(1.4)
            with contextlib.suppress(OSError):
                far.sendall(OK)

    over = threading.Event()
    thread = threading.Thread(target=read_late)
    thread.start()
    try:
        with patient("http://127.0.0.1:1", timeout=2) as client:
            error = failure(post, client, "x" * 40_000 + "END")
        assert type(error) is IronflowTimeoutError
        assert error.attempts == 1
    finally:
        over.set()
        thread.join()
