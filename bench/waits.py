"""Waiting for a thousand runs: by push on one connection, and by polls every two seconds.

Rules:

1. Client, local server and what ends the runs share one process, so that one clock tells when a run
   ended and when the wait gave it.
2. Every run is of an event of its own, so no list request covers several of them. One run ends
   every ten milliseconds, once each of them was looked at.
"""

from __future__ import annotations

import json
import subprocess
from statistics import median
from typing import Any

from .environments import Environments, environ

RUNS = 1000

_SCRIPT = """\
import json, sys, threading, time
from datetime import datetime
from statistics import median, quantiles
from ironflow import IronflowClient
from ironflow.testing import LocalServer

count, options = int(sys.argv[1]), json.loads(sys.argv[2])

with LocalServer() as server, IronflowClient(server.url) as client:
    @server.function("work", triggers=["work.begun"])
    def work(event, step):
        step.wait_for_event("done", "work.done", match=event["data"])

    def end():
        while len(server.requests) < 2 * count:
            time.sleep(0.05)
        time.sleep(3)
        with IronflowClient(server.url) as other:
            for number in range(count):
                other.events_create({"name": "work.done", "data": {"number": number}})
                time.sleep(0.01)

    bodies = ({"name": "work.begun", "data": {"number": number}} for number in range(count))
    begun = [outcome.result() for outcome in client.map(client.events_create, bodies)]
    ids = [id for each in begun for id in each["run_ids"]]
    server.wait_until_idle()
    ender = threading.Thread(target=end)
    ender.start()
    late = []
    for run in client.runs_wait_many(ids, timeout=600, **options):
        noticed = time.time()
        second, _, fraction = run["ended_at"].rstrip("Z").partition(".")
        ended = datetime.fromisoformat(second + "+00:00").timestamp() + float(f"0.{fraction or 0}")
        late.append(noticed - ended)
    ender.join()
    methods = [request.method for request in server.requests]
    print(json.dumps({
        "median_ms": median(late) * 1e3,
        "p95_ms": quantiles(late, n=20)[-1] * 1e3,
        "requests": methods.count("GET"),
    }))
"""
_CONTENDERS: dict[str, dict[str, float]] = {"by push": {}, "by polls": {"poll_interval": 2.0}}


def measure_waits(environments: Environments, rounds: int) -> dict[str, Any]:
    """Measure how long after its end ``runs_wait_many`` gives a run, and what it asks for."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in _CONTENDERS}
    for _ in range(rounds):
        for name, options in _CONTENDERS.items():
            script = [str(environments.python_of("ours")), "-I", "-c", _SCRIPT]
            command = [*script, str(RUNS), json.dumps(options)]
            done = subprocess.run(
                command, env=environ(), check=True, capture_output=True, text=True
            )
            found[name].append(json.loads(done.stdout))
    return {
        name: {figure: median(each[figure] for each in took) for figure in took[0]}
        for name, took in found.items()
    }
