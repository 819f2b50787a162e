"""Pausing a run between two steps, to look at its steps and to change what they returned.

Rules:

1. A running run is paused before its next step that has not completed. A run that waits, or that no
   worker has fetched, is paused at once. Only a resume ends such a pause: no timer, no event, no
   restart of the server.
2. A resumed run continues where it was: completed steps return their output, or the injected one. A
   sleep still ends at its original time. An event that came meanwhile is missed.
3. Only completed steps have an output to replace. The original output is kept.
"""

from __future__ import annotations

from typing import Any

from . import runs
from .refusals import Refusal, missing
from .runs import Run
from .state import Record

_REASON = "injection"


def pause(run: Run) -> None:
    """Pause a run, or ask it to pause before its next step."""
    if run.finished:
        raise Refusal(409, f"run is already {run.status}")
    if is_paused(run):
        return
    if run.status == "running":
        run.record["pause_requested"] = True
        return
    hold(run, run.names[run.wait.step["id"]] if run.wait else "")


def hold(run: Run, next_step: str) -> None:
    """Pause a run between two steps; its execution or wait no longer counts."""
    run.execution += 1
    run.held, run.next_step = run.wait, next_step
    runs.drop_wait(run)
    payload = {"reason": _REASON}
    runs.change(run, "run.paused", payload, status="paused", pause_reason=_REASON)
    run.record["pause_requested"] = False


def is_paused(run: Run) -> bool:
    """Return whether a run is paused for injection."""
    return run.status == "paused" and run.record.get("pause_reason") == _REASON


def steps_of(run: Run) -> list[Record]:
    """Return the completed steps of a run that is paused for injection."""
    if not is_paused(run):
        raise Refusal(409, f"run is {run.status}, not paused for injection")
    return [step for step in run.steps if step["status"] == "completed"]


def inject(run: Run, step_id: str, output: Any, reason: str) -> Any:
    """Replace the output of a completed step of a paused run, and return the former one."""
    steps_of(run)
    step = next((step for step in run.steps if step["id"] == step_id), None)
    if step is None:
        raise missing("step", step_id)
    if step["status"] != "completed":
        raise Refusal(409, f"step is {step['status']}; only the output of a completed one changes")
    previous = step.get("output")
    step.setdefault("original_output", previous)
    step.update(output=output, injected=True, updated_at=run.environment.clock.text())
    step["version"] += 1
    runs.audit(run, "step.injected", {"name": run.names[step_id], "reason": reason}, step)
    return previous
