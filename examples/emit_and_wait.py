"""Emit an event, wait until the runs that it started have ended, and show the result of each.

Start it with ``IRONFLOW_SERVER_URL=… python examples/emit_and_wait.py [SECONDS]``; by default it
waits for up to 30 seconds. The server needs a function that listens for ``order.placed``; the one
of ``python -m ironflow.testing`` waits a minute for its payment. The exit status is 1 if a run
failed, was cancelled, or did not end in time.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING

from ironflow import IronflowClient, IronflowError, IronflowTimeoutError

if TYPE_CHECKING:
    from ironflow import models


def wait_for_end(
    client: IronflowClient, ids: list[str], seconds: float
) -> list[models.RunResponse]:
    """Return runs once they have ended, or as they are when the time is up."""
    states: dict[str, models.RunResponse] = {}

    def note(run: models.RunResponse) -> None:
        states[run["id"]] = run

    with contextlib.suppress(IronflowTimeoutError):
        for _ in client.runs_wait_many(ids, timeout=seconds, on_progress=note):
            pass
    return [states[id] for id in ids if id in states]


def outcome(record: models.RunResponse | models.StepResponse) -> str:
    """Say in a few words how a run or a step went."""
    status, error = record["status"], record.get("error")
    if status == "completed":
        return f"completed with {json.dumps(record.get('output'))}"
    return f"{status} with {json.dumps(error)}" if error else status


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    try:
        with IronflowClient() as client:
            emitted = client.events_create(body={"name": "order.placed", "data": {"quantity": 2}})
            print(f"event {emitted['event_id']}, runs started: {len(emitted['run_ids'])}")
            runs = wait_for_end(client, emitted["run_ids"], seconds)
            for run in runs:
                print(f"{run['function_id']} ({run['id']}) {outcome(run)}")
                for step in client.runs_list_steps(run["id"])["steps"]:
                    print(f"  {step['sequence']}. {step['step_id']} {outcome(step)}")
    except IronflowError as error:
        sys.exit(f"error: {error}")
    if [run["status"] for run in runs] != ["completed"] * len(emitted["run_ids"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
