"""RPC methods that return one reply, called by name."""

from __future__ import annotations

import gzip
import re
from itertools import repeat

import pytest

from ironflow import (
    ConflictError,
    InvalidResponseError,
    IronflowError,
    NotFoundError,
    ServerError,
    ValidationError,
)
from ironflow._connect import STATUS_BY_CODE

from .conftest import KEY, ROOT
from .hostile import HostileServer, request, reset
from .test_rpc_methods import PINNED
from .wire.patience import patient

# Every method of the server's descriptors: its name, its kind, and what it is marked with.
TABLE = [row.split() for row in (ROOT / "tests" / "golden" / "rpc.txt").read_text().splitlines()]
UNARY = [row for row in TABLE if row[1] == "unary"]
GET_PROJECTION = "ProjectionService/GetProjection"


@pytest.fixture
def quick(server):
    """A client that does not sleep between attempts."""
    with patient(server.url) as client:
        yield client


# By name


@pytest.mark.parametrize("row", UNARY, ids=lambda row: row[0])
def test_every_unary_method_can_be_called_by_name_and_is_repeated_if_it_does_nothing(
    quick, server, row
):
    server.reply({"code": "unavailable", "message": "busy"}, status=503)
    server.reply({"runIds": ["r"], "next_cursor": ""})

    if "no_side_effects" in row:
        assert quick.rpc(row[0], {"a": 1}) == {"runIds": ["r"], "next_cursor": ""}
        assert len(server.requests) == 2
    else:
        with pytest.raises(ServerError) as caught:
            quick.rpc(row[0], {"a": 1})
        assert (caught.value.code, caught.value.attempts) == ("unavailable", 1)
    for seen in server.requests:
        assert (seen.method, seen.path) == ("POST", f"/ironflow.v1.{row[0]}")
        assert seen.body == b'{"a":1}'


def test_the_table_is_that_of_the_server():
    assert len(TABLE) == 95
    assert len(UNARY) == 89
    assert len({row[0].partition("/")[0] for row in TABLE}) == 12


def test_a_call_says_that_it_speaks_connect_as_json(client, server):
    assert client.rpc(GET_PROJECTION, {"name": "p"}) == {}

    headers = server.last.headers
    assert headers["content-type"] == "application/json"
    assert headers["connect-protocol-version"] == "1"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert server.last.json == {"name": "p"}


@pytest.mark.parametrize("arguments", [(), (None,), ({},)])
def test_a_call_without_members_sends_an_empty_message(client, server, arguments):
    client.rpc("IronflowService/Health", *arguments)

    assert server.last.body == b"{}"


@pytest.mark.parametrize(
    "name",
    [
        "/ProjectionService/GetProjection",
        "ironflow.v1.ProjectionService/GetProjection",
        "/ironflow.v1.ProjectionService/GetProjection",
    ],
)
def test_a_name_may_be_written_as_in_its_path(client, server, name):
    client.rpc(name)

    assert server.last.path == "/ironflow.v1.ProjectionService/GetProjection"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ProjectionService/GetProjektion", ["did you mean ProjectionService/GetProjection"]),
        ("projectionservice/getprojection", ["did you mean ProjectionService/GetProjection"]),
        ("GetProjection", ["did you mean ProjectionService/GetProjection"]),
        ("Projections/GetProjection", ["ProjectionService/GetProjection"]),
        ("Emit", ["IronflowService/Emit", "PubSubService/Emit"]),
        ("", ["is not an RPC method; write Service/Method, of AgentToolsService, AuditService"]),
        ("x/y", ["'x/y' is not an RPC method; write Service/Method"]),
    ],
)
def test_a_wrong_name_is_refused_with_the_near_ones(client, server, name, words):
    for call in (client.rpc, client.rpc_stream):
        with pytest.raises(ValueError, match="^method: ") as caught:
            call(name)
        for word in words:
            assert word in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("PubSubService/Subscribe", "streams its reply; call it with rpc_stream"),
        (
            "WorkerService/Connect",
            "streams in both directions, which neither rpc nor rpc_stream can do",
        ),
    ],
)
def test_a_stream_is_not_called_by_rpc(client, server, name, words):
    with pytest.raises(ValueError) as caught:
        client.rpc(name, {})

    assert str(caught.value) == f"method: {name} {words}"
    assert server.requests == []


@pytest.mark.parametrize("name", [None, 7, b"IronflowService/Info", ["IronflowService/Info"]])
def test_a_name_is_a_string(client, name):
    with pytest.raises(TypeError, match="method: must be a string, not"):
        client.rpc(name)


@pytest.mark.parametrize("body", [[], "{}", b"{}", 1, [{"name": "p"}]])
def test_a_message_is_an_object(client, server, body):
    with pytest.raises(TypeError, match="body: an RPC takes a JSON object, not"):
        client.rpc(GET_PROJECTION, body)
    assert server.requests == []


def test_a_message_that_cannot_be_sent_is_refused_with_its_place(client, server):
    with pytest.raises(ValueError, match=r"body\.filter\[1\]: NaN"):
        client.rpc(GET_PROJECTION, {"filter": [1, float("nan")]})
    assert server.requests == []


# Replies


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 200, "body": b""},
        {"status": 204},
        {"status": 200, "body": b"{}"},
    ],
)
def test_an_empty_reply_is_a_message_without_members(client, server, reply):
    server.reply(**reply)

    assert client.rpc(GET_PROJECTION) == {}


def test_a_reply_is_given_as_it_came(client, server):
    sent = {"runIds": ["r"], "next_cursor": "c", "data": {"orderId": 1}, "total": "42"}
    server.reply(sent)

    assert client.rpc("IronflowService/ListRuns") == sent


@pytest.mark.parametrize("coding", ["identity", "Identity"])
def test_a_reply_in_no_coding_is_fine(client, server, coding):
    server.reply({"a": 1}, headers={"Content-Encoding": coding})

    assert client.rpc(GET_PROJECTION) == {"a": 1}


def test_a_reply_may_be_compressed(client, server):
    body = gzip.compress(b'{"a": 1}', mtime=0)
    server.reply(body=body, headers={"Content-Encoding": "gzip"})

    assert client.rpc(GET_PROJECTION) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[1]", "is not a JSON object"),
        (b"null", "is not a JSON object"),
        (b'"text"', "is not a JSON object"),
        (b"{", "is not JSON"),
        (b"<html>Sign in</html>", "is not JSON"),
    ],
)
def test_a_reply_that_is_no_message_is_an_error(client, server, body, words):
    server.reply(body=body)

    with pytest.raises(InvalidResponseError) as caught:
        client.rpc("IronflowService/PauseRun", {"run_id": "r"})

    error = caught.value
    assert words in str(error)
    assert (error.status_code, error.code, error.body) == (200, "INVALID_RESPONSE", body.decode())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "not_found", NotFoundError),
        (400, "invalid_argument", ValidationError),
        (409, "aborted", ConflictError),
        (501, "unimplemented", ServerError),
        (499, "canceled", IronflowError),
    ],
)
def test_an_error_has_the_code_of_connect_and_the_class_of_its_status(
    client, server, status, code, kind
):
    details = [{"type": "google.rpc.ErrorInfo", "value": "CgA"}]
    server.reply({"code": code, "message": "no run", "details": details}, status=status)

    with pytest.raises(IronflowError) as caught:
        client.rpc("IronflowService/GetRun", {"run_id": "r"})

    error = caught.value
    assert type(error) is kind
    assert (str(error), error.code, error.status_code) == ("no run", code, status)
    assert (error.details, error.delivered) == (details, True)


# Repeats


@pytest.mark.parametrize(
    ("name", "body", "retry", "sent"),
    [
        (GET_PROJECTION, {}, None, 2),
        (GET_PROJECTION, {}, False, 1),
        ("IronflowService/PauseRun", {}, None, 1),
        ("IronflowService/PauseRun", {}, True, 2),
        ("PubSubService/Publish", {"topic": "t"}, None, 1),
        ("PubSubService/Publish", {"topic": "t", "idempotency_key": "k"}, None, 2),
        # A method that takes no key would carry out its repeat as well.
        ("IronflowService/PauseRun", {"idempotency_key": "k"}, None, 1),
    ],
)
def test_a_lost_call_is_sent_again_only_where_that_does_no_harm(name, body, retry, sent):
    with HostileServer([request, reset], [request, reset], [request, reset]) as hostile:
        with patient(hostile.url, max_attempts=2) as client:
            with pytest.raises(ConnectionError):
                client.rpc(name, body, retry=retry)
        assert len(hostile.requests) == sent


def test_a_key_can_be_made(quick, server):
    server.reply({"code": "unavailable"}, status=503)
    server.reply({"eventId": "e"})

    assert quick.rpc("IronflowService/Emit", {"event": "e", "idempotency_key": "auto"})

    first, second = (seen.json["idempotency_key"] for seen in server.requests)
    assert first == second != "auto"


# Many at once


def test_rpc_can_be_mapped(client, server):
    for number in range(3):
        server.reply({"number": number})
    messages = [{"name": "a"}, {"name": "b"}, {"name": "c"}]

    outcomes = client.map(client.rpc, repeat(GET_PROJECTION), messages, concurrency=1)

    assert [outcome.result() for outcome in outcomes] == [{"number": n} for n in range(3)]
    assert [seen.json for seen in server.requests] == messages


def test_a_pinned_method_gives_the_same_in_a_map(client, server):
    server.reply({"messageCount": "1", "name": "t"})
    server.reply(body=b"[]")

    topics = [{"topic": "t"}, {"topic": "u"}]
    first, second = client.map(client.pub_sub_get_topic_stats, topics, concurrency=1)

    assert first.value == {"message_count": "1", "name": "t"}
    assert isinstance(second.error, InvalidResponseError)


def test_retry_is_true_false_or_none(client, server):
    with pytest.raises(TypeError, match="^retry: must be True, False or None, not str$"):
        client.rpc(GET_PROJECTION, {"name": "orders"}, retry="no")
    assert server.requests == []


def test_a_refused_name_is_an_outcome_of_a_map(client):
    (outcome,) = client.map(client.rpc, ["Nothing/There"])

    assert isinstance(outcome.error, ValueError)


def test_a_stream_cannot_be_mapped(client):
    with pytest.raises(TypeError, match="rpc_stream is not a single call"):
        client.map(client.rpc_stream, ["PubSubService/Subscribe"])


# The guide


def test_the_guide_names_every_method_and_every_code():
    page = (ROOT / "docs" / "guides" / "rpc.md").read_text(encoding="utf-8")
    statuses = {
        code: int(status)
        for codes, status in re.findall(r"^\| (`[a-z_`, ]+`) \| (\d+) \|", page, re.M)
        for code in re.findall(r"`(\w+)`", codes)
    }

    assert [name for name, *_ in PINNED if f"`{name}`" not in page] == []
    assert statuses == STATUS_BY_CODE
