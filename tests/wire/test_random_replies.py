"""Whatever bytes come back, a call ends, with a value or with an ``IronflowError``.

Most cases are read without a socket: by the parser, and by what makes a value or an error of a
reply. Some go over sockets, by the whole client. A failure prints the seed of its case.
"""

from __future__ import annotations

import json
import math
import os
import random
import socket
import time

import pytest

from ironflow import IronflowClient, IronflowError
from ironflow._wire import connection as connection_module
from ironflow._wire.replies import BadReply, Reply, ReplyParser

from ..conftest import KEY
from ..damaged import FIRST_SEED, REPLIES, stream_for
from .reading import outcome

LONG = bool(os.environ.get("CI"))
CASES = 200_000 if LONG else 5_000
CASES_ON_SOCKETS = 20_000 if LONG else 1_000
LIMIT = 50_000

METHODS = ("GET", "GET", "GET", "GET", "POST", "HEAD")


def check(error):
    """Check what every error promises, whatever it was made from."""
    assert not isinstance(error, TimeoutError), "the reply had ended, and more was waited for"
    assert str(error)
    assert str(error).isprintable()
    assert KEY not in f"{error!r} {vars(error)!r} {error.__cause__!r}"
    assert error.attempts == 1
    assert error.code
    assert error.status_code == 0 or 100 <= error.status_code <= 599
    wait = error.retry_after
    assert wait is None or 0 <= wait < float("inf")


# Without sockets.


def cut(chance, content):
    """Return a stream in pieces, of which some are of one byte."""
    pieces = []
    while content:
        size = chance.choice((1, 1, 2, 10, 100, 1000))
        pieces.append(content[:size])
        content = content[size:]
    return pieces


def result_of(content, method, text, client):
    """Return what a call makes of a stream: a reply with its value, or an error."""
    transport, limits = client._open(), client._options.limits
    request = transport.request(
        transport.origin, method, "/x", client._headers, None, None, text, None, False, False
    )
    request.attempts = 1
    parser = ReplyParser()
    parser.expect(method, LIMIT)
    now = time.monotonic()
    try:
        reply = parser.feed(content) or parser.end()
    except BadReply as problem:
        return transport.failure(problem, request, limits, now)
    return transport.outcome(reply, request, limits, now, math.inf)


def one_case(seed, client):
    chance = random.Random(seed)
    content, method, text = stream_for(chance), chance.choice(METHODS), chance.random() < 0.1
    if not content:
        return None
    # The same wherever it is cut.
    options = {"method": method, "limit": LIMIT, "end": chance.random() < 0.5}
    assert outcome(*cut(chance, content), **options) == outcome(content, **options)
    # A value, or an error that keeps what every error promises.
    result = result_of(content, method, text, client)
    if isinstance(result, Reply):
        assert len(result.content) <= LIMIT
        json.dumps(result.value)
    else:
        check(result)
    return type(result)


def test_no_bytes_of_a_server_give_anything_but_a_value_or_our_errors():
    with IronflowClient("http://127.0.0.1:1", KEY, max_response_bytes=LIMIT) as client:
        seen = {}
        for seed in range(FIRST_SEED, FIRST_SEED + CASES):
            try:
                kind = one_case(seed, client)
            except Exception as error:
                sent = stream_for(random.Random(seed))
                raise AssertionError(f"seed {seed}, which sent {sent!r}") from error
            seen[kind] = seen.get(kind, 0) + 1
    assert seen[Reply] > CASES // 20
    assert len(seen) > 5  # classes of errors


def test_a_case_of_the_generator_is_the_same_each_time():
    # Else a printed seed would tell nothing.
    for seed in range(100):
        assert stream_for(random.Random(seed)) == stream_for(random.Random(seed))


@pytest.mark.parametrize("content", REPLIES, ids=range(len(REPLIES)))
def test_the_good_replies_of_the_generator_are_good(content):
    # Undamaged, each gives its value or the error that its status stands for.
    with IronflowClient("http://127.0.0.1:1", KEY, max_response_bytes=LIMIT) as client:
        result = result_of(content, "GET", False, client)
        last = content.rindex(b"HTTP/1.")
        status = int(content[last + 9 : last + 12])
        if isinstance(result, Reply):
            assert (result.status, 200 <= status <= 299) == (status, True)
        else:
            assert result.status_code == status >= 300


# Over sockets.


class Wire:
    """Stands in for the opening of connections: each new one has a reply waiting on it."""

    def __init__(self):
        self._ends = []
        self.content = b""
        self.hangs_up = False

    def __call__(self, *_):
        near, far = socket.socketpair()
        near.setblocking(False)
        far.sendall(self.content[:100_000])
        far.shutdown(socket.SHUT_RDWR if self.hangs_up else socket.SHUT_WR)
        self._ends.append(far)
        return near

    def close(self):
        while self._ends:
            self._ends.pop().close()


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    monkeypatch.setattr(connection_module, "connect", wire)
    return wire


def call_for(chance, client):
    """Make one call of some kind; return its value."""
    kind = chance.randrange(6)
    if kind == 0:
        return client.request("POST", "/x", body={"a": 1})
    if kind == 1:
        return client.request("HEAD", "/x")
    if kind == 2:
        return client.metrics()
    return client.request("GET", "/x")


def one_call(seed, client, wire):
    chance = random.Random(seed)
    wire.content = stream_for(chance)
    wire.hangs_up = chance.random() < 0.1
    try:
        value = call_for(chance, client)
    except IronflowError as error:
        check(error)
    else:
        json.dumps(value)
    finally:
        client.close()
        wire.close()


def test_no_bytes_of_a_server_make_a_call_hang_or_raise_anything_but_our_errors(wire):
    with IronflowClient(
        "http://127.0.0.1:1", KEY, timeout=2, max_attempts=1, max_response_bytes=LIMIT
    ) as client:
        for seed in range(FIRST_SEED, FIRST_SEED + CASES_ON_SOCKETS):
            try:
                one_call(seed, client, wire)
            except Exception as error:
                raise AssertionError(f"seed {seed}, which sent {wire.content!r}") from error
