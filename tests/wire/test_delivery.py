"""What is known of a write that failed, and when its refusal may be trusted."""

from __future__ import annotations

import itertools

import pytest

from ironflow import (
    IronflowConnectionError,
    IronflowTimeoutError,
    RateLimitError,
)

from ..hostile import (
    OK,
    HostileServer,
    behave,
    reply,
    request,
    request_head,
    reset,
    stall,
)
from .patience import UNAVAILABLE, failure, patient


def connects_once(client):
    """Let a client connect; after that its connections are refused."""
    transport = client._open()
    connect, attempts = transport.open, itertools.count()

    def refused_but_once(deadline):
        if next(attempts):
            raise ConnectionRefusedError(111, "Connection refused")
        return connect(deadline)

    transport.open = refused_but_once


# Writes that the server refused.

LIMITED = reply(b'{"error": "slow down"}', status="429 Too Many Requests")
LIMITED_LAST = reply(b'{"error": "slow"}', "Connection: close", status="429 Too Many Requests")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_rate_limited_write_is_sent_again_and_carried_out_once(method):
    with HostileServer([request, LIMITED, request, LIMITED, behave]) as server:
        with patient(server.url, refusal_statuses=[429]) as client:
            with client.capture() as seen:
                assert client.request(method, "/x", body={"id": "first"}) == {"id": "first"}
            assert (seen[0].attempts, len(client.waits)) == (3, 2)
        assert server.delivered("first") == 3  # two of them refused


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({}, {}),
        ({"refusal_statuses": [503]}, {}),
        ({"refusal_statuses": [429]}, {"retry": False}),
        ({"refusal_statuses": [429], "max_attempts": 1}, {}),
    ],
)
def test_a_rate_limited_write_is_an_error_unless_the_caller_trusts_it(options, arguments):
    with HostileServer([request, LIMITED, behave]) as server:
        with patient(server.url, **options) as client:
            error = failure(client, "POST", body={"id": "first"}, **arguments)
            assert (type(error), error.attempts) == (RateLimitError, 1)
            assert error.delivered is True
        assert server.delivered("first") == 1


def test_a_refusal_that_says_not_to_come_back_is_obeyed(server):
    server.reply({"error": "quota used up", "retryable": False}, status=429)
    with patient(server.url, refusal_statuses=[429]) as client:
        error = failure(client, "POST", body={})
        assert (str(error), error.attempts) == ("quota used up", 1)


@pytest.mark.parametrize(
    ("acts", "kind"), [([reset], IronflowConnectionError), ([stall], IronflowTimeoutError)]
)
def test_a_write_that_is_lost_after_a_refusal_is_not_called_refused(acts, kind):
    # Whoever trusts the refusal would send it again.
    with HostileServer([request, LIMITED, request, *acts]) as server:
        times = {"timeout": 0.3, "total_timeout": 20} if stall in acts else {}
        with patient(server.url, refusal_statuses=[429], **times) as client:
            error = failure(client, "POST", body={"id": "first"})
            assert (type(error), error.attempts) == (kind, 2)
            assert error.delivered is None
        assert server.delivered("first") == 2


def test_a_mapped_write_that_is_lost_after_a_refusal_is_not_called_refused():
    with HostileServer([request, LIMITED, request, reset]) as server:
        with patient(server.url, refusal_statuses=[429], initial_backoff=0) as client:
            (lost,) = client.map(client.pub_sub_create, [{"topic": "t", "id": "first"}])
        assert (type(lost.error), lost.error.attempts) == (IronflowConnectionError, 2)
        assert lost.error.delivered is None
        assert server.delivered("first") == 2


def test_a_write_whose_repeat_never_left_is_called_refused():
    with HostileServer([request, LIMITED_LAST]) as server:
        client = patient(server.url, refusal_statuses=[429])
        connects_once(client)
        error = failure(client, "POST", body={"id": "first"})
        assert (type(error), error.attempts) == (RateLimitError, 3)
        assert server.delivered("first") == 1
        client.close()


def test_a_refusal_does_not_make_an_earlier_attempt_undelivered():
    with HostileServer([request, reset], [request, LIMITED_LAST], [request, reset]) as server:
        with patient(server.url, refusal_statuses=[429], max_attempts=3) as client:
            error = failure(client, "POST", body={"id": "first"}, retry=True)
            # The caller says that repeats do no harm: the server's word tells more.
            assert (type(error), error.attempts, error.delivered) == (RateLimitError, 3, True)
        assert server.delivered("first") == 3


# What is known of a call that failed.

DELIVERIES = {
    "silence": ("POST", [request, stall], None),
    "close": ("POST", [request], None),
    "reset": ("POST", [request, reset], None),
    "reset inside of the reply": ("POST", [request, OK[:-2], reset], None),
    "not HTTP": ("POST", [request, b"-ERR\r\n"], None),
    "half a head": ("POST", [request, OK[:9]], None),
    "cut short": ("POST", [request, OK[:-1]], True),
    "not JSON": ("POST", [request, reply(b"x")], True),
    "an error": ("POST", [request, UNAVAILABLE], True),
    "a redirect": ("POST", [request, reply(b"", "Location: /y", status="307 There")], True),
    "a redirect that is lost": (
        "GET",
        [request, reply(b"", "Location: /y", status="307 There"), request, reset],
        None,
    ),
    "TLS that is none": ("POST", [b"HTTP/1.1 400 No\r\n\r\n"], False),
    "TLS that ends": ("POST", [request_head, reset], False),
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_an_error_says_whether_the_call_was_delivered(name):
    method, acts, delivered = DELIVERIES[name]
    with HostileServer(then=acts) as server:
        url = server.url.replace("http:", "https:") if name.startswith("TLS") else server.url
        with patient(url, timeout=0.5, max_attempts=1) as client:
            body = None if method == "GET" else {"id": "1"}
            assert failure(client, method, body=body).delivered is delivered


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://nowhere.invalid"])
def test_a_call_that_never_left_was_not_delivered(url):
    with patient(url) as client:
        error = failure(client, "POST", body={})
        assert (error.delivered, error.attempts) == (False, 3)


def test_a_call_that_may_have_been_delivered_once_stays_so_when_a_repeat_does_not_leave():
    with HostileServer([request, reset]) as server:
        client = patient(server.url)
        connects_once(client)
        error = failure(client, "PUT", body={"id": "1"})
        assert (type(error), error.attempts) == (IronflowConnectionError, 3)
        assert error.delivered is None
        client.close()
