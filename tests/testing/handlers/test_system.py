"""Health and discovery."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from ironflow import (
    AuthenticationError,
    IronflowClient,
    IronflowError,
    ServerError,
)
from ironflow._routes import ROUTES
from ironflow.testing import LocalServer

from ..workers import REGISTRATION

# Health and discovery.


def test_a_server_that_runs_is_healthy_and_ready(local_client):
    assert local_client.health()["status"] == "healthy"
    assert local_client.ready() == {"status": "ready"}


def test_metrics_count_events_and_runs(local, local_client):
    assert "ironflow_events_total 0\n" in local_client.metrics()
    local.function("process-order", triggers=["order.placed"])(lambda event: None)
    local_client.events_create(body={"name": "order.placed", "data": {}})
    local.wait_until_idle()
    with urllib.request.urlopen(f"{local.url}/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = reply.read().decode().splitlines()
    assert "ironflow_events_total 1" in lines
    assert 'ironflow_runs{status="completed"} 1' in lines
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["ironflow_uptime_seconds"]) >= 0


def test_discovery_needs_no_credential_and_tells_whether_others_do(local, local_client):
    assert local_client.capabilities()["auth_required"] is False
    with LocalServer(api_key="ifkey_0123456789abcdef0123456789abcdef") as guarded:
        with IronflowClient(guarded.url, max_attempts=1) as stranger:
            found = stranger.capabilities()
            assert (found["auth_required"], found["transports"]) == (
                True,
                ["connectrpc", "http", "websocket"],
            )
            assert stranger.health()["status"] == "healthy"
            assert stranger.ready()["status"] == "ready"
            assert "ironflow_uptime_seconds" in stranger.metrics()
            with pytest.raises(AuthenticationError):
                stranger.outbox_list_dead_letter()


def test_the_routes_are_listed_for_generators(local_client):
    routes = local_client.request("GET", "/api/v1/routes")["routes"]
    listed = {
        tuple(route[key] for key in ("method", "path", "group", "category")) for route in routes
    }
    assert listed == {(row[0], row[1], row[3], row[4]) for row in ROUTES if row[4] != "rpc"}
    assert set(routes[0]) == {"method", "path", "group", "category"}


def test_the_export_says_that_it_is_not_offered(local_client):
    with pytest.raises(ServerError, match="does not offer the export") as caught:
        local_client.request("GET", "/api/v1/export")
    assert caught.value.status_code == 501


def test_a_plain_request_for_the_websocket_is_told_to_upgrade(local_client):
    with pytest.raises(IronflowError, match="WebSocket") as caught:
        local_client.websocket_list()
    assert caught.value.status_code == 426


def test_the_server_says_what_it_is_doing(local, local_client, sleeper):
    local_client.workers_register("worker-1", body={**REGISTRATION, "function_ids": ["ship"]})
    info = local_client.system_info()
    started = info.pop("started_at")
    assert started <= local_client.runs_get(sleeper.id)["created_at"]
    assert info == {
        "version": "local",
        "function_count": 2,
        "active_runs": 1,
        "connected_workers": 1,
    }
    local_client.runs_cancel(sleeper.id)
    assert "active_runs" not in local_client.system_info()
    assert "connectedWorkers" in local_client.rpc("IronflowService/Info")
