"""Our RPC against the server stubs of the published client, which the server's makers generated."""

from __future__ import annotations

import pytest

from ironflow import IronflowClient, IronflowError, NotFoundError

from . import rpc_peer
from .test_rpc import TABLE

READY = [
    pytest.mark.interop,
    pytest.mark.skipif(
        not rpc_peer.READY.exists(),
        reason="the published client is not there; python -m tests.rpc_peer installs it",
    ),
]
pytestmark = READY

# What the peer, of a later server, does not have any more.
GONE = {"ProjectionService/ReportRebuildProgress"}


@pytest.fixture(scope="module")
def peer():
    with rpc_peer.serving() as url:
        yield url


@pytest.fixture
def their(peer):
    with IronflowClient(peer, timeout=20) as connected:
        yield connected


def seen_by(client, name):
    """What the stubs have parsed of the latest request, under the names of the proto file."""
    return client.request("GET", "/seen")[name]


# By name


def test_the_table_names_what_the_stubs_have(their):
    kinds = {"unary": "unary", "server_streaming": "server_stream", "bidi_streaming": "bidi_stream"}
    samples = their.request("GET", "/samples")
    theirs = {name: kinds[found["kind"]] for name, found in samples.items()}

    assert {name for name, *_ in TABLE} - set(theirs) == GONE
    assert [row for row in TABLE if theirs.get(row[0], row[1]) != row[1]] == []


@pytest.mark.parametrize("casing", ["snake_case", "camelCase"])
def test_every_member_of_every_unary_message_arrives_and_every_reply_is_read(their, casing):
    samples = their.request("GET", "/samples")
    for name, kind, *_ in TABLE:
        if kind != "unary" or name in GONE:
            continue

        reply = their.rpc(name, samples[name]["request"][casing])

        assert seen_by(their, name) == samples[name]["request"]["snake_case"], name
        assert reply == samples[name]["reply"]["camelCase"], name


def test_every_member_of_every_streaming_message_arrives_and_every_reply_is_read(their):
    samples = their.request("GET", "/samples")
    for name, kind, *_ in TABLE:
        if kind == "server_stream":
            message = samples[name]["request"]["snake_case"]

            messages = list(their.rpc_stream(name, message))

            assert seen_by(their, name) == message, name
            assert messages == [samples[name]["reply"]["camelCase"]] * 3, name


def test_an_empty_message_is_taken(their):
    their.rpc("IronflowService/Health")

    assert seen_by(their, "IronflowService/Health") == {}


# Methods of the manifest: every member of their models

PINNED = [
    ("pub_sub_list_topics", "PubSubService/ListTopics", None),
    ("pub_sub_get_topic_stats", "PubSubService/GetTopicStats", {"topic": "t"}),
    ("runs_pause", "IronflowService/PauseRun", {"run_id": "r"}),
    ("runs_get_paused_state", "IronflowService/GetPausedState", {"run_id": "r"}),
    (
        "runs_inject_step_output",
        "IronflowService/InjectStepOutput",
        {"run_id": "r", "step_id": "s", "new_output": "eyJhIjoxfQ==", "reason": "why"},
    ),
    (
        "projections_create_sql",
        "ProjectionService/CreateSQLProjection",
        {
            "name": "p",
            "table_sql": "CREATE",
            "events": ["order.placed"],
            "event_handlers": {"order.placed": "INSERT"},
            "description": "d",
        },
    ),
    (
        "webhooks_list_sources",
        "WebhookService/ListWebhookSources",
        {"limit": 5, "offset": 6},
    ),
    (
        "webhooks_list_deliveries",
        "WebhookService/ListWebhookDeliveries",
        {"source_id": "stripe", "status": "accepted", "limit": 5, "offset": 6},
    ),
    (
        "audit_list_auth_trail",
        "AuditService/GetAuthAuditTrail",
        {
            "org_id": "o",
            "api_key_id": "k",
            "action": "a",
            "from_timestamp": "2026-01-15T09:30:00Z",
            "to_timestamp": "2026-01-16T09:30:00Z",
            "limit": 5,
            "cursor": "c",
        },
    ),
    (
        "events_trigger_sync",
        "IronflowService/TriggerSync",
        {
            "event": "e",
            "data": {"orderId": "o"},
            "idempotency_key": "k",
            "timeout_ms": 1000,
            "metadata": {"aB": {"c_d": True}},
        },
    ),
    ("system_info", "IronflowService/Info", None),
]


@pytest.mark.parametrize(("method", "name", "body"), PINNED)
def test_every_member_of_a_pinned_method_arrives_and_its_reply_has_the_names_of_the_proto_file(
    their, method, name, body
):
    reply = getattr(their, method)(*([] if body is None else [body]))

    assert seen_by(their, name) == (body or {})
    expected = their.request("GET", "/samples")[name]["reply"]["snake_case"]
    assert reply == expected


# Errors


CODES = [
    *("canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found"),
    *("already_exists", "permission_denied", "resource_exhausted", "failed_precondition"),
    *("aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss"),
    "unauthenticated",
]


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_the_same_error_from_a_reply_and_from_the_end_of_a_stream(peer, code):
    client = IronflowClient(peer, timeout=20, max_attempts=1, headers={"X-Fail": code})
    with pytest.raises(IronflowError) as unary:
        client.rpc("IronflowService/Info")
    messages = []
    with pytest.raises(IronflowError) as streamed:
        for message in client.rpc_stream("PubSubService/Subscribe"):
            messages.append(message)
    client.close()

    assert len(messages) == 3
    for error in (unary.value, streamed.value):
        assert (str(error), error.code) == (f"failed with {code}", code)
    assert type(streamed.value) is type(unary.value)
    assert streamed.value.status_code == unary.value.status_code
    assert streamed.value.retryable == unary.value.retryable


def test_a_method_that_a_server_does_not_have_is_not_found(their):
    with pytest.raises(NotFoundError):
        their.rpc("ProjectionService/ReportRebuildProgress")
