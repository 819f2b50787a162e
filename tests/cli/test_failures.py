"""Failures: one line for people, one object for machines, the right exit code."""

from __future__ import annotations

import json

import pytest

from ironflow.testing import LocalServer

from ..conftest import KEY
from .running import NOWHERE, run, run_process

RUN = "/api/v1/runs/run_9"
_CREATE = ["projection", "create", "p", "--event", "e", "--event-handler", "e=INSERT"]


def test_a_refusal_is_one_line_with_code_and_status(local, tmp_path):
    done = run(["run", "get", "run_9"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done == (1, "", "error: run not found (NOT_FOUND, HTTP 404)\n")


def test_a_refusal_is_one_object_for_machines(local, tmp_path):
    body = {"code": "NOT_FOUND", "message": "run not found"}
    local.fail("GET", RUN, 404, body=body, headers={"X-Request-Id": "req_1"})
    done = run(["run", "get", "run_9", "--json"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err) == {
        "error": {
            "message": "run not found",
            "code": "NOT_FOUND",
            "status": 404,
            "request_id": "req_1",
        }
    }


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (401, {}, {"error": "authentication required"}, "authentication required"),
        (403, {}, {"error": "permission denied"}, "permission denied"),
        (502, {"Content-Type": "text/html"}, b"<html><h1>Bad Gateway</h1></html>", "web page"),
        (200, {"Content-Type": "text/html"}, b"<html>Log in</html>", "JSON"),
        (500, {}, {"error": "first\nsecond\x1b[31m"}, "first"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_what_a_server_says_is_one_line(local, tmp_path, status, headers, body, said, flags):
    local.fail("GET", RUN, status, headers=headers, body=body, times=5)
    done = run(
        ["run", "get", "run_9", *flags, "--timeout", "1s"],
        tmp_path,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert said in done.err
    assert "\x1b" not in done.err
    if flags:
        error = json.loads(done.err)["error"]
        assert set(error) == {"message", "code", "status", "request_id"}
        assert error["status"] == status


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_server_that_is_down_is_named(tmp_path, flags):
    done = run(["org", "list", *flags], tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "127.0.0.1" in done.err
    if flags:
        assert json.loads(done.err)["error"]["status"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu", "list"], ["rnu", "run"]),
        (["run", "lst"], ["lst", "list"]),
        (["run", "list", "--limt", "5"], ["--limt", "--limit"]),
        (["run", "list", "--limit", "many"], ["--limit"]),
        (["run", "list", "--limit"], ["--limit"]),
        (["run", "get"], ["run-id"]),
        (["run", "get", "a", "b"], ["run get"]),
        (["emit", "a", "--wait", "--timeout", "soon"], ["--timeout"]),
        (["emit", "a", "-m", "novalue"], ["-m"]),
        (["sql", "SELECT 1", "--format", "xml"], ["--format", "csv", "jsonl"]),
        (["sql", "SELECT 1", "--timeout", "5s"], ["--timeout"]),
        (["event", "schema", "register", "a", "--version", "1"], ["--file", "--schema"]),
        (["event", "schema", "register", "a", "--schema", "{}"], ["--version"]),
        (["event", "upcast", "a", "--from", "1"], ["--to"]),
        (["policy", "create", "--name", "p", "--effect", "maybe"], ["--"]),
        (["policy", "test", "--request", "{}"], ["--policy-id", "--condition"]),
        (["role", "create", "r"], ["--org"]),
        (["audit", "auth-trail"], ["--org"]),
        (["outbox", "dlq", "list"], ["--env", "IRONFLOW_ENV"]),
        (["outbox", "dlq", "list", "--env", "prod", "--limit", "501"], ["--limit", "500"]),
        (["outbox", "dlq", "discard", "evt_1", "--env", "prod"], ["--yes"]),
        (["projection", "create", "p", "--sql", "x"], ["--event", "--event-handler"]),
        (
            [*_CREATE, "--sql", "x", "--sql-file", "y"],
            ["--sql", "--sql-file"],
        ),
        (["run", "inject", "run_1", "step_1"], ["--output"]),
        (["run", "inject", "run_1", "step_1", "--output", "{"], ["--output", "line 1"]),
        (["stream", "read", "order-1", "--direction", "sideways"], ["--direction", "backward"]),
        (["subscribe"], ["pattern"]),
        (["webhook", "test", "--provider", "stripe", "--payload", "{"], ["--payload", "line 1"]),
        (["call", "runs_lst"], ["runs_list"]),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(local, tmp_path, arguments, said):
    done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    for words in said:
        assert words in done.err
    assert local.requests == []


def test_a_usage_error_is_an_object_too(local, tmp_path):
    done = run(["run", "list", "--limt", "5", "--json"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    error = json.loads(done.err)["error"]
    assert done.code == 1
    assert (error["status"], error["request_id"]) == (0, None)
    assert "--limit" in error["message"]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ("{}", ["array"]),
        ("[]", ["1 to 16"]),
        ('[{"name": "a", "minSeq": 1}, {"minSeq": 1}]', ["item 2", "name"]),
        ('[{"name": "a", "minSeq": "soon"}]', ["item 1", "minSeq"]),
        ('[{"name": "a", "minSeq": 1}', ["line 1", "column"]),
        ("[" + ", ".join(['{"name": "a", "minSeq": 1}'] * 17) + "]", ["16"]),
    ],
)
@pytest.mark.parametrize("path", ["-", "items.json"])
def test_items_to_wait_for_are_refused_with_their_place(local, tmp_path, items, said, path):
    (tmp_path / "items.json").write_text(items)
    done = run(
        ["projection", "wait-batch", "--file", path],
        tmp_path,
        items if path == "-" else None,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert (done.code, done.out, local.requests) == (2, "", [])
    assert len(done.err.splitlines()) == 1
    for words in [*said, "stdin" if path == "-" else path]:
        assert words in done.err


# Data


@pytest.mark.parametrize(
    ("flags", "stdin"),
    [
        (["--data", "{}", "--data-file", "a.json"], None),
        (["--data", "{}"], '{"a": 1}'),
        (["--data-file", "a.json"], '{"a": 1}'),
    ],
)
def test_data_comes_from_one_source(local, tmp_path, flags, stdin):
    (tmp_path / "a.json").write_text("{}")
    done = run(["emit", "a", *flags], tmp_path, stdin, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.out, local.requests) == (1, "", [])
    assert flags[0] in done.err


@pytest.mark.parametrize(
    ("flags", "stdin", "where"),
    [
        (["--data", '{"a": 1,\n "b"}'], None, ["--data:", "line 2", "column"]),
        (["--data-file", "a.json"], None, ["a.json", "line 3", "column"]),
        ([], '{"a": }', ["line 1", "column 7"]),
        (["--data", "[1]"], None, ["object"]),
        (["--data-file", "none.json"], None, ["none.json"]),
        (["--data", '{"a": NaN}'], None, ["--data"]),
    ],
)
def test_bad_data_is_refused_with_its_place(local, tmp_path, flags, stdin, where):
    (tmp_path / "a.json").write_text('{\n"a": 1,\n]\n')
    done = run(["emit", "a", *flags], tmp_path, stdin, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.out, local.requests) == (1, "", [])
    assert len(done.err.splitlines()) == 1
    for words in where:
        assert words in done.err


def test_an_empty_pipe_is_no_source(local, tmp_path):
    done = run(["emit", "a", "--data", '{"b": 1}'], tmp_path, "", IRONFLOW_SERVER_URL=local.url)
    assert done.code == 0
    assert local.requests[-1].json["data"] == {"b": 1}


def test_a_secret_that_is_in_the_wrong_place_is_not_repeated(local, tmp_path):
    for arguments in (
        ["run", "get", "a", KEY],
        ["run", "list", "--limit", KEY],
        ["emit", "a", KEY],
    ):
        done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url)
        assert done.code == 1
        assert KEY not in done.err + done.out


def test_a_bad_server_url_is_refused_in_a_line(tmp_path):
    done = run(["org", "list", "-s", f"ftp://user:{KEY}@host"], tmp_path)
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert KEY not in done.err


# What only a process can show.


def test_a_process_exits_with_the_code_and_without_a_traceback(local, tmp_path):
    done = run_process(["run", "get", "run_9"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done == (1, "", "error: run not found (NOT_FOUND, HTTP 404)\n")


def test_a_locale_that_cannot_print_gets_escapes(local, tmp_path):
    local.fail("GET", RUN, 404, body={"error": "Lauf «run_9» fehlt, 実行がない"})
    done = run_process(
        ["run", "get", "run_9"],
        tmp_path,
        IRONFLOW_SERVER_URL=local.url,
        PYTHONIOENCODING="ascii",
        PYTHONUTF8="0",
    )
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: Lauf ")
    assert len(done.err.splitlines()) == 1


def test_a_table_in_a_locale_that_cannot_print_it_has_escapes(local, local_client, tmp_path):
    local_client.orgs_create(body={"name": "Zoë 日本"})
    done = run_process(
        ["org", "list"], tmp_path, IRONFLOW_SERVER_URL=local.url, PYTHONIOENCODING="ascii"
    )
    assert (done.code, done.err) == (0, "")
    assert "Zo\\xeb \\u65e5\\u672c" in done.out


def test_json_in_a_locale_that_cannot_print_it_is_json_all_the_same(local, local_client, tmp_path):
    local_client.orgs_create(body={"name": "Zoë 日本"})
    done = run_process(
        ["org", "list", "--json"], tmp_path, IRONFLOW_SERVER_URL=local.url, PYTHONIOENCODING="ascii"
    )
    assert json.loads(done.out)[1]["name"] == "Zoë 日本"


def test_the_walker_would_see_a_key(tmp_path):
    """The rows' check for secrets looks for what a server that echoes one would print."""
    with LocalServer(api_key=KEY) as server:
        server.fail("GET", RUN, 404, body={"error": f"no run for {KEY}"})
        done = run(
            ["run", "get", "run_9"],
            tmp_path,
            IRONFLOW_SERVER_URL=server.url,
            IRONFLOW_API_KEY=KEY,
        )
    assert done.err.startswith("error: no run for ")
    assert KEY not in done.err
