"""``call`` beyond single requests: RPC, any route, and what gives items one by one."""

from __future__ import annotations

import json

import pytest

from ironflow._cli.commands import calling
from ironflow._cli.main import main


def call(server, capsys, *arguments):
    code = main(["call", *arguments, "--server", server.url])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_any_rpc_and_any_route_are_called(server, capsys):
    server.reply({"name": "p"})
    body = '{"name": "p"}'
    name = "ProjectionService/GetProjection"
    assert call(server, capsys, "rpc", name, "--body", body)[:2] == (0, '{\n  "name": "p"\n}\n')
    assert (server.last.path, server.last.json) == (f"/ironflow.v1.{name}", {"name": "p"})
    server.reply([1])
    params = '{"limit": 1}'
    assert call(server, capsys, "request", "GET", "/api/v1/x", "--params", params)[0] == 0
    assert server.last.target == "/api/v1/x?limit=1"


def test_a_method_that_gives_items_writes_one_a_line(server, capsys):
    server.reply({"runs": [{"id": "a"}, {"id": "b"}], "total_count": 3})
    server.reply({"runs": [{"id": "c"}], "total_count": 3})
    code, out, _ = call(server, capsys, "runs_iterate", "--status", "failed")
    assert (code, [json.loads(line)["id"] for line in out.splitlines()]) == (0, ["a", "b", "c"])
    server.reply({"id": "a", "status": "completed"})
    code, out, _ = call(server, capsys, "runs_wait_many", "a", "--timeout", "1m")
    assert (code, json.loads(out)["id"]) == (0, "a")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["runs_iterate"], "makes several requests"),
        (["runs_wait", "x"], "makes several requests"),
        (["kv_watch", "b"], "goes over WebSocket"),
        (["rpc_stream", "PubSubService/Subscribe"], "reads a stream of messages"),
        (["secrets_create", "--body", '{"name":"a","value":"b"}'], "carries a secret"),
        (["users_create", "--body", '{"email":"a","password":"b"}'], "carries a secret"),
    ],
)
def test_what_has_no_single_safe_curl_says_why(server, capsys, arguments, reason):
    code, out, err = call(server, capsys, *arguments, "--curl")
    assert (code, out) == (1, "")
    assert reason in err
    assert server.requests == []


def test_help_has_what_the_docstring_says_of_each_argument():
    helps = calling._argument_helps(
        "Do it.\n\nArgs:\n    a: First\n        line.\n    b: Other.\n\nReturns:\n    c: No.\n"
    )
    assert helps == {"a": "First line.", "b": "Other."}


def test_methods_that_are_no_calls_are_no_commands():
    names = calling.method_names()
    assert {"runs_list", "rpc", "request", "runs_wait"} <= set(names)
    assert not {"close", "map", "with_options", "capture", "kv_value"} & set(names)


def test_help_shows_no_marks_of_the_docstrings(capsys):
    assert main(["call", "runs_list", "--help"]) == 0
    out = capsys.readouterr().out
    assert "One of cancelled, completed, failed" in out
    assert "``" not in out
