"""Runs that were waited for: one that did not complete is an error that says why."""

from __future__ import annotations

import json

import pytest

from ironflow._cli.commands.results import has_failed, problem, status_word
from ironflow._cli.main import main

RUN = {"id": "run_1", "function_id": "f", "status": "running", "execution_mode": "push"}


@pytest.mark.parametrize(
    ("status", "word", "failed"),
    [
        ("RUN_STATUS_COMPLETED", "completed", False),
        ("completed", "completed", False),
        ("RUN_STATUS_FAILED", "failed", True),
        ("RUN_STATUS_RUNNING", "running", True),
        (None, "unknown", True),
    ],
)
def test_only_a_run_that_completed_is_a_success(status, word, failed):
    result = {"status": status}
    assert (status_word(result), has_failed(result)) == (word, failed)


def test_why_a_run_did_not_complete():
    assert problem({"status": "failed", "error": {"message": "no\nmoney"}}) == "no money"
    assert problem({"status": "RUN_STATUS_CANCELLED"}) == "-"
    assert "goes on" in problem({"status": "RUN_STATUS_PAUSED"})


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_wait_that_timed_out_shows_the_last_state(server, capsys, flags):
    server.reply(RUN)
    assert main(["run", "wait", "run_1", "--timeout", "0s", "-s", server.url, *flags]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out) == RUN if flags else "Status: running" in shown.out
    assert shown.err.startswith("note: run run_1 has not ended")


@pytest.mark.parametrize("command", [["emit", "x", "--wait"], ["invoke", "f"]])
def test_a_wait_of_less_than_a_millisecond_is_not_the_servers_default(server, capsys, command):
    server.reply({"results": [{"run_id": "run_1", "status": "RUN_STATUS_RUNNING"}]})
    assert main([*command, "-t", "400us", "-s", server.url]) == 1
    assert server.last.json["timeout_ms"] == 1
    assert "it has not ended in time, and goes on" in capsys.readouterr().out


def test_a_wait_that_has_seen_nothing_is_an_error(server, capsys):
    server.reply({"error": "busy"}, status=503)
    assert main(["run", "wait", "run_1", "--timeout", "0s", "-s", server.url]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith("error: ")) == ("", True)


def test_a_rebuild_that_takes_longer_shows_its_job_and_is_no_success(server, capsys):
    job = {"job_id": "job_1", "status": "running", "total_events": 9, "events_processed": 1}
    for _ in range(100):  # a look at once, then one after another
        server.reply({"job": job})
    arguments = ["projection", "rebuild", "p", "--wait", "-t", "150ms", "-s", server.url]
    assert main(arguments) == 1
    assert "Rebuild running\nJob ID: job_1" in capsys.readouterr().out
