"""The local server's SQL: what can be read, how values look, and what is refused."""

from __future__ import annotations

import contextlib
import http.client
import sys

import pytest

from ironflow import IronflowClient, IronflowError, ValidationError
from ironflow.testing._engine import queries

from ...local import models_and_replies

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT "


@pytest.fixture
def sql(local_client):
    def query(text, **members):
        return local_client.sql_create(body={"query": text, **members})

    return query


@pytest.fixture
def rows(sql):
    return lambda text, **members: sql(text, **members)["rows"]


@pytest.fixture
def keep(local, local_client):
    """Make a projection whose state is the value given, after one event."""

    def keep(name, value, **options):
        local.projection(name, events=["kept"], **options)(lambda state, event: value)
        local_client.events_create(body={"name": "kept"})

    return keep


def test_a_reply_has_columns_and_rows_of_strings(sql, local_client):
    for name in ("order.placed", "order.placed", "order.paid"):
        local_client.events_create(body={"name": name})
    reply = sql("SELECT name, COUNT(*) AS total FROM events GROUP BY name ORDER BY 2 DESC")
    assert reply == {
        "columns": ["name", "total"],
        "rows": [["order.placed", "2"], ["order.paid", "1"]],
        "total_rows": 2,
    }


def test_a_table_without_rows_still_has_its_columns(sql):
    reply = sql("SELECT id, data FROM events")
    assert reply == {"columns": ["id", "data"], "rows": [], "total_rows": 0}


def test_values_are_text_as_a_reader_expects_it(rows):
    assert rows("SELECT NULL, 42, 1.5, 'a', x'41', x'ff', 10000000000, 1 = 1, ''") == [
        ["", "42", "1.5", "a", "A", "\ufffd", "10000000000", "1", ""]
    ]
    assert rows("SELECT CAST(x'61ff' AS TEXT)") == [["a\ufffd"]]


def test_json_of_events_can_be_read_with_json_functions(rows, local_client):
    data = {"total": 5, "items": ["ä", "b"]}
    local_client.events_create(body={"name": "order", "data": data, "metadata": {"by": "me"}})
    ((text, total),) = rows("SELECT data, json_extract(data, '$.total') FROM events")
    assert text == '{"total":5,"items":["ä","b"]}'
    assert total == "5"
    each = "SELECT item.value FROM events, json_each(events.data, '$.items') AS item"
    assert rows(each) == [["ä"], ["b"]]


def test_events_of_streams_can_be_found_by_their_entity(rows, local_client):
    body = {"entity_type": "order", "event_name": "order.paid", "run_id": "run_1"}
    local_client.streams_events("order-1", body=body)
    local_client.events_create(body={"name": "other"})
    found = rows(
        "SELECT name, entity_type, entity_version, version, source, run_id, environment_id, "
        "processed FROM events WHERE entity_id = 'order-1'"
    )
    assert found == [["order.paid", "order", "1", "1", "api", "run_1", "env_default", "1"]]


def test_runs_steps_and_functions_can_be_joined(local, rows, local_client):
    @local.function("price", triggers=["order"], name="Price")
    def price(event, step):
        return step.run("sum", lambda: "done")

    @local.function("broken", triggers=["order"])
    def broken(event):
        raise ValueError("no")

    local_client.events_create(body={"name": "order", "data": {"n": 1}})
    local.wait_until_idle()
    found = rows(
        "SELECT f.name, r.status, r.input, r.output, s.step_id, s.output, e.name "
        "FROM runs r JOIN functions f ON f.id = r.function_id JOIN events e ON e.id = r.event_id "
        "LEFT JOIN steps s ON s.run_id = r.id ORDER BY f.name DESC"
    )
    assert found == [
        ["broken", "failed", '{"n":1}', "", "", "", "order"],
        ["Price", "completed", '{"n":1}', '"done"', "sum", '"done"', "order"],
    ]
    assert rows("SELECT json_extract(error, '$.message') FROM runs WHERE status = 'failed'") == [
        ["no"]
    ]
    # An output that is a bare string is JSON too, or this would be refused for all runs.
    assert ["done"] in rows("SELECT json_extract(output, '$') FROM runs")


def test_every_column_of_the_models_is_there(sql):
    for table, model in (
        ("events", "Event"),
        ("runs", "Run"),
        ("steps", "Step"),
        ("functions", "FunctionResponse"),
        ("environments", "Environment"),
        ("projection_state", "ProjectionState"),
    ):
        wanted = {field.name for field in models_and_replies()[0][model].fields}
        assert wanted <= set(sql(f"SELECT * FROM {table}")["columns"]), table


def test_a_query_sees_its_own_environment_only(local, rows, local_client):
    local_client.events_create(body={"name": "here"})
    with IronflowClient(local.url, environment="staging") as staging:
        staging.events_create(body={"name": "there"})
        reply = staging.sql_create(
            body={"query": "SELECT e.name, env.name FROM events e, environments env"}
        )
        assert reply["rows"] == [["there", "staging"]]
    assert rows("SELECT name FROM events") == [["here"]]
    assert rows("SELECT id, name FROM environments") == [["env_default", "default"]]


def test_case_and_quotes_of_a_table_name_do_not_matter(rows):
    for name in ("EVENTS", '"events"', "[Events]", "`events`", "main.events"):
        assert rows(f"SELECT COUNT(*) FROM {name}") == [["0"]]


def test_the_tables_can_be_listed(rows, keep):
    keep("stats", {"a": 1})
    found = rows("SELECT name FROM sqlite_master ORDER BY name")
    assert ["events"] in found
    assert ["stats"] in found
    assert len(found) == 8


# Projections


def test_the_query_of_the_document_runs(sql, local, local_client):
    @local.projection("order_stats", events=["order.*"])
    def order_stats(state, event):
        orders = state.setdefault(event["name"].partition(".")[2], {"orders": 0})
        orders["orders"] += 1

    for name in ("order.placed", "order.shipped", "order.placed"):
        local_client.events_create(body={"name": name})
    reply = sql("SELECT * FROM order_stats LIMIT 10")
    assert reply["columns"] == ["key", "orders"]
    assert reply["rows"] == [["placed", "2"], ["shipped", "1"]]


@pytest.mark.parametrize(
    ("state", "columns", "expected"),
    [
        ({"n": 1, "tags": ["a"], "on": True}, ["n", "tags", "on"], [["1", '["a"]', "1"]]),
        ({"a": {"n": 1}, "b": {"m": 2}}, ["key", "n", "m"], [["a", "1", ""], ["b", "", "2"]]),
        ([{"n": 1}, {"n": None}], ["n"], [["1"], [""]]),
        ([1, 2], ["state"], [["[1,2]"]]),
        ([{"n": 1}, 2], ["state"], [['[{"n":1},2]']]),
        ("text", ["state"], [["text"]]),
        (7, ["state"], [["7"]]),
        ({}, ["state"], []),
        ([], ["state"], []),
        ({"Status": 1, "status": 2}, ["Status"], [["1"]]),
        ({"a b": 1, 'c"d': 2, "": 3}, ["a b", 'c"d', ""], [["1", "2", "3"]]),
        ({1: "int key"}, ["1"], [["int key"]]),
        ({"nul\0": 1, "\ud800": "\ud800"}, ["nul\ufffd", "?"], [["1", "?"]]),
        ({"big": 2**70, "low": -(2**63)}, ["big", "low"], [[str(2**70), str(-(2**63))]]),
        ({"x": 0.1, "y": None}, ["x", "y"], [["0.1", ""]]),
    ],
)
def test_the_rows_of_a_projection_follow_the_shape_of_its_state(
    sql, keep, state, columns, expected
):
    keep("stats", state)
    reply = sql("SELECT * FROM stats")
    assert reply["columns"] == columns
    assert reply["rows"] == expected


def test_a_partitioned_projection_has_a_row_for_each_partition(
    local,
    sql,
    local_client,
):
    @local.projection("totals", events=["paid"], partition_by=lambda event: event["data"]["by"])
    def totals(state, event):
        return {"total": state.get("total", 0) + event["data"]["amount"]}

    for by, amount in (("ann", 5), ("bob", 1), ("ann", 2)):
        local_client.events_create(body={"name": "paid", "data": {"by": by, "amount": amount}})
    reply = sql("SELECT * FROM totals ORDER BY partition_key")
    assert reply["columns"] == ["partition_key", "total"]
    assert reply["rows"] == [["ann", "7"], ["bob", "1"]]


def test_a_partition_whose_state_is_no_object_has_it_in_one_column(sql, keep):
    keep("counts", 3, partition_by=lambda event: "all")
    reply = sql("SELECT * FROM counts")
    assert reply["columns"] == ["partition_key", "state"]
    assert reply["rows"] == [["all", "3"]]


def test_a_projection_before_its_first_event_is_a_table_without_rows(local, sql):
    local.projection("stats", events=["x"], initial={"orders": 0})(lambda state, event: state)
    reply = sql("SELECT orders FROM stats")
    assert reply == {"columns": ["orders"], "rows": [], "total_rows": 0}


def test_a_name_that_needs_quotes_can_be_queried(rows, keep):
    for name in ("my-projection", 'say "hi"', "order"):
        keep(name, {"n": 1})
        quoted = name.replace('"', '""')
        assert rows(f'SELECT n FROM "{quoted}"') == [["1"]]


def test_a_projection_does_not_hide_a_table_of_the_product(rows, keep):
    keep("Events", {"mine": 1})
    assert rows("SELECT name FROM events") == [["kept"]]


def test_a_projection_that_was_deleted_is_no_table_any_more(rows, keep, local_client):
    keep("stats", {"n": 1})
    local_client.projections_delete("stats")
    with pytest.raises(ValidationError, match="no such table: stats"):
        rows("SELECT * FROM stats")


def test_projections_are_listed_with_their_states(rows, keep):
    keep("stats", {"n": 1}, description="Numbers")
    found = "SELECT name, description, status, mode, events, version FROM projection_registry"
    assert rows(found) == [["stats", "Numbers", "active", "managed", '["kept"]', "1"]]
    found = "SELECT projection_name, partition_key, state, version FROM projection_state"
    assert rows(found) == [["stats", "__global__", '{"n":1}', "1"]]


# Reading only


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO events (id) VALUES ('x')",
        "UPDATE events SET name = 'x'",
        "DELETE FROM events",
        "DROP TABLE events",
        "CREATE TABLE t (a)",
        "ATTACH 'x.db' AS x",
        "PRAGMA table_info(events)",
        "VACUUM INTO 'x.db'",
        "BEGIN",
        "selection",
        "without",
        "/* SELECT */ DELETE FROM events",
        "-- SELECT 1",
        "/* SELECT 1",
        "WITH x AS (SELECT 1) DELETE FROM events",
        "WITH x AS (SELECT 1) INSERT INTO events (id) SELECT 'x'",
        "EXPLAIN DELETE FROM events",
        "EXPLAIN ATTACH 'x.db' AS x",
        "SELECT * FROM pragma_database_list",
    ],
)
def test_anything_but_reading_is_refused(rows, local_client, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    local_client.events_create(body={"name": "kept"})
    with pytest.raises(ValidationError, match="only SELECT statements are allowed"):
        rows(query)
    assert rows("SELECT name FROM events") == [["kept"]]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "  \n-- a comment\n/* another */ /**/ SELECT 1;",
        "WITH x(a) AS (SELECT 1) SELECT a FROM x",
        "SELECT 1 -- ;",
    ],
)
def test_what_only_reads_is_allowed(rows, query):
    assert rows(query) == [["1"]]


def test_a_query_can_be_explained(sql):
    assert sql("EXPLAIN QUERY PLAN SELECT * FROM events")["total_rows"] == 1
    assert "opcode" in sql("EXPLAIN SELECT * FROM events")["columns"]


@pytest.mark.parametrize("name", ["load_extension('x')", "ZEROBLOB(9)", "fts3_tokenizer('simple')"])
def test_functions_that_reach_beyond_the_data_are_refused(rows, name):
    with pytest.raises(ValidationError, match=f"function: {name.partition('(')[0]}"):
        rows(f"SELECT {name}")


def test_many_comments_take_no_longer_than_they_are_long(rows):
    with pytest.raises(ValidationError, match="only SELECT"):
        rows("/**/" * 5000 + "DELETE FROM events")


# Errors


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM nope", "no such table: nope"),
        ("SELECT nope FROM events", "no such column: nope"),
        ("SELECT * FROM", "incomplete input"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT 1; DELETE FROM events", "one statement"),
        ("SELECT ?", "bindings"),
        ("SELECT json_extract('{', '$')", "malformed JSON"),
        ("SELECT '\0'", "NUL"),
        ("SELECT " + "(" * 5000 + "1" + ")" * 5000, "stack overflow|too large"),
    ],
)
def test_an_error_of_the_query_is_a_400_with_its_cause(rows, query, message):
    with pytest.raises(ValidationError, match=message):
        rows(query)


def post(local, path, content):
    """Send a body that the client would refuse; return status and text of the reply."""
    connection = http.client.HTTPConnection("127.0.0.1", local.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("POST", path, content, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


def test_broken_unicode_is_refused_in_a_query_and_replaced_in_data(local, rows):
    status, text = post(local, "/api/v1/sql", rb'{"query": "SELECT 1 -- \ud800"}')
    assert (status, "surrogate" in text) == (400, True)
    event = rb'{"name": "\ud800", "data": {"a": "\ud800"}}'
    assert post(local, "/api/v1/events", event)[0] == 200
    assert rows("SELECT name, data FROM events") == [["?", '{"a":"?"}']]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"query": None}, "query is required"),
        ({"query": " "}, "query must not be empty"),
        ({"query": 1}, "query must be a string"),
        ({"timeout_ms": 0}, "timeout_ms must be at least 1"),
        ({"max_rows": 0}, "max_rows must be at least 1"),
        ({"max_rows": 1.5}, "max_rows must be a whole number"),
    ],
)
def test_a_malformed_body_says_what_is_wrong(local_client, members, message):
    with pytest.raises(ValidationError, match=message):
        local_client.sql_create(body={"query": "SELECT 1", **members})


def test_a_projection_with_more_members_than_columns_can_be_is_a_400(rows, keep):
    keep("wide", {f"c{n}": n for n in range(3000)})
    with pytest.raises(ValidationError, match="too many columns"):
        rows("SELECT 1 FROM wide")


# Bounds


def test_a_query_that_takes_too_long_is_stopped_and_the_server_goes_on(rows):
    with pytest.raises(ValidationError, match=r"longer than timeout_ms \(50\)"):
        rows(ENDLESS + "COUNT(*) FROM n", timeout_ms=50)
    assert rows("SELECT 1") == [["1"]]


def test_a_query_that_timed_out_is_not_sent_again(local):
    with IronflowClient(local.url, max_attempts=3) as client:
        with pytest.raises(ValidationError):
            client.sql_create(body={"query": ENDLESS + "COUNT(*) FROM n", "timeout_ms": 20})
    assert len(local.requests) == 1


def test_rows_are_cut_at_max_rows(sql):
    reply = sql(ENDLESS + "x FROM n", max_rows=3)
    assert reply["rows"] == [["1"], ["2"], ["3"]]
    assert reply["total_rows"] == 3
    assert sql(ENDLESS + "x FROM n")["total_rows"] == 1000
    assert sql(ENDLESS + "x FROM n", max_rows=10**6)["total_rows"] == 10_000


def test_a_reply_of_immense_size_is_refused(rows):
    with pytest.raises(ValidationError, match="result is larger than"):
        rows(ENDLESS + "printf('%.*c', 1000000, 'x') FROM n")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="sqlite3 of this Python has no setlimit")
def test_a_value_of_immense_size_is_refused(rows):
    with pytest.raises(ValidationError, match="too big"):
        rows(
            "WITH RECURSIVE t(x) AS (SELECT 'aaaaaaaa' UNION ALL SELECT x || x FROM t LIMIT 40) "
            "SELECT length(x) FROM t"
        )


def test_a_python_without_sqlite_still_has_a_server(local_client, monkeypatch):
    without = "import sys, runpy; sys.modules['sqlite3'] = None"
    program = f"{without}; runpy.run_path({queries._COMMAND[-1]!r}, run_name='__main__')"
    monkeypatch.setattr(queries, "_COMMAND", (sys.executable, "-I", "-S", "-c", program))
    with pytest.raises(IronflowError, match="sqlite3") as failed:
        local_client.sql_create(body={"query": "SELECT 1"})
    assert failed.value.status_code == 501
    assert local_client.events_list()["events"] == []
