"""Watches and ``/ws`` of the local server, frame by frame."""

from __future__ import annotations

import base64

import pytest

from .runs import begin
from .wire import Wire


def put(key, value, revision, operation="put"):
    """The frame of a change of bucket ``b``."""
    return {
        "type": "kv_update",
        "bucket": "b",
        "key": key,
        "value": base64.b64encode(value).decode(),
        "revision": revision,
        "operation": operation,
    }


@pytest.fixture
def bucket(local, local_client):
    local_client.kv_buckets(body={"name": "b"})
    local_client.kv_put("b", "user.1", b"one")
    local_client.kv_put("b", "user.2", b"two")
    local_client.kv_put("b", "user.1", b"uno")
    return local_client


WATCH = "/api/v1/kv/buckets/b/watch"


def test_a_watch_gives_what_is_there_and_then_every_change(local, bucket):
    with Wire(local, WATCH) as wire:
        assert [wire.receive(), wire.receive()] == [
            put("user.2", b"two", 2),
            put("user.1", b"uno", 3),
        ]
        bucket.kv_put("b", "user.1", b"one")
        bucket.kv_put("b", "user.1", b"")
        bucket.kv_delete("b", "user.2")
        assert [wire.receive(), wire.receive(), wire.receive()] == [
            put("user.1", b"one", 4),
            put("user.1", b"", 5),
            put("user.2", b"", 6, "delete"),
        ]
        wire.close()


def test_a_subscriber_follows_a_run_from_its_creation_to_its_end(local, local_client):
    @local.function("work", triggers=["order.*"])
    def work(event, step):
        return step.run("price", lambda: 15)

    with Wire(local, "/ws") as wire:
        id = wire.subscribe("system.run.>")
        run = begin(local, local_client)
        seen = [wire.receive() for _ in range(5)]
    kinds = ["created", "started", "step.started", "step.completed", "completed"]
    assert [frame["topic"] for frame in seen] == [f"system.run.{run}.{kind}" for kind in kinds]
    assert {frame["subscriptionId"] for frame in seen} == {id}
    statuses = [frame["data"]["status"] for frame in seen]
    assert statuses == ["pending", "running", "running", "running", "completed"]
    for frame in seen:
        assert (frame["data"]["id"], frame["data"]["function_id"]) == (run, "work")
    assert seen[3]["data"]["step"]["name"] == "price"
    assert seen[4]["data"]["output"] == 15
