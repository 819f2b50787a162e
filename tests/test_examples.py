"""The examples and the demo run, as scripts, as a user would start them."""

from __future__ import annotations

import os
import subprocess
import sys

from .conftest import ROOT


def run(script, **environment):
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / script)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_shows_an_equal_client_and_the_quick_start():
    shown = run("demo.py")
    assert shown.count("equal to this one here") == 2
    assert "NOT EQUAL" not in shown
    for answer in ('"run_ids": [\n    "run_abc123"', '"status": "cancelled"', "'run not found'"):
        assert answer in shown


TYPED_REPLIES = [
    {"runs": [{"id": "run_1", "function_id": "process-order", "error": "boom"}], "count": 1},
    {"event_id": "evt_1", "run_ids": ["run_2"]},
    {"events": [], "count": 0, "has_next": False},
    {"name": "cache"},
    {"revision": 3},
    {"revision": 4},
    {"event_name": "order.placed", "version": 2},
    [{"name": "staging"}],
    None,
    {"event_id": "evt_2", "entity_version": 5},
    None,
]


def test_the_typed_example_runs(server):
    for reply in TYPED_REPLIES:
        server.reply(reply)
    shown = run("typed.py", IRONFLOW_SERVER_URL=server.url)
    assert shown.splitlines() == [
        "run_1 of process-order failed: boom",
        "event evt_1 started 1 runs",
        "0 events, more: False",
        "schema 2: no description",
        "environment staging",
        "0 jobs waiting",
        "entity-123 is at version 5",
    ]
    assert len(server.requests) == len(TYPED_REPLIES)
    assert server.requests[5].headers["if-match"] == "3"
