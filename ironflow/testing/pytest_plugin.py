"""A pytest fixture: ``ironflow_server``, a ``LocalServer`` of its own for each test.

Installing the package registers it; a test only has to name it::

    def test_emitting(ironflow_server):
        client = IronflowClient(ironflow_server.url)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import LocalServer


@pytest.fixture
def ironflow_server() -> Iterator[LocalServer]:
    """An in-memory Ironflow that starts empty and stops after the test."""
    from . import LocalServer  # loaded only for a test that asks for it

    with LocalServer() as server:
        yield server
