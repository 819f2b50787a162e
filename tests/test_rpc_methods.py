"""The methods that call one RPC each: what they send, and the names that their replies have."""

from __future__ import annotations

import json

import pytest

from ironflow import InvalidResponseError, IronflowClient, ServerError
from ironflow._rpc import in_model_names

from .wire.patience import patient

# Methods of the manifest

STATS = {
    "name": "order.processed",
    "message_count": "42",
    "consumer_count": 2,
    "lag": "5",
    "first_seq": "1",
    "last_seq": "42",
}
PAUSED = {
    "steps": [
        {
            "id": "step_001",
            "name": "validate",
            "output": "eyJhIjoxfQ==",
            "injected": True,
            "completed_at": "2026-01-15T09:30:00Z",
            "step_type": "invoke",
            "status": "completed",
        }
    ],
    "next_step_hint": "send",
    "pause_reason": "injection",
}
RESULTS = {
    "results": [
        {
            "run_id": "r",
            "function_id": "f",
            "status": "RUN_STATUS_FAILED",
            "output": {"orderId": {"innerId": 1}},
            "error": {"message": "m", "details": {"someThing": [{"aB": 1}]}},
            "duration_ms": 850,
        }
    ],
    "event_id": "e",
}
SOURCES = {
    "sources": [
        {
            "id": "stripe",
            "event_prefix": "webhook/stripe",
            "source_type": "api",
            "verify_header": "Stripe-Signature",
            "verify_config": {"dedup_id_path": "id", "tolerance_seconds": 300},
            "metadata": {"ownerTeam": "pay"},
            "created_at": "2026-01-15T12:00:05Z",
        }
    ],
    "total_count": 1,
}
DELIVERIES = {
    "deliveries": [
        {
            "id": "del_1",
            "source_id": "stripe",
            "external_id": "x",
            "status": "accepted",
            "event_id": "e",
            "request_headers": {"Stripe-Signature": ["t"], "userAgent": ["u"]},
        }
    ],
    "total_count": 1,
}
TRAIL = {
    "events": [
        {
            "id": "a",
            "event_type": "auth.check",
            "payload": {"keyId": "k"},
            "metadata": {"decisionBy": "policy"},
            "created_at": "2026-01-15T09:30:00Z",
        }
    ],
    "next_cursor": "c",
    "total_count": 7,
}
INFO = {
    "version": "0.5.0",
    "go_version": "go1.25.0",
    "started_at": "2026-01-15T09:30:00Z",
    "function_count": 3,
    "active_runs": 1,
    "connected_workers": 2,
}
TOPICS = {
    "topics": [{"name": "t", "message_count": "42", "last_message_at": "2026-01-15T09:30:00Z"}]
}
INJECTED = {"step_id": "step_002", "previous_output": "eyJhIjoxfQ=="}

IRONFLOW = "/ironflow.v1.IronflowService"
PINNED = [
    ("pub_sub_list_topics", None, "/ironflow.v1.PubSubService/ListTopics", TOPICS),
    (
        "pub_sub_get_topic_stats",
        {"topic": "order.processed"},
        "/ironflow.v1.PubSubService/GetTopicStats",
        STATS,
    ),
    ("runs_pause", {"run_id": "r"}, f"{IRONFLOW}/PauseRun", {"status": "paused"}),
    ("runs_get_paused_state", {"run_id": "r"}, f"{IRONFLOW}/GetPausedState", PAUSED),
    (
        "runs_inject_step_output",
        {"run_id": "r", "step_id": "step_002", "new_output": "e30="},
        f"{IRONFLOW}/InjectStepOutput",
        INJECTED,
    ),
    (
        "projections_create_sql",
        {
            "name": "p",
            "table_sql": "CREATE …",
            "events": ["e"],
            "event_handlers": {"e": "INSERT …"},
        },
        "/ironflow.v1.ProjectionService/CreateSQLProjection",
        {"name": "p", "status": "active"},
    ),
    (
        "webhooks_list_sources",
        {"limit": 5},
        "/ironflow.v1.WebhookService/ListWebhookSources",
        SOURCES,
    ),
    (
        "webhooks_list_deliveries",
        {"source_id": "stripe"},
        "/ironflow.v1.WebhookService/ListWebhookDeliveries",
        DELIVERIES,
    ),
    (
        "audit_list_auth_trail",
        {"org_id": "org_default"},
        "/ironflow.v1.AuditService/GetAuthAuditTrail",
        TRAIL,
    ),
    ("events_trigger_sync", {"event": "e"}, f"{IRONFLOW}/TriggerSync", RESULTS),
    ("system_info", None, f"{IRONFLOW}/Info", INFO),
]

# Members whose inside belongs to users, whatever its names look like.
OPEN = {"output", "details", "metadata", "payload", "request_headers"}


def in_camel_case(value):
    """A message as the JSON form of protobuf has it, by its makers' own default."""
    if isinstance(value, list):
        return [in_camel_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join([key.split("_")[0], *(word.title() for word in key.split("_")[1:])]): (
            item if key in OPEN else in_camel_case(item)
        )
        for key, item in value.items()
    }


@pytest.mark.parametrize(
    ("name", "body", "path", "reply"), PINNED, ids=lambda value: str(value)[:30]
)
def test_a_pinned_method_gives_the_names_of_its_model_in_whatever_casing_they_come(
    client, server, name, body, path, reply
):
    other = in_camel_case(reply)
    server.reply(reply)
    server.reply(other)
    arguments = [] if body is None else [body]

    assert getattr(client, name)(*arguments) == reply
    assert getattr(client, name)(*arguments) == reply
    for seen in server.requests:
        assert (seen.method, seen.path) == ("POST", path)
        assert seen.json == (body or {})
        assert seen.headers["connect-protocol-version"] == "1"
        assert seen.headers["content-type"] == "application/json"


def test_the_other_casing_is_really_another():
    assert in_camel_case(RESULTS) == {
        "results": [
            {
                "runId": "r",
                "functionId": "f",
                "status": "RUN_STATUS_FAILED",
                "output": {"orderId": {"innerId": 1}},
                "error": {"message": "m", "details": {"someThing": [{"aB": 1}]}},
                "durationMs": 850,
            }
        ],
        "eventId": "e",
    }


@pytest.mark.parametrize("name", ["webhooks_list_sources", "webhooks_list_deliveries"])
def test_a_message_that_needs_no_member_may_be_left_out(client, server, name):
    assert getattr(client, name)() == {}
    assert getattr(client, name)(body=None) == {}

    assert [seen.body for seen in server.requests] == [b"{}", b"{}"]


@pytest.mark.parametrize("name", ["pub_sub_list_topics", "system_info"])
def test_a_method_whose_message_has_no_members_takes_none(client, name):
    with pytest.raises(TypeError, match="argument"):
        getattr(client, name)({})


IDEMPOTENT = {
    "audit_list_auth_trail",
    "pub_sub_get_topic_stats",
    "pub_sub_list_topics",
    "runs_get_paused_state",
    "webhooks_list_deliveries",
    "webhooks_list_sources",
}


@pytest.mark.parametrize(
    ("name", "body", "path", "reply"), PINNED, ids=lambda value: str(value)[:30]
)
def test_a_pinned_method_is_repeated_only_if_it_has_no_side_effects(
    server, name, body, path, reply
):
    server.reply({"code": "unavailable", "message": "busy"}, status=503)
    server.reply(reply)
    arguments = [] if body is None else [body]

    with patient(server.url) as client:
        if name in IDEMPOTENT:
            assert getattr(client, name)(*arguments) == reply
        else:
            with pytest.raises(ServerError):
                getattr(client, name)(*arguments)


def test_a_reply_that_is_no_message_is_an_error_of_a_pinned_method_too(client, server):
    server.reply(body=b"[]")

    with pytest.raises(InvalidResponseError, match="is not a JSON object"):
        client.runs_pause({"run_id": "r"})


def test_a_call_that_the_server_holds_may_take_as_long(server):
    times = []
    with IronflowClient(server.url, timeout=5) as client:
        transport = client._open()
        made = transport.call
        transport.call = lambda request, limits: (
            times.append(limits.timeout) or made(request, limits)
        )
        client.events_trigger_sync({"event": "e"})
        client.events_trigger_sync({"event": "e", "timeout_ms": 60_000})
        client.runs_pause({"run_id": "r"})

    assert times == [32.0, 62.0, 5.0]


# Names of a model

NESTED = {"Box": {"sub_boxes": "Box", "lid": "Lid"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, {}),
        ({"itemCount": 1, "other": 2}, {"item_count": 1, "other": 2}),
        ({"item_count": 1}, {"item_count": 1}),
        ({"newMember": {"userData": 1}}, {"new_member": {"userData": 1}}),
        (
            {"subBoxes": [{"itemCount": 1}, None, {"sub_boxes": [{"itemCount": 2}]}]},
            {"sub_boxes": [{"item_count": 1}, None, {"sub_boxes": [{"item_count": 2}]}]},
        ),
        ({"lid": {"itemCount": 1}}, {"lid": {"item_count": 1}}),
        ({"data": {"itemCount": [{"aB": 1}]}}, {"data": {"itemCount": [{"aB": 1}]}}),
        ({"subBoxes": None, "lid": "text"}, {"sub_boxes": None, "lid": "text"}),
    ],
)
def test_members_of_models_are_in_snake_case_and_what_users_put_in_is_as_it_was(value, expected):
    before = json.dumps(value)

    assert in_model_names(value, "Box", NESTED) == expected
    assert json.dumps(value) == before
