"""A transport on which another thread can end whatever a call is waiting for."""

from __future__ import annotations

import threading
import time

import pytest

from ironflow import (
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
)
from ironflow._wire.interruptible import InterruptibleTransport

from ..hostile import PATIENCE, HostileServer, behave, reply, request, stall
from .test_addresses import swallowing


def interruptible(url, **options):
    """Return a client whose calls can be interrupted, and what interrupts them."""
    client = IronflowClient(url, timeout=600, **options)
    client._transport = transport = InterruptibleTransport(client._open())
    return client, transport


def in_vain(client):
    """Start a call in a thread; return the thread, and the list that its error is added to."""
    failures = []

    def call():
        try:
            client.runs_get("run_1")
        except IronflowError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, failures


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_call_that_waits_fails_and_is_not_repeated(scheme):
    # Over https the server says nothing to the first message of the TLS handshake.
    with HostileServer([stall], then=[stall]) as server:
        client, transport = interruptible(f"{scheme}://127.0.0.1:{server.port}")
        with client:
            thread, failures = in_vain(client)
            while not server.accepted:
                time.sleep(0.01)
            time.sleep(0.05)
            transport.interrupt()
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert [(type(each), each.attempts) for each in failures] == [(IronflowConnectionError, 1)]
        assert server.accepted == 1


def test_a_call_to_an_address_that_swallows_packets_fails_too():
    with swallowing() as (host, port):
        client, transport = interruptible(f"http://{host}:{port}")
        with client:
            thread, failures = in_vain(client)
            time.sleep(0.1)
            assert thread.is_alive()
            transport.interrupt()
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert [type(each) for each in failures] == [IronflowConnectionError]


def test_a_call_to_an_address_that_swallows_packets_keeps_its_deadline():
    with swallowing() as (host, port):
        with IronflowClient(f"http://{host}:{port}", timeout=0.2, max_attempts=1) as client:
            client._transport = InterruptibleTransport(client._open())
            with pytest.raises(IronflowTimeoutError):
                client.runs_get("run_1")


def test_a_call_that_pauses_before_its_next_attempt_goes_no_further():
    unavailable = reply(b'{"error": "later"}', status="503 Later")
    with HostileServer([request, unavailable, behave]) as server:
        options = {"total_timeout": 3600, "initial_backoff": 600, "max_backoff": 600}
        client, transport = interruptible(server.url, **options)
        with client:
            thread, failures = in_vain(client)
            while not server.requests:
                time.sleep(0.01)
            time.sleep(0.05)
            transport.interrupt()
            thread.join(PATIENCE)
            assert [failure.status_code for failure in failures] == [503]


def test_a_call_after_it_fails():
    with HostileServer() as server:
        client, transport = interruptible(server.url)
        with client:
            assert client.runs_get("run_1") == {"id": None}
            transport.interrupt()
            with pytest.raises(IronflowConnectionError):
                client.runs_get("run_1")


def test_the_other_calls_of_a_client_go_on():
    with HostileServer() as server, IronflowClient(server.url, timeout=20) as shared:
        client = shared.with_options()
        client._transport = transport = InterruptibleTransport(shared._open())
        client.runs_get("run_1")
        shared.runs_get("run_1")  # on the connection that went back to the pool
        transport.interrupt()
        assert shared.runs_get("run_1") == {"id": None}
        assert server.accepted == 1
