"""What operators look at on the local server: outbox, breakers, flow, health, webhooks."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request

import pytest

from ironflow import (
    AuthenticationError,
    IronflowClient,
    IronflowError,
    NotFoundError,
    ServerError,
    ValidationError,
)
from ironflow._routes import ROUTES
from ironflow.testing import LocalServer

CAPACITY_LISTS = ("buckets", "credits", "lanes", "leases", "queue", "sessions")


def emitted(client, name="order.placed"):
    return client.events_create(body={"name": name, "data": {"order": 1}})["event_id"]


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


# The outbox's dead letters.


def test_dead_letters_are_listed_newest_first_and_by_pages(local, local_client):
    events = [emitted(local_client, f"order.{number}") for number in range(3)]
    for event_id in events:
        local.dead_letter(event_id, error="no response")
    local.dead_letter(events[0], error="again")  # the oldest row is the newest now

    reply = local_client.outbox_list_dead_letter()
    assert (reply["limit"], reply["offset"]) == (50, 0)
    assert [item["event_id"] for item in reply["items"]] == [events[0], events[2], events[1]]
    item = reply["items"][1]
    assert (item["topic"], item["last_error"]) == ("order.2", "no response")
    assert json.loads(item["payload"]) == {"order": 1}

    page = local_client.outbox_list_dead_letter(limit=1, offset=1)
    assert [item["event_id"] for item in page["items"]] == [events[2]]
    assert (page["limit"], page["offset"]) == (1, 1)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"offset": -1}])
def test_a_page_of_dead_letters_that_is_out_of_bounds_is_400(local_client, query):
    with pytest.raises(ValidationError, match=next(iter(query))):
        local_client.outbox_list_dead_letter(**query)
    assert local_client.outbox_list_dead_letter(limit=500)["items"] == []


@pytest.mark.parametrize(
    ("call", "result"),
    [("outbox_dead_letter_requeue", "requeued"), ("outbox_delete_dead_letter", "discarded")],
)
def test_a_dead_letter_goes_once_and_its_event_stays(local, local_client, call, result):
    event_id = emitted(local_client)
    local.dead_letter(event_id)
    act = getattr(local_client, call)
    assert act(event_id) == {"event_id": event_id, "result": result}
    assert local_client.outbox_list_dead_letter()["items"] == []
    assert local_client.events_get(event_id)["name"] == "order.placed"
    with pytest.raises(NotFoundError, match="dead letter not found"):
        act(event_id)


def test_dead_letters_belong_to_an_environment_named_by_query_or_header(local, local_client):
    with IronflowClient(local.url, environment="staging") as staging:
        event_id = emitted(staging)
        local.dead_letter(event_id, environment="staging")
        assert local_client.outbox_list_dead_letter()["items"] == []
        assert len(staging.outbox_list_dead_letter()["items"]) == 1
        assert staging.outbox_list_dead_letter(env="default")["items"] == []
    header = local_client.outbox_list_dead_letter(x_ironflow_environment="staging")
    assert [item["event_id"] for item in header["items"]] == [event_id]
    assert local_client.outbox_list_dead_letter(env="staging") == header
    with pytest.raises(NotFoundError):
        local_client.outbox_dead_letter_requeue(event_id)
    local_client.outbox_dead_letter_requeue(event_id, env="staging")
    assert local_client.outbox_list_dead_letter(env="staging")["items"] == []


# Circuit breakers, debouncing, capacity, the cluster.


def test_an_open_breaker_is_closed_by_the_key_it_is_listed_with(local, local_client):
    assert local_client.circuit_breakers_list() == []
    local.break_circuit("process-order", "https://app.example.com/api?a=ü", fails=7)
    (breaker,) = local_client.circuit_breakers_list()
    assert (breaker["state"], breaker["consecutive_fails"]) == ("open", 7)

    closed = local_client.circuit_breakers_reset(breaker["key"])
    assert closed == {
        "key": breaker["key"],
        "function_id": "process-order",
        "endpoint": "https://app.example.com/api?a=ü",
        "state": "closed",
        "consecutive_fails": 0,
    }
    assert local_client.circuit_breakers_list() == [closed]
    assert local_client.circuit_breakers_reset(breaker["key"]) == closed
    with pytest.raises(NotFoundError, match="circuit breaker not found"):
        local_client.circuit_breakers_reset("bm9uZQ")


def test_nothing_is_debounced_so_nothing_can_be_cancelled(local_client):
    assert local_client.debounce_list_entries() == []
    key = base64url("user/42.ü~")
    for given in (key, key.rstrip("=")):
        with pytest.raises(NotFoundError, match="debounce entry not found"):
            local_client.debounce_delete_entries("env_default", "process-order", given)
    with pytest.raises(NotFoundError, match="environment not found"):
        local_client.debounce_delete_entries("env_9", "process-order", key)


def test_a_pending_debounce_entry_is_cancelled_by_its_encoded_key(local, local_client):
    entry = {
        "armed_at": "2026-01-15T09:30:00Z",
        "debounce_key": "user/42",
        "environment_id": "env_default",
        "event_id": "evt_1",
        "fires_at": "2026-01-15T09:31:00Z",
        "function_id": "process-order",
        "function_version": 1,
        "period_ms": 60000,
    }
    state = local._application.state
    state.environments["env_default"].debounced["process-order", "user/42"] = entry
    assert local_client.debounce_list_entries() == [entry]
    stranger = local_client.with_options(org=state.add_organization("other")["id"])
    with pytest.raises(NotFoundError, match="environment not found"):
        stranger.debounce_delete_entries("env_default", "process-order", base64url("user/42"))
    with pytest.raises(NotFoundError):
        local_client.debounce_delete_entries("env_default", "other", base64url("user/42"))
    key = base64url("user/42").rstrip("=")
    assert local_client.debounce_delete_entries("env_default", "process-order", key) is None
    assert local_client.debounce_list_entries() == []


@pytest.mark.parametrize("key", ["a", "YWJj.YWJj", "YWJj+YW", "ü", "_w", "="])
def test_a_debounce_key_that_is_not_base64url_is_400(local_client, key):
    with pytest.raises(ValidationError, match="base64url"):
        local_client.debounce_delete_entries("env_default", "process-order", key)


@pytest.mark.parametrize("name", CAPACITY_LISTS)
def test_nothing_waits_for_capacity(local_client, name):
    show = getattr(local_client, f"capacity_list_{name}")
    assert show() == show(env="default", function="process-order", limit=5) == []
    with pytest.raises(ValidationError, match="limit"):
        show(limit=0)


def test_there_are_no_statistics_of_capacity(local_client):
    assert local_client.capacity_list_stats() == []


def test_a_rotation_that_is_repeated_with_its_key_happens_once(local_client):
    body = {"kind": "cluster", "new_value": "s3cret"}
    first = local_client.cluster_rotate_token(body=body, idempotency_key="k1")
    assert first["status"] == "rotated"
    assert local_client.cluster_rotate_token(body=body, idempotency_key="k1") == first
    assert local_client.cluster_rotate_token(body=body, idempotency_key="k2") != first
    assert local_client.cluster_rotate_token(body=body) != first
    for member in body:
        with pytest.raises(ValidationError, match=member) as caught:
            local_client.cluster_rotate_token(body={**body, member: " "})
        assert "s3cret" not in str(caught.value)
    with pytest.raises(ValidationError, match="remote_key_id"):
        local_client.cluster_rotate_token(body={**body, "remote_key_id": 1})


# The flow graph.


def test_what_entities_record_is_shown_once_and_sorted(local_client):
    assert local_client.flow_list_stream_edges() == {"edges": []}
    for entity_id, kind, name in (
        ("order-1", "order", "order.shipped"),
        ("order-1", "order", "order.placed"),
        ("order-2", "order", "order.placed"),
        ("cart-1", "cart", "cart.opened"),
    ):
        body = {"entity_type": kind, "event_name": name, "data": {}}
        local_client.streams_events(entity_id, body=body)
    emitted(local_client, "not.of.an.entity")
    assert local_client.flow_list_stream_edges()["edges"] == [
        {"entity_type": "cart", "event": "cart.opened"},
        {"entity_type": "order", "event": "order.placed"},
        {"entity_type": "order", "event": "order.shipped"},
    ]


def test_what_functions_emit_and_publish_is_not_traced(local_client):
    assert local_client.flow_list_emit_edges() == {"edges": []}
    assert local_client.flow_list_topic_edges() == {"edges": []}


def test_webhook_sources_are_shown_with_their_deliveries(local_client):
    assert local_client.flow_list_webhooks() == {"sources": [], "edges": []}
    for provider, payload in (
        ("stripe", {"id": "a", "type": "charge.failed"}),
        ("stripe", {"id": "a", "type": "charge.failed"}),  # a repetition
        ("stripe", {"id": "b", "type": "charge.failed"}),
        ("github", {}),
    ):
        local_client.request("POST", f"/api/v1/webhooks/{provider}", body=payload)
    flow = local_client.flow_list_webhooks()
    assert flow["edges"] == [
        {"source_id": "github", "event": "webhook/github.received"},
        {"source_id": "stripe", "event": "webhook/stripe.charge.failed"},
    ]
    github, stripe = flow["sources"]
    assert (github["id"], github["event_prefix"]) == ("github", "webhook/github")
    assert stripe["delivery_counts"] == {"accepted": 2, "failed": 0, "rejected": 0}
    assert stripe["latest_delivery_status"] == "accepted"


# Webhooks.


def test_a_webhook_becomes_an_event_and_starts_functions(local, local_client):
    local.function("on-charge", triggers=["webhook/stripe.charge.*"])(
        lambda event: event["data"]["amount"]
    )
    payload = {"id": "evt_stripe_1", "type": "charge.succeeded", "amount": 5}
    reply = local_client.request("POST", "/api/v1/webhooks/stripe", body=payload)
    assert (reply["status"], len(reply["run_ids"])) == ("accepted", 1)
    event = local_client.events_get(reply["event_id"])
    assert (event["name"], event["source"]) == ("webhook/stripe.charge.succeeded", "webhook")
    assert event["data"] == payload
    local.wait_until_idle()
    assert local_client.runs_get(reply["run_ids"][0])["output"] == 5


def test_a_delivery_that_comes_again_makes_no_second_event(local_client):
    def deliver(provider, payload):
        return local_client.request("POST", f"/api/v1/webhooks/{provider}", body=payload)

    first = deliver("stripe", {"id": "a", "type": "x"})
    assert deliver("stripe", {"id": "a", "type": "y"}) == {
        "status": "deduplicated",
        "delivery_id": first["delivery_id"],
    }
    assert deliver("github", {"id": "a"})["status"] == "accepted"
    # Without an id of its own, no delivery is known to be another's repetition.
    assert [deliver("stripe", {"id": 1})["status"] for _ in range(2)] == ["accepted"] * 2
    assert [deliver("stripe", {})["status"] for _ in range(2)] == ["accepted"] * 2
    names = [item["name"] for item in local_client.events_list_names()["names"]]
    assert names == ["webhook/github.received", "webhook/stripe.received", "webhook/stripe.x"]


@pytest.mark.parametrize("body", [None, [1], "text", 1])
def test_a_webhook_that_is_no_object_is_400_and_makes_no_event(local_client, body):
    with pytest.raises(ValidationError):
        local_client.request("POST", "/api/v1/webhooks/stripe", body=body)
    assert local_client.events_list()["count"] == 0
    assert local_client.flow_list_webhooks()["sources"] == []


def test_a_webhook_that_is_no_json_is_400(local):
    request = urllib.request.Request(
        f"{local.url}/api/v1/webhooks/stripe", data=b"a=1&b=2", method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as reply:
        assert (reply.code, json.load(reply)) == (400, {"error": "the body is not valid JSON"})


# Health and discovery.


def test_a_server_that_runs_is_healthy_and_ready(local_client):
    assert local_client.health()["status"] == "healthy"
    assert local_client.ready() == {"status": "ready"}


def test_metrics_count_events_and_runs(local, local_client):
    assert "ironflow_events_total 0\n" in local_client.metrics()
    local.function("process-order", triggers=["order.placed"])(lambda event: None)
    emitted(local_client)
    local.wait_until_idle()
    with urllib.request.urlopen(f"{local.url}/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = reply.read().decode().splitlines()
    assert "ironflow_events_total 1" in lines
    assert 'ironflow_runs{status="completed"} 1' in lines
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["ironflow_uptime_seconds"]) >= 0


def test_discovery_needs_no_credential_and_tells_whether_others_do(local, local_client):
    assert local_client.capabilities()["auth_required"] is False
    with LocalServer(api_key="ifkey_0123456789abcdef0123456789abcdef") as guarded:
        with IronflowClient(guarded.url, max_attempts=1) as stranger:
            found = stranger.capabilities()
            assert (found["auth_required"], found["transports"]) == (True, ["http"])
            assert stranger.health()["status"] == "healthy"
            assert stranger.ready()["status"] == "ready"
            assert "ironflow_uptime_seconds" in stranger.metrics()
            with pytest.raises(AuthenticationError):
                stranger.outbox_list_dead_letter()


def test_the_routes_are_listed_for_generators(local_client):
    routes = local_client.request("GET", "/api/v1/routes")["routes"]
    listed = {
        tuple(route[key] for key in ("method", "path", "group", "category")) for route in routes
    }
    assert listed == {(row[0], row[1], row[3], row[4]) for row in ROUTES if row[4] != "rpc"}
    assert set(routes[0]) == {"method", "path", "group", "category"}


def test_the_export_says_that_it_is_not_offered(local_client):
    with pytest.raises(ServerError, match="does not offer the export") as caught:
        local_client.request("GET", "/api/v1/export")
    assert caught.value.status_code == 501


def test_a_plain_request_for_the_websocket_is_told_to_upgrade(local_client):
    with pytest.raises(IronflowError, match="WebSocket") as caught:
        local_client.websocket_list()
    assert caught.value.status_code == 426
