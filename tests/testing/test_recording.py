"""The requests that are kept: the latest, within bounds."""

from __future__ import annotations

from ironflow.testing import _recording
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
