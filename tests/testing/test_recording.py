"""The requests that are kept: the latest, within bounds."""

from __future__ import annotations

import pytest

from ironflow import NotFoundError
from ironflow.testing import LocalServer, _recording
from ironflow.testing._http import ReceivedRequest
from ironflow.testing._recording import Recording


def request(number, size=0):
    return ReceivedRequest("POST", f"/{number}", {}, b"x" * size)


def paths(recording):
    return [found.path for found in recording.all()]


def test_requests_are_kept_in_the_order_of_their_arrival(local, local_client):
    local_client.runs_list()
    local_client.functions_list()
    assert [found.path for found in local.requests] == ["/api/v1/runs", "/api/v1/functions"]


def test_the_oldest_requests_go_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(_recording, "MAX_REQUESTS", 3)
    recording = Recording()
    for number in range(5):
        recording.add(request(number))
    assert paths(recording) == ["/2", "/3", "/4"]


def test_the_oldest_requests_go_when_their_bodies_are_too_large(monkeypatch):
    monkeypatch.setattr(_recording, "MAX_BYTES", 100)
    recording = Recording()
    for number in range(5):
        recording.add(request(number, size=30))
    assert paths(recording) == ["/2", "/3", "/4"]  # 32 bytes each


def test_headers_and_paths_count_too(monkeypatch):
    monkeypatch.setattr(_recording, "MAX_BYTES", 100)
    recording = Recording()
    recording.add(ReceivedRequest("GET", "/" + "a" * 60, {}, b""))
    recording.add(ReceivedRequest("GET", "/b", {"cookie": "c" * 60}, b""))
    assert paths(recording) == ["/b"]


def test_the_latest_request_is_kept_whatever_its_size(monkeypatch):
    monkeypatch.setattr(_recording, "MAX_BYTES", 100)
    recording = Recording()
    recording.add(request(1))
    recording.add(request(2, size=1000))
    assert paths(recording) == ["/2"]
    recording.add(request(3))
    assert paths(recording) == ["/3"]


def test_what_was_cleared_does_not_count(monkeypatch):
    monkeypatch.setattr(_recording, "MAX_BYTES", 100)
    recording = Recording()
    recording.add(request(1, size=90))
    recording.clear()
    assert paths(recording) == []
    recording.add(request(2, size=40))
    recording.add(request(3, size=40))
    assert paths(recording) == ["/2", "/3"]


# Expectations


def test_what_is_expected_and_comes_passes(local, local_client):
    local.expect("GET", "/api/v1/runs/{id}", times=2)
    local.expect("DELETE", "*", times=0)
    local.expect("post", "/api/v1/events")
    for run_id in ("run_1", "run_2"):
        with pytest.raises(NotFoundError):
            local_client.runs_get(run_id)
    local_client.events_create(body={"name": "order.placed", "data": {}})
    local.verify()


def test_what_does_not_come_is_told_with_what_came_instead_the_nearest_first(local, local_client):
    local_client.functions_list()
    for _ in range(2):
        local_client.events_list()
    local.expect("GET", "/api/v1/runs", times=1)
    local.expect("POST", "/api/v1/events")
    local_client.functions_list()
    with pytest.raises(AssertionError) as failure:
        local.verify()
    assert str(failure.value).splitlines() == [
        "GET /api/v1/runs: expected 1, got 0",
        "POST /api/v1/events: expected 1, got 0",
        "arrived instead:",
        "  GET /api/v1/events (2)",
        "  GET /api/v1/functions (2)",
    ]
    local.verify()  # it is told once


def test_more_than_expected_is_wrong_too(local, local_client):
    local.expect("GET", "/api/v1/runs")
    for _ in range(2):
        local_client.runs_list()
    with pytest.raises(AssertionError, match="GET /api/v1/runs: expected 1, got 2"):
        local.verify()


def test_a_complaint_names_ten_requests_at_most(local, local_client):
    for number in range(12):
        local_client.config_create(f"c{number}", body={"a": 1})
    local.expect("GET", "/api/v1/runs")
    with pytest.raises(AssertionError, match="and 2 others$"):
        local.verify()


def test_with_verifies_at_its_end():
    with pytest.raises(AssertionError, match="got 0\nnothing arrived$"):
        with LocalServer() as server:
            server.expect("GET", "/api/v1/runs")
    with pytest.raises(ConnectionError):  # of the test, which is not replaced
        with LocalServer() as server:
            server.expect("GET", "/api/v1/runs")
            raise ConnectionError


def test_a_server_that_stops_in_between_still_expects(local, local_client):
    local.expect("GET", "/api/v1/runs")
    local.stop()
    local.start()
    local_client.runs_list()
    local.verify()


def test_reset_forgets_what_was_expected(local):
    local.expect("GET", "/api/v1/runs")
    local.reset()
    local.verify()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("BREW", "/api/v1/runs"), "method must be"),
        (("GET", "/api/v1/runz"), "path must be that of a route"),
        (("GET", "/api/v1/runs", -1), "times must be"),
        (("GET", "/api/v1/runs", True), "times must be"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused_at_once(local, arguments, message):
    with pytest.raises(ValueError, match=message):
        local.expect(*arguments)
