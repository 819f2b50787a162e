"""A strict server: what the product silently ignores is an error."""

from __future__ import annotations

import pytest

from ironflow import IronflowClient, NotFoundError, ServerError, ValidationError
from ironflow.testing import LocalServer

from ..local import CheckedServer


@pytest.fixture
def strict():
    with CheckedServer(strict=True) as server:
        yield server
    assert server.misfits == []


@pytest.fixture
def client(strict):
    with IronflowClient(strict.url, timeout=10, max_attempts=1) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/api/v1/runs", {"limt": 5}, "unknown query parameter 'limt'; did you mean limit?"),
        ("/api/v1/secrets", {"x": 5}, "unknown query parameter 'x'; there are none"),
        ("/api/v1/environments", {"x": 5}, "unknown query parameter 'x'; known are project_id"),
        ("/api/v1/runs", {"status": "complete"}, "unknown value 'complete' of status; did you"),
        ("/api/v1/functions", {"mode": "x"}, "unknown value 'x' of mode; known are pull, push"),
    ],
)
def test_a_query_that_nobody_knows_is_refused_with_what_was_meant(client, path, query, message):
    with pytest.raises(ValidationError) as failure:
        client.request("GET", path, params=query)
    assert str(failure.value).startswith(message)


def test_everything_that_is_known_is_taken(strict, client):
    client.runs_list(status="completed", limit=5)
    client.request("GET", "/api/v1/functions", params={"mode": ""})
    client.events_create(body={"name": "order.placed", "data": {}, "nobody-knows": 1})
    client.policies_create(body={"name": "p", "effect": "deny", "actions": "*", "resources": "*"})


def test_an_unknown_value_in_a_body_is_refused_at_any_depth(client):
    with pytest.raises(ValidationError, match="unknown value 'denied' of effect; did you mean den"):
        client.policies_create(
            body={"name": "p", "effect": "denied", "actions": "*", "resources": "*"}
        )
    steps = [{"id": "a", "status": "completed"}, {"id": "b", "status": "done"}]
    with pytest.raises(ValidationError, match=r"unknown value 'done' of steps\[\]\.status"):
        client.workers_update_jobs("w", "job_1", body={"status": "completed", "steps": steps})


@pytest.mark.parametrize("body", [[], "text", {"steps": {}}, {"steps": [None, 1]}, {"yield": []}])
def test_a_body_of_another_shape_is_left_to_the_route(client, body):
    with pytest.raises((ValidationError, NotFoundError)) as failure:
        client.workers_update_jobs("w", "job_1", body=body)
    assert "unknown value" not in str(failure.value)


def test_an_environment_has_to_be_created_before_it_is_named(strict, client):
    staging = client.with_options(environment="staging")
    with pytest.raises(NotFoundError, match="environment not found: staging"):
        staging.events_create(body={"name": "order.placed", "data": {}})
    assert [found["name"] for found in client.environments_list()] == ["default"]
    staging.environments_create(body={"name": "staging"})
    assert staging.events_list()["count"] == 0
    with pytest.raises(KeyError):
        strict.break_circuit("f", "http://localhost/", environment="prod")


def test_reset_keeps_a_server_strict(strict, client):
    strict.reset()
    with pytest.raises(ValidationError):
        client.request("GET", "/api/v1/runs", params={"limt": 5})


def test_a_fault_that_no_request_met_is_an_error_at_the_end():
    with pytest.raises(AssertionError) as failure:
        with LocalServer(strict=True) as server, IronflowClient(server.url) as client:
            server.fail("GET", "/api/v1/runs/{id}")
            server.delay("*", "*", 0, times=7)  # met once, and so it has done its part
            client.runs_list()
    assert str(failure.value).splitlines() == [
        "GET /api/v1/runs/{id}: no request met this fail",
        "arrived instead:",
        "  GET /api/v1/runs (1)",
    ]


def test_stop_tells_of_it_once_and_does_not_replace_what_is_on_its_way():
    server = LocalServer(strict=True).start()
    server.fail("GET", "/api/v1/runs")
    with pytest.raises(ConnectionError):
        try:
            raise ConnectionError
        finally:
            server.stop()
    with pytest.raises(AssertionError, match="no request met this fail"):
        server.stop()
    server.stop()
    assert repr(server) == "<LocalServer stopped>"


def test_a_server_that_is_not_strict_lets_it_pass():
    with LocalServer() as server, IronflowClient(server.url) as client:
        server.fail("GET", "/api/v1/runs/{id}")
        assert client.request("GET", "/api/v1/runs", params={"limt": 5})["count"] == 0
        server.verify()


def test_a_fault_that_was_met_is_no_error(strict, client):
    strict.fail("GET", "/api/v1/runs", times=2)
    with pytest.raises(ServerError):
        client.runs_list()
    strict.verify()


def test_known_values_hold_for_rpc_too(client):
    client.webhooks_list_deliveries({"status": "accepted"})
    with pytest.raises(ValidationError, match="unknown value 'acepted' of status") as refused:
        client.webhooks_list_deliveries({"status": "acepted"})
    assert refused.value.code == "invalid_argument"
