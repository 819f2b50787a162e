"""What operators look at: dead letters, circuit breakers, debouncing, capacity, the flow graph."""

from __future__ import annotations

import base64
import json

import pytest

from ironflow import (
    AuthenticationError,
    IronflowClient,
    NotFoundError,
    ValidationError,
)
from ironflow.testing._engine.operations import Debounced
from ironflow.testing._engine.organizations import Organizations

from ..accounts import OPS, log_in, log_in_user
from ..wire import Wire

CAPACITY_LISTS = ("buckets", "credits", "lanes", "leases", "queue", "sessions")


def emitted(client, name="order.placed"):
    return client.events_create(body={"name": name, "data": {"order": 1}})["event_id"]


def base64url(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


# The outbox's dead letters.


@pytest.mark.ironflow(clock="virtual")  # all at one moment
def test_dead_letters_are_listed_newest_first_and_by_pages(local, local_client):
    events = [emitted(local_client, f"order.{number}") for number in range(3)]
    for event_id in events:
        local.dead_letter(event_id, error="no response")
    local.dead_letter(events[0], error="again")  # the oldest row is the newest now

    reply = local_client.outbox_list_dead_letter()
    assert (reply["limit"], reply["offset"]) == (50, 0)
    assert [item["event_id"] for item in reply["items"]] == [events[0], events[2], events[1]]
    item = reply["items"][1]
    assert (item["kind"], item["topic"]) == ("events", "events:order.2")
    assert item["last_error"] == "no response"
    assert json.loads(base64.b64decode(item["payload"])) == {"order": 1}

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
    path = "/api/v1/outbox/dead-letter"  # a later server's name for the parameter
    assert local_client.request("GET", path, params={"env_id": "staging"}) == header
    (environment,) = (e["id"] for e in local_client.environments_list() if e["name"] == "staging")
    assert local_client.request("GET", path, params={"env_id": environment}) == header
    local_client.outbox_dead_letter_requeue(event_id, env="staging")
    assert local_client.outbox_list_dead_letter(env="staging")["items"] == []


def test_a_requeued_event_is_published_and_a_discarded_one_is_not(local, local_client):
    discarded, requeued = emitted(local_client), emitted(local_client)
    for event_id in (discarded, requeued):
        local.dead_letter(event_id)
    with Wire(local, "/ws") as wire:
        wire.subscribe("events:order.placed")
        local_client.outbox_delete_dead_letter(discarded)
        local_client.outbox_dead_letter_requeue(requeued)
        last = emitted(local_client)
        assert [wire.receive()["eventId"] for _ in range(2)] == [requeued, last]


# Circuit breakers, debouncing, capacity, the cluster.


def test_an_open_breaker_is_closed_by_the_base64url_form_of_its_key(local, local_client):
    assert local_client.circuit_breakers_list() == []
    local.break_circuit("process-order", "https://app.example.com/api?a=ü", fails=7)
    (breaker,) = local_client.circuit_breakers_list()
    assert (breaker["state"], breaker["consecutive_fails"]) == ("open", 7)

    assert breaker["key"] == "process-order|https://app.example.com/api?a=ü"
    encoded = base64url(breaker["key"]).rstrip("=")
    closed = local_client.circuit_breakers_reset(encoded)
    assert closed == {
        "key": breaker["key"],
        "function_id": "process-order",
        "endpoint": "https://app.example.com/api?a=ü",
        "state": "closed",
        "consecutive_fails": 0,
    }
    assert local_client.circuit_breakers_list() == [closed]
    assert local_client.circuit_breakers_reset(base64url(breaker["key"])) == closed
    for key in ("bm9uZQ", "none", "ü"):
        with pytest.raises(NotFoundError, match="circuit breaker not found"):
            local_client.circuit_breakers_reset(key)


def test_a_breaker_is_closed_by_its_plain_key_too(local, local_client):
    local.break_circuit("process-order", "app.example.com")
    closed = local_client.circuit_breakers_reset("process-order|app.example.com")
    assert closed["state"] == "closed"


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
    state.environments["env_default"].of(Debounced)["process-order", "user/42"] = entry
    assert local_client.debounce_list_entries() == [entry]
    stranger = local_client.with_options(org=state.of(Organizations).make("other")["id"])
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


@pytest.mark.parametrize("kind", ["engine_api_key", "founder_api_key"])
def test_a_rotation_replaces_the_value_of_a_key(admin, kind):
    key = admin.api_keys_create(body={"name": "push"})
    new = "ifkey_" + "7" * 40
    body = {"kind": kind, "new_value": new, "remote_key_id": key["id"]}
    first = admin.cluster_rotate_token(body=body, idempotency_key="k1")
    assert first["status"] == "rotated"
    with pytest.raises(AuthenticationError):
        admin.with_options(api_key=key["key"]).api_keys_list()
    (listed,) = admin.with_options(api_key=new).api_keys_list()
    assert (listed["id"], listed["key_prefix"]) == (key["id"], new[: len(key["key_prefix"])])
    # Repeated with its idempotency key it changes nothing.
    other = {**body, "new_value": "ifkey_" + "8" * 40}
    assert admin.cluster_rotate_token(body=other, idempotency_key="k1") == first
    assert admin.with_options(api_key=new).api_keys_list() != []
    admin.cluster_rotate_token(body=other, idempotency_key="k2")
    with pytest.raises(AuthenticationError):
        admin.with_options(api_key=new).api_keys_list()


def test_a_new_secret_for_tokens_ends_every_login(admin):
    user = {"email": "a@example.com", "password": "s3cret"}
    admin.users_create(body=user)
    admin.platform_bootstrap(body=OPS)
    logins = [
        admin.with_options(api_key=log_in_user(admin, user)["token"]),
        log_in(admin)[1],
    ]
    secret = base64.b64encode(bytes(range(32))).decode()
    admin.cluster_rotate_token(body={"kind": "dashboard_jwt_secret", "new_value": secret})
    for login in logins:
        with pytest.raises(AuthenticationError):
            login.runs_list()
    assert log_in(admin)[1].runs_list()["runs"] == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "cluster"}, "kind"),
        ({"kind": " "}, "kind"),
        ({"new_value": ""}, "new_value"),
        ({"remote_key_id": None}, "remote_key_id"),
        ({"remote_key_id": 1}, "remote_key_id"),
        ({"kind": "dashboard_jwt_secret", "new_value": "s3cret!"}, "base64"),
        ({"kind": "dashboard_jwt_secret", "new_value": "c2hvcnQ="}, "32 bytes"),
    ],
)
def test_a_rotation_that_is_wrong_is_400_and_says_no_secret(local_client, change, named):
    key = local_client.api_keys_create(body={"name": "push"})["id"]
    body = {"kind": "engine_api_key", "new_value": "ifkey_s3cret", "remote_key_id": key}
    with pytest.raises(ValidationError, match=named) as caught:
        local_client.cluster_rotate_token(body={**body, **change})
    assert "s3cret" not in str(caught.value)


def test_a_rotation_of_the_callers_own_key_or_an_unknown_one_is_refused(admin):
    key = admin.api_keys_create(body={"name": "push"})
    body = {"kind": "engine_api_key", "new_value": "ifkey_x"}
    with pytest.raises(ValidationError, match="another key"):
        own = admin.with_options(api_key=key["key"])
        own.cluster_rotate_token(body={**body, "remote_key_id": key["id"]})
    with pytest.raises(NotFoundError, match="API key not found"):
        admin.cluster_rotate_token(body={**body, "remote_key_id": "ak_99"})


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


def test_what_a_function_emits_and_publishes_is_traced_by_the_id_of_its_run(local, local_client):
    local.function("process-order")(lambda event: None)
    run_id = local_client.functions_invoke("process-order")["run_id"]
    local.wait_until_idle()
    emit = {"name": "order.packed", "data": {}}
    publish = {"topic": "orders", "data": {}}
    for of_run in ({}, {"X-Ironflow-Run-ID": "run_99"}):
        local_client.request("POST", "/api/v1/events", body=emit, headers=of_run)
        local_client.request("POST", "/api/v1/publish", body=publish, headers=of_run)
    assert local_client.flow_list_emit_edges() == {"edges": []}
    assert local_client.flow_list_topic_edges() == {"edges": []}
    for _ in range(2):
        of_run = {"X-Ironflow-Run-ID": run_id}
        local_client.request("POST", "/api/v1/events", body=emit, headers=of_run)
        local_client.request("POST", "/api/v1/publish", body=publish, headers=of_run)
    emitted, published = local_client.flow_list_emit_edges(), local_client.flow_list_topic_edges()
    assert emitted["edges"] == [{"function_id": "process-order", "event": "order.packed"}]
    assert published["edges"] == [{"function_id": "process-order", "topic": "orders"}]


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
