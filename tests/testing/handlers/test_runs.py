"""Lists of runs, and their audit."""

from __future__ import annotations

import functools

import pytest

from ironflow import IronflowClient, ValidationError

from ..runs import (
    audit_of,
    finish,
    pages_of,
    start,
    steps_of,
)

# Lists of runs.


def test_runs_are_found_by_what_is_asked_for(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event):
        if event["data"].get("broken"):
            raise ValueError("broken")

    local.function("greet")(lambda event: None)
    good = finish(local, local_client, customer="Ada")
    bad = finish(local, local_client, broken=True)
    greeted = local_client.functions_invoke("greet", {"data": {"customer": "ada"}})["run_id"]
    local.wait_until_idle()

    def found(**query):
        reply = local_client.runs_list(**query)
        assert reply["count"] == len(reply["runs"])
        return [run["id"] for run in reply["runs"]]

    assert found() == [greeted, bad["id"], good["id"]]
    assert found(status="failed") == [bad["id"]]
    assert found(status="completed") == [greeted, good["id"]]
    assert found(status="pending") == []
    assert found(function_id="process-order") == [bad["id"], good["id"]]
    assert found(function_id="process-order", status="completed") == [good["id"]]
    assert found(event_id=bad["event_id"]) == [bad["id"]]
    assert found(search="ADA") == [greeted, good["id"]]
    assert found(search="order.placed") == [bad["id"], good["id"]]
    assert found(search=good["id"]) == [good["id"]]
    assert good["id"] in found(until=good["created_at"])
    assert bad["id"] in found(since=bad["created_at"])
    assert found(since="2999-01-01") == found(until="1999-01-01") == []
    assert local_client.runs_list(limit=1)["runs"] == [local_client.runs_get(greeted)]
    with pytest.raises(ValidationError, match="until must be an RFC 3339 time"):
        found(until="soon")


def test_runs_are_listed_by_pages_newest_first(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    run_ids = [start(local_client) for _ in range(7)][::-1]
    pages = [local_client.runs_list(limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [page["count"] for page in pages] == [3, 3, 1, 0]
    assert {page["total_count"] for page in pages} == {7}
    assert [run["id"] for page in pages for run in page["runs"]] == run_ids
    for query in ({"limit": 0}, {"offset": -1}, {"limit": -1}):
        with pytest.raises(ValidationError, match="must be at least"):
            local_client.runs_list(**query)


def test_a_run_names_the_streams_that_it_appended_to(local, local_client):
    @local.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        with IronflowClient(local.url, max_attempts=1) as client:
            for entity_id in event["data"]["entities"]:
                body = {
                    "entity_type": "order",
                    "event_name": "stock.reserved",
                    "data": {},
                    "expected_version": -1,
                    "run_id": step.run_id,
                }
                client.streams_events(entity_id, body)

    run = finish(local, local_client, entities=["order-1", "order-2", "order-1"])
    assert (run["status"], run.get("error")) == ("completed", None)
    assert local_client.runs_list_streams(run["id"])["entity_ids"] == ["order-1", "order-2"]
    other = finish(local, local_client, entities=[])
    assert local_client.runs_list_streams(other["id"])["entity_ids"] == []


# Audit.


def test_the_audit_tells_what_happened_to_a_run(local, local_client, failed):
    entries = local_client.runs_list_audit(failed.id)["events"]
    assert [entry["event_type"] for entry in entries] == [
        "run.created",
        "step.started",
        "step.completed",
        "step.started",
        "step.completed",
        "step.started",
        "step.failed",
        "run.status_changed",
    ]
    price = steps_of(local_client, failed.id)["price"]
    assert (entries[2]["step_id"], entries[2]["payload"]) == (price["id"], {"name": "price"})
    assert entries[0]["payload"] == {"functionId": "process-order"}
    assert (entries[-1]["payload"]["from"], entries[-1]["payload"]["to"]) == ("running", "failed")
    assert entries[-1]["payload"]["error"]["message"] == "no carrier"
    assert [entry["created_at"] for entry in entries] == sorted(e["created_at"] for e in entries)
    filtered = local_client.runs_list_audit(failed.id, event_type="step.completed")
    assert (len(filtered["events"]), filtered["total_count"]) == (2, 2)
    assert audit_of(local_client, failed.id, event_type="step.patched") == []
    assert audit_of(local_client, failed.id, from_="2999-01-01") == []
    assert audit_of(local_client, failed.id, to="1999-01-01") == []
    assert len(audit_of(local_client, failed.id, from_=entries[0]["created_at"])) == 8


def test_a_run_of_one_step_leaves_four_entries_and_the_feed_has_them_newest_first(
    local, local_client
):
    local.function("greet")(lambda event, step: step.run("say", lambda: "hello"))
    run_id = local_client.functions_invoke("greet")["run_id"]
    local.wait_until_idle()
    told = ["run.created", "step.started", "step.completed", "run.status_changed"]
    assert audit_of(local_client, run_id) == told
    feed = local_client.audit_list(run_id=run_id)
    assert [entry["event_type"] for entry in feed["events"]] == told[::-1]
    assert feed["retention_days"] == local_client.runs_list_audit(run_id)["retention_days"] > 0


def test_pages_of_an_audit_hold_every_entry_once(local, local_client, failed):
    whole = local_client.runs_list_audit(failed.id)
    assert (whole["total_count"], whole["next_cursor"]) == (8, "")
    read = functools.partial(local_client.runs_list_audit, failed.id)
    for limit in (1, 2, 3, 7, 8, 9):
        assert pages_of(read, limit=limit) == whole["events"]
    completed = pages_of(read, limit=1, event_type="step.completed")
    assert [entry["payload"]["name"] for entry in completed] == ["price", "charge"]
    with pytest.raises(ValidationError, match="the cursor is not one that this server gave"):
        read(cursor="audit_404")
    with pytest.raises(ValidationError, match="limit must be at least 1"):
        read(limit=0)


def test_an_audit_that_grows_while_it_is_read_loses_nothing(local, local_client, failed):
    before = local_client.audit_list(limit=1000)["events"]

    def meanwhile():
        finish(local, local_client)

    assert pages_of(local_client.audit_list, meanwhile, limit=4) == before
    assert local_client.audit_list()["events"][-len(before) :] == before


def test_the_feed_holds_the_audits_of_all_runs(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: None)
    local.function("greet")(lambda event: None)
    ordered = finish(local, local_client)["id"]
    greeted = local_client.functions_invoke("greet")["run_id"]
    local.wait_until_idle()

    def runs_in(**query):
        return [entry["run_id"] for entry in local_client.audit_list(**query)["events"]]

    assert runs_in() == [greeted] * 2 + [ordered] * 2
    assert runs_in(run_id=greeted) == [greeted] * 2
    assert runs_in(function_id="process-order") == [ordered] * 2
    assert runs_in(event_type="run.status_changed") == [greeted, ordered]
    assert runs_in(run_id="run_404") == []
    staging = local_client.with_options(environment="staging")
    assert staging.audit_list()["total_count"] == 0
