"""How a call is tried again on a bad day, and what is never sent twice."""

from __future__ import annotations

import itertools
import uuid

import pytest

from ironflow import (
    IronflowConnectionError,
    IronflowTimeoutError,
    RateLimitError,
    ServerError,
)
from ironflow._errors import RETRYABLE_STATUSES
from ironflow._wire.retry import BUDGET, RETRY_COST

from ..hostile import (
    OK,
    HostileServer,
    behave,
    reply,
    request,
    reset,
    stall,
    trusting_context,
)
from .patience import UNAVAILABLE, failure, patient


def test_a_server_that_is_busy_for_a_moment_does_not_fail_a_read(server):
    server.reply({"error": "busy"}, status=503)
    server.reply({"ok": True})
    with patient(server.url) as client:
        assert client.request("GET", "/x") == {"ok": True}
        assert len(client.waits) == 1
        assert 0.05 <= client.waits[0] <= 0.1
    assert len(server.requests) == 2


def test_the_waits_grow_and_differ(server):
    for _ in range(8):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url, max_attempts=8, initial_backoff=1, max_backoff=4) as client:
        error = failure(client)
        assert (type(error), error.attempts, len(server.requests)) == (ServerError, 8, 8)
        for wait, bound in zip(client.waits, (1, 2, 4, 4, 4, 4, 4)):
            assert bound / 2 <= wait <= bound
        assert len(set(client.waits)) > 1


@pytest.mark.parametrize("status", sorted({*RETRYABLE_STATUSES, 400, 404, 409, 501, 505, 520}))
def test_a_read_is_tried_again_after_the_statuses_that_pass_and_no_other(server, status):
    for _ in range(3):
        server.reply({"error": "no"}, status=status)
    with patient(server.url) as client:
        error = failure(client)
    attempts = 3 if status in RETRYABLE_STATUSES else 1
    assert (error.status_code, error.attempts) == (status, attempts)
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("method", "again"),
    [
        ("GET", True),
        ("HEAD", True),
        ("OPTIONS", True),
        ("PUT", True),
        ("DELETE", True),
        ("POST", False),
        ("PATCH", False),
    ],
)
def test_only_methods_that_are_safe_to_repeat_are_repeated(server, method, again):
    server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client:
        if again:
            client.request(method, "/x")
        else:
            assert failure(client, method).attempts == 1
    assert len(server.requests) == (2 if again else 1)


@pytest.mark.parametrize(
    ("method", "options", "arguments", "attempts"),
    [
        ("POST", {}, {"retry": True}, 3),
        ("POST", {}, {"headers": {"Idempotency-Key": "k-1"}}, 3),
        ("POST", {}, {"headers": {"idempotency-key": "k-1"}}, 3),
        ("POST", {}, {"headers": {"Idempotency-Key": None}}, 1),
        ("POST", {"retry_methods": ["POST"]}, {}, 3),
        ("POST", {"max_attempts": 1}, {"retry": True}, 1),
        ("POST", {}, {"retry": False, "headers": {"Idempotency-Key": "k-1"}}, 1),
        ("GET", {}, {"retry": False}, 1),
        ("GET", {}, {"retry": True}, 3),
        ("GET", {"max_attempts": 1}, {}, 1),
        ("GET", {"max_attempts": 2}, {}, 2),
        ("GET", {"retry_methods": []}, {}, 1),
        ("GET", {"retry_methods": []}, {"retry": True}, 3),
    ],
)
def test_the_caller_decides_what_is_repeated(server, method, options, arguments, attempts):
    for _ in range(3):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url, **options) as client:
        assert failure(client, method, **arguments).attempts == attempts
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("call", "attempts"),
    [
        (lambda client: client.policies_dry_run({}), 3),
        (lambda client: client.sql_create({"query": "SELECT 1"}), 3),
        (lambda client: client.events_create({"name": "a", "data": {}}), 1),
        (lambda client: client.streams_events("e", {"entity_type": "a", "event_name": "b"}), 1),
        (lambda client: client.functions_invoke("f", {}), 1),
        (lambda client: client.functions_invoke("f", {}, idempotency_key="k-1"), 3),
        (lambda client: client.pub_sub_create({"topic": "t", "data": 1}), 1),
        (
            lambda client: client.pub_sub_create(
                {"topic": "t", "data": 1, "idempotency_key": "k-1"}
            ),
            3,
        ),
        (
            # The route does not read a key from its body: it is no more than data there.
            lambda client: client.events_create(
                {"name": "a", "data": {}, "idempotency_key": "k-1"}
            ),
            1,
        ),
    ],
)
def test_a_write_is_repeated_where_the_route_or_a_key_makes_that_harmless(server, call, attempts):
    for _ in range(3):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client:
        with pytest.raises(ServerError) as caught:
            call(client)
    assert caught.value.attempts == attempts
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("condition", "attempts"),
    [
        ({"if_match": 3}, 1),
        ({"if_none_match": "*"}, 1),
        ({}, 3),
        ({"if_match": None}, 3),
    ],
)
def test_a_conditional_write_does_not_meet_its_own_first_try(server, condition, attempts):
    for _ in range(3):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client, pytest.raises(ServerError):
        client.kv_update_buckets_keys("cache", "greeting", body=b"hello", **condition)
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("method", "arguments", "attempts"),
    [
        ("GET", {"headers": {"If-None-Match": "*"}}, 3),
        ("DELETE", {"headers": {"IF-MATCH": "3"}}, 1),
        ("PUT", {"headers": {"if-match": "3"}, "retry": True}, 3),
        ("PUT", {"headers": {"If-Match": "3", "Idempotency-Key": "k"}}, 3),
    ],
)
def test_a_condition_counts_however_it_is_written_and_the_caller_wins(
    server, method, arguments, attempts
):
    for _ in range(3):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client, pytest.raises(ServerError):
        client.request(method, "/api/v1/kv/buckets/cache/keys/greeting", **arguments)
    assert len(server.requests) == attempts


@pytest.mark.parametrize("name", ["If-Match", "if-none-match", "If-Unmodified-Since"])
def test_a_condition_in_the_headers_of_the_client_counts_too(server, name):
    for _ in range(3):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url, headers={name: "Wed, 21 Oct 2015 07:28:00 GMT"}) as client:
        with pytest.raises(ServerError):
            client.kv_update_buckets_keys("cache", "greeting", body=b"hello")
        assert len(server.requests) == 1
        server._script.clear()
        with pytest.raises(ServerError):
            for _ in range(3):
                server.reply({"error": "busy"}, status=503)
            client.request("GET", "/x")
        assert len(server.requests) == 4
        with pytest.raises(ServerError):
            for _ in range(3):
                server.reply({"error": "busy"}, status=503)
            client.request("DELETE", "/x", headers={name: None, "Idempotency-Key": "k"})
        assert len(server.requests) == 7


def test_an_automatic_key_is_one_for_all_attempts_of_a_call_in_the_header(server):
    for _ in range(2):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client:
        client.functions_invoke("f", {"data": 1}, idempotency_key="auto")
        client.functions_invoke("f", {"data": 1}, idempotency_key="auto")
    keys = [seen.headers["idempotency-key"] for seen in server.requests]
    assert len(keys) == 4
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert [str(uuid.UUID(key)) for key in keys] == keys


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (
            lambda client, body: client.streams_events("e", body),
            {"entity_type": "a", "event_name": "b", "idempotency_key": "auto"},
        ),
        (
            lambda client, body: client.pub_sub_create(body),
            {"topic": "t", "data": 1, "idempotency_key": "auto"},
        ),
    ],
    ids=["streams_events", "pub_sub_create"],
)
def test_an_automatic_key_is_one_for_all_attempts_of_a_call_in_the_body(server, call, body):
    given = dict(body)
    for _ in range(2):
        server.reply({"error": "busy"}, status=503)
    with patient(server.url) as client:
        call(client, body)
        call(client, body)
    assert body == given, "the caller's own dict was changed"
    keys = [seen.json["idempotency_key"] for seen in server.requests]
    assert len(keys) == 4
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert [str(uuid.UUID(key)) for key in keys] == keys
    assert {**server.last.json, "idempotency_key": "auto"} == given


def test_retry_after_is_what_is_waited(server):
    server.reply({"error": "slow down"}, status=429, headers={"Retry-After": "7"})
    server.reply({"error": "slow down", "retry_after": 2.5}, status=429)
    server.reply({"ok": True})
    with patient(server.url, timeout=60) as client:
        assert client.request("GET", "/x") == {"ok": True}
        assert client.waits == [7.0, 2.5]


@pytest.mark.parametrize(
    ("retry_after", "options"),
    [("61", {"timeout": 600}), ("7", {"timeout": 5}), ("7", {"max_retry_after": 6})],
    ids=["above the maximum", "beyond the timeout", "above the caller's maximum"],
)
def test_a_retry_after_that_is_too_long_is_on_the_error_at_once(server, retry_after, options):
    server.reply({"error": "slow down"}, status=429, headers={"Retry-After": retry_after})
    with patient(server.url, **options) as client:
        error = failure(client)
        assert (type(error), error.attempts) == (RateLimitError, 1)
        assert error.retry_after == float(retry_after)
        assert client.waits == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "header",
    [
        "1 Feb , 1",  # makes the e-mail package of Python 3.9 raise an IndexError
        "Wed, 99 Oct 99999 99:99:99 +9999",
        "Wed, 3 Apr 2002 12.34.56.78+0800",
        "Feb",
        ",",
        "1e400",
        "9" * 5000,
    ],
)
def test_a_retry_after_of_nonsense_counts_as_none(server, header):
    for _ in range(3):
        server.reply({"error": "slow down"}, status=429, headers={"Retry-After": header})
    with patient(server.url) as client:
        error = failure(client)
        assert (type(error), error.attempts) == (RateLimitError, 3)
        assert all(0 <= wait <= 0.2 for wait in client.waits)


@pytest.mark.parametrize(
    ("status", "said", "attempts"), [(503, False, 1), (409, True, 3), (503, "no", 3)]
)
def test_a_server_that_says_whether_to_try_again_is_obeyed(server, status, said, attempts):
    for _ in range(3):
        server.reply({"error": "no", "retryable": said}, status=status)
    with patient(server.url) as client:
        assert failure(client).attempts == attempts
    assert len(server.requests) == attempts


def test_a_write_is_not_repeated_because_the_server_says_it_may_be(server):
    server.reply({"error": "no", "retryable": True}, status=503)
    with patient(server.url) as client:
        error = failure(client, "POST", body={})
    assert (error.retryable, error.attempts, len(server.requests)) == (True, 1, 1)


def test_the_last_reply_of_the_server_beats_a_later_connection_error():
    script = [request, reply(b'{"error": "busy"}', "Connection: close", status="503 Unavailable")]
    with HostileServer(script, [request], [request, reset]) as server:
        with patient(server.url) as client:
            error = failure(client)
            assert (type(error), error.status_code) == (ServerError, 503)
            assert (str(error), error.attempts) == ("busy", 3)
            assert len(server.requests) == 3


def test_a_later_reply_beats_an_earlier_one():
    script = [request, UNAVAILABLE, request, reply(b'{"error": "gone"}', status="404 N"), behave]
    with HostileServer(script) as server, patient(server.url) as client:
        error = failure(client)
        assert (error.status_code, str(error), error.attempts) == (404, "gone", 2)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("acts", "kind"),
    [
        ([UNAVAILABLE, behave], ServerError),
        ([reset], IronflowConnectionError),
        ([], IronflowConnectionError),
        ([stall], IronflowTimeoutError),
    ],
    ids=["503", "reset", "close", "timeout"],
)
def test_a_write_that_may_have_been_delivered_is_never_sent_twice(method, acts, kind):
    with HostileServer([request, *acts]) as server:
        times = {"timeout": 0.3, "total_timeout": 20} if stall in acts else {}
        with patient(server.url, **times) as client:
            error = failure(client, method, body={"id": "first"})
            assert (type(error), error.attempts) == (kind, 1)
            assert client.waits == []
            server.settle()
            assert client.request(method, "/x", body={"id": "next"}) == {"id": "next"}
        assert (server.delivered("first"), server.delivered("next")) == (1, 1)


@pytest.mark.parametrize("method", ["POST", "PATCH", "GET"])
def test_a_call_that_never_left_is_tried_again_whatever_it_is(method):
    with HostileServer() as server, patient(server.url) as client:
        transport = client._open()
        connect, refusals = transport.open, itertools.count(1)

        def sometimes_refused(*arguments):
            if next(refusals) < 3:
                raise ConnectionRefusedError(111, "Connection refused")
            return connect(*arguments)

        transport.open = sometimes_refused
        assert client.request(method, "/x", body={"id": "first"}) == {"id": "first"}
        assert len(client.waits) == 2
        assert server.delivered("first") == 1


def test_retry_false_means_one_attempt_even_if_nothing_left():
    with HostileServer() as server:
        port = server.port
    with patient(f"http://127.0.0.1:{port}") as client:
        assert failure(client, retry=False).attempts == 1
        assert failure(client).attempts == 3


def test_a_total_timeout_leaves_time_for_attempts_after_one_that_timed_out():
    with HostileServer([request, stall], [request, stall]) as server:
        with patient(server.url, timeout=0.3, total_timeout=20) as client:
            assert client.request("GET", "/x", params={"id": "1"}) == {"id": "1"}
            assert len(client.waits) == 2
        assert server.delivered("1") == 3


def test_the_timeout_alone_bounds_all_attempts_together():
    with HostileServer(then=[request, stall]) as server:
        with patient(server.url, timeout=0.3) as client:
            error = failure(client)
            assert (type(error), error.attempts) == (IronflowTimeoutError, 1)
            assert "timeout=0.3" in str(error)


def test_a_total_timeout_shorter_than_the_attempts_take_ends_them():
    with HostileServer(then=[request, stall]) as server:
        with patient(server.url, timeout=0.6, total_timeout=1.1, max_attempts=9) as client:
            error = failure(client)
            assert type(error) is IronflowTimeoutError
            assert error.attempts == 2
            assert "timeout=0.6, total_timeout=1.1" in str(error)


def test_an_outage_does_not_multiply_the_calls_for_ever(server):
    with patient(server.url) as client:
        calls = BUDGET // (2 * RETRY_COST)
        for _ in range(2 * calls):
            for _ in range(3):
                server.reply({"error": "down"}, status=503)
            failure(client)
            server._script.clear()
        # Half of the calls had their three attempts, then the budget was spent.
        assert len(server.requests) == 3 * calls + calls
        assert client.with_options(timeout=3).request("GET", "/x") == {}
        for _ in range(RETRY_COST):
            client.request("GET", "/x")
        server.reply({"error": "down"}, status=503)
        assert client.request("GET", "/x") == {}


# A connection that was kept open and has died.


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("acts", [[], [reset]], ids=["close", "reset"])
def test_a_kept_connection_that_dies_under_a_safe_call_costs_an_attempt_and_no_wait(
    acts, method, tls
):
    script = [request, OK, request, *acts]
    with HostileServer(script, certificate=tls) as server:
        context = trusting_context() if tls else None
        with patient(server.url, max_attempts=2, ssl_context=context) as client:
            client.request("GET", "/x")
            with client.capture() as seen:
                value = client.request(method, "/x", body={"id": "second"})
            assert value == {"id": "second"}
            assert seen[0].attempts == 2
            assert client.waits == []
        assert server.delivered("second") == 2
        assert server.accepted == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_one_attempt_means_that_a_call_is_sent_once_also_on_a_kept_connection(method):
    with HostileServer([request, OK, request]) as server:
        with patient(server.url, max_attempts=1) as client:
            client.request("GET", "/x")
            error = failure(client, method, body={"id": "second"})
            assert (type(error), error.attempts) == (IronflowConnectionError, 1)
            assert error.delivered is None
        assert server.delivered("second") == 1


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("acts", [[], [reset]], ids=["close", "reset"])
def test_a_kept_connection_that_dies_under_a_write_is_an_error_and_no_second_write(acts, tls):
    with HostileServer([request, OK, request, *acts], certificate=tls) as server:
        context = trusting_context() if tls else None
        with patient(server.url, ssl_context=context) as client:
            client.request("GET", "/x")
            error = failure(client, "POST", body={"id": "second"})
            assert (type(error), error.attempts) == (IronflowConnectionError, 1)
            assert client.waits == []
            assert client.request("POST", "/x", body={"id": "third"}) == {"id": "third"}
        assert (server.delivered("second"), server.delivered("third")) == (1, 1)


@pytest.mark.parametrize(("options", "attempts"), [({}, 2), ({"max_attempts": 1}, 1)])
def test_a_write_goes_again_when_a_dead_connection_took_no_byte_of_it(
    monkeypatch, options, attempts
):
    # Between the look at a kept connection and the send on it there is always a moment.
    monkeypatch.setattr("ironflow._wire.connection.Connection.is_alive", lambda self: True)
    with HostileServer([request, OK, reset]) as server, patient(server.url, **options) as client:
        client.request("GET", "/x")
        assert server.peers[0].settled.wait(10)
        if attempts == 2:
            with client.capture() as seen:
                assert client.request("POST", "/x", body={"id": "second"}) == {"id": "second"}
            assert (seen[0].attempts, client.waits) == (2, [])
            assert server.delivered("second") == 1
        else:
            error = failure(client, "POST", body={"id": "second"})
            assert (type(error), error.attempts) == (IronflowConnectionError, 1)
            assert error.delivered is False
            assert server.delivered("second") == 0


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [({"headers": {"Idempotency-Key": "k"}}, 2), ({"retry": True}, 2), ({"retry": False}, 1)],
)
def test_a_kept_connection_that_dies_under_a_write_that_may_be_repeated(arguments, sent):
    with HostileServer([request, OK, request]) as server, patient(server.url) as client:
        client.request("GET", "/x")
        if sent == 2:
            reply = client.request("POST", "/x", body={"id": "second"}, **arguments)
            assert reply == {"id": "second"}
        else:
            failure(client, "POST", body={"id": "second"}, **arguments)
        assert server.delivered("second") == sent


def test_a_kept_connection_that_dies_inside_a_reply_costs_an_attempt():
    with HostileServer([request, OK, request, b"HTTP/1.1 200"]) as server:
        with patient(server.url) as client:
            client.request("GET", "/x")
            with client.capture() as seen:
                assert client.request("GET", "/x", params={"id": "2"}) == {"id": "2"}
            assert (seen[0].attempts, len(client.waits)) == (2, 1)


def test_a_server_that_kills_every_connection_is_not_called_for_ever():
    with HostileServer([request, OK, request], then=[request]) as server:
        with patient(server.url) as client:
            client.request("GET", "/x")
            error = failure(client, params={"id": "2"})
            assert (type(error), error.attempts) == (IronflowConnectionError, 3)
        assert server.delivered("2") == 3


@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["plain", "TLS"])
def test_the_longest_timeout_is_waited_for_in_parts(certificate):
    with HostileServer(certificate=certificate) as server:
        context = trusting_context() if certificate else None
        with patient(server.url, timeout=366 * 24 * 3600, ssl_context=context) as client:
            assert client.request("GET", "/x?id=a") == {"id": "a"}
