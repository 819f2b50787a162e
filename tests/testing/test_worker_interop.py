"""The published client's worker at the local server: it registers and completes runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer

from .. import rpc_peer
from ..local import until

WORKER = Path(__file__).parent.parent / "worker_peer_interop.py"

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(
        not rpc_peer.READY.exists(),
        reason="the published client is not there; python -m tests.rpc_peer installs it",
    ),
]


@contextlib.contextmanager
def working(client, url):
    """The process of a worker that has registered."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "IRONFLOW"))}
    with subprocess.Popen(
        [str(rpc_peer.PYTHON), str(WORKER), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=rpc_peer.BUILD,  # not our own folder: our package would be found there
    ) as process:
        try:
            until(lambda: client.workers_list()["workers"] or process.poll() is not None)
            yield process
        finally:
            process.kill()


@pytest.fixture
def worker(local, local_client):
    with working(local_client, local.url) as process:
        yield process


def stopped(worker):
    """The lines that the worker has printed; it drains and ends."""
    lines, _ = worker.communicate(timeout=20)
    assert worker.returncode == 0
    return lines.splitlines()


def waits(client, run_id):
    steps = client.runs_list_steps(run_id)["steps"]
    return [s for s in steps if (s["step_type"], s["status"]) == ("wait_for_event", "running")]


def test_a_run_with_steps_a_sleep_a_wait_and_invocations_completes(local, local_client, worker):
    (registered,) = local_client.workers_list()["workers"]
    assert (registered["transport"], registered["function_ids"][0]) == (
        "rest-polling",
        "process-order",
    )
    placed = {"name": "order.placed", "data": {"order_id": "o-1"}}
    (run_id,) = local_client.events_create(body=placed)["run_ids"]
    until(lambda: waits(local_client, run_id))
    for order_id, by in (("o-2", "nobody"), ("o-1", "card")):
        paid = {"name": "payment.received", "data": {"order_id": order_id, "by": by}}
        local_client.events_create(body=paid)

    run = local.wait_for_run(run_id, timeout=20)

    assert (run["status"], run["output"]["by"]) == ("completed", "card")
    assert run["output"]["receipt"] == {"of": 15}
    assert local.wait_for_run(run["output"]["other"], timeout=20)["output"] == {"of": 0}
    steps = local_client.runs_list_steps(run_id)["steps"]
    assert [(s["step_id"].split(":", 1)[1], s["step_type"], s["status"]) for s in steps] == [
        ("price:0", "invoke", "completed"),
        ("settle:0", "sleep", "completed"),
        ("payment:0", "wait_for_event", "completed"),
        ("ship:0", "invoke", "completed"),
        ("write-receipt:0", "invoke_function", "completed"),
        ("write-receipt:1", "invoke_function_async", "completed"),
        ("nobody:0", "invoke_function", "failed"),
        ("publish:orders.done:0", "invoke", "completed"),
    ]
    stats = local_client.pub_sub_get_topic_stats({"topic": "orders.done"})
    assert stats["last_seq"] == str(run["output"]["sequence"])
    edge = {"function_id": "process-order", "topic": "orders.done"}
    assert local_client.flow_list_topic_edges()["edges"] == [edge]
    lines = stopped(worker)
    assert lines[:2] == ["priced", "shipped o-1"]  # each step was carried out once
    assert [line.partition(":")[0] for line in lines[2:]] == ["InvokeError"]


def test_a_run_that_fails_is_tried_again_and_its_completed_step_is_not(local, local_client, worker):
    run_id = local_client.functions_invoke("fragile")["run_id"]

    run = local.wait_for_run(run_id, timeout=20)

    assert (run["status"], run["attempt"]) == ("failed", 2)
    assert run["error"]["message"] == "no carrier"
    assert stopped(worker) == ["attempt 1"]


def test_a_run_that_sleeps_for_months_ends_by_virtual_time():
    with LocalServer(clock="virtual") as server, IronflowClient(server.url) as client:
        with working(client, server.url) as worker:
            run_id = client.functions_invoke("hibernate")["run_id"]

            run = server.wait_for_run(run_id, timeout=20)

            assert (run["status"], run["output"]) == ("completed", None)
            assert stopped(worker) == ["awake"]
