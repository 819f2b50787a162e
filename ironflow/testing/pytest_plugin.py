"""A pytest fixture: ``ironflow_server``, a new ``LocalServer`` for each test.

Installing the package registers it; a test only names it::

    def test_emitting(ironflow_server):
        client = IronflowClient(ironflow_server.url)

The marker ``ironflow`` gives the server options: ``@pytest.mark.ironflow(clock="virtual")``.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import LocalServer


_SETTINGS = ("IRONFLOW_SERVER_URL", "IRONFLOW_API_KEY", "IRONFLOW_ENV")
_servers: dict[Any, LocalServer] = {}  # by the test that uses it


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, for projects that allow no others."""
    config.addinivalue_line(
        "markers", "ironflow(clock='virtual', ...): options of LocalServer for ironflow_server"
    )


@pytest.fixture
def ironflow_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalServer]:
    """An in-memory Ironflow that starts empty and stops after the test.

    The developer's own settings (a real key, a proxy) do not reach the test. The marker
    ``ironflow`` has the server's options; the closest one wins, option by option.
    """
    from . import LocalServer  # imported only for tests that use it

    options = options_of(request)
    for name in _SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1", prepend=",")
    server = _servers[request.node] = LocalServer(**options).start()
    try:
        yield server
    finally:
        del _servers[request.node]
        server._halt()  # pytest_runtest_call has verified it, if the test had passed


@pytest.hookimpl(trylast=True)  # after the test itself, and only if it has passed
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test whose server was to meet something that did not happen."""
    if item in _servers:
        _servers[item].verify()


def options_of(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the options that the markers of a test name; an unknown one fails the test."""
    from . import LocalServer

    known = inspect.signature(LocalServer).parameters
    options: dict[str, Any] = {}
    for marker in request.node.iter_markers("ironflow"):  # the closest one first
        if marker.args or not set(known).issuperset(marker.kwargs):
            given = ", ".join([*map(repr, marker.args), *marker.kwargs])
            names = ", ".join(sorted(known))
            what = f"pytest.mark.ironflow takes {names} by name; it was given {given}"
            pytest.fail(what, pytrace=False)
        options = {**marker.kwargs, **options}
    return options
