"""Emit an event, wait until the runs that it started have ended, and show what came of each.

Start it with ``IRONFLOW_SERVER_URL=… python examples/emit_and_wait.py [SECONDS]``; it waits 30
seconds at most. The server needs a function that listens for ``order.placed``; the one that
``python -m ironflow.testing`` brings waits a minute for its payment. The exit status is 1 when a
run failed, was cancelled, or did not end in time.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

from ironflow import IronflowClient, IronflowError

if TYPE_CHECKING:
    from ironflow import models

ENDED = ("completed", "failed", "cancelled")


def wait_for_end(client: IronflowClient, run_id: str, deadline: float) -> models.RunResponse:
    """Return a run once it has ended, or as it is when the deadline has passed."""
    pause = 0.05
    while True:
        run = client.runs_get(run_id)
        left = deadline - time.monotonic()
        if run["status"] in ENDED or left <= 0:
            return run
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, 2.0)  # a short run is seen at once, a long one seldom asked for


def outcome(record: models.RunResponse | models.StepResponse) -> str:
    """Say in a few words how a run or a step went."""
    status, error = record["status"], record.get("error")
    if status == "completed":
        return f"completed with {json.dumps(record.get('output'))}"
    return f"{status} with {json.dumps(error)}" if error else status


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    runs = []
    try:
        with IronflowClient() as client:
            emitted = client.events_create(body={"name": "order.placed", "data": {"quantity": 2}})
            print(f"event {emitted['event_id']}, runs started: {len(emitted['run_ids'])}")
            deadline = time.monotonic() + seconds
            for run_id in emitted["run_ids"]:
                run = wait_for_end(client, run_id, deadline)
                runs.append(run)
                print(f"{run['function_id']} ({run_id}) {outcome(run)}")
                for step in client.runs_list_steps(run_id)["steps"]:
                    print(f"  {step['sequence']}. {step['step_id']} {outcome(step)}")
    except IronflowError as error:
        sys.exit(f"error: {error}")
    if any(run["status"] != "completed" for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
