"""Calls to a hostile server: a write, a read, their error, and the next call after it."""

from __future__ import annotations

import pytest

from ironflow import IronflowError

from ..hostile import trusting_context
from .patience import patient

UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
GZIP = "Content-Encoding: gzip"


def connected(server, **options):
    """Return a patient client of a hostile server, whose certificate it trusts."""
    if server.url.startswith("https:"):
        options.setdefault("ssl_context", trusting_context())
    return patient(server.url, **options)


def post(client, id):
    return client.request("POST", "/x", body={"id": id})


def get(client, id):
    return client.request("GET", "/x", params={"id": id})


def failure(call, *arguments):
    """Return the error of a call that fails."""
    with pytest.raises(IronflowError) as caught:
        call(*arguments)
    return caught.value


def next_call_works(client, server):
    """Check that the client is as good as new, and that the call after a failure is sent once."""
    server.settle()
    client = client.with_options(timeout=20)
    assert post(client, "next") == {"id": "next"}
    assert get(client, "after") == {"id": "after"}
    assert (server.delivered("next"), server.delivered("after")) == (1, 1)


def head(*lines, status="HTTP/1.1 200 OK"):
    """Return the head of a reply as bytes."""
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")
