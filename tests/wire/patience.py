"""A client that does not sleep between its attempts, for tests of what it does instead."""

from __future__ import annotations

import pytest

from ironflow import IronflowClient, IronflowError

from ..conftest import KEY
from ..hostile import reply

UNAVAILABLE = reply(b'{"error": "busy"}', status="503 Unavailable")


def patient(url, **options):
    """Return a client that notes its waits in ``client.waits`` and does not sleep."""
    client = IronflowClient(url, **{"api_key": KEY, "timeout": 20, **options})
    client.waits = []
    client._open().sleep = client.waits.append
    return client


def failure(client, method="GET", path="/x", **arguments):
    """Return the error of a call that fails."""
    with pytest.raises(IronflowError) as caught:
        client.request(method, path, **arguments)
    return caught.value
