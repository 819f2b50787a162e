"""Fixtures: a scripted server, a client that talks to it, and an environment without settings.

The environment holds no proxy of this machine either: no call of a test may go by one.
"""

from __future__ import annotations

import json
import signal

import pytest

from ironflow import IronflowClient

from . import stub
from .hostile import clear_proxies
from .local import ROOT, local, local_client
from .waits import FakeClock

__all__ = ["KEY", "ROOT", "local", "local_client"]  # two fixtures among them, for every test

KEY = "ifkey_0123456789abcdef0123456789abcdef"


def pytest_configure():
    """Take Ctrl-C as in a terminal: a background job of a shell may start with it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("IRONFLOW_SERVER_URL", "IRONFLOW_API_KEY", "IRONFLOW_ENV"):
        monkeypatch.delenv(name, raising=False)
    clear_proxies(monkeypatch)


@pytest.fixture
def server():
    with stub.StubServer() as running:
        yield running


@pytest.fixture
def client(server):
    with IronflowClient(server.url, api_key=KEY, timeout=5) as connected:
        yield connected


@pytest.fixture
def clock(client):
    """The clock of the client's waits, which stands still but for sleeps."""
    client._clock = FakeClock()
    return client._clock


def pytest_sessionfinish(session, exitstatus):
    """Leave a record of the calls seen on the wire, which ``make sdk-health`` reads.

    A run of some of the tests leaves none: what the others call would count as untested.
    """
    config, option = session.config, session.config.option
    chosen = config.args_source is not config.ArgsSource.TESTPATHS
    if chosen or option.keyword or option.markexpr or option.collectonly or exitstatus > 1:
        return
    record = ROOT / "build" / "wire.json"
    record.parent.mkdir(exist_ok=True)
    calls = sorted({tuple(call) for call in stub.SEEN})
    record.write_text(json.dumps(calls), encoding="utf-8")
