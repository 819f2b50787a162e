"""``python -m ironflow.testing``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from ironflow import AuthenticationError, IronflowClient, NotFoundError, ValidationError
from ironflow.testing import LocalServer
from ironflow.testing.__main__ import main
from ironflow.testing._samples import add_samples

from ..conftest import KEY, ROOT

# The command.


@contextmanager
def start_command(*arguments):
    command = [sys.executable, "-W", "error", "-m", "ironflow.testing", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()  # nothing happens when it has ended


def test_the_command_serves_until_it_is_interrupted():
    with start_command("--port", "0") as process:
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        with IronflowClient(url) as client:
            started = client.events_create(body={"name": "order.placed", "data": {}})
            assert client.runs_get(started["run_ids"][0])["function_id"] == "process-order"
            query = {"query": "SELECT event, orders FROM order_stats LIMIT 10"}
            assert client.sql_create(body=query)["rows"] == [["order.placed", "1"]]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_says_what_it_has(tmp_path):
    seed = tmp_path / "state.json"
    events = [{"name": "order.placed"}] * 3
    environment = {"events": events, "kv": {"sessions": {}}, "secrets": {"t": {"value": "s3cret"}}}
    seed.write_text(json.dumps({"environments": {"default": environment}}))
    with start_command("--port", "0", "--seed", str(seed)) as process:
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert re.sub(r":\d+", ":0", line) == (
        "local Ironflow on http://127.0.0.1:0, in memory, with 1 function (process-order),"
        " 2 projections (my-projection, order_stats), 3 events, 1 bucket, 1 secret;"
        " stop it with Ctrl+C\n"
    )


def test_the_command_prints_a_line_a_request_without_what_is_secret():
    with start_command("--port", "0", "-v") as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        with IronflowClient(url, api_key=KEY) as client:
            client.request("GET", "/api/v1/runs", params={"token": KEY})
            with pytest.raises(NotFoundError):
                client.config_get("snow\u2603")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == (
            "GET /api/v1/runs 200\nGET /api/v1/config/snow%E2%98%83 404\n",
            "",
        )


def test_the_command_can_be_strict_and_have_a_virtual_clock():
    with start_command("--port", "0", "--strict", "--clock", "virtual") as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        with IronflowClient(url) as client:
            with pytest.raises(ValidationError, match="unknown query parameter"):
                client.request("GET", "/api/v1/runs", params={"limt": 1})
            client.events_create(body={"name": "order.placed", "data": {}})
            assert client.events_list()["events"][0]["timestamp"].startswith("2026-01-01T00:00:0")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file or directory"),
        ("{", " is not JSON: line 1, column 2: "),
        ('{"colour": 1}', ": colour is not known"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong_with_its_seed(
    tmp_path, capsys, content, message
):
    seed = tmp_path / "state.json"
    if content is not None:
        seed.write_text(content)
    assert main(["--port", "0", "--seed", str(seed)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ironflow.testing: {seed}") and message in err
    assert err.count("\n") == 1


def test_the_command_takes_its_key_from_the_environment(monkeypatch):
    monkeypatch.setenv("IRONFLOW_LOCAL_API_KEY", KEY)
    with start_command("--port", "0") as process:
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        with IronflowClient(url) as client, pytest.raises(AuthenticationError):
            client.runs_list()
        with IronflowClient(url, api_key=KEY) as client:
            assert client.runs_list()["count"] == 0
    assert KEY not in line


def test_the_command_says_in_one_line_that_its_port_is_taken(capsys):
    with LocalServer() as server:
        assert main(["--port", str(server.port)]) == 1
    out, err = capsys.readouterr()
    taken = f"cannot listen on 127.0.0.1:{server.port}: Address already in use"
    assert (out, err) == ("", f"ironflow.testing: {taken}\n")


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--api-key", "a b"]])
def test_the_command_refuses_what_cannot_be(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "a b" not in capsys.readouterr().err


def test_the_command_asks_for_the_key_it_was_given():
    with start_command("--port", "0", "--api-key", KEY) as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        with IronflowClient(url) as client, pytest.raises(AuthenticationError):
            client.runs_list()
        process.send_signal(signal.SIGTERM)
        assert KEY not in "".join(process.communicate(timeout=30))
    assert process.returncode == 0


def test_the_samples_are_those_of_the_document(local, local_client):
    add_samples(local)
    local_client.functions_invoke("process-order", body={"data": {"order_id": "123"}})
    local_client.events_create(body={"name": "order.placed", "data": {"order_id": "123"}})
    shown = local_client.projections_get("my-projection")
    assert shown["state"]["state"] == {"total_orders": 1}
    assert local_client.runs_list()["total_count"] == 2
