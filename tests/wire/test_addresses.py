"""A host with several addresses: the first that works wins, and none eats the whole time."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import socket
import time
import warnings

import pytest

from ironflow import IronflowClient, IronflowConnectionError
from ironflow._wire import addresses
from ironflow._wire.addresses import connect, in_turn

from ..hostile import HostileServer

TCP = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


@contextlib.contextmanager
def swallowing():
    """Yield an address that answers nothing: a listener whose backlog is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        time.sleep(0.05)  # until the kernel has filled its queue
        try:
            yield listener.getsockname()
        finally:
            for filler in fillers:
                filler.close()


class Resolver:
    """The module ``socket``, but for what names resolve to."""

    def __init__(self, found):
        self._found = found

    def getaddrinfo(self, *_, **__):
        return list(self._found)

    def __getattr__(self, name):
        return getattr(socket, name)


def resolve_to(monkeypatch, *found):
    monkeypatch.setattr(addresses, "socket", Resolver(found))


def ipv4(address):
    return (socket.AF_INET, *TCP, address)


def refused():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return closed.getsockname()


def test_families_take_turns_and_the_preferred_one_begins():
    found = [("6", "a"), ("6", "b"), ("6", "c"), ("4", "d"), ("4", "e")]
    assert [name for _, name in in_turn(found)] == ["a", "d", "b", "e", "c"]


@pytest.mark.parametrize("first", ["unsupported family", "refused", "no address of the family"])
def test_an_address_that_fails_at_once_is_followed_by_the_next(monkeypatch, first):
    bad = {
        "unsupported family": (12345, *TCP, ("x", 1)),
        "refused": ipv4(refused()),
        "no address of the family": (socket.AF_INET, *TCP, ("no address", 1)),
    }[first]
    with HostileServer() as server:
        resolve_to(monkeypatch, bad, ipv4(("127.0.0.1", server.port)))
        with IronflowClient("http://host.example:1", timeout=20) as client:
            assert client.request("GET", "/x?id=a") == {"id": "a"}


def test_an_address_that_swallows_packets_costs_a_moment_and_not_the_whole_time(monkeypatch):
    with swallowing() as silent, HostileServer() as server:
        resolve_to(monkeypatch, ipv4(silent), ipv4(("127.0.0.1", server.port)))
        with IronflowClient("http://host.example:1", timeout=20, max_attempts=1) as client:
            assert client.request("GET", "/x?id=a") == {"id": "a"}


def test_a_late_winner_beats_an_address_that_never_answers(monkeypatch):
    with swallowing() as silent, swallowing() as other, HostileServer() as server:
        good = ipv4(("127.0.0.1", server.port))
        resolve_to(monkeypatch, ipv4(silent), ipv4(other), good)
        sock = connect("host.example", 1, time.monotonic() + 20)
        assert sock.getpeername() == good[-1]
        sock.close()


def test_when_all_fail_the_first_failure_is_told(monkeypatch):
    monkeypatch.setattr(addresses, "ATTEMPT_DELAY", 0.01)
    resolve_to(monkeypatch, ipv4(refused()), (12345, *TCP, ("x", 1)))
    with IronflowClient("http://host.example:1", timeout=20, max_attempts=1) as client:
        with pytest.raises(IronflowConnectionError, match="connection refused") as caught:
            client.request("GET", "/x")
        assert caught.value.delivered is False


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.ENETUNREACH])
def test_that_there_is_no_ipv6_here_hides_no_failure_of_the_server(monkeypatch, number):
    class Unreachable(Resolver):
        def socket(self, family, *arguments):
            if family == socket.AF_INET6:
                raise OSError(number, os.strerror(number))
            return socket.socket(family, *arguments)

    ipv6 = (socket.AF_INET6, *TCP, ("::1", 9123, 0, 0))
    with IronflowClient(timeout=20, max_attempts=1) as client:
        monkeypatch.setattr(addresses, "socket", Unreachable([ipv6, ipv4(refused())]))
        with pytest.raises(IronflowConnectionError) as caught:
            client.request("GET", "/x")
        assert str(caught.value) == (
            "localhost:9123: connection refused; is the server running there?"
        )
        monkeypatch.setattr(addresses, "socket", Unreachable([ipv6]))
        with pytest.raises(IronflowConnectionError) as caught:
            client.request("GET", "/x")
        assert caught.value.__cause__.errno == number


def test_the_deadline_ends_the_race(monkeypatch):
    with swallowing() as silent:
        resolve_to(monkeypatch, ipv4(silent), ipv4(silent))
        with IronflowClient("http://host.example:1", timeout=0.4, max_attempts=1) as client:
            with pytest.raises(TimeoutError, match="no reply in time") as caught:
                client.request("POST", "/x", body={})
            assert caught.value.delivered is False


def test_a_name_without_an_address_is_an_error(monkeypatch):
    resolve_to(monkeypatch)
    with pytest.raises(OSError, match="the host name has no address"):
        connect("host.example", 1, time.monotonic() + 1)


def test_the_losers_are_closed(monkeypatch):
    with swallowing() as silent, HostileServer() as server:
        resolve_to(monkeypatch, ipv4(silent), ipv4(("127.0.0.1", server.port)))
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            sock = connect("host.example", 1, time.monotonic() + 20)
            gc.collect()
            assert sock.gettimeout() == 0.0
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            sock.close()
