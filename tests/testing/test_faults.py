"""Faults on request: what a user's code meets when the network or the server fails."""

from __future__ import annotations

import threading

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    RateLimitError,
    ServerError,
)
from ironflow.testing._engine.events import EventLog

from ..local import until

EVENT = {"name": "order.placed", "data": {}}


def emitted(server):
    """How many events the server holds, without the client under test."""
    return len(server._application.state.environments["env_default"].of(EventLog).events)


def test_a_failure_is_met_so_many_times_and_nothing_happens(local, local_client):
    local.fail("POST", "/api/v1/events", status=503, times=2)
    for _ in range(2):
        with pytest.raises(ServerError, match="failed on request with status 503"):
            local_client.events_create(body=EVENT)
    assert emitted(local) == 0
    assert local_client.events_create(body=EVENT)["event_id"] == "evt_1"
    assert [request.method for request in local.requests] == ["POST"] * 3


def test_a_safe_call_is_retried_over_a_failure(local):
    local.fail("GET", "/api/v1/runs", status=503, times=2, headers={"Retry-After": "0"})
    with IronflowClient(local.url, initial_backoff=0.001) as client:
        with client.capture() as seen:
            assert client.runs_list()["count"] == 0
    assert seen[0].attempts == 3


def test_a_failure_has_the_headers_and_the_body_that_were_asked_for(local, local_client):
    body = {"code": "SLOW_DOWN", "message": "not so fast", "retryable": False}
    local.fail("*", "*", status=429, headers={"Retry-After": "7"}, body=body)
    with pytest.raises(RateLimitError, match="not so fast") as failure:
        local_client.functions_list()
    assert (failure.value.code, failure.value.retry_after) == ("SLOW_DOWN", 7)
    assert failure.value.retryable is False


@pytest.mark.parametrize("path", ["/api/v1/runs/run_1", "/api/v1/runs/{id}", "/api/v1/runs/*"])
def test_a_path_is_given_as_sent_as_a_template_or_with_a_star(local, local_client, path):
    local.fail("GET", path, status=500)
    assert local_client.runs_list()["count"] == 0
    with pytest.raises(ServerError):
        local_client.runs_get("run_1")
    with pytest.raises(IronflowError, match="run not found"):
        local_client.runs_get("run_1")


def test_a_fault_leaves_other_methods_alone(local, local_client):
    local.fail("POST", "/api/v1/events")
    assert local_client.events_list()["count"] == 0


def test_a_delay_makes_a_call_time_out_that_is_handled_all_the_same(local, local_client):
    local.delay("POST", "/api/v1/events", 0.3)
    with pytest.raises(IronflowTimeoutError):
        local_client.with_options(timeout=0.05).events_create(body=EVENT)
    until(lambda: emitted(local))
    assert emitted(local) == 1


@pytest.mark.parametrize("seconds", [0, 0.01])
def test_a_delay_lets_the_next_fault_act_too(local, local_client, seconds):
    local.delay("GET", "/api/v1/runs", seconds)
    local.fail("GET", "/api/v1/runs", status=418)
    with pytest.raises(IronflowError) as failure:
        local_client.runs_list()
    assert failure.value.status_code == 418
    assert local_client.runs_list()["count"] == 0


SPOILING = {
    "truncate": InvalidResponseError,
    "reset_connection": IronflowConnectionError,
}


@pytest.mark.parametrize("kind", SPOILING)
def test_a_delay_lets_a_spoilt_reply_act_too(local, local_client, kind):
    local.delay("GET", "/api/v1/runs", 0)
    local.delay("*", "*", 0)
    getattr(local, kind)("GET", "/api/v1/runs")
    with pytest.raises(SPOILING[kind]):
        local_client.runs_list()
    assert local_client.runs_list()["count"] == 0


def test_a_delay_goes_on_after_the_failure_that_it_let_act(local, local_client):
    local.delay("GET", "/api/v1/runs", 0, times=2)
    local.fail("GET", "/api/v1/runs", status=418)
    local.fail("GET", "/api/v1/runs", status=404)
    statuses = []
    for _ in range(2):
        with pytest.raises(IronflowError) as failure:
            local_client.runs_list()
        statuses.append(failure.value.status_code)
    assert statuses == [418, 404]
    assert local_client.runs_list()["count"] == 0


def test_a_fault_that_decides_the_reply_leaves_younger_ones_to_the_next_request(
    local, local_client
):
    local.truncate("GET", "/api/v1/runs")
    local.delay("GET", "/api/v1/runs", 0)
    local.fail("GET", "/api/v1/runs", status=418)
    with pytest.raises(InvalidResponseError):
        local_client.runs_list()
    with pytest.raises(IronflowError) as failure:
        local_client.runs_list()
    assert failure.value.status_code == 418
    assert local_client.runs_list()["count"] == 0


@pytest.mark.parametrize("at", [None, 0, 1])
def test_a_reply_that_is_cut_short_is_an_error_and_not_a_short_value(local, local_client, at):
    local.truncate("POST", "/api/v1/events", at=at)
    with pytest.raises(InvalidResponseError):
        local_client.events_create(body=EVENT)
    assert emitted(local) == 1
    assert local_client.events_list()["count"] == 1


@pytest.mark.parametrize(("handled", "events"), [(False, 0), (True, 1)])
def test_a_reset_is_a_connection_error_and_a_write_is_not_repeated(local, handled, events):
    local.reset_connection("POST", "/api/v1/events", handled=handled)
    with IronflowClient(local.url, initial_backoff=0.001) as client:
        with pytest.raises(IronflowConnectionError):
            client.events_create(body=EVENT)
    assert emitted(local) == events
    assert len(local.requests) == 1


def test_a_trickled_reply_arrives_when_there_is_time_for_it(local, local_client):
    local.trickle("GET", "/api/v1/runs", interval=0.0001, size=7)
    assert local_client.runs_list()["count"] == 0


def test_a_trickled_reply_does_not_outlast_the_timeout(local, local_client):
    local.trickle("GET", "/api/v1/runs", interval=0.05)
    with pytest.raises(IronflowTimeoutError):
        local_client.with_options(timeout=0.2).runs_list()


def test_reset_without_arguments_forgets_data_faults_and_requests(local, local_client):
    local_client.events_create(body=EVENT)
    local.fail("*", "*", times=100)
    local.reset()
    assert local.requests == []
    assert local_client.events_list()["count"] == 0
    assert local_client.events_create(body=EVENT)["event_id"] == "evt_1"


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda s: s.fail("GET", "/api/v1/runs", status=99), ValueError, "status must be"),
        (lambda s: s.fail("GET", "/api/v1/runs", status="503"), ValueError, "status must be"),
        (lambda s: s.fail("GET", "/api/v1/runs", times=0), ValueError, "times must be"),
        (lambda s: s.fail("GET", "x"), ValueError, "path must be"),
        (lambda s: s.fail("GET", "x*"), ValueError, "path must be"),
        (lambda s: s.fail("BREW", "/api/v1/runs"), ValueError, "method must be"),
        (lambda s: s.fail("GET", "/api/v1/event"), ValueError, "path must be that of a route"),
        (lambda s: s.fail("GET", "/api/v1/runs?limit=1"), ValueError, "path must be"),
        (lambda s: s.fail("GET", "/api/v1/runs/{run}/x"), ValueError, "path must be"),
        (lambda s: s.fail("GET", "*", headers={"X": "a\r\nb: c"}), ValueError, "headers must be"),
        (lambda s: s.fail("GET", "*", headers={"X": "☃"}), ValueError, "headers must be"),
        (lambda s: s.fail("GET", "*", headers={"Retry-After": 1}), ValueError, "headers must be"),
        (lambda s: s.reset_connection("GET", "x"), ValueError, "path must be"),
        (lambda s: s.delay("GET", "/api/v1/runs", -1), ValueError, "seconds must be"),
        (lambda s: s.delay("GET", "/api/v1/runs", float("nan")), ValueError, "seconds must be"),
        (lambda s: s.truncate("GET", "/api/v1/runs", at=-1), ValueError, "at must be"),
        (lambda s: s.delay("GET", "/api/v1/runs", 1e12), ValueError, "seconds must be"),
        (lambda s: s.trickle("GET", "/api/v1/runs", size=0), ValueError, "size must be"),
        (lambda s: s.trickle("GET", "/api/v1/runs", size=1.5), ValueError, "size must be"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_at_once(local, ask, error, message):
    with pytest.raises(error, match=message):
        ask(local)


def test_a_method_is_taken_in_either_case(local, local_client):
    local.fail("get", "/api/v1/runs", status=500)
    with pytest.raises(ServerError):
        local_client.runs_list()


def test_a_proxys_page_can_be_what_comes_back(local, local_client):
    html = {"Content-Type": "text/html"}
    local.fail("GET", "/api/v1/runs", 502, headers=html, body=b"<html><h1>Bad Gateway</h1></html>")
    local.fail("GET", "/api/v1/runs", 200, headers=html, body=b"<html>Log in</html>")
    with pytest.raises(
        ServerError, match="^HTTP 502 Bad Gateway, a web page, not Ironflow's reply: Bad Gateway"
    ):
        local_client.runs_list()
    with pytest.raises(InvalidResponseError, match="is not JSON"):
        local_client.runs_list()


@pytest.mark.parametrize("end", ["reset", "stop"])
def test_a_request_that_is_delayed_over_a_reset_or_a_stop_is_dropped(local, local_client, end):
    local.delay("POST", "/api/v1/events", 0.2)
    outcome = []

    def emit():
        try:
            outcome.append(local_client.events_create(body=EVENT))
        except IronflowConnectionError as error:
            outcome.append(error)

    thread = threading.Thread(target=emit)
    thread.start()
    until(lambda: local.requests)
    getattr(local, end)()
    thread.join(10)
    local.start()
    assert emitted(local) == 0
    assert isinstance(outcome[0], IronflowConnectionError)
