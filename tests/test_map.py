"""``client.map``: many calls at once, each paired with its arguments, none started too early."""

from __future__ import annotations

import gc
import gzip
import json
import logging
import threading
import time
import weakref
from itertools import count, repeat

import pytest

from ironflow import IronflowClient, IronflowError, NotFoundError, Outcome

from .conftest import KEY
from .hostile import HostileServer, behave, reply, request
from .many_calls import gets, values
from .wire.calls import connected


@pytest.fixture
def hostile():
    with HostileServer() as running:
        yield running


# What comes of it


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize(("concurrency", "pipeline"), [(1, 1), (3, 1), (16, 1), (1, 8), (4, 8)])
def test_every_outcome_is_paired_with_its_arguments(concurrency, pipeline, ordered, tls):
    ids = [f"r{number}" for number in range(100)]
    with HostileServer(certificate=tls) as server, connected(server) as client:
        options = {"concurrency": concurrency, "pipeline": pipeline, "ordered": ordered}
        outcomes = list(gets(client, ids, **options))
        assert [o.args for o in outcomes if o.value != {"id": o.args[1].partition("=")[2]}] == []
        found = [outcome.value["id"] for outcome in outcomes]
        assert found == ids if ordered else sorted(found) == sorted(ids)
        assert server.accepted <= concurrency
        assert [server.delivered(id) for id in ids] == [1] * 100


def test_an_outcome_has_a_value_or_an_error_and_result_gives_the_one_or_raises_the_other(server):
    server.reply({"id": "run_1"})
    server.reply({"error": "run not found"}, status=404)
    with IronflowClient(server.url, api_key=KEY) as client:
        good, bad = client.map(client.runs_get, ["run_1", "run_2"], concurrency=1)
    assert (good.args, good.value, good.error) == (("run_1",), {"id": "run_1"}, None)
    assert good.result() == {"id": "run_1"}
    assert (bad.args, bad.value) == (("run_2",), None)
    assert type(bad.error) is NotFoundError
    with pytest.raises(NotFoundError, match="^run not found"):
        bad.result()
    assert repr(good) == "Outcome(succeeded)"
    assert repr(bad).startswith("Outcome(NotFoundError('run not found'")


def test_a_call_that_is_refused_for_its_arguments_is_an_outcome(server):
    with IronflowClient(server.url) as client:
        found = list(client.map(client.runs_get, ["", None, "run_1"]))
    assert [type(outcome.error) for outcome in found] == [ValueError, TypeError, type(None)]
    assert str(found[0].error) == "id: must not be empty"
    assert [request.path for request in server.requests] == ["/api/v1/runs/run_1"]


def test_common_arguments_go_to_every_call(server):
    with IronflowClient(server.url) as client:
        list(client.map(client.runs_list_audit, ["a", "b"], concurrency=1, limit=5))
    assert [request.target for request in server.requests] == [
        "/api/v1/runs/a/audit?limit=5",
        "/api/v1/runs/b/audit?limit=5",
    ]


def test_several_iterables_are_read_as_by_the_builtin_and_the_shortest_ends_it(server):
    with IronflowClient(server.url) as client:
        calls = client.map(client.kv_put, repeat("b"), ["k1", "k2"], [b"1", b"2", b"3"])
        assert [outcome.args for outcome in calls] == [("b", "k1", b"1"), ("b", "k2", b"2")]
    assert sorted(request.body for request in server.requests) == [b"1", b"2"]


def test_a_copy_with_options_is_mapped_with_these(server):
    with IronflowClient(server.url, api_key=KEY) as client:
        staging = client.with_options(environment="staging", max_attempts=1)
        server.reply({"error": "busy"}, status=503)
        (outcome,) = client.map(staging.runs_get, ["a"])
    assert outcome.error.attempts == 1
    assert server.last.headers["x-ironflow-environment"] == "staging"


def test_a_copy_for_another_server_is_mapped_there(server):
    with HostileServer() as other, IronflowClient(server.url) as client:
        elsewhere = client.with_options(server_url=other.url)
        assert values(client.map(elsewhere.request, ["GET"], ["/x?id=a"])) == [{"id": "a"}]
        assert server.requests == []
        elsewhere.close()


def test_a_call_that_the_server_holds_has_the_time_for_it():
    def serve(peer):
        peer.request()
        time.sleep(0.6)
        peer.answer({"caughtUp": True})

    with HostileServer(then=[serve]) as server, connected(server, timeout=0.3) as client:
        (outcome,) = client.map(client.projections_list_catchup, ["p"], min_seq=1, timeout=500)
        assert outcome.value == {"caughtUp": True}


# What is refused, at once


@pytest.mark.parametrize(
    "method",
    [
        lambda client: len,
        lambda client: IronflowClient.runs_get,
        lambda client: IronflowClient("http://elsewhere").runs_get,
        lambda client: client.close,
        lambda client: client.map,
        lambda client: client.with_options,
        lambda client: client.capture,
        lambda client: "runs_get",
        lambda client: client.__eq__,
        lambda client: client._call,
        lambda client: None,
    ],
)
def test_a_method_that_is_no_call_of_this_client_is_refused(method):
    client = IronflowClient("http://127.0.0.1:1")
    with pytest.raises(TypeError, match="^method: "):
        client.map(method(client), ["a"])


MORE_THAN_ONE_CALL = (
    "config_watch",
    "events_create_and_wait",
    "kv_value",
    "kv_watch",
    "rpc_stream",
    "runs_iterate",
    "runs_wait",
    "runs_wait_many",
    "subscribe",
)


@pytest.mark.parametrize(
    "name", [name for name in MORE_THAN_ONE_CALL if hasattr(IronflowClient, name)]
)
def test_a_method_that_is_more_than_one_call_is_refused(name):
    client = IronflowClient("http://127.0.0.1:1")
    with pytest.raises(TypeError, match="^method: "):
        client.map(getattr(client, name), ["a"])


@pytest.mark.parametrize("option", ["concurrency", "pipeline"])
@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_a_number_that_cannot_be_is_refused_by_name(option, value, error):
    client = IronflowClient("http://127.0.0.1:1")
    with pytest.raises(error, match=f"^{option}: must be "):
        client.map(client.runs_get, ["a"], **{option: value})


def test_a_map_without_an_iterable_and_a_progress_that_is_no_callable_are_refused():
    client = IronflowClient("http://127.0.0.1:1")
    with pytest.raises(TypeError, match="^map: needs an iterable"):
        client.map(client.runs_list)
    with pytest.raises(TypeError, match="^on_progress: must be callable"):
        client.map(client.runs_get, ["a"], on_progress=5)


# How far it goes ahead


@pytest.mark.parametrize(("concurrency", "pipeline"), [(1, 1), (4, 1), (3, 5)])
@pytest.mark.parametrize("ordered", [True, False])
def test_inputs_are_taken_as_they_are_needed(hostile, concurrency, pipeline, ordered):
    taken = count()
    seen = []

    def ids():
        for number in range(500):
            seen.append(next(taken))
            yield f"r{number}"

    ahead = 2 * concurrency * pipeline
    with connected(hostile) as client:
        calls = gets(client, ids(), concurrency=concurrency, pipeline=pipeline, ordered=ordered)
        assert seen == []
        assert hostile.requests == []
        for given, _ in enumerate(calls):
            assert len(seen) <= given + ahead
        assert len(seen) == 500


def test_a_slow_first_call_does_not_let_an_ordered_map_run_away():
    slow_is_asked, go_on = threading.Event(), threading.Event()

    def serve(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            if received.id == "r0":
                slow_is_asked.set()
                go_on.wait(20)
            peer.answer({"id": received.id})

    taken = []

    def ids():
        for number in range(200):
            taken.append(number)
            if len(taken) == 8:
                go_on.set()  # as far as it may go
            yield f"r{number}"

    with HostileServer(then=[serve]) as server, connected(server) as client:
        first = next(gets(client, ids(), concurrency=4))
        assert first.value == {"id": "r0"}
        assert slow_is_asked.is_set()
        assert len(taken) == 8


def test_an_input_that_raises_is_told_after_what_was_taken_before(hostile):
    def ids():
        yield "r1"
        yield "r2"
        raise KeyError("no more")

    with connected(hostile) as client:
        calls = gets(client, ids())
        assert [next(calls).value, next(calls).value] == [{"id": "r1"}, {"id": "r2"}]
        with pytest.raises(KeyError):
            next(calls)
        assert list(calls) == []


def test_progress_counts_the_outcomes_that_were_given_and_what_it_raises_ends_the_map(hostile):
    with connected(hostile) as client:
        seen = []
        assert len(list(gets(client, "abc", on_progress=seen.append))) == 3
        assert seen == [1, 2, 3]

        def stop(done):
            raise RuntimeError("enough")

        with pytest.raises(RuntimeError, match="enough"):
            list(gets(client, "abc", on_progress=stop))
        assert client.request("GET", "/x?id=after") == {"id": "after"}


def test_the_memory_does_not_grow_with_the_number_of_calls(hostile):
    alive = weakref.WeakSet()

    class Id(str):
        """A text that can be watched."""

    most = 0

    def ids():
        nonlocal most
        for number in range(300):
            watched = Id(f"r{number}")
            alive.add(watched)
            most = max(most, len(alive))
            yield watched

    with connected(hostile) as client:
        for outcome in client.map(client.runs_get, ids(), concurrency=4):
            del outcome
    assert most <= 2 * 4 + 1


# One call among the others


def test_errors_retries_and_limits_are_those_of_a_single_call(server):
    server.reply({"error": "busy"}, status=503)
    server.reply({"ok": True})
    with IronflowClient(server.url, initial_backoff=0.001) as client:
        (outcome,) = client.map(client.runs_get, ["a"])
        assert outcome.value == {"ok": True}
        server.reply({"error": "busy"}, status=503)
        (outcome,) = client.map(client.events_create, [{"name": "x", "data": {}}])
        assert (outcome.error.status_code, outcome.error.attempts) == (503, 1)
        server.reply({"a": "x" * 2000})
        small = client.with_options(max_response_bytes=1000)
        (outcome,) = client.map(small.runs_get, ["a"])
        assert "larger than max_response_bytes" in str(outcome.error)
    assert len(server.requests) == 4


def test_a_redirect_is_followed_within_the_server(server):
    server.reply({}, status=302, headers={"Location": "/api/v1/runs/b"})
    server.reply({"id": "b"})
    with IronflowClient(server.url) as client, client.capture() as seen:
        (outcome,) = client.map(client.runs_get, ["a"])
    assert outcome.value == {"id": "b"}
    assert [info.attempts for info in seen] == [1]
    assert [request.path for request in server.requests] == ["/api/v1/runs/a", "/api/v1/runs/b"]


def test_a_call_that_fails_behind_a_redirect_begins_where_it_began(server):
    server.reply({}, status=302, headers={"Location": "/api/v1/runs/b"})
    server.reply({"error": "busy"}, status=503)
    server.reply({"id": "a"})
    with IronflowClient(server.url, initial_backoff=0) as client:
        assert values(client.map(client.runs_get, ["a"])) == [{"id": "a"}]
    assert [request.path[-1] for request in server.requests] == ["a", "b", "a"]


def test_gzip_chunks_and_large_replies_are_read(hostile):
    value = {"items": ["x" * 100] * 5000}
    body = json.dumps(value).encode()
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
    script = [
        request,
        chunked % (len(body), body),
        request,
        reply(gzip.compress(body), "Content-Encoding: gzip"),
        request,
        reply(body),
        behave,
    ]
    with HostileServer(script) as server, connected(server) as client:
        outcomes = list(gets(client, "abcd", concurrency=1))
        assert [outcome.error for outcome in outcomes] == [None] * 4
        assert [outcome.value == value for outcome in outcomes] == [True, True, True, False]


# Seeing what happened


def test_captures_and_hooks_see_every_call(server):
    seen = []
    server.reply({"id": "a"}, headers={"X-Request-Id": "req_1"})
    server.reply({"error": "no"}, status=404)
    with IronflowClient(server.url, on_response=seen.append) as client:
        with client.capture() as captured:
            list(client.map(client.runs_get, ["a", "b"], concurrency=1))
    assert [info.status_code for info in seen] == [200, 404]
    assert [info.status_code for info in captured] == [200, 404]
    assert captured[0].request_id == "req_1"
    assert captured[0].elapsed > 0
    assert type(captured[1].error) is NotFoundError


def test_the_log_has_a_line_for_every_attempt_and_no_key(server, caplog):
    caplog.set_level(logging.DEBUG, logger="ironflow")
    server.reply({"error": "busy"}, status=503)
    with IronflowClient(server.url, api_key=KEY, initial_backoff=0) as client:
        list(client.map(client.runs_get, ["a", "b"], concurrency=1))
    lines = sorted(line.split(" in ")[0].partition("/runs/")[2] for line in caplog.messages)
    assert lines == ["a: 200", "a: 503", "b: 200"]
    assert KEY not in caplog.text


def test_a_failed_outcome_keeps_nothing_alive(server):
    server.reply({"error": "no"}, status=404)
    gc.disable()
    try:
        with IronflowClient(server.url) as client:
            (outcome,) = client.map(client.runs_get, ["a"])
            with pytest.raises(IronflowError):
                outcome.result()
            gone = weakref.ref(outcome.error)
            del outcome
            assert gone() is None
    finally:
        gc.enable()


def test_outcome_can_be_written_with_its_type():
    assert Outcome[dict] is Outcome
