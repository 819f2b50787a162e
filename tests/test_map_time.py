"""The time of calls in ``client.map``: what counts for a timeout, and what slows the whole map."""

from __future__ import annotations

import logging
import re
import threading
import time

import pytest

from ironflow import IronflowClient, IronflowTimeoutError, RateLimitError

from .hostile import HostileServer, behave, pause, reply, request, stall
from .many_calls import gets, posts, values
from .wire.calls import connected


@pytest.fixture
def hostile():
    with HostileServer() as running:
        yield running


def test_a_call_that_times_out_does_not_touch_the_others():
    def serve(peer):
        while True:
            received = peer.request()
            if received.id == "slow":
                peer.stall()
            peer.answer({"id": received.id})

    ids = ["a", "slow", "b", "c", "d"]
    with HostileServer(then=[serve]) as server:
        with connected(server, timeout=0.4, max_attempts=1) as client:
            outcomes = list(gets(client, ids, concurrency=2))
        assert [outcome.value for outcome in outcomes if outcome.error is None] == [
            {"id": id} for id in "abcd"
        ]
        assert "no reply in time (timeout=0.4)" in str(outcomes[1].error)
        assert outcomes[1].error.delivered is None


def test_time_that_the_consumer_spends_is_not_counted(hostile):
    with connected(hostile, timeout=0.4, max_attempts=1) as client:
        waited = threading.Event()
        for outcome in gets(client, [f"r{number}" for number in range(6)], concurrency=2):
            waited.wait(0.25)
            assert outcome.error is None


@pytest.mark.parametrize("calls", [gets, posts])
def test_retry_after_of_any_call_slows_the_whole_map(calls):
    arrived = []

    def serve(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            arrived.append((received.id, time.monotonic()))
            if len(arrived) == 1:
                peer.send(reply(b'{"error": "slow"}', "Retry-After: 0.4", status="429 Slow"))
            else:
                peer.answer({"id": received.id})

    with HostileServer(then=[serve]) as server, connected(server) as client:
        first, *others = calls(client, "abcde", concurrency=1)
    assert values(others) == [{"id": id} for id in "bcde"]
    if calls is gets:
        assert first.value == {"id": "a"}
        assert sorted(id for id, _ in arrived) == ["a", "a", "b", "c", "d", "e"]
    else:
        assert type(first.error) is RateLimitError
        assert [id for id, _ in arrived] == ["a", "b", "c", "d", "e"]
    assert arrived[1][1] - arrived[0][1] >= 0.4  # never less, however slow the machine


def test_clocks_of_waiting_calls_do_not_run_while_the_map_pauses():
    limited = reply(b'{"error": "slow"}', "Retry-After: 0.6", status="429 Slow")
    with HostileServer([request, limited, behave]) as server:
        with connected(server, timeout=0.3) as client:
            first, second = gets(client, ["a", "b"], concurrency=1)
        assert (first.value, second.value) == ({"id": "a"}, {"id": "b"})


def test_a_retry_after_that_is_too_long_slows_nothing():
    limited = reply(b'{"error": "slow"}', "Retry-After: 999", status="429 Slow")
    with HostileServer([request, limited, behave]) as server, connected(server) as client:
        first, second = gets(client, ["a", "b"], concurrency=1)
        assert first.error.retry_after == 999
        assert second.value == {"id": "b"}


def test_a_pause_does_not_end_the_map_although_all_that_was_taken_is_given(server):
    server.reply({"error": "slow"}, status=429, headers={"Retry-After": "0.1"})
    with IronflowClient(server.url) as client:
        bodies = [{"name": "a", "data": {}}, {"name": float("nan"), "data": {}}]
        bodies += [{"name": "c", "data": {}}] * 4
        outcomes = list(client.map(client.events_create, bodies, concurrency=1))
    assert [type(outcome.error) for outcome in outcomes[:2]] == [RateLimitError, ValueError]
    assert [outcome.error for outcome in outcomes[2:]] == [None] * 4


def test_the_time_that_progress_takes_is_not_counted(hostile):
    with connected(hostile, timeout=0.4, max_attempts=1) as client:
        calls = gets(client, "abcdef", concurrency=2, on_progress=lambda done: time.sleep(0.25))
        assert values(calls) == [{"id": id} for id in "abcdef"]


@pytest.mark.parametrize("pipeline", [1, 4])
def test_the_time_that_an_input_takes_is_not_counted(pipeline):
    def ids():
        for id in "abcd":
            yield id
            time.sleep(0.5)

    with HostileServer(certificate="good.pem") as server:
        with connected(server, timeout=0.4, max_attempts=1) as client:
            calls = gets(client, ids(), concurrency=3, pipeline=pipeline)
            assert values(calls) == [{"id": id} for id in "abcd"]


def test_a_reply_that_is_there_when_the_time_is_up_has_come_in_time():
    def serve(peer):
        peer.settled.set()
        received = peer.request()
        if received.id == "b":
            first_is_told.wait(10)
        peer.answer({"id": received.id})

    def be_slow(info):
        first_is_told.set()
        time.sleep(0.8)

    first_is_told = threading.Event()
    with HostileServer(then=[serve]) as server:
        with connected(server, timeout=0.4, max_attempts=1, on_response=be_slow) as client:
            assert values(gets(client, "ab", concurrency=2)) == [{"id": "a"}, {"id": "b"}]


def test_the_longest_timeout_can_be_waited_for(hostile):
    with connected(hostile, timeout=366 * 24 * 3600) as client:
        assert values(gets(client, "ab")) == [{"id": "a"}, {"id": "b"}]


def test_redirects_are_followed_within_the_time_of_one_attempt():
    def serve(peer):
        peer.settled.set()
        for _ in range(9):
            peer.request()
            time.sleep(0.2)
            peer.send(reply(b"{}", "Location: /y", status="302 Found"))

    with HostileServer(then=[serve]) as server:
        with connected(server, timeout=0.5, total_timeout=20, max_attempts=1) as client:
            (outcome,) = gets(client, ["a"])
            assert type(outcome.error) is IronflowTimeoutError


def test_timeout_bounds_a_call_with_its_retries():
    with HostileServer(then=[request, stall]) as server, connected(server, timeout=0.3) as client:
        outcomes = list(gets(client, "ab", concurrency=2))
        assert [type(outcome.error) for outcome in outcomes] == [IronflowTimeoutError] * 2
        assert [outcome.error.attempts for outcome in outcomes] == [1, 1]


def test_total_timeout_gives_the_next_attempt_a_time_of_its_own():
    with HostileServer([request, stall]) as server:
        with connected(server, timeout=0.3, total_timeout=20, initial_backoff=0) as client:
            assert values(gets(client, ["a"])) == [{"id": "a"}]
            assert server.delivered("a") == 2


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_log_tells_how_long_a_failed_opening_took(caplog, concurrency):
    with HostileServer() as gone:
        url = gone.url
    caplog.set_level(logging.DEBUG, logger="ironflow")
    with IronflowClient(url, max_attempts=1) as client:
        list(gets(client, "ab", concurrency=concurrency))
    seconds = [float(found) for found in re.findall(r" in ([0-9.]+) s", caplog.text)]
    assert len(seconds) == 2
    assert max(seconds) < 10  # and not since the machine has started


def test_an_opening_that_takes_all_the_time_is_not_repeated(monkeypatch):
    def never(deadline):
        opened.append(deadline)
        time.sleep(max(0.0, deadline - time.monotonic()))
        raise TimeoutError

    opened = []
    with IronflowClient("http://127.0.0.1:1", timeout=0.2) as client:
        monkeypatch.setattr(client._open(), "open", never)
        outcomes = list(gets(client, map(str, range(32)), concurrency=16))
    assert {type(outcome.error) for outcome in outcomes} == {IronflowTimeoutError}
    assert {outcome.error.attempts for outcome in outcomes} == {1}
    assert len(opened) <= 3  # calls that wait for a connection together wait once


def test_a_call_behind_one_that_ends_the_connection_has_all_of_its_time():
    last = [request, pause(0.9), reply(b"{}", "Connection: close")]
    with HostileServer(last, [request, pause(0.9), reply(b"{}")]) as server:
        with connected(server, timeout=1.5) as client:
            assert values(gets(client, "ab", concurrency=1, pipeline=2)) == [{}, {}]


def test_a_time_that_is_up_while_others_wait_behind_it_costs_them_nothing():
    def serve(peer):
        peer.settled.set()
        if peer.number == 0:
            peer.request()
            peer.stall()
        while True:
            peer.answer({"id": peer.request().id})

    with HostileServer(then=[serve]) as server:
        with connected(server, timeout=0.4, max_attempts=1) as client:
            first, *others = gets(client, "abcd", concurrency=1, pipeline=4)
            assert type(first.error) is IronflowTimeoutError
            assert values(others) == [{"id": id} for id in "bcd"]
            assert [outcome.error for outcome in others] == [None] * 3
