"""Replies that are errors of the server, and broken on top of it: their status is told."""

from __future__ import annotations

import gzip

import pytest

from ironflow import IronflowError, NotFoundError, ServerError

from ..hostile import HostileServer, behave, pause, reply, request, reset, stall
from .calls import GZIP, connected, failure, get, head, next_call_works, post


@pytest.mark.parametrize(
    "acts",
    [
        [head("Content-Length: 900"), b'{"error": "no'],
        [head("Content-Length: 900"), b'{"error": "no', pause(0.02), reset],
        [head("Content-Length: 900"), b'{"error": "no', stall],
        [head("Transfer-Encoding: chunked"), b'd\r\n{"error": "no\r\n'],
        [head("Transfer-Encoding: chunked"), b'd\r\n{"error": "no\r\nzz\r\n'],
    ],
    ids=["close", "reset", "stall", "chunks cut short", "chunks broken"],
)
def test_an_error_reply_that_breaks_off_still_tells_its_status_and_what_came_of_it(acts):
    acts = [act.replace(b"200 OK", b"404 No") if isinstance(act, bytes) else act for act in acts]
    timeout = 1 if stall in acts else 20
    with HostileServer([request, *acts]) as server, connected(server, timeout=timeout) as client:
        error = failure(post, client, "first")
        assert type(error) is NotFoundError
        assert (error.status_code, error.code, error.retryable) == (404, "NOT_FOUND", False)
        assert str(error) in ('{"error": "no', "No")  # what came of the body, or the reason phrase
        next_call_works(client, server)
        assert server.delivered("first") == 1


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_an_error_reply_in_a_broken_coding_still_tells_its_status(coding):
    broken = reply(b"\x1f\x8bnonsense", f"Content-Encoding: {coding}", status="409 Conflict")
    with HostileServer([request, broken, behave]) as server, connected(server) as client:
        error = failure(post, client, "first")
        assert (error.status_code, error.code) == (409, "CONFLICT")
        next_call_works(client, server)


def test_a_gzip_bomb_in_an_error_reply_is_bounded():
    bomb = reply(gzip.compress(b"x" * 20_000_000), GZIP, status="500 Oops")
    with HostileServer([request, bomb, behave]) as server, connected(server) as client:
        error = failure(post, client, "first")
        assert type(error) is ServerError
        assert len(error.body) == 64 * 1024
        next_call_works(client, server)


def test_a_304_is_an_error_that_has_no_body_to_wait_for():
    script = [request, head("Content-Length: 10", "ETag: x", status="HTTP/1.1 304 N"), behave]
    with HostileServer(script) as server, connected(server) as client:
        error = failure(get, client, "first")
        assert type(error) is IronflowError
        assert (error.status_code, error.code, error.retryable) == (304, "HTTP_304", False)
        next_call_works(client, server)
        assert server.accepted == 1
