"""SQL queries: they hold no lock, and are bounded in length, time, memory and temporary space."""

from __future__ import annotations

import http.client
import json
import sys
import threading

import pytest

from ironflow import IronflowError, ServerError, ValidationError
from ironflow.testing._engine import queries
from ironflow.testing._engine.queries import Queries

from ...local import PATIENCE, until

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT "
# A search of a text of 8 MB for one of 4 MB that nearly fits everywhere: SQLite looks neither at
# the clock nor for an interrupt until it has the answer, hours later.
UNINTERRUPTED = (
    "WITH RECURSIVE d(s, n) AS (SELECT 'aaaaaaaaaaaaaaaa', 0"
    " UNION ALL SELECT s || s, n + 1 FROM d WHERE n < 18), b AS (SELECT max(s) AS s FROM d)"
    " SELECT instr(s || s, s || 'b') FROM b"
)


class Asking(threading.Thread):
    """A query in a thread of its own: ``status`` and ``text`` of the reply, once it has come."""

    def __init__(self, server, query, timeout_ms=60_000):
        super().__init__()
        self._port = server.port
        self._body = json.dumps({"query": query, "timeout_ms": timeout_ms}).encode()
        self.status = self.text = None
        self.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("POST", "/api/v1/sql", self._body)
            reply = connection.getresponse()
            self.status, self.text = reply.status, reply.read().decode()
        except OSError:
            pass  # the server has stopped
        finally:
            connection.close()


def processes(server):
    """The processes of the queries that are under way."""
    return list(server._application.state.of(Queries)._processes)


@pytest.mark.parametrize(
    "query", [ENDLESS + "count(*) FROM n", UNINTERRUPTED], ids=["steps", "one step"]
)
def test_a_query_that_cannot_be_interrupted_is_over_with_its_time(local, query):
    asking = Asking(local, query, timeout_ms=100)
    asking.join(PATIENCE)
    assert asking.status == 400
    assert "longer than timeout_ms (100)" in asking.text
    assert processes(local) == []


@pytest.mark.parametrize(
    "query", [ENDLESS + "count(*) FROM n", UNINTERRUPTED], ids=["steps", "one step"]
)
def test_a_stop_ends_a_query_that_cannot_be_interrupted(local, query):
    asking = Asking(local, query)
    (process,) = until(lambda: processes(local))
    stopping = threading.Thread(target=local.stop)
    stopping.start()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    asking.join(PATIENCE)
    assert not asking.is_alive()
    assert process.poll() is not None
    local.start()
    assert processes(local) == []


def test_a_reset_ends_a_query_with_the_data_it_reads(local):
    asking = Asking(local, UNINTERRUPTED)
    (process,) = until(lambda: processes(local))
    local.reset()
    asking.join(PATIENCE)
    assert (asking.status, json.loads(asking.text)) == (503, {"error": "the server is stopping"})
    assert process.poll() is not None


def test_other_calls_are_answered_while_a_query_is_carried_out(local, local_client):
    asking = Asking(local, ENDLESS + "count(*) FROM n")
    until(lambda: processes(local))
    local_client.events_create(body={"name": "order.placed"})
    assert local_client.events_list()["count"] == 1
    assert asking.is_alive()
    local.reset()
    asking.join(PATIENCE)
    assert asking.status == 503


def test_a_query_sees_the_data_of_the_moment_it_was_asked(local, local_client):
    local_client.events_create(body={"name": "before"})
    asking = Asking(
        local, "SELECT name, (" + ENDLESS + "x FROM n LIMIT 1 OFFSET 500000) FROM events"
    )
    until(lambda: processes(local) or asking.status)
    local_client.events_create(body={"name": "after"})
    asking.join(PATIENCE)
    assert json.loads(asking.text)["rows"] == [["before", "500001"]]


def test_a_query_that_is_too_long_is_refused(local_client):
    query = "SELECT 1".ljust(100_001)
    with pytest.raises(ValidationError, match="at most 100000 characters"):
        local_client.sql_create(body={"query": query})
    assert local_client.sql_create(body={"query": query[:-1]})["rows"] == [["1"]]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no bound on memory elsewhere")
@pytest.mark.parametrize(
    "query",
    [
        # Sorting and materializing are what SQLite would use temporary files for.
        ENDLESS + "printf('%1000d', x) AS text FROM n ORDER BY text DESC",
        ENDLESS + "DISTINCT printf('%1000d', x) FROM n LIMIT 1 OFFSET 100000000",
    ],
    ids=["sorting", "distinct"],
)
def test_a_query_gets_so_much_memory_and_no_more(local, local_client, monkeypatch, query):
    monkeypatch.setattr(queries, "_MAX_MEMORY", 100 * 1024 * 1024)
    with pytest.raises(ValidationError, match="memory|too big"):
        local_client.sql_create(body={"query": query, "timeout_ms": 60_000})
    assert local_client.sql_create(body={"query": "SELECT 1"})["rows"] == [["1"]]


def test_a_program_that_is_no_python_says_that_it_has_no_sql(local_client, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ServerError, match="needs a Python") as refused:
        local_client.sql_create(body={"query": "SELECT 1"})
    assert refused.value.status_code == 501


def test_a_process_that_ends_without_a_word_is_an_error_and_no_hang(local_client, monkeypatch):
    command = (sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()")
    monkeypatch.setattr(queries, "_COMMAND", command)
    with pytest.raises(IronflowError, match="memory"):
        local_client.sql_create(body={"query": "SELECT 1"})
