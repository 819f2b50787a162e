"""Stories of stored data: KV, config, secrets, streams, schemas, SQL."""

from __future__ import annotations

import base64
import json

import pytest

from ironflow import (
    ConflictError,
    IronflowError,
    NotFoundError,
    ValidationError,
)


def by(member, records):
    """The records by one of their members."""
    return {record[member]: record for record in records}


def decoded(entry):
    """The JSON value of a key-value entry."""
    return json.loads(base64.b64decode(entry["value"]))


def kv(client, server):
    # A bucket is made, once, and listed.
    bucket = client.kv_buckets(body={"name": "my-bucket"})
    assert (bucket["name"], bucket["values"]) == ("my-bucket", 0)
    assert bucket in client.kv_list_buckets()["buckets"]
    with pytest.raises(ConflictError):
        client.kv_buckets(body={"name": "my-bucket"})
    # A value is the JSON that was put, in base64, and each put is a new revision.
    first = client.kv_update_buckets_keys("my-bucket", "my-key", body={"value": "data"})
    entry = client.kv_get_buckets_keys("my-bucket", "my-key")
    assert (entry["key"], decoded(entry)) == ("my-key", {"value": "data"})
    assert (entry["revision"], entry["operation"]) == (first["revision"], "put")
    second = client.kv_update_buckets_keys("my-bucket", "my-key", body={"value": "more"})
    assert second["revision"] > first["revision"]
    assert decoded(client.kv_get_buckets_keys("my-bucket", "my-key")) == {"value": "more"}
    # A write that expects an older revision changes nothing.
    with pytest.raises(ConflictError) as caught:
        client.kv_update_buckets_keys("my-bucket", "my-key", body=0, if_match=first["revision"])
    assert caught.value.status_code == 412
    assert decoded(client.kv_get_buckets_keys("my-bucket", "my-key")) == {"value": "more"}
    # Keys are found by pattern, and the bucket knows how many it has.
    client.kv_update_buckets_keys("my-bucket", "user.1", body=1)
    client.kv_update_buckets_keys("my-bucket", "user.2", body=2)
    keys = client.kv_list_buckets_keys("my-bucket")
    assert (keys["keys"], keys["count"]) == (["my-key", "user.1", "user.2"], 3)
    assert client.kv_list_buckets_keys("my-bucket", filter="user.*")["keys"] == ["user.1", "user.2"]
    assert client.kv_get_buckets("my-bucket")["values"] == 3
    # A deleted key is gone, and so is a deleted bucket.
    client.kv_delete_buckets_keys("my-bucket", "my-key")
    with pytest.raises(NotFoundError):
        client.kv_get_buckets_keys("my-bucket", "my-key")
    assert "my-key" not in client.kv_list_buckets_keys("my-bucket")["keys"]
    client.kv_delete_buckets("my-bucket")
    with pytest.raises(NotFoundError):
        client.kv_get_buckets("my-bucket")


def config(client, server):
    # POST replaces the whole document.
    client.config_create("my-config", body={"key": "first", "old": True})
    written = client.config_create("my-config", body={"key": "value"})
    assert client.config_get("my-config")["data"] == {"key": "value"}
    # PATCH merges its members into it.
    client.config_patch("my-config", body={"more": {"a": 1}})
    patched = client.config_patch("my-config", body={"key": "updated"})
    found = client.config_get("my-config")
    assert found["data"] == {"key": "updated", "more": {"a": 1}}
    # Each write is a revision, which the list shows too, without the data.
    assert patched["revision"] == found["revision"] == written["revision"] + 2
    listed = by("name", client.config_list()["configs"])["my-config"]
    assert (listed["revision"], listed["updatedAt"]) == (found["revision"], found["updatedAt"])
    # A deleted document is gone, and deleting it again does no harm.
    client.config_delete("my-config")
    client.config_delete("my-config")
    with pytest.raises(NotFoundError):
        client.config_get("my-config")
    assert "my-config" not in by("name", client.config_list()["configs"])


def secrets(client, server):
    # A secret is made, once; its value goes in and does not come out.
    body = {"name": "my-secret", "value": "s3cret", "description": "optional"}
    made = client.secrets_create(body=body)
    assert (made["name"], made["description"], made["revision"]) == ("my-secret", "optional", 1)
    got = client.secrets_get("my-secret")
    listed = client.secrets_list()
    assert (got, by("name", listed)["my-secret"]) == (made, made)
    with pytest.raises(ConflictError) as caught:
        client.secrets_create(body=body)
    # PUT replaces all of it, PATCH what it names.
    put = client.secrets_update("my-secret", body={"value": "new-value"})
    assert (put["revision"], "description" in put) == (2, False)
    patched = client.secrets_patch("my-secret", body={"description": "updated"})
    assert (patched["revision"], patched["description"]) == (3, "updated")
    # No reply, and no refusal, held a value.
    replies = json.dumps([made, got, listed, put, patched, caught.value.body])
    assert "my-secret" in replies
    assert "s3cret" not in replies
    assert "new-value" not in replies
    # A deleted secret is gone.
    client.secrets_delete("my-secret")
    with pytest.raises(NotFoundError):
        client.secrets_get("my-secret")
    with pytest.raises(NotFoundError):
        client.secrets_update("my-secret", body={"value": "new-value"})


def streams(client, server):
    # The stream of an entity begins with its first event.
    for version in range(4):
        body = {"entity_type": "order", "event_name": "order.drafted", "expected_version": version}
        assert client.streams_events("entity-123", body=body)["entity_version"] == version + 1
    # An append expects a version; sent again with its key it gives the receipt it gave.
    shipped = {
        "entity_type": "order",
        "event_name": "order.updated",
        "data": {"status": "shipped"},
        "expected_version": 4,
        "idempotency_key": "ship-1",
        "version": 1,
    }
    receipt = client.streams_events("entity-123", body=shipped)
    assert receipt["entity_version"] == 5
    assert client.streams_events("entity-123", body=shipped) == receipt
    with pytest.raises(ConflictError, match="version conflict") as caught:
        client.streams_events("entity-123", body={**shipped, "idempotency_key": "ship-2"})
    assert caught.value.status_code == 409
    # It is read from either end.
    found = client.streams_get("entity-123")
    assert (found["entity_type"], found["version"], found["event_count"]) == ("order", 5, 5)
    assert found in client.streams_list()["streams"]
    events = client.streams_list_events("entity-123")["events"]
    assert [event["entity_version"] for event in events] == [1, 2, 3, 4, 5]
    assert (events[4]["id"], events[4]["data"]) == (receipt["event_id"], {"status": "shipped"})
    backward = client.streams_list_events("entity-123", direction="backward", limit=2)["events"]
    assert backward == [events[4], events[3]]


def histories_and_snapshots(client, server):
    @server.function("ship-order", triggers=["order.packed"])
    def ship_order(event, step):
        step.run("label", lambda: event["data"]["to"])

    # The history of an entity tells which runs an event started.
    ordered = {"entity_type": "order", "event_name": "order.made"}
    client.streams_events("entity-456", body=ordered)
    packed = {"entity_type": "order", "event_name": "order.packed", "data": {"to": "Lucerne"}}
    receipt = client.streams_events("entity-456", body=packed)
    server.wait_until_idle()
    history = client.streams_list_history("entity-456")
    assert (history["total_events"], history["info"]["current_version"]) == (2, 2)
    made, sent = history["entries"]
    assert (made["event_name"], made["runs"]) == ("order.made", [])
    assert (sent["event_id"], sent["event_data"]) == (receipt["event_id"], {"to": "Lucerne"})
    (run,) = sent["runs"]
    assert (run["function_id"], run["status"]) == ("ship-order", "completed")
    assert [(step["name"], step["status"]) for step in run["steps"]] == [("label", "completed")]
    assert client.runs_get(run["run_id"])["event_id"] == receipt["event_id"]
    # Of its snapshots the latest is read, or the one before.
    with pytest.raises(NotFoundError):
        client.streams_list_snapshots("entity-456")
    snapshot = {"entity_type": "order", "entity_version": 2, "state": {"status": "packed"}}
    first = client.streams_snapshots("entity-456", body=snapshot)
    snapshot = {"entity_type": "order", "entity_version": 10, "state": {"status": "shipped"}}
    second = client.streams_snapshots("entity-456", body=snapshot)
    latest = client.streams_list_snapshots("entity-456")
    assert latest["snapshot_id"] == second["snapshot_id"]
    assert (latest["entity_version"], latest["state"]) == (10, {"status": "shipped"})
    before = client.streams_list_snapshots("entity-456", before_version=10)
    assert before["snapshot_id"] == first["snapshot_id"]


def schemas(client, server):
    @server.upcaster("order.placed", 1, description="Add the priority")
    def add_priority(data):
        return {**data, "priority": "normal"}

    # Two versions are registered; the latest is read unless one is named.
    schema_json = '{"type":"object","properties":{"orderId":{"type":"string"}}}'
    body = {"event_name": "order.placed", "version": 1, "schema_json": schema_json}
    client.schemas_create(body=body)
    second = {**body, "version": 2, "schema_json": '{"type":"object"}'}
    client.schemas_create(body=second)
    latest = client.schemas_get("order.placed")
    assert (latest["version"], latest["schema_json"]) == (2, '{"type":"object"}')
    assert client.schemas_get_by_name("order.placed", "2") == latest
    first = client.schemas_get_by_name("order.placed", "1")
    assert (first["version"], first["schema_json"]) == (1, schema_json)
    listed = client.schemas_list()["schemas"]
    assert (first in listed, latest in listed) == (True, True)
    # A version is not changed under those who rely on it.
    with pytest.raises(ConflictError):
        client.schemas_create(body={**second, "schema_json": schema_json})
    # One is deleted; the other stays.
    client.schemas_delete("order.placed", "1")
    with pytest.raises(NotFoundError):
        client.schemas_get_by_name("order.placed", "1")
    assert client.schemas_get("order.placed") == latest
    # Data of the old version becomes that of the new one.
    old = {"event_name": "order.placed", "from_version": 1, "data": {"orderId": "123"}}
    upcast = client.schemas_create_upcast(body={**old, "to_version": 2})
    assert upcast["data"] == {"orderId": "123", "priority": "normal"}
    assert [step["description"] for step in upcast["steps_applied"]] == ["Add the priority"]
    with pytest.raises(NotFoundError):
        client.schemas_create_upcast(body={**old, "to_version": 3})


def pub_sub_sql_and_audit(client, server):
    @server.function("notify", triggers=["notifications", "parcel.*"])
    def notify(event):
        return event["name"]

    @server.projection("order_stats", events=["parcel.*"])
    def order_stats(state, event):
        status = event["name"].partition(".")[2]
        count = state.get(status, {}).get("orders", 0)
        return {**state, status: {"orders": count + 1}}

    # A message is numbered; it is no event, and starts no function.
    body = {"topic": "notifications", "data": {"type": "ping"}}
    first, second = client.pub_sub_create(body=body), client.pub_sub_create(body=body)
    assert second["sequence"] > first["sequence"]
    assert client.events_list(names=["notifications"])["events"] == []
    assert client.runs_list(function_id="notify")["runs"] == []
    # The state of a projection is a table.
    runs = [
        client.events_create(body={"name": name, "data": {}})["run_ids"][0]
        for name in ("parcel.packed", "parcel.sent", "parcel.packed")
    ]
    reply = client.sql_create(body={"query": "SELECT * FROM order_stats LIMIT 10"})
    assert reply["columns"] == ["key", "orders"]
    assert (reply["rows"], reply["total_rows"]) == ([["packed", "2"], ["sent", "1"]], 2)
    # Which is read only.
    with pytest.raises(ValidationError, match="only SELECT"):
        client.sql_create(body={"query": "INSERT INTO order_stats VALUES ('lost', 1)"})
    assert client.sql_create(body={"query": "SELECT * FROM order_stats LIMIT 10"}) == reply
    # The audit feed holds what the runs did, of all of them or of one.
    server.wait_until_idle()
    feed = client.audit_list()
    assert feed["total_count"] >= 6
    assert feed["events"][-1]["event_type"] == "run.created"
    audit = client.audit_list(function_id="notify")["events"]
    completed = [e["run_id"] for e in audit if e["event_type"] == "run.status_changed"]
    assert sorted(completed) == sorted(runs)
    newest_first = client.audit_list(run_id=runs[0])["events"]
    assert newest_first[::-1] == client.runs_list_audit(runs[0])["events"]


def watches(client, server):
    # What is followed over WebSocket tells a plain GET so.
    client.kv_buckets(body={"name": "my-bucket"})
    followed = {
        "kv_list_buckets_watch": lambda: client.kv_list_buckets_watch("my-bucket"),
        "config_list_watch": lambda: client.config_list_watch("my-config"),
        "websocket_list": lambda: client.websocket_list(env="default"),
    }
    for name, call in followed.items():
        with pytest.raises(IronflowError, match="WebSocket") as caught:
            call()
        assert caught.value.status_code == 426
        assert caught.value.headers["upgrade"] == "websocket"
        assert not caught.value.retryable
        server.used.add(name)  # it is not told of replies that are no JSON values of a model
    # A bucket that is not there has nothing to follow.
    client.kv_delete_buckets("my-bucket")
    with pytest.raises(NotFoundError):
        client.kv_list_buckets_watch("my-bucket")
