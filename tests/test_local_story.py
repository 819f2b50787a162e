"""The documented surface from end to end: each chapter is a story told against a local server.

The calls are written out by hand, as the SDK document writes them; ids are those the server gave.
A chapter tolerates what the chapters before it left behind, so that all can be told to one server.
"""

from __future__ import annotations

import base64
import json

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    IronflowClient,
    IronflowError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)

from . import test_document
from .local import CheckedServer, until

KEY = "ifkey_00000000000000000000000000000001"


def by(member, records):
    """The records by one of their members."""
    return {record[member]: record for record in records}


def decoded(entry):
    """The JSON value of a key-value entry."""
    return json.loads(base64.b64decode(entry["value"]))


def events_and_runs(client, server):
    order = {"order_id": "123", "customer_id": "456"}

    @server.function("process-order", triggers=["order.placed"])
    def process_order(event, step):
        total = step.run("price", lambda: 99.5)
        paid = step.run("charge", lambda: {"paid": total, "by": event["data"]["customer_id"]})
        return {"order_id": event["data"]["order_id"], **paid}

    # An event starts the function that listens for it; one that nobody listens for is kept.
    result = client.events_create(body={"name": "order.placed", "data": order})
    signup = client.events_create(body={"name": "user.created", "data": {"user_id": "123"}})
    assert (len(result["run_ids"]), signup["run_ids"]) == (1, [])
    events = client.events_list()["events"]
    assert [event["id"] for event in events[:2]] == [signup["event_id"], result["event_id"]]
    assert (events[0]["name"], events[0]["data"]) == ("user.created", {"user_id": "123"})
    # The run ends with what the handler returned.
    server.wait_until_idle()
    run_id = result["run_ids"][0]
    output = {"order_id": "123", "paid": 99.5, "by": "456"}
    run = client.runs_get(run_id)
    assert client.runs_list()["runs"][0] == run
    assert (run["function_id"], run["event_id"]) == ("process-order", result["event_id"])
    assert (run["status"], run["input"], run["output"]) == ("completed", order, output)
    # Its steps are those that the handler took, and the audit tells all of it in order.
    steps = client.runs_list_steps(run_id)["steps"]
    assert [(step["sequence"], step["step_id"], step["output"]) for step in steps] == [
        (1, "price", 99.5),
        (2, "charge", {"paid": 99.5, "by": "456"}),
    ]
    audit = client.runs_list_audit(run_id)["events"]
    told = ["run.created", "run.started", *["step.started", "step.completed"] * 2, "run.completed"]
    assert [entry["event_type"] for entry in audit] == told
    assert [entry.get("step_id") for entry in audit[2:6:2]] == [step["id"] for step in steps]
    # A run that is not there is the error that the document prints.
    with pytest.raises(NotFoundError, match="^run not found") as caught:
        client.runs_get("nonexistent")
    assert (caught.value.status_code, caught.value.code) == (404, "NOT_FOUND")


def stopped_and_mended_runs(client, server):
    @server.function("check-invoice", triggers=["invoice.sent"])
    def check_invoice(event, step):
        found = step.run("check", lambda: {"corrected": False})
        if not found["corrected"]:
            raise ValueError("the invoice is wrong")
        step.wait_for_event("payment", "invoice.paid")

    # The run fails at what its step found.
    sent = client.events_create(body={"name": "invoice.sent", "data": {}})
    (run_id,) = sent["run_ids"]
    server.wait_until_idle()
    run = client.runs_get(run_id)
    assert (run["status"], run["error"]["message"]) == ("failed", "the invoice is wrong")
    # The step's output is patched, and the resumed run goes on with that one.
    (step,) = client.runs_list_steps(run_id)["steps"]
    patched = client.runs_create(
        body={"step_id": step["id"], "output": {"corrected": True}, "reason": "manual fix"}
    )
    assert (patched["output"], patched["original_output"]) == (
        {"corrected": True},
        {"corrected": False},
    )
    assert client.runs_resume(body={"run_id": run_id})["attempt"] == 2
    server.wait_until_idle()
    assert client.runs_get(run_id)["status"] == "paused"
    # While it waits it is cancelled, for a reason, and once only.
    cancelled = client.runs_cancel(run_id, body={"reason": "test"})
    assert (cancelled["status"], cancelled["cancellation_cause"]) == ("cancelled", "test")
    assert client.runs_get(run_id)["status"] == "cancelled"
    with pytest.raises(ConflictError, match="already cancelled"):
        client.runs_cancel(run_id, body={"reason": "test"})
    # The audit says who did what, and why.
    audit = by("event_type", client.runs_list_audit(run_id)["events"])
    assert audit["step.patched"]["payload"]["reason"] == "manual fix"
    assert audit["run.cancelled"]["payload"] == {"reason": "test"}


def projections(client, server):
    @server.projection("my-projection", events=["point.made"], initial={"points": 0})
    def my_projection(state, event):
        return {"points": state["points"] + event["data"]["points"]}

    def points():
        return client.projections_get("my-projection")["state"]["state"]["points"]

    def status():
        return client.projections_list_status("my-projection")["status"]

    # A projection has seen an event when the call that emitted it returns.
    client.events_create(body={"name": "point.made", "data": {"points": 2}})
    assert (points(), status()) == (2, "active")
    listed = by("name", client.projections_list()["projections"])["my-projection"]
    assert (listed["status"], listed["events"]) == ("active", ["point.made"])
    # What comes while it is paused is seen once it is resumed.
    assert client.projections_pause("my-projection") == {"status": "paused"}
    client.events_create(body={"name": "point.made", "data": {"points": 3}})
    assert (points(), status()) == (2, "paused")
    assert client.projections_resume("my-projection") == {"status": "active"}
    assert (points(), status()) == (5, "active")
    # What is deleted is gone.
    client.projections_delete("my-projection")
    with pytest.raises(NotFoundError):
        client.projections_get("my-projection")
    assert "my-projection" not in by("name", client.projections_list()["projections"])


def rebuilt_projections(client, server):
    worth = {"each": 1}

    def count(state, event):
        return {"goals": state["goals"] + worth["each"]}

    taken = {"events": ["goal.scored"], "initial": {"goals": 0}}
    server.projection("my-projection", **taken)(count)
    server.projection("slow-projection", **taken, rebuild_pace=60)(count)

    def goals(name):
        return client.projections_get(name)["state"]["state"]["goals"]

    # A rebuild counts the log anew by the rule of today, as its job tells.
    client.events_create(body={"name": "goal.scored", "data": {}})
    client.events_create(body={"name": "goal.scored", "data": {}})
    worth["each"] = 10
    assert (goals("my-projection"), goals("slow-projection")) == (2, 2)
    started = client.projections_rebuild("my-projection")["job"]
    until(lambda: client.projections_list_rebuild("my-projection")["job"]["status"] == "completed")
    done = client.projections_list_rebuild("my-projection")["job"]
    assert (done["job_id"], done["progress"]) == (started["job_id"], 100.0)
    assert (done["events_processed"], done["total_events"]) == (2, 2)
    assert goals("my-projection") == 20
    # One that is cancelled leaves the old state, and there is nothing more to cancel.
    assert client.projections_rebuild("slow-projection")["job"]["status"] == "running"
    assert client.projections_list_status("slow-projection")["status"] == "rebuilding"
    client.projections_cancel("slow-projection")
    assert client.projections_list_rebuild("slow-projection")["job"]["status"] == "cancelled"
    assert client.projections_list_status("slow-projection")["status"] == "active"
    assert goals("slow-projection") == 2
    with pytest.raises(ConflictError, match="no rebuild is in progress"):
        client.projections_cancel("slow-projection")


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


def api_keys(client, server):
    # The full key is shown when it is made, and then no more.
    made = client.api_keys_create(body={"name": "my-key"})
    assert made["key"].startswith("ifkey_")
    found = client.api_keys_get(made["id"])
    assert (found["name"], found["key_prefix"]) == ("my-key", made["key_prefix"])
    assert found in client.api_keys_list()
    assert made["key"] not in json.dumps([found, client.api_keys_list()])
    # Rotating gives the same id another key.
    rotated = client.api_keys_rotate(made["id"])
    assert (rotated["id"], rotated["name"]) == (made["id"], "my-key")
    assert rotated["key"] != made["key"]
    # A deleted key is gone.
    client.api_keys_delete(made["id"])
    assert made["id"] not in by("id", client.api_keys_list())
    for call in (client.api_keys_get, client.api_keys_rotate, client.api_keys_delete):
        with pytest.raises(NotFoundError):
            call(made["id"])


def keys_of_a_guarded_server(client, server):
    with CheckedServer(api_key=KEY) as guarded, IronflowClient(guarded.url, timeout=10) as visitor:
        # Where a key is asked for, none is not enough.
        with pytest.raises(AuthenticationError):
            visitor.api_keys_create(body={"name": "my-key"})
        admin = visitor.with_options(api_key=KEY)
        made = admin.api_keys_create(body={"name": "my-key"})
        holder = visitor.with_options(api_key=made["key"])
        assert holder.runs_list()["runs"] == []
        # A rotated key opens nothing any more; the one that came for it does.
        renewed = visitor.with_options(api_key=admin.api_keys_rotate(made["id"])["key"])
        assert renewed.runs_list()["runs"] == []
        with pytest.raises(AuthenticationError):
            holder.runs_list()
        # Nor does one that was deleted.
        admin.api_keys_delete(made["id"])
        with pytest.raises(AuthenticationError) as caught:
            renewed.runs_list()
        assert (caught.value.status_code, caught.value.code) == (401, "UNAUTHORIZED")
    assert guarded.misfits == []


def projects_and_environments(client, server):
    # A project is made and renamed.
    project = client.projects_create(body={"name": "my-project"})
    assert project in client.projects_list()
    renamed = client.projects_update(project["id"], body={"name": "renamed"})
    assert (renamed["id"], renamed["name"]) == (project["id"], "renamed")
    assert by("id", client.projects_list())[project["id"]]["name"] == "renamed"
    # An environment in it has data of its own, under its name as under its id.
    body = {"name": "staging", "project_id": project["id"]}
    environment = client.environments_create(body=body)
    assert environment in client.environments_list()
    sent = client.with_options(environment="staging").events_create(body={"name": "staged"})
    there = client.with_options(environment=environment["id"])
    assert [event["id"] for event in there.events_list()["events"]] == [sent["event_id"]]
    assert client.events_list(names=["staged"])["events"] == []
    # It goes by its new name then, with all that it has.
    client.environments_update(environment["id"], body={"name": "production"})
    found = by("id", client.environments_list())[environment["id"]]
    assert (found["name"], found["project_id"]) == ("production", project["id"])
    production = client.with_options(environment="production")
    assert production.events_list()["count"] == 1
    # The environment is deleted with its data, and the project after it.
    client.environments_delete(environment["id"])
    assert environment["id"] not in by("id", client.environments_list())
    with pytest.raises(NotFoundError):
        there.events_list()
    assert client.projects_delete(project["id"]) == {"deleted": project["id"]}
    assert project["id"] not in by("id", client.projects_list())
    with pytest.raises(NotFoundError):
        client.projects_update(project["id"], body={"name": "renamed"})


def functions(client, server):
    @server.function("process-order", name="Process an order", triggers=["order.confirmed"])
    def process_order(event):
        return {"processed": event["data"]["order_id"]}

    # What is registered is listed.
    listed = by("id", client.functions_list()["functions"])["process-order"]
    assert (listed["name"], listed["status"]) == ("Process an order", "active")
    assert listed["triggers"] == [{"event": "order.confirmed"}]
    # It is started directly, without an event of the caller's.
    body = {"data": {"order_id": "123"}}
    invoked = client.functions_invoke("process-order", body=body)
    server.wait_until_idle()
    run = client.runs_get(invoked["run_id"])
    assert (run["function_id"], run["event_id"]) == ("process-order", invoked["event_id"])
    assert (run["status"], run["output"]) == ("completed", {"processed": "123"})
    # With a key it is started once, however often it is asked for.
    once = client.functions_invoke("process-order", body=body, idempotency_key="order-123")
    again = client.functions_invoke("process-order", body=body, idempotency_key="order-123")
    assert once == again
    assert once["run_id"] != invoked["run_id"]
    with pytest.raises(NotFoundError):
        client.functions_invoke("no-such-function", body=body)


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
    assert feed["total_count"] >= 9
    assert feed["events"][0]["event_type"] == "run.created"
    audit = client.audit_list(function_id="notify")["events"]
    completed = [e["run_id"] for e in audit if e["event_type"] == "run.completed"]
    assert sorted(completed) == sorted(runs)
    assert client.audit_list(run_id=runs[0]) == client.runs_list_audit(runs[0])


def users(client, server):
    def log_in(password):  # the client has no method of its own for the dashboard's login
        body = {"email": "alice@example.com", "password": password}
        return client.request("POST", "/api/v1/auth/login", body=body)

    # A user is made, once an address.
    body = {"email": "alice@example.com", "password": "s3cret", "roles": ["admin"]}
    made = client.users_create(body=body)
    assert (made["email"], made["roles"]) == ("alice@example.com", ["admin"])
    with pytest.raises(ConflictError):
        client.users_create(body=body)
    # A patch changes what it names.
    patched = client.users_patch(made["id"], body={"name": "Alice"})
    assert (patched["name"], patched["roles"]) == ("Alice", ["admin"])
    got, listed = client.users_get(made["id"]), client.users_list()
    assert (got, by("id", listed)[made["id"]]) == (patched, patched)
    # The password changes, and the old one is no good any more.
    assert log_in("s3cret")["user"]["id"] == made["id"]
    assert client.users_patch_password(made["id"], body={"password": "new-s3cret"}) is None
    with pytest.raises(AuthenticationError):
        log_in("s3cret")
    logged_in = log_in("new-s3cret")
    # No reply held a password.
    replies = json.dumps([made, patched, got, listed, logged_in])
    assert "alice@example.com" in replies
    assert "s3cret" not in replies
    assert "password" not in replies
    # A deleted user is gone.
    client.users_delete(made["id"])
    with pytest.raises(NotFoundError):
        client.users_get(made["id"])
    with pytest.raises(AuthenticationError):
        log_in("new-s3cret")


def orgs(client, server):
    # An organization comes with the built-in roles.
    org = client.orgs_create(body={"name": "my-org"})
    assert client.orgs_get(org["id"]) == org
    assert org in client.orgs_list()
    roles_of = client.roles_list(org_id=org["id"])
    assert {role["name"] for role in roles_of} == {"admin", "developer", "viewer"}
    # It is renamed under its id.
    renamed = client.orgs_patch(org["id"], body={"name": "renamed"})
    assert (renamed["id"], renamed["name"]) == (org["id"], "renamed")
    assert by("id", client.orgs_list())[org["id"]]["name"] == "renamed"
    # One acts for it, apart from all others.
    acting = client.with_options(org=org["id"])
    acting.kv_buckets(body={"name": "of-my-org"})
    assert [bucket["name"] for bucket in acting.kv_list_buckets()["buckets"]] == ["of-my-org"]
    assert "of-my-org" not in by("name", client.kv_list_buckets()["buckets"])
    # What it had goes with it.
    client.orgs_delete(org["id"])
    assert org["id"] not in by("id", client.orgs_list())
    with pytest.raises(NotFoundError):
        client.orgs_get(org["id"])
    with pytest.raises(NotFoundError):
        client.roles_get(roles_of[0]["id"])


def roles_and_policies(client, server):
    # A role and a policy are made and renamed.
    org_id = client.orgs_list()[0]["id"]
    role = client.roles_create(body={"name": "editor", "org_id": org_id})
    assert (role["name"], role["org_id"]) == ("editor", org_id)
    client.roles_patch(role["id"], body={"name": "senior-editor"})
    assert client.roles_get(role["id"])["name"] == "senior-editor"
    rule = {"name": "allow-emit", "effect": "allow", "actions": "emit:*", "resources": "*"}
    policy = client.policies_create(body=rule)
    assert {member: policy[member] for member in rule} == rule
    client.policies_patch(policy["id"], body={"name": "allow-all-emit"})
    found = client.policies_get(policy["id"])
    assert (found["name"], found["actions"]) == ("allow-all-emit", "emit:*")

    def counts():
        """How many policies the role has, and how many roles the policy."""
        listed = by("id", client.roles_list())[role["id"]], by("id", client.policies_list())
        return listed[0]["policy_count"], listed[1][policy["id"]]["role_count"]

    # Attaching shows on both sides, and detaching too.
    assert counts() == (0, 0)
    client.roles_policies(role["id"], body={"policy_id": policy["id"]})  # attach
    assert counts() == (1, 1)
    client.roles_delete_policies(role["id"], policy["id"])  # detach
    assert counts() == (0, 0)
    with pytest.raises(NotFoundError):
        client.roles_delete_policies(role["id"], policy["id"])
    # What is deleted is gone.
    client.roles_delete(role["id"])
    client.policies_delete(policy["id"])
    with pytest.raises(NotFoundError):
        client.roles_get(role["id"])
    with pytest.raises(NotFoundError):
        client.policies_get(policy["id"])


def tenants(client, server):
    # A tenant is an organization with an environment and a key, made in one go.
    made = client.tenants_provision(body={"name": "new-tenant"})
    org_id = made["org"]["id"]
    assert made["org"] == {"id": org_id, "name": "new-tenant"}
    assert (made["environment"]["name"], made["api_key"]["roles"]) == ("production", ["admin"])
    listed = by("id", client.tenants_list())[org_id]
    assert (listed["name"], listed["env_count"], listed["key_count"]) == ("new-tenant", 1, 1)
    assert client.orgs_get(org_id)["name"] == "new-tenant"
    # Its key opens its own organization and environment, and no other.
    tenant = client.with_options(api_key=made["api_key"]["key"])
    assert [org["id"] for org in tenant.orgs_list()] == [org_id]
    assert [found["id"] for found in tenant.environments_list()] == [made["environment"]["id"]]
    with pytest.raises(NotFoundError):
        tenant.orgs_get("org_default")
    with pytest.raises(PermissionDeniedError):
        tenant.with_options(environment="staging").events_list()
    # What it does stays there.
    sent = tenant.events_create(body={"name": "tenant.event", "data": {}})
    assert [event["id"] for event in tenant.events_list()["events"]] == [sent["event_id"]]
    assert client.events_list(names=["tenant.event"])["events"] == []


def workers(client, server):
    def shown():
        return by("id", client.workers_list()["workers"])["worker-1"]

    registration = {
        "worker_id": "worker-1",
        "hostname": "host-1",
        "function_ids": ["pack-parcel"],
        "max_concurrent_jobs": 4,
        "labels": {"zone": "a"},
        "version": {"sdk": "1.0.0"},
    }
    # A worker registers, and registers anew with more room.
    client.workers_register("worker-1", body=registration)
    assert (shown()["max_concurrent"], shown()["labels"]) == (4, {"zone": "a"})
    client.workers_update_register("worker-1", body={**registration, "max_concurrent_jobs": 8})
    assert (shown()["max_concurrent"], shown()["active_jobs"]) == (8, 0)
    # A run of its function waits for it.
    run_id = client.functions_invoke("pack-parcel", body={"data": {"parcel": 7}})["run_id"]
    assert client.runs_get(run_id)["status"] == "pending"
    # It fetches the run as a job, once.
    (job,) = client.workers_list_jobs("worker-1", available=2)["jobs"]
    assert (job["run_id"], job["event"]["data"]) == (run_id, {"parcel": 7})
    assert client.workers_list_jobs("worker-1") is None
    run = client.runs_get(run_id)
    assert (run["status"], run["worker_id"], shown()["active_jobs"]) == ("running", "worker-1", 1)
    # It says that it is alive.
    before = shown()["last_heartbeat"]
    at_work = [{"job_id": job["job_id"], "started_at": run["started_at"]}]
    alive = {"worker_id": "worker-1", "active_jobs": 1, "jobs": at_work}
    client.workers_heartbeat("worker-1", body=alive)
    client.workers_update_heartbeat("worker-1", body=alive)
    assert shown()["last_heartbeat"] >= before
    # It reports what came of the job, which ends the run, and can not report it twice.
    done = {"status": "completed", "output": {"ok": True}}
    client.workers_update_jobs("worker-1", job["job_id"], body=done)
    run = client.runs_get(run_id)
    assert (run["status"], run["output"], shown()["active_jobs"]) == ("completed", {"ok": True}, 0)
    with pytest.raises(ConflictError):
        client.workers_update_jobs("worker-1", job["job_id"], body=done)


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


CHAPTERS = (
    events_and_runs,
    stopped_and_mended_runs,
    projections,
    rebuilt_projections,
    kv,
    config,
    secrets,
    streams,
    histories_and_snapshots,
    api_keys,
    keys_of_a_guarded_server,
    projects_and_environments,
    functions,
    schemas,
    pub_sub_sql_and_audit,
    users,
    orgs,
    roles_and_policies,
    tenants,
    workers,
    watches,
)

DOCUMENTED = {
    "api_keys": [
        "api_keys_create",
        "api_keys_delete",
        "api_keys_get",
        "api_keys_list",
        "api_keys_rotate",
    ],
    "audit": ["audit_list"],
    "config": [
        "config_create",
        "config_delete",
        "config_get",
        "config_list",
        "config_list_watch",
        "config_patch",
    ],
    "environments": [
        "environments_create",
        "environments_delete",
        "environments_list",
        "environments_update",
    ],
    "events": ["events_create", "events_list"],
    "functions": ["functions_invoke", "functions_list"],
    "kv": [
        "kv_buckets",
        "kv_delete_buckets",
        "kv_delete_buckets_keys",
        "kv_get_buckets",
        "kv_get_buckets_keys",
        "kv_list_buckets",
        "kv_list_buckets_keys",
        "kv_list_buckets_watch",
        "kv_update_buckets_keys",
    ],
    "orgs": ["orgs_create", "orgs_delete", "orgs_get", "orgs_list", "orgs_patch"],
    "policies": [
        "policies_create",
        "policies_delete",
        "policies_get",
        "policies_list",
        "policies_patch",
    ],
    "projections": [
        "projections_cancel",
        "projections_delete",
        "projections_get",
        "projections_list",
        "projections_list_rebuild",
        "projections_list_status",
        "projections_pause",
        "projections_rebuild",
        "projections_resume",
    ],
    "projects": ["projects_create", "projects_delete", "projects_list", "projects_update"],
    "pub_sub": ["pub_sub_create"],
    "roles": [
        "roles_create",
        "roles_delete",
        "roles_delete_policies",
        "roles_get",
        "roles_list",
        "roles_patch",
        "roles_policies",
    ],
    "runs": [
        "runs_cancel",
        "runs_create",
        "runs_get",
        "runs_list",
        "runs_list_audit",
        "runs_list_steps",
        "runs_resume",
    ],
    "schemas": [
        "schemas_create",
        "schemas_create_upcast",
        "schemas_delete",
        "schemas_get",
        "schemas_get_by_name",
        "schemas_list",
    ],
    "secrets": [
        "secrets_create",
        "secrets_delete",
        "secrets_get",
        "secrets_list",
        "secrets_patch",
        "secrets_update",
    ],
    "sql": ["sql_create"],
    "streams": [
        "streams_events",
        "streams_get",
        "streams_list",
        "streams_list_events",
        "streams_list_history",
        "streams_list_snapshots",
        "streams_snapshots",
    ],
    "tenants": ["tenants_list", "tenants_provision"],
    "users": [
        "users_create",
        "users_delete",
        "users_get",
        "users_list",
        "users_patch",
        "users_patch_password",
    ],
    "websocket": ["websocket_list"],
    "workers": [
        "workers_heartbeat",
        "workers_list",
        "workers_list_jobs",
        "workers_register",
        "workers_update_heartbeat",
        "workers_update_jobs",
        "workers_update_register",
    ],
}
METHODS = {name for names in DOCUMENTED.values() for name in names}


class RememberingServer(CheckedServer):
    """A checked server that keeps its replies."""

    def __init__(self):
        super().__init__()
        self.replies = []

    def _check(self, name, status, value):
        super()._check(name, status, value)
        self.replies.append(json.dumps(value))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.__name__ for chapter in CHAPTERS])
def test_a_chapter_of_the_story_holds(chapter, local_client, local):
    chapter(local_client, local)


def test_the_methods_of_the_story_are_those_of_the_document():
    assert {call.name for call in test_document.CALLS} == METHODS
    assert set(DOCUMENTED) == test_document.GROUPS
    assert (len(METHODS), len(DOCUMENTED)) == (103, 22)


def test_the_story_calls_every_documented_method():
    with RememberingServer() as server, IronflowClient(server.url, max_attempts=1) as client:
        for chapter in CHAPTERS:
            chapter(client, server)
    assert sorted(METHODS - server.used) == []
    assert server.misfits == []
    # Neither secrets nor passwords are in any reply of any route.
    told = [text for text in server.replies if "s3cret" in text or "new-value" in text]
    assert told == []
