"""Fixtures: a local Ironflow whose every reply is checked against the manifest, and its client.

And ``until``, for what happens on the server's own time.
"""

from __future__ import annotations

import functools
import time
from pathlib import Path

import pytest

from codegen.manifest import load
from codegen.types import misfits
from ironflow import IronflowClient
from ironflow.testing import LocalServer
from ironflow.testing.pytest_plugin import options_of

from . import stub

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10.0  # seconds until something that has to happen counts as missing


def until(condition):
    """Wait until a condition holds, and return what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
    return found


@functools.lru_cache(maxsize=1)
def models_and_replies():
    """The manifest's models by name, and its endpoints by method and path."""
    manifest = load(ROOT / "manifest.json")
    return manifest.models, {(found.method, found.path): found for found in manifest.endpoints}


def misfits_of(route, status, value):
    """What of a reply does not fit the response of its route, as lines of text."""
    models, endpoints = models_and_replies()
    endpoint, name = endpoints.get((route.method, route.template)), route.name
    if endpoint is None:  # an RPC that has no method of its own, and so no model
        return []
    if value is None or endpoint.response is None:
        fits = value is None and (endpoint.response is None or endpoint.may_be_empty)
        return [] if fits else [f"{name} {status}: a body where none is due, or none where one is"]
    return [
        f"{name} {status}: {place} {problem}"
        for place, problem in misfits(value, endpoint.response, models, "reply")
    ]


class CheckedServer(LocalServer):
    """A local server that remembers which replies did not fit, and which routes were used."""

    def __init__(self, **options):
        super().__init__(**options)
        self.misfits = []
        self.used = set()
        self._application.observe = self._check

    def _check(self, route, status, value):
        self.used.add(route.name)
        self.misfits += misfits_of(route, status, value)


@pytest.fixture
def local(request):
    with CheckedServer(**options_of(request)) as server:
        yield server
    stub.SEEN.extend([request.method, request.path] for request in server.requests)
    assert server.misfits == []


@pytest.fixture
def local_client(local):
    with IronflowClient(local.url, timeout=10, max_attempts=1) as client:
        yield client
