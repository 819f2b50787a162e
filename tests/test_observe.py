"""Seeing what happened: ``capture()``, ``on_response``, the logger, and what they do not show."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ironflow import IronflowClient, IronflowConnectionError, IronflowError, NotFoundError
from ironflow import ResponseInfo as Info

from .conftest import KEY
from .hostile import HostileServer, request, stall

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "tok_12345678"


@pytest.fixture
def client(client):
    client._open().sleep = lambda seconds: None
    return client


def failure(client, method="GET", path="/x", **arguments):
    with pytest.raises(IronflowError) as caught:
        client.request(method, path, **arguments)
    return caught.value


def paths(seen):
    return [info.url.rpartition("/")[2] for info in seen]


# What a capture and a hook are told.


@pytest.fixture(params=["capture", "on_response"])
def watch(request, client):
    """Return a watched client and the list that fills with what it does."""
    if request.param == "on_response":
        seen = []
        yield client.with_options(on_response=seen.append), seen
    else:
        with client.capture() as seen:
            yield client, seen


def test_a_call_is_told_with_all_that_came_back(watch, server):
    client, seen = watch
    server.reply({"ok": 1}, status=201, headers={"X-Request-Id": "req_1", "X-Odd": "Yes"})
    client.request("POST", "/x", params={"a": 1}, body={})
    (info,) = seen
    assert type(info) is Info
    assert (info.method, info.url) == ("POST", f"{server.url}/x?a=1")
    assert (info.status_code, info.request_id) == (201, "req_1")
    assert (info.attempts, info.error) == (1, None)
    assert info.headers["x-odd"] == "Yes"
    assert info.headers["content-type"] == "application/json"
    assert info.elapsed >= 0
    assert repr(info).startswith(f"ResponseInfo(POST {server.url}/x?a=1: status_code=201, ")
    assert "request_id='req_1'" in repr(info)


def test_calls_are_told_in_their_order(watch):
    client, seen = watch
    for path in ("a", "b", "c"):
        client.request("GET", f"/{path}")
    assert paths(seen) == ["a", "b", "c"]


def test_a_failed_call_is_told_with_its_error(watch, server):
    client, seen = watch
    server.reply({"error": "no run"}, status=404, headers={"X-Request-Id": "req_2"})
    error = failure(client)
    (info,) = seen
    assert info.error is error
    assert type(error) is NotFoundError
    assert (info.status_code, info.request_id, info.attempts) == (404, "req_2", 1)
    assert info.headers == error.headers
    assert "no run" in repr(info)


def test_a_call_without_a_reply_is_told_with_status_0(watch):
    client, seen = watch
    with HostileServer() as gone:
        pass
    # A hook moves with the options to another server, and so does a capture.
    elsewhere = client.with_options(server_url=gone.url, max_attempts=1)
    error = failure(elsewhere)
    (info,) = seen
    assert type(error) is IronflowConnectionError
    assert (info.status_code, info.headers, info.request_id) == (0, {}, None)
    assert (info.error, info.attempts) == (error, 1)


def test_retries_are_one_call_with_its_attempts_and_its_last_reply(watch, server):
    client, seen = watch
    server.reply({"error": "busy"}, status=503, headers={"X-Request-Id": "req_1"})
    server.reply({"error": "busy"}, status=502, headers={"X-Request-Id": "req_2"})
    server.reply({}, headers={"X-Request-Id": "req_3"})
    client.request("GET", "/x")
    for _ in range(3):
        server.reply({"error": "busy"}, status=503, headers={"X-Request-Id": "req_4"})
    failure(client)
    assert [(info.status_code, info.request_id, info.attempts) for info in seen] == [
        (200, "req_3", 3),
        (503, "req_4", 3),
    ]
    assert seen[1].elapsed >= 0


def test_what_is_told_holds_no_credential_and_no_cookie(watch, server):
    client, seen = watch
    headers = {"Set-Cookie": "sid=hunter2", "X-Echo": f"Bearer {KEY}", "X-Request-Id": KEY}
    server.reply({}, headers=headers)
    client.request("GET", "/ws", params={"token": TOKEN, "env": "a"})
    server.reply({"error": f"bad {KEY}"}, status=401, headers=headers)
    failure(client, path=f"/ws?token={TOKEN}&env=a")
    for info in seen:
        assert info.url == f"{server.url}/ws?token=***&env=a"
        assert info.headers["x-echo"] in ("***", "Bearer ***")
        assert "set-cookie" not in info.headers
        shown = repr(info) + "".join(repr(getattr(info, name)) for name in Info.__slots__)
        for secret in (KEY, TOKEN, "hunter2"):
            assert secret not in shown


def test_a_reply_that_cannot_be_used_is_told_with_its_status(watch, server):
    client, seen = watch
    server.reply(body=b"<html>", headers={"X-Request-Id": "req_1"})
    error = failure(client)
    assert (seen[0].status_code, seen[0].request_id, seen[0].error) == (200, "req_1", error)


def test_what_is_refused_before_it_is_sent_is_no_call(watch):
    client, seen = watch
    with pytest.raises(ValueError):
        client.request("GET", "/a/../b")
    assert seen == []


# Where a capture begins and ends.


def test_a_capture_ends_with_its_block(client):
    client.request("GET", "/before")
    with client.capture() as seen:
        client.request("GET", "/in")
    client.request("GET", "/after")
    assert paths(seen) == ["in"]


def test_a_capture_ends_with_its_block_when_that_raises(client):
    with pytest.raises(KeyError), client.capture() as seen:
        client.request("GET", "/in")
        raise KeyError
    client.request("GET", "/after")
    assert paths(seen) == ["in"]


def test_captures_nest(client):
    with client.capture() as outer:
        client.request("GET", "/1")
        with client.capture() as inner:
            client.request("GET", "/2")
        client.request("GET", "/3")
    assert paths(outer) == ["1", "2", "3"]
    assert paths(inner) == ["2"]


def test_a_capture_sees_the_copies_of_its_client_and_no_other_client(client, server):
    copy = client.with_options(org="org_1")
    with client.capture() as seen, copy.capture() as seen_by_copy:
        client.request("GET", "/1")
        copy.request("GET", "/2")
        client.with_options(org="org_2").request("GET", "/3")
        with IronflowClient(server.url) as stranger:
            stranger.request("GET", "/4")
    assert paths(seen) == paths(seen_by_copy) == ["1", "2", "3"]


def test_captures_of_two_clients_are_kept_apart(client, server):
    with IronflowClient(server.url) as other:
        with client.capture() as seen, other.capture() as seen_of_other:
            client.request("GET", "/1")
            other.request("GET", "/2")
    assert paths(seen) == ["1"]
    assert paths(seen_of_other) == ["2"]


def test_a_capture_does_not_see_the_calls_of_other_threads(client):
    def call(name):
        with client.capture() as seen:
            barrier.wait(10)
            for _ in range(20):
                client.request("GET", f"/{name}")
            barrier.wait(10)
        results[name] = paths(seen)

    results = {}
    barrier = threading.Barrier(4)
    with client.capture() as seen_here:
        threads = [threading.Thread(target=call, args=(str(number),)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen_here == []
    assert results == {name: [name] * 20 for name in "0123"}


def test_a_capture_does_not_see_the_calls_of_other_tasks(client):
    async def call(name):
        with client.capture() as seen:
            for _ in range(3):
                client.request("GET", f"/{name}")
                await asyncio.sleep(0)
        return paths(seen)

    async def both():
        return await asyncio.gather(call("a"), call("b"))

    assert asyncio.run(both()) == [["a"] * 3, ["b"] * 3]


def test_captures_that_overlap_end_each_for_itself(client):
    # As two generators do, or two tasks that share a context.
    first, second = client.capture(), client.capture()
    seen = first.__enter__()
    client.request("GET", "/1")
    seen_later = second.__enter__()
    client.request("GET", "/2")
    first.__exit__(None, None, None)
    client.request("GET", "/3")
    second.__exit__(None, None, None)
    client.request("GET", "/4")
    assert paths(seen) == ["1", "2"]
    assert paths(seen_later) == ["2", "3"]


FIRST_CAPTURES = """
import sys, threading
sys.setswitchinterval(1e-6)

def capture(name):
    barrier.wait(10)
    with client.capture() as seen:
        barrier.wait(10)
        client.request("GET", f"/{name}")
        barrier.wait(10)
    results.append([info.url.rpartition("/")[2] for info in seen] == [name])

for _ in range(20):
    for name in [name for name in sys.modules if name.startswith("ironflow")]:
        del sys.modules[name]
    from ironflow import IronflowClient

    client, barrier, results = IronflowClient(sys.argv[1]), threading.Barrier(4), []
    threads = [threading.Thread(target=capture, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert results == [True] * 4, results
"""


def test_the_first_captures_of_several_threads_are_kept_apart(server):
    command = [sys.executable, "-c", FIRST_CAPTURES, server.url]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


# Hooks.


class Unlucky(Exception):
    """What a hook raises; its text is not to be told."""


def test_a_hook_that_raises_does_not_break_the_call_and_is_told_by_type_alone(
    client, server, caplog
):
    def hook(info):
        raise Unlucky(f"secret of the hook, {KEY}")

    caplog.set_level(logging.WARNING, "ironflow")
    hooked = client.with_options(on_response=hook)
    server.reply({"ok": 1})
    assert hooked.request("GET", "/x") == {"ok": 1}
    server.reply({"error": "no run"}, status=404)
    assert str(failure(hooked)) == "no run"
    assert [record.getMessage() for record in caplog.records] == [
        "on_response raised Unlucky; the call goes on"
    ] * 2
    assert all(record.name == "ironflow" for record in caplog.records)
    assert "secret of the hook" not in caplog.text


def test_a_hook_that_stops_the_program_stops_it(client):
    def hook(info):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.with_options(on_response=hook).request("GET", "/x")


def test_a_hook_may_call_the_client_itself(client, server):
    seen = []

    def hook(info):
        seen.append(info.url)
        client.request("POST", "/telemetry", body={"status": info.status_code})

    client.with_options(on_response=hook).request("GET", "/x")
    assert seen == [f"{server.url}/x"]
    assert [request.target for request in server.requests] == ["/x", "/telemetry"]


def test_a_call_of_a_hook_on_its_own_client_does_not_bring_another(client, server):
    seen = []

    def hook(info):
        seen.append(info.url)
        hooked.request("POST", "/telemetry", body={"status": info.status_code})

    hooked = client.with_options(on_response=hook)
    for path in ("/x", "/y"):
        hooked.request("GET", path)
    assert seen == [f"{server.url}/x", f"{server.url}/y"]
    targets = [request.target for request in server.requests]
    assert targets == ["/x", "/telemetry", "/y", "/telemetry"]


def test_a_hook_and_a_capture_are_told_the_same(client):
    told = []
    with client.capture() as seen:
        client.with_options(on_response=told.append).request("GET", "/x")
    assert told == seen
    assert told[0] is seen[0]


# The logger.


def lines(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "ironflow"]


def test_the_logger_gets_a_line_for_each_attempt(client, server, caplog):
    caplog.set_level(logging.DEBUG, "ironflow")
    server.reply({"error": "busy"}, status=503)
    client.request("GET", "/x")
    first, second = lines(caplog)
    assert first.startswith(f"GET {server.url}/x: 503 in ")
    assert first.endswith(" s, attempt 1")
    assert second.startswith(f"GET {server.url}/x: 200 in ")
    assert second.endswith(" s, attempt 2")
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


def test_the_logger_names_what_went_wrong_without_a_reply(caplog):
    caplog.set_level(logging.DEBUG, "ironflow")
    with HostileServer([request], [request, stall]) as server:
        with IronflowClient(server.url, timeout=0.3) as client:
            for _ in range(2):
                failure(client, "POST", body={"id": "1"})
    assert [line.partition(" in ")[0] for line in lines(caplog)] == [
        f"POST {server.url}/x: IronflowConnectionError",
        f"POST {server.url}/x: IronflowTimeoutError",
    ]


def test_the_logger_is_told_no_secret(client, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.reply({"error": f"bad {KEY}"}, status=401, headers={"X-Echo": KEY, "Set-Cookie": "a"})
    failure(client, path=f"/ws?token={TOKEN}", headers={"Cookie": "sid=hunter2"})
    client.request("POST", "/x", params={"api_key": TOKEN}, body={"password": "hunter2"})
    assert len(lines(caplog)) == 2
    for secret in (KEY, TOKEN, "hunter2"):
        assert secret not in caplog.text


@pytest.fixture
def ship():
    """Return what has a function called for each record of the logger, by filter or by handler."""
    logger = logging.getLogger("ironflow")
    added = []

    def add(kind, function):
        if kind == "filter":
            added.append((logger.removeFilter, function))
            logger.addFilter(function)
        else:
            handler = logging.Handler()
            handler.emit = function
            added.append((logger.removeHandler, handler))
            logger.addHandler(handler)

    yield add
    for remove, what in added:
        remove(what)


@pytest.mark.parametrize("kind", ["filter", "handler"])
def test_a_log_that_is_shipped_by_the_client_itself_does_not_bring_another(
    client, server, caplog, ship, kind
):
    def send(record):
        client.request("POST", "/logs", body={"line": record.getMessage()})
        return True

    caplog.set_level(logging.DEBUG, "ironflow")
    ship(kind, send)
    client.request("GET", "/x")
    client.request("GET", "/y")
    targets = [request.target for request in server.requests]
    assert targets == ["/x", "/logs", "/y", "/logs"]
    assert server.last.json["line"].startswith(f"GET {server.url}/y: 200 in ")


@pytest.mark.parametrize("level", [logging.DEBUG, logging.WARNING])
def test_a_log_filter_that_raises_does_not_break_the_call(client, server, caplog, ship, level):
    def broken(record):
        raise Unlucky(KEY)

    caplog.set_level(level, "ironflow")
    ship("filter", broken)
    hooked = client.with_options(on_response=lambda info: 1 / 0)  # which is told to the logger
    server.reply({"ok": 1})
    assert hooked.request("GET", "/x") == {"ok": 1}


def test_the_logger_is_silent_unless_asked(client, caplog):
    caplog.set_level(logging.INFO, "ironflow")
    client.request("GET", "/x")
    assert lines(caplog) == []


def test_a_program_that_does_not_log_does_not_load_logging():
    program = (
        "import sys, ironflow\n"
        "client = ironflow.IronflowClient(sys.argv[1])\n"
        "client.request('GET', '/x')\n"
        "client.with_options(on_response=lambda info: 1 / 0).request('GET', '/x')\n"
        "client.close()\n"
        "assert 'logging' not in sys.modules\n"
    )
    with HostileServer() as server:
        subprocess.run(
            [sys.executable, "-S", "-c", program, server.url], cwd=ROOT, check=True, timeout=60
        )
    assert len(server.requests) == 2
