"""``snapshot`` and ``restore``: back to a moment, on this server or another one."""

from __future__ import annotations

import threading

import pytest

from ironflow import IronflowClient, NotFoundError, ValidationError
from ironflow.testing import LocalServer
from ironflow.testing._engine.subscriptions import Consumers
from ironflow.testing._snapshots import Snapshot

from ..local import CheckedServer, until
from . import workers

ORDER = {"name": "order.placed", "data": {"quantity": 3}}


def with_code(server):
    """Register a function that waits for its payment, and a projection that counts orders."""

    @server.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        price = step.run("price", lambda: event["data"]["quantity"] * 5)
        step.sleep("settle", 600)
        paid = step.wait_for_event("payment", "payment.received")
        return {"price": price, "by": paid["data"]["by"]}

    @server.projection("sales", events=["order.*"])
    def sales(state, event):
        return {"count": state.get("count", 0) + 1}

    return server


def begin(server, client):
    """Start a run; its id, once it sleeps."""
    run_id = client.events_create(body=ORDER)["run_ids"][0]
    server.wait_until_idle()
    return run_id


def everything(client):
    return {
        "events": client.events_list()["events"],
        "runs": client.runs_list()["runs"],
        "config": client.config_list(),
        "buckets": client.kv_list_buckets(),
        "sales": client.projections_get("sales"),
        "environments": client.environments_list(),
    }


def test_what_came_after_a_snapshot_is_gone_and_what_went_is_back(local, local_client):
    with_code(local)
    local_client.config_create("flags", body={"dark": True})
    local_client.kv_create_bucket(body={"name": "sessions"})
    local_client.kv_put("sessions", "alice", b"1")
    begin(local, local_client)
    before, snapshot = everything(local_client), local.snapshot()
    for _ in range(2):
        local_client.config_patch("flags", body={"dark": False})
        local_client.kv_delete_buckets("sessions")
        local_client.with_options(environment="staging").events_create(body=ORDER)
        local_client.events_create(body=ORDER)
        local.restore(snapshot)
        assert everything(local_client) == before
        assert local_client.kv_get_buckets_keys("sessions", "alice")["revision"] == 1
    assert local_client.events_create(body=ORDER)["event_id"] == "evt_2"


def test_a_run_that_sleeps_or_waits_goes_on_from_there(local, local_client):
    with_code(local)
    run_id = begin(local, local_client)
    asleep = local.snapshot()
    local_client.runs_resume(body={"run_id": run_id})
    until(lambda: local_client.runs_get(run_id)["status"] == "paused")
    waiting = local.snapshot()
    for snapshot in (asleep, waiting, asleep):
        local.restore(snapshot)
        shown = local_client.runs_get(run_id)
        assert shown["status"] == "paused"
        if snapshot is asleep:
            local_client.runs_resume(body={"run_id": run_id})
            local.wait_until_idle()
        local_client.events_create(body={"name": "payment.received", "data": {"by": "card"}})
        assert local.wait_for_run(run_id)["output"] == {"price": 15, "by": "card"}


def test_a_run_at_work_starts_over_after_its_last_step_and_its_old_thread_does_nothing(
    local, local_client
):
    gate, calls = threading.Event(), []

    @local.function("work", triggers=["order.*"])
    def work(event, step):
        step.run("first", lambda: calls.append("first"))
        calls.append("between")
        gate.wait(30)
        return step.run("last", lambda: calls.append("last"))

    run_id = local_client.events_create(body=ORDER)["run_ids"][0]
    until(lambda: "between" in calls)
    snapshot = local.snapshot()
    local.restore(snapshot)
    until(lambda: calls.count("between") == 2)
    gate.set()
    local.wait_for_run(run_id)
    assert sorted(calls) == ["between", "between", "first", "last"]


def test_a_snapshot_goes_into_another_server_of_the_same_code(local, local_client):
    with_code(local)
    run_id = begin(local, local_client)
    before, snapshot = everything(local_client), local.snapshot()
    with with_code(CheckedServer(api_key="k" * 20, strict=True)) as other:
        other.restore(snapshot)
        with IronflowClient(other.url, api_key="k" * 20, max_attempts=1) as client:
            assert everything(client) == before
            client.runs_resume(body={"run_id": run_id})
            other.wait_until_idle()
            client.events_create(body={"name": "payment.received", "data": {"by": "cash"}})
            assert other.wait_for_run(run_id)["output"]["by"] == "cash"
            other.restore(other.snapshot())  # with the trail of who was let in
            assert client.runs_get(run_id)["status"] == "completed"
            with pytest.raises(ValidationError):  # it is as strict as before
                client.request("GET", "/api/v1/runs", params={"limt": 1})
    assert local_client.runs_get(run_id)["status"] == "paused"


def test_code_that_is_missing_is_named_and_nothing_changes(local, local_client):
    with_code(local)
    begin(local, local_client)
    snapshot = local.snapshot()
    with LocalServer() as other, IronflowClient(other.url) as client:
        client.config_create("flags", body={"dark": True})
        with pytest.raises(LookupError) as failure:
            other.restore(snapshot)
        assert "function process-order" in str(failure.value)
        assert "projection sales" in str(failure.value)
        assert client.config_get("flags")["data"] == {"dark": True}


def test_a_stopped_server_can_be_restored_and_carries_on_when_it_starts(local_client, local):
    with_code(local)
    run_id = begin(local, local_client)
    snapshot = local.snapshot()
    other = with_code(LocalServer())
    other.restore(snapshot)
    with other, IronflowClient(other.url) as client:
        assert client.runs_get(run_id)["status"] == "paused"
        client.runs_resume(body={"run_id": run_id})
        other.wait_until_idle()
        client.events_create(body={"name": "payment.received", "data": {"by": "card"}})
        assert other.wait_for_run(run_id)["status"] == "completed"


def test_restore_forgets_faults_requests_and_expectations(local, local_client):
    snapshot = local.snapshot()
    local_client.runs_list()
    local.fail("*", "*", times=9)
    local.expect("DELETE", "*")
    local.restore(snapshot)
    assert local.requests == []
    local_client.runs_list()
    local.verify()


def test_a_rebuild_that_was_in_progress_is_cancelled(local, local_client):
    @local.projection("slow", events=["order.*"], rebuild_pace=600)
    def slow(state, event):
        return {"count": state.get("count", 0) + 1}

    local_client.events_create(body=ORDER)
    local_client.projections_rebuild("slow", body={})
    local.restore(local.snapshot())
    assert local_client.projections_get("slow")["state"]["state"] == {"count": 1}
    assert local_client.projections_list_status("slow")["status"] == "active"


def test_a_live_client_is_told_to_connect_again(local, local_client):
    local_client.kv_create_bucket(body={"name": "sessions"})
    local_client.kv_put("sessions", "alice", b"1")
    snapshot = local.snapshot()
    with local_client.kv_watch("sessions", timeout=10) as watch:
        assert next(watch)["key"] == "alice"
        local.restore(snapshot)
        local_client.kv_put("sessions", "bob", b"2")
        assert next(watch)["key"] == "bob"


def test_what_cannot_be_copied_is_told_at_the_snapshot(local, local_client):
    class Odd(dict):
        """Of a class that no pickle can find."""

    @local.projection("odd", events=["*.*"])
    def odd(state, event):
        return Odd(state)

    local_client.events_create(body=ORDER)
    with pytest.raises(TypeError, match="the state cannot be copied: .*Odd"):
        local.snapshot()


def test_what_is_no_snapshot_is_refused(local):
    with pytest.raises(TypeError, match="snapshot must be what snapshot"):
        local.restore("state.json")


def test_a_snapshot_shows_its_size_and_nothing_else(local):
    snapshot = local.snapshot()
    assert isinstance(snapshot, Snapshot)
    assert repr(snapshot).startswith("<Snapshot of ")


def test_logins_and_keys_of_before_are_valid_again(local, local_client):
    made = local_client.api_keys_create(body={"name": "ci"})
    snapshot = local.snapshot()
    local_client.api_keys_delete(made["id"])
    local.restore(snapshot)
    assert local_client.api_keys_get(made["id"])["name"] == "ci"
    local.reset()
    with pytest.raises(NotFoundError):
        local_client.api_keys_get(made["id"])


def test_sql_projections_and_runs_that_are_paused_for_injection_come_back(local, local_client):
    with_code(local)
    table = {
        "name": "orders",
        "table_sql": "CREATE TABLE t (quantity)",
        "events": ["order.*"],
        "event_handlers": {"order.placed": "INSERT INTO t VALUES (:data.quantity)"},
    }
    local_client.projections_create_sql(table)
    run_id = begin(local, local_client)
    local_client.runs_pause({"run_id": run_id})
    taken = local.snapshot()

    with CheckedServer() as other, IronflowClient(other.url) as client:
        with_code(other).restore(taken)
        client.events_create(body=ORDER)
        rows = client.projections_get("orders")["state"]["state"]
        assert rows == [{"quantity": 3}, {"quantity": 3}]
        state = client.runs_get_paused_state({"run_id": run_id})
        assert [step["name"] for step in state["steps"]] == ["price"]
        client.runs_resume({"run_id": run_id})
        until(lambda: len(client.runs_list_steps(run_id)["steps"]) == 2)


def test_virtual_time_goes_on_from_the_snapshot_with_the_same_history_each_time():
    histories = []
    with LocalServer(clock="virtual") as server, IronflowClient(server.url) as client:

        @server.function("process-order", triggers=["order.*"])
        def process_order(event, step):
            step.sleep("settle", 30 * 24 * 3600)
            paid = step.wait_for_event("payment", "payment.*", timeout=7 * 24 * 3600)
            return paid and paid["data"]

        run_ids = [client.events_create(body=ORDER)["run_ids"][0] for _ in range(5)]
        server.advance(3600)
        snapshot, now = server.snapshot(), server.now
        for _ in range(3):
            server.restore(snapshot)
            assert server.now == now
            runs = [server.wait_for_run(run_id) for run_id in run_ids]
            assert {run["status"] for run in runs} == {"completed"}
            histories.append((server.now, runs, client.audit_list(limit=100)))
    assert histories[0] == histories[1] == histories[2]
    assert (histories[0][0] - now).days == 36


def test_a_job_of_a_worker_can_be_reported_after_a_restore(local, local_client):
    local_client.workers_register("worker-1", body=workers.REGISTRATION)
    run_id = workers.invoked(local_client)
    job = workers.fetched(local_client)
    snapshot = local.snapshot()
    for _ in range(2):
        local.restore(snapshot)
        workers.report(local_client, job, "completed", output={"done": True})
        assert local_client.runs_get(run_id)["output"] == {"done": True}


def test_an_sql_projection_goes_on_after_a_restore(local, local_client):
    body = {
        "name": "by_sku",
        "table_sql": "CREATE TABLE by_sku (sku TEXT)",
        "events": ["stock.*"],
        "event_handlers": {"stock.counted": "INSERT INTO by_sku VALUES (:data.sku)"},
    }
    local_client.projections_create_sql(body=body)
    counted = {"name": "stock.counted", "data": {"sku": "a"}}
    local_client.events_create(body=counted)
    local.restore(local.snapshot())
    local_client.events_create(body=counted)
    rows = local_client.sql_create(body={"query": "SELECT sku FROM by_sku"})["rows"]
    assert rows == [["a"], ["a"]]


@pytest.mark.parametrize("kept", ["snapshot", "document"])
def test_a_consumer_group_goes_on_where_it_was(local, local_client, tmp_path, kept):
    def follow():
        return local_client.subscribe(
            "events:order.*", consumer_group="billing", ack="manual", timeout=10
        )

    def behind():
        with local._application.locked() as state:
            consumers = state.environments["env_default"].of(Consumers)
            return consumers.of_topic("events:order.placed")

    with follow() as events:
        for number in range(3):
            local_client.events_create(body={"name": "order.placed", "data": {"n": number}})
        events.ack(next(events))
        assert next(events)["data"] == {"n": 1}  # and never acknowledged
        until(lambda: behind() == [2])
        snapshot = local.snapshot()
        local.dump(tmp_path / "state.json")
    with follow() as events:
        for _ in range(2):
            events.ack(next(events))
    if kept == "snapshot":
        local.restore(snapshot)
    else:
        local.seed(tmp_path / "state.json")
    with follow() as events:
        assert [next(events)["data"]["n"] for _ in range(2)] == [1, 2]
