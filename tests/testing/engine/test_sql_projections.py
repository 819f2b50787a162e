"""SQL projections: tables that statements keep, and statements that must not be executed."""

from __future__ import annotations

import pytest

from ironflow import ConflictError
from ironflow.testing._engine import sql_projections

from ...local import until
from ..connect import refusal, rpc

CREATE = "ProjectionService/CreateSQLProjection"
TOTALS = {
    "name": "order-totals",
    "table_sql": "CREATE TABLE t (id TEXT PRIMARY KEY, total NUMERIC, lines TEXT)",
    "events": ["order.*"],
    "event_handlers": {
        "order.placed": "INSERT INTO t VALUES (:entity_id, :data.sum, :data.lines)",
        "order.paid": "UPDATE t SET total = total - :data.sum WHERE id = :entity_id -- :data.no",
        "order.gone": "DELETE FROM t WHERE id = :entity_id AND 'a:b' <> \"id\"",
    },
    "description": "Sums by order",
}


@pytest.fixture
def totals(local_client):
    assert local_client.projections_create_sql(TOTALS) == {
        "name": "order-totals",
        "status": "active",
    }
    return local_client


def happened(client, name, entity_id="order-1", **data):
    body = {"entity_type": "order", "event_name": name, "data": data}
    return client.streams_events(entity_id, body=body)


def rows(client):
    return client.projections_get("order-totals")["state"]["state"]


def test_the_table_follows_the_events(totals):
    happened(totals, "order.placed", sum=15, lines=[{"sku": "a"}])
    happened(totals, "order.placed", "order-2", sum=2.5)
    happened(totals, "order.paid", sum=5)
    assert rows(totals) == [
        {"id": "order-1", "total": 10, "lines": '[{"sku": "a"}]'},
        {"id": "order-2", "total": 2.5, "lines": None},
    ]
    happened(totals, "order.gone")
    assert [row["id"] for row in rows(totals)] == ["order-2"]


def test_events_without_a_statement_change_nothing(totals):
    happened(totals, "order.placed", sum=15)
    happened(totals, "order.sent")
    happened(totals, "user.created")
    assert [row["total"] for row in rows(totals)] == [15]


def test_a_statement_can_be_for_a_pattern(local_client):
    log = {
        "name": "log",
        "table_sql": "CREATE TABLE log (name, at, first)",
        "events": [">"],
        "event_handlers": {"*.*": "INSERT INTO log VALUES (:name, :timestamp, :data.a.b)"},
    }
    local_client.projections_create_sql(log)
    event = local_client.events_create(body={"name": "a.b", "data": {"a": {"b": True}}})
    (row,) = local_client.projections_get("log")["state"]["state"]
    assert (row["name"], row["first"]) == ("a.b", 1)
    assert row["at"] == local_client.events_get(event["event_id"])["timestamp"]


def test_it_is_a_projection_like_any_other(local, totals):
    happened(totals, "order.placed", sum=15)
    record = totals.projections_get("order-totals")
    assert (record["type"], record["mode"]) == ("sql", "managed")
    assert record["sql_definition"] == TOTALS["table_sql"]
    assert record["event_handlers"] == TOTALS["event_handlers"]
    assert record["description"] == "Sums by order"
    assert totals.projections_rebuild_and_wait("order-totals", timeout=5)["status"] == "completed"
    assert [row["total"] for row in rows(totals)] == [15]
    totals.projections_delete("order-totals")
    assert totals.projections_list()["projections"] == []
    totals.projections_create_sql(TOTALS)
    assert [row["total"] for row in rows(totals)] == [15]
    local.reset()
    assert totals.projections_list()["projections"] == []


def test_events_that_were_there_before_count(local_client):
    happened(local_client, "order.placed", sum=15)
    local_client.projections_create_sql(TOTALS)
    assert [row["total"] for row in rows(local_client)] == [15]


def test_each_environment_has_its_own(totals):
    staging = totals.with_options(environment="staging")
    assert staging.projections_list()["projections"] == []
    staging.projections_create_sql(TOTALS)


def test_the_table_can_be_queried(totals):
    empty = totals.sql_create(body={"query": 'SELECT * FROM "order-totals"'})
    assert (empty["columns"], empty["rows"]) == (["id", "total", "lines"], [])
    for number in range(3):
        happened(totals, "order.placed", f"order-{number}", sum=number)

    found = totals.sql_create(body={"query": 'SELECT sum(total) FROM "order-totals"'})
    asked = {"name": "order-totals", "where": "total > 0", "orderBy": "total DESC", "limit": 1}
    page = totals.rpc("ProjectionService/QuerySQLProjection", asked)

    assert found["rows"] == [["3"]]
    assert page["columns"] == ["id", "total", "lines"]
    assert page["rows"] == [{"values": ["order-2", "2", ""]}]
    assert page["totalCount"] == 2


def test_only_an_sql_projection_is_queried_so(local, local_client):
    local.projection("orders", events=[">"])(lambda state, event: None)
    query = "ProjectionService/QuerySQLProjection"
    assert refusal(local, query, {"name": "orders"})[1] == "invalid_argument"
    assert refusal(local, query, {"name": "gone"})[1] == "not_found"
    rpc(local, CREATE, TOTALS)
    for where in ("total > ", "1); DROP TABLE t; --"):
        asked = {"name": "order-totals", "where": where}
        assert refusal(local, query, asked)[1] == "invalid_argument"


def test_a_statement_that_fails_stops_the_projection_at_its_event(totals):
    happened(totals, "order.placed", sum=15)
    happened(totals, "order.placed", sum=15)  # the same primary key
    status = totals.projections_list_status("order-totals")
    assert status["status"] == "error"
    assert "UNIQUE constraint failed" in status["error_message"]
    assert [row["total"] for row in rows(totals)] == [15]


def test_a_statement_that_does_not_end_is_stopped(local_client, monkeypatch):
    monkeypatch.setattr(sql_projections, "_MOST_LOOKS", 10)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    statement = f"{endless} INSERT INTO t SELECT i, i, i FROM n"
    local_client.projections_create_sql({**TOTALS, "event_handlers": {"order.placed": statement}})
    happened(local_client, "order.placed")
    status = until(lambda: local_client.projections_list_status("order-totals"))
    assert (status["status"], "interrupted" in status["error_message"]) == ("error", True)


def test_a_name_that_is_taken_is_a_conflict(local, totals):
    local.projection("orders", events=[">"])(lambda state, event: None)
    for name in ("orders", "order-totals"):
        with pytest.raises(ConflictError, match="already exists"):
            totals.projections_create_sql({**TOTALS, "name": name})
    assert refusal(local, CREATE, TOTALS)[:2] == (409, "already_exists")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"table_sql": ""},
        {"table_sql": "CREATE TABLE"},
        {"table_sql": "CREATE TABLE t (id TEXT); DROP TABLE t"},
        {"table_sql": "CREATE TABLE t AS SELECT * FROM sqlite_master"},
        {"table_sql": "CREATE TABLE main.t (id TEXT, b AS (id || '!'))"},
        {"table_sql": "CREATE TABLE IF NOT EXISTS sqlite_t (id)"},
        {"table_sql": "DROP TABLE t"},
        {"table_sql": "ATTACH DATABASE '/etc/passwd' AS p"},
        {"table_sql": "CREATE VIRTUAL TABLE t USING fts5(id)"},
        {"table_sql": "CREATE TABLE t (id" + " " * 100_001 + ")"},
        {"events": []},
        {"events": "order.*"},
        {"event_handlers": {}},
        {"event_handlers": {"order.placed": 1}},
        {"event_handlers": {"order.placed": "INSERT INTO other VALUES (1)"}},
        {"event_handlers": {"order.placed": "SELECT 1"}},
        {"event_handlers": {"order.placed": "INSERT INTO t VALUES (:data..sum)"}},
        {"event_handlers": {"order.placed": "DELETE FROM t; DELETE FROM t"}},
        {"event_handlers": {"order.placed": "DELETE FROM sqlite_master"}},
        {"event_handlers": {"order.placed": "INSERT INTO t VALUES (zeroblob(1000000000), 1, 1)"}},
        {"event_handlers": {"order.placed": "DROP TABLE t"}},
        {"event_handlers": {"order.placed": "PRAGMA writable_schema = 1"}},
        {"event_handlers": {"order.placed": "INSERT INTO t VALUES (load_extension('x'), 1, 1)"}},
        {"event_handlers": {"order.placed": "ATTACH DATABASE 'x.db' AS x"}},
        {"event_handlers": {"order.placed": "INSERT INTO t VALUES ('\0', 1, 1)"}},
        {"event_handlers": {"order.placed": "INSERT INTO t VALUES ('\ud83d', 1, 1)"}},
    ],
)
def test_what_cannot_be_kept_is_refused_and_makes_no_projection(local, local_client, changes):
    assert refusal(local, CREATE, {**TOTALS, **changes})[:2] == (400, "invalid_argument")
    assert local_client.projections_list()["projections"] == []
