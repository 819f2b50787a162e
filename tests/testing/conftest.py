"""Fixtures of the local server's tests: runs, and servers that ask for a key."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from ironflow import IronflowClient
from ironflow.testing.pytest_plugin import options_of

from ..local import CheckedServer
from .runs import begin, finish

KEY = "ifkey_00000000000000000000000000000001"


@pytest.fixture
def guarded(request):
    """A server that asks for a key."""
    with CheckedServer(api_key=KEY, **options_of(request)) as server:
        yield server
    assert server.misfits == []


@pytest.fixture
def admin(guarded):
    with IronflowClient(guarded.url, api_key=KEY, timeout=10, max_attempts=1) as client:
        yield client


@pytest.fixture
def tenant(admin):
    """A client of a tenant of its own, with the key that came with it."""
    made = admin.tenants_provision(body={"name": "acme"})
    return admin.with_options(api_key=made["api_key"]["key"])


@pytest.fixture
def gate():
    """An event that a handler waits for; open in the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def sleeper(local, local_client):
    """The ``id`` of a run that sleeps between ``price`` and ``ship``, and the ``calls`` of both."""
    run = SimpleNamespace(calls=[])

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        total = step.run("price", lambda: run.calls.append("price") or {"total": 15})
        step.sleep("settle", 600)
        step.run("ship", lambda: run.calls.append("ship"))
        return total

    run.id = begin(local, local_client)
    assert local_client.runs_get(run.id)["status"] == "paused"
    return run


@pytest.fixture
def failed(local, local_client):
    """The ``id`` of a run whose step ``ship`` failed once, after ``price`` and ``charge``."""
    run = SimpleNamespace(calls=[])

    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        def act(name, output):
            run.calls.append(name)
            if name == "ship" and run.calls.count("ship") == 1:
                raise ConnectionError("no carrier")
            return output

        total = step.run("price", lambda: act("price", {"total": 15}))
        step.run("charge", lambda: act("charge", {"charged": total["total"]}))
        step.run("ship", lambda: act("ship", None))
        return total

    run.id = finish(local, local_client)["id"]
    assert local_client.runs_get(run.id)["status"] == "failed"
    return run
