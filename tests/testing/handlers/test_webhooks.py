"""Webhooks."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from ironflow import (
    ValidationError,
)

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
