"""Stories of events, runs and projections."""

from __future__ import annotations

import pytest

from ironflow import (
    ConflictError,
    NotFoundError,
)

from ...local import until


def by(member, records):
    """The records by one of their members."""
    return {record[member]: record for record in records}


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
    told = ["run.created", *["step.started", "step.completed"] * 2, "run.status_changed"]
    assert [entry["event_type"] for entry in audit] == told
    assert [entry.get("step_id") for entry in audit[1:5:2]] == [step["id"] for step in steps]
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
    audit = by("event_type", client.runs_list_audit(run_id)["events"])  # the last of each type
    assert audit["step.patched"]["payload"]["reason"] == "manual fix"
    stopped = {"from": "paused", "to": "cancelled", "reason": "test"}
    assert audit["run.status_changed"]["payload"] == stopped


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
    # It reports what came of the job, which ends the run, and cannot report it twice.
    done = {"status": "completed", "output": {"ok": True}}
    client.workers_update_jobs("worker-1", job["job_id"], body=done)
    run = client.runs_get(run_id)
    assert (run["status"], run["output"], shown()["active_jobs"]) == ("completed", {"ok": True}, 0)
    with pytest.raises(ConflictError):
        client.workers_update_jobs("worker-1", job["job_id"], body=done)
