"""Webhooks."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from ironflow import (
    ValidationError,
)

from ..connect import rpc

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
