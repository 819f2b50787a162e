"""From a request to its reply: credentials, environments, mistakes of handlers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ironflow import AuthenticationError, IronflowClient, IronflowError
from ironflow._routes import ROUTES
from ironflow.testing import _rpc
from ironflow.testing._handlers import HANDLERS, Handler
from ironflow.testing._handlers._table import route

from ..conftest import KEY, ROOT
from ..local import CheckedServer


def test_without_a_key_of_its_own_the_server_asks_for_none(local):
    for key in (None, KEY):
        with IronflowClient(local.url, api_key=key) as client:
            assert client.runs_list()["count"] == 0


def test_a_key_that_is_asked_for_is_asked_for():
    with CheckedServer(api_key=KEY) as server:
        with IronflowClient(server.url) as client:
            with pytest.raises(AuthenticationError, match="^authentication required"):
                client.runs_list()
            with pytest.raises(AuthenticationError):
                client.request("GET", "/api/v1/no/such/route")
        with IronflowClient(server.url, api_key=KEY[:-1] + "0") as client:
            with pytest.raises(AuthenticationError, match="^invalid or expired credential"):
                client.runs_list()
        with IronflowClient(server.url, api_key=KEY) as client:
            assert client.runs_list()["count"] == 0
    assert server.misfits == []


def test_what_needs_no_key_needs_none():
    with CheckedServer(api_key=KEY) as server, IronflowClient(server.url) as client:
        assert client.health()["status"] == "healthy"
        assert client.ready()["status"] == "ready"
        assert client.capabilities()["auth_required"] is True
        assert "ironflow" in client.metrics()
    assert server.misfits == []


def test_environments_are_apart_by_name_and_by_id(local, local_client):
    staging = local_client.with_options(environment="staging")
    staging.events_create(body={"name": "order.placed", "data": {}})
    assert local_client.events_list()["count"] == 0
    assert staging.events_list()["count"] == 1
    ids = {found["name"]: found["id"] for found in local_client.environments_list()}
    assert set(ids) == {"default", "staging"}
    by_id = local_client.with_options(environment=ids["staging"])
    assert by_id.events_list()["count"] == 1


def test_a_mistake_in_a_handler_is_a_500_and_the_server_goes_on(local, local_client, monkeypatch):
    def broken(call):
        raise LookupError("a mistake of ours")

    monkeypatch.setitem(HANDLERS, ("GET", "/api/v1/runs"), Handler(broken, False, False))
    with pytest.raises(Exception, match="internal error: LookupError"):
        local_client.runs_list()
    assert local_client.functions_list()["count"] == 0


def test_every_handler_is_one_of_a_route():
    assert set(HANDLERS) <= {row[:2] for row in (*ROUTES, *_rpc.ROUTES)}


def test_a_second_handler_of_a_route_is_an_error():
    with pytest.raises(ValueError, match="GET /api/v1/runs has two handlers"):
        route("GET", "/api/v1/runs")(len)


def test_a_route_without_a_handler_is_a_501_that_names_it(local, local_client, monkeypatch):
    monkeypatch.delitem(HANDLERS, ("GET", "/api/v1/runs/{id}"))
    with pytest.raises(IronflowError, match="no handler for GET") as refused:
        local_client.runs_get("run_1")
    assert refused.value.status_code == 501
    assert str(refused.value).endswith("GET /api/v1/runs/{id} (runs_get)")
    assert local_client.runs_list()["count"] == 0


NEW_ROUTE = """
import ironflow._routes

row = ("POST", "/api/v1/brand-new/{id}", "brand_new_create", "new", "supported")
ironflow._routes.ROUTES += (row,)

from ironflow import IronflowClient
from ironflow.testing import LocalServer

with LocalServer(api_key="ifkey_1") as server:
    for key in ("ifkey_1", "ifkey_2"):
        try:
            client = IronflowClient(server.url, api_key=key, max_attempts=1)
            client.request("POST", "/api/v1/brand-new/7")
        except Exception as error:
            print(error.status_code, error)
"""


def test_a_new_route_does_not_keep_the_server_from_starting():
    done = subprocess.run(
        [sys.executable, "-c", NEW_ROUTE], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "501 the local server has no handler for POST /api/v1/brand-new/{id} (brand_new_create)",
        "401 invalid or expired credential",
    ]
