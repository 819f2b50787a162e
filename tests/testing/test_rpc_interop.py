"""What the local server replies to RPC, read by the classes that the product's makers generated."""

from __future__ import annotations

import base64
import json
import re

import pytest

from ironflow import IronflowClient

from ..test_rpc_interop import READY, peer
from .connect import rpc
from .handlers.test_rpc import TWINS, shop
from .handlers.test_webhooks import deliver

pytestmark = READY
__all__ = ["peer", "shop"]  # fixtures


_WHOLE_MILLISECONDS = re.compile(r"(:\d\d\.\d{3})Z")


@pytest.fixture
def parsed(peer):
    """Returns what their classes parse of a reply, in both casings.

    They write a time that has whole milliseconds with three digits, where ours always have six.
    """

    def parse(name, reply):
        found = json.dumps(connected.request("POST", f"/parsed/{name}", body=reply))
        return json.loads(_WHOLE_MILLISECONDS.sub(r"\g<1>000Z", found))

    with IronflowClient(peer, timeout=20) as connected:
        yield parse


@pytest.mark.parametrize(("method", "request_", "reply"), TWINS)
def test_their_classes_read_every_member_of_a_reply(shop, parsed, method, request_, reply):
    reply = rpc(shop, method, request_)
    assert reply == parsed(method, reply)["camelCase"]


def test_they_read_what_is_rpc_only(local, local_client, sleeper, parsed):
    local.function("count", triggers=["order.*"])(lambda event: 3)
    local_client.pub_sub_create(body={"topic": "orders", "data": {}})
    deliver(local_client, "stripe", id="a")
    deliver(local_client, "stripe", id="a")
    run = {"runId": sleeper.id}
    asked = {
        "IronflowService/PauseRun": run,
        "IronflowService/GetPausedState": run,
        "IronflowService/InjectStepOutput": {
            **run,
            "stepId": "step_1",
            "newOutput": base64.b64encode(b"[1]").decode(),
        },
        "IronflowService/TriggerSync": {"event": "order.placed", "timeoutMs": 200},
        "IronflowService/TriggerBatch": {"events": [{"event": "order.placed"}]},
        "IronflowService/GetRun": {"id": sleeper.id},
        "IronflowService/RegisterFunction": {"id": "pack", "metadata": {"a_b": 1}},
        "IronflowService/Info": {},
        "PubSubService/ListTopics": {},
        "PubSubService/GetTopicStats": {"topic": "orders"},
        "WebhookService/ListWebhookSources": {},
        "WebhookService/ListWebhookDeliveries": {},
        "AuditService/GetAuditTrail": run,
    }
    for method, message in asked.items():
        reply = rpc(local, method, message)
        assert reply in parsed(method, reply).values(), method
        assert reply, method


def test_they_read_the_trail_of_credentials(guarded, admin, parsed):
    admin.runs_list()
    trail = admin.rpc("AuditService/GetAuthAuditTrail", {"orgId": "org_default"})
    assert trail == parsed("AuditService/GetAuthAuditTrail", trail)["camelCase"]
    assert trail["totalCount"] == 1


def test_they_read_what_is_streamed(local, local_client, parsed):
    local_client.pub_sub_create(body={"topic": "orders", "data": [1]})
    asked = {"pattern": "topic:*", "options": {"replay": 1, "includeMetadata": True}}
    stream = local_client.rpc_stream("PubSubService/Subscribe", asked)
    event = next(stream)
    stream.close()
    assert event == parsed("PubSubService/Subscribe", event)["camelCase"]

    local.projection("orders", events=[">"])(lambda state, event: None)
    asked = {"name": "orders", "minSeq": 5, "timeout": "0.01s"}
    for frame in local_client.rpc_stream("ProjectionService/WaitProjectionCatchupStream", asked):
        name = "ProjectionService/WaitProjectionCatchupStream"
        assert frame == parsed(name, frame)["camelCase"]
