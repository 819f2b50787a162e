"""A pytest fixture: ``ironflow_server``, a new ``LocalServer`` for each test.

Installing the package registers it; a test only names it::

    def test_emitting(ironflow_server):
        client = IronflowClient(ironflow_server.url)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import LocalServer


_SETTINGS = ("IRONFLOW_SERVER_URL", "IRONFLOW_API_KEY", "IRONFLOW_ENV")


@pytest.fixture
def ironflow_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """An in-memory Ironflow that starts empty and stops after the test.

    The developer's own settings (a real key, a proxy) do not reach the test.
    """
    from . import LocalServer  # imported only for tests that use it

    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1", prepend=",")
    server = LocalServer().start()
    try:
        yield server
    finally:
        server._halt()  # pytest_runtest_call has verified it, if the test had passed


@pytest.hookimpl(trylast=True)  # after the test itself, and only if it has passed
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test whose server was to meet something that did not happen."""
    server = getattr(item, "funcargs", {}).get("ironflow_server")
    if server is not None:
        server.verify()
