"""Webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ironflow import AuthenticationError, NotFoundError, ValidationError

from ..connect import rpc

SERVICE = "WebhookService"

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


# Sources that were created.


@pytest.fixture
def source(local_client):
    """A source whose deliveries are signed with ``s1``, with its token."""
    body = {"name": "shop", "event_prefix": "shop", "verify_header": "X-Sig", "verify_secret": "s1"}
    return local_client.rpc(f"{SERVICE}/CreateWebhookSource", {**body, "metadata": {"team": "a"}})


def sent(local, source, id, secret="s1", token=None, before=""):
    """Send a delivery as a provider does, without a credential; returns status and reply."""
    body = json.dumps({"id": id, "type": "paid"}).encode()
    signature = before + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    query = urllib.parse.urlencode({"token": source["ingest_token"] if token is None else token})
    request = urllib.request.Request(
        f"{local.url}/api/v1/webhooks/{source['id']}?{query}",
        body,
        {"X-Sig": signature} if secret else {},
    )
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error as reply:
            return reply.code, json.load(reply)


def test_a_created_source_shows_its_token_once_and_its_secret_never(local_client, source):
    assert source["id"].startswith("wh_")
    assert source["ingest_token"].startswith(source["ingest_token_prefix"])
    found = local_client.rpc(f"{SERVICE}/GetWebhookSource", {"id": source["id"]})
    assert found == {name: value for name, value in source.items() if name != "ingest_token"}
    assert (found["verify_secret_set"], found["metadata"]) == (True, {"team": "a"})
    assert local_client.webhooks_list_sources()["sources"] == [found]
    assert "s1" not in json.dumps([source, found])
    assert local_client.flow_list_webhooks()["sources"][0]["delivery_counts"]["accepted"] == 0


def test_a_delivery_of_a_created_source_needs_no_key_but_token_and_signature(guarded, admin):
    body = {"name": "shop", "event_prefix": "shop", "verify_header": "x-sig", "verify_secret": "s1"}
    staging = admin.with_options(environment="staging")
    source = staging.rpc(f"{SERVICE}/CreateWebhookSource", body)
    status, reply = sent(guarded, source, "d1")
    assert (status, reply["status"]) == (200, "accepted")
    assert staging.events_get(reply["event_id"])["name"] == "shop.paid"
    assert sent(guarded, source, "d2", before="sha256=")[0] == 200
    assert sent(guarded, source, "d3", token="") == (401, {"error": "invalid ingest token"})
    assert sent(guarded, source, "d4", secret="guess") == (401, {"error": "signature mismatch"})
    assert sent(guarded, source, "d5", secret="") == (401, {"error": "signature mismatch"})
    assert staging.events_list()["count"] == 2
    assert admin.events_list()["count"] == 0
    with pytest.raises(AuthenticationError):  # but what is told of it needs one
        admin.with_options(api_key=None).webhooks_list_deliveries()


def test_a_provider_that_was_not_created_needs_no_key_either(admin):
    nobody = admin.with_options(api_key=None)
    reply = nobody.request("POST", "/api/v1/webhooks/stripe", body={"id": "a", "type": "x"})
    assert admin.events_get(reply["event_id"])["name"] == "webhook/stripe.x"


def test_secrets_and_tokens_are_rotated_and_the_log_tells_what_was_rejected(
    local, local_client, source
):
    def ask(method, **members):
        return local_client.rpc(f"{SERVICE}/{method}", {"id": source["id"], **members})

    assert sent(local, source, "d1")[0] == 200
    assert ask("RotateWebhookSecret", verify_secret="s2")["verify_secret_prev_set"] is True
    assert sent(local, source, "d2", "s1")[0] == 200  # within the grace of the old secret
    assert sent(local, source, "d3", "s2")[0] == 200
    assert "verify_secret_prev_set" not in ask("ExpireWebhookSecretPrev")
    assert sent(local, source, "d4", "s1")[0] == 401
    token = ask("RotateWebhookIngestToken")["ingest_token"]
    assert sent(local, source, "d5", "s2")[0] == 401
    assert sent(local, source, "d6", "s2", token)[0] == 200
    assert "verify_secret_set" not in ask("DisableWebhookSignatureVerification")
    assert sent(local, source, "d7", "", token)[0] == 200
    assert sent(local, source, "d7", "", token)[1]["status"] == "deduplicated"
    deliveries = local_client.webhooks_list_deliveries({"source_id": source["id"]})["deliveries"]
    assert [(d.get("external_id", ""), d["status"], d.get("error", "")) for d in deliveries] == [
        ("d7", "deduplicated", ""),
        ("d7", "accepted", ""),
        ("d6", "accepted", ""),
        ("", "rejected", "invalid ingest token"),
        ("d4", "rejected", "signature mismatch"),
        ("d3", "accepted", ""),
        ("d2", "accepted", ""),
        ("d1", "accepted", ""),
    ]


def test_a_source_is_changed_and_deleted(local, local_client, source):
    ask = {"id": source["id"], "name": "renamed", "metadata": {"tier": "b"}}
    changed = local_client.rpc(f"{SERVICE}/UpdateWebhookSource", ask)
    assert (changed["name"], changed["metadata"]) == ("renamed", {"tier": "b"})
    assert (changed["event_prefix"], changed["verify_header"]) == ("shop", "X-Sig")
    local_client.rpc(f"{SERVICE}/DeleteWebhookSource", {"id": source["id"]})
    assert sent(local, source, "d1") == (404, {"error": "webhook source not found"})
    with pytest.raises(NotFoundError):
        local_client.rpc(f"{SERVICE}/GetWebhookSource", {"id": source["id"]})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": ""}, "name"),
        ({"event_prefix": ""}, "event_prefix"),
        ({"verify_algorithm": "md5"}, "verify_algorithm"),
        ({"verify_header": ""}, "verify_header"),
    ],
)
def test_a_source_that_cannot_be_right_is_400(local_client, change, named):
    body = {"name": "shop", "event_prefix": "shop", "verify_header": "X-Sig", "verify_secret": "s1"}
    with pytest.raises(ValidationError, match=named):
        local_client.rpc(f"{SERVICE}/CreateWebhookSource", {**body, **change})
    assert local_client.webhooks_list_sources() == {}


# What is told of them.


def deliver(client, provider, **payload):
    return client.request("POST", f"/api/v1/webhooks/{provider}", body=payload)


def test_a_source_is_known_from_its_first_delivery(local, local_client):
    assert local_client.webhooks_list_sources() == {}
    deliver(local_client, "stripe", id="a")
    deliver(local_client, "github", id="a")
    deliver(local_client, "stripe", id="b")

    reply = local_client.webhooks_list_sources()

    assert reply["total_count"] == 2
    created = [source.pop("created_at") for source in reply["sources"]]
    assert created == sorted(created, reverse=True)
    assert reply["sources"] == [
        {
            "id": name,
            "name": name,
            "event_prefix": f"webhook/{name}",
            "source_type": "api",
        }
        for name in ("github", "stripe")
    ]


def test_deliveries_are_newest_first_and_those_that_came_again_are_among_them(local_client):
    first = deliver(local_client, "stripe", id="a")
    deliver(local_client, "stripe", id="a")
    deliver(local_client, "github", id="b")

    reply = local_client.webhooks_list_deliveries()

    assert reply["total_count"] == 3
    assert [(d["source_id"], d["status"], d["external_id"]) for d in reply["deliveries"]] == [
        ("github", "accepted", "b"),
        ("stripe", "deduplicated", "a"),
        ("stripe", "accepted", "a"),
    ]
    assert [d.get("event_id") for d in reply["deliveries"]] == ["evt_2", None, first["event_id"]]
    assert local_client.flow_list_webhooks()["edges"] == [
        {"source_id": "github", "event": "webhook/github.received"},
        {"source_id": "stripe", "event": "webhook/stripe.received"},
    ]


def test_deliveries_are_filtered_and_come_in_pages(local_client):
    for number in range(3):
        deliver(local_client, "stripe", id=f"s{number}")
    deliver(local_client, "stripe", id="s0")
    deliver(local_client, "github", id="g")

    def listed(**asked):
        reply = local_client.webhooks_list_deliveries(asked)
        return [d["external_id"] for d in reply.get("deliveries", [])], reply.get("total_count", 0)

    assert listed(source_id="github") == (["g"], 1)
    assert listed(source_id="stripe", status="accepted", limit=2) == (["s2", "s1"], 3)
    assert listed(source_id="stripe", status="accepted", limit=2, offset=2) == (["s0"], 3)
    assert listed(status="rejected") == ([], 0)


def test_webhooks_are_told_in_snake_case_as_the_product_has_them(local, local_client):
    deliver(local_client, "stripe", id="a")
    assert sorted(rpc(local, "WebhookService/ListWebhookDeliveries")["deliveries"][0]) == [
        "created_at",
        "event_id",
        "external_id",
        "id",
        "source_id",
        "status",
    ]
    assert "total_count" in rpc(local, "WebhookService/ListWebhookSources")
