"""What the methods of live streams refuse before anything is sent."""

from __future__ import annotations

import re

import pytest

from ironflow import IronflowClient

HALF = "\ud800"  # of a surrogate pair: JSON could carry it, UTF-8 cannot


@pytest.mark.parametrize(
    ("arguments", "options", "refusal"),
    [
        ((), {}, TypeError),
        (("",), {}, ValueError),
        ((1,), {}, TypeError),
        (("a",), {"replay": -1}, ValueError),
        (("a",), {"replay": True}, TypeError),
        (("a",), {"ack": "none"}, ValueError),
        (("a",), {"backpressure": "wait"}, ValueError),
        (("a",), {"filter": 1}, TypeError),
        (("a",), {"timeout": 0}, ValueError),
        (("a",), {"idle_ping": None}, TypeError),
        (("a",), {"reconnect": 1}, TypeError),
        (("a",), {"on_gap": 1}, TypeError),
    ],
)
def test_arguments_are_checked_before_anything_is_sent(arguments, options, refusal):
    with pytest.raises(refusal):
        IronflowClient("http://127.0.0.1:1").subscribe(*arguments, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"filter": HALF}, ValueError, "filter: is not valid Unicode"),
        ({"namespace": HALF}, ValueError, "namespace: is not valid Unicode"),
        ({"consumer_group": HALF}, ValueError, "consumer_group: is not valid Unicode"),
        ({"consumer_group": b"g"}, TypeError, "consumer_group: must be a string, not bytes"),
        (
            {"include_metadata": "yes"},
            TypeError,
            "include_metadata: must be True or False, not str",
        ),
        ({"include_metadata": None}, TypeError, "include_metadata: must be True or False"),
        ({"replay": 1.5}, TypeError, "replay: must be a whole number, not float"),
        ({"replay": 2**31}, ValueError, "replay: must be at most 2147483647"),
        ({"ack": []}, ValueError, "ack: must be 'auto' or 'manual'"),
    ],
)
def test_a_subscription_refuses_what_cannot_be_meant(client, server, options, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        client.subscribe("events:a", **options)
    assert server.requests == []


@pytest.mark.parametrize(
    ("pattern", "error"), [(HALF, ValueError), (["events:a"], TypeError), (None, TypeError)]
)
def test_a_pattern_is_text(client, server, pattern, error):
    with pytest.raises(error, match="^patterns: "):
        client.subscribe("events:b", pattern)
    assert server.requests == []


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (["a", "b"], TypeError, "key: must be a string, not list"),
        (True, TypeError, "key: must be a string, not bool"),
        (b"a", TypeError, "key: must be a string, not bytes"),
        (HALF, ValueError, "key: is not valid Unicode"),
    ],
)
def test_a_key_pattern_is_one_text(client, server, key, error, message):
    with pytest.raises(error, match=f"^{message}$"):
        client.kv_watch("b", key)
    assert server.requests == []


@pytest.mark.parametrize("update", [None, "b24=", b"b24="])
def test_a_value_is_that_of_an_update(update):
    with pytest.raises(TypeError, match="^update: must be a dict, not "):
        IronflowClient.kv_value(update)
