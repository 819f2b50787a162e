"""Keys and names that a URL has to escape, followed from the local server."""

from __future__ import annotations

import pytest

NAMES = ["x/y/z", "ü.1", "100%", "%2F", "q?x=1&y", "a#b", "a+b", "日本.語", "🎉", "a:b@c;d"]


@pytest.mark.parametrize("key", NAMES)
def test_one_key_is_followed_whatever_it_is_called(local_client, key):
    local_client.kv_create_bucket({"name": "b"})
    local_client.kv_put("b", "other", b"")
    local_client.kv_put("b", key, key.encode())
    with local_client.kv_watch("b", key) as updates:
        assert local_client.kv_value(next(updates)) == key.encode()
        local_client.kv_put("b", "other", b"")
        local_client.kv_delete("b", key)
        update = next(updates)
        assert (update["key"], update["operation"]) == (key, "delete")
        assert local_client.kv_value(update) == b""


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name])
def test_a_document_is_followed_whatever_it_is_called(local_client, name):
    with local_client.config_watch(name) as updates:
        local_client.config_create(name, {"name": name})
        assert next(updates)["data"] == {"name": name}


@pytest.mark.parametrize("topic", ["ü", "日本.語", "🎉", "100%"])
def test_a_topic_is_followed_whatever_it_is_called(local_client, topic):
    with local_client.subscribe(f"topic:{topic}") as events:
        local_client.pub_sub_publish({"topic": "other", "data": {}})
        local_client.pub_sub_publish({"topic": topic, "data": topic})
        event = next(events)
    assert (event["topic"], event["data"]) == (f"topic:{topic}", topic)
