"""capture(), on_response and the logger: what each call did, with nothing secret."""

from __future__ import annotations

import logging
import threading

import pytest

from ironflow import IronflowConnectionError, NotFoundError, ResponseInfo

from .conftest import KEY


def test_capture_collects_what_came_of_each_call(client, server):
    server.reply({"ok": 1}, headers={"X-Request-Id": "req_1", "Set-Cookie": "s=hunter2"})
    server.reply({"error": "run not found"}, status=404, headers={"X-Request-Id": "req_2"})
    with client.capture() as seen:
        client.runs_list(limit=5)
        with pytest.raises(NotFoundError) as caught:
            client.runs_get("x")
    client.runs_list()
    good, bad = seen
    assert type(good) is ResponseInfo
    assert (good.method, good.url) == ("GET", f"{server.url}/api/v1/runs?limit=5")
    assert (good.status_code, good.request_id, good.attempts, good.error) == (200, "req_1", 1, None)
    assert good.headers["content-type"] == "application/json"
    assert good.elapsed >= 0
    assert (bad.status_code, bad.request_id, bad.error) == (404, "req_2", caught.value)
    assert "hunter2" not in repr(good) + repr(good.headers)
    assert f"GET {server.url}/api/v1/runs?limit=5: status_code=200" in repr(good)


def test_attempts_are_counted(client, server):
    client._open().sleep = lambda seconds: None
    server.reply({"error": "busy"}, status=503)
    with client.capture() as seen:
        client.runs_list()
    assert (seen[0].attempts, seen[0].status_code) == (2, 200)


def test_a_call_without_a_reply_is_captured_too(client):
    nowhere = client.with_options(server_url="http://127.0.0.1:1", max_attempts=1)
    with nowhere.capture() as seen, pytest.raises(IronflowConnectionError) as caught:
        nowhere.runs_list()
    assert (seen[0].status_code, seen[0].headers, seen[0].error) == (0, {}, caught.value)


def test_captures_nest(client):
    with client.capture() as outer:
        client.runs_list()
        with client.capture() as inner:
            client.runs_get("x")
        client.health()
    assert [len(outer), len(inner)] == [3, 1]


def test_copies_of_a_client_count_and_other_clients_do_not(client, server):
    other = type(client)(server.url)
    with client.capture() as seen:
        client.with_options(timeout=3).runs_list()
        other.runs_list()
    assert len(seen) == 1
    other.close()


def test_calls_of_other_threads_are_not_captured(client):
    with client.capture() as seen:
        thread = threading.Thread(target=client.runs_list)
        thread.start()
        thread.join()
    assert seen == []


def test_a_capture_ends_with_an_exception_too(client):
    with pytest.raises(KeyError), client.capture() as seen:
        raise KeyError
    client.runs_list()
    assert seen == []


def test_on_response_is_told_of_each_call(client, server):
    told = []
    server.reply({"error": "no"}, status=404)
    watched = client.with_options(on_response=told.append)
    with pytest.raises(NotFoundError):
        watched.runs_get("x")
    watched.runs_list()
    client.runs_list()
    assert [info.status_code for info in told] == [404, 200]


def test_a_hook_that_raises_does_not_break_the_call(client, caplog):
    def hook(info):
        raise RuntimeError("hunter2")

    assert client.with_options(on_response=hook).runs_list() == {}
    assert "on_response raised RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_hook_must_be_callable(client):
    with pytest.raises(TypeError, match="^on_response: must be callable, not str"):
        client.with_options(on_response="print")


def test_the_logger_writes_one_line_an_attempt_without_the_key(client, server, caplog):
    client._open().sleep = lambda seconds: None
    server.reply({"error": "busy"}, status=503)
    with caplog.at_level(logging.DEBUG, logger="ironflow"):
        client.runs_list()
        client.websocket_list(token=KEY)
    lines = [record.getMessage() for record in caplog.records if record.name == "ironflow"]
    assert len(lines) == 3
    assert lines[0].startswith(f"GET {server.url}/api/v1/runs: 503 in ")
    assert lines[0].endswith("attempt 1")
    assert lines[1].endswith("attempt 2")
    assert "token=***" in lines[2]
    assert KEY not in caplog.text


def test_a_failure_is_logged_by_its_kind(client, caplog):
    nowhere = client.with_options(server_url="http://127.0.0.1:1", max_attempts=1)
    with caplog.at_level(logging.DEBUG, logger="ironflow"), pytest.raises(IronflowConnectionError):
        nowhere.runs_list()
    assert ": IronflowConnectionError in " in caplog.text


def test_the_logger_is_silent_unless_it_is_asked(client, caplog):
    client.runs_list()
    assert caplog.records == []
