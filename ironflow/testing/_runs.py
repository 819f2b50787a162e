"""Functions, their runs and the runs' steps: the records, and how they change.

Rules: every change is made with the state's lock held, gives the record a new version and leaves an
audit event; what is not finished has no end and no error.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ._arguments import takes_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._state import Environment, Record, State

FINISHED = ("completed", "failed", "cancelled")


class Function:
    """A function that events start.

    Args:
        id: Function id.
        handler: Called with the event, and with ``StepTools`` when it takes a second argument;
            None for a function whose runs are handed to workers.
        triggers: Patterns of the event names that start it.
        name, description: For people.
        max_attempts: How often a run is tried, at least 1.
        retry_delay: Seconds between two attempts.
        moment: Time of registration.
    """

    def __init__(
        self,
        id: str,
        handler: Callable[..., Any] | None,
        *,
        triggers: tuple[str, ...] = (),
        name: str = "",
        description: str = "",
        max_attempts: int = 1,
        retry_delay: float = 0.0,
        moment: str,
    ) -> None:
        self.id = id
        self.handler = handler
        self.takes_step = handler is not None and takes_step(handler)
        self.triggers = triggers
        self.max_attempts = max_attempts
        self.retry_delay = retry_delay
        self.record: Record = {
            "id": id,
            "slug": id,
            "name": name or id,
            "description": description,
            "execution_mode": "push" if handler else "pull",
            "status": "active",
            "triggers": [{"event": trigger} for trigger in triggers],
            "retry_attempts": max_attempts,
            "retry_backoff": 1.0,
            "retry_delay_ms": round(retry_delay * 1000),
            "timeout_ms": 0,
            "version": 1,
            "created_at": moment,
            "updated_at": moment,
        }


class Run:
    """One execution of a function.

    Attributes:
        record: Its members, those of the model ``Run``.
        function, event, environment: What runs, on what, where.
        steps: Records of its steps, oldest first; models ``Step``.
        names: Names of the steps by their id.
        execution: Number of the thread or job that may change it.
        wake: Set when a wait of the run has to look again.
        resumed: Whether the present wait was ended by an event or by ``runs_resume``.
    """

    def __init__(self, record: Record, function: Function, event: Record, where: Environment):
        self.record = record
        self.function = function
        self.event = event
        self.environment = where
        self.steps: list[Record] = []
        self.names: dict[str, str] = {}
        self.execution = 1
        self.wake = threading.Event()
        self.resumed = False

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def status(self) -> str:
        return str(self.record["status"])


class Waiter:
    """A run's wait for an event: its name's pattern, and members its data must have."""

    def __init__(self, run: Run, pattern: str, match: Mapping[str, Any]) -> None:
        self.run = run
        self.pattern = pattern
        self.match = match
        self.event: Record | None = None


def functions_of(state: State, environment: Environment) -> dict[str, Function]:
    """Return the functions of an environment: Python's own, and those of workers."""
    return {**environment.functions, **state.registry.functions}


def find(state: State, run_id: str) -> Run | None:
    """Return a run of whatever environment, None when there is none of that id."""
    found = (environment.runs.get(run_id) for environment in state.environments.values())
    return next((run for run in found if run is not None), None)


def audit(state: State, run: Run, event_type: str, payload: Record, step_id: str = "") -> None:
    """Add an audit event of a run."""
    entry = {
        "id": state.new_id("audit"),
        "environment_id": run.environment.id,
        "run_id": run.id,
        "function_id": run.function.id,
        "event_type": event_type,
        "payload": payload,
        "created_at": state.now(),
    }
    run.environment.audit.append({**entry, "step_id": step_id} if step_id else entry)


def change(state: State, run: Run, event_type: str, payload: Record, **members: Any) -> None:
    """Change a run's record, with an audit event that says so."""
    moment = state.now()
    run.record.update(members, updated_at=moment)
    run.record["version"] += 1
    if run.status == "running":
        run.record.setdefault("started_at", moment)
    if run.status in FINISHED:
        run.record["ended_at"] = moment
    else:
        for member in ("ended_at", "error"):
            run.record.pop(member, None)
    audit(state, run, event_type, payload)
    state.changed.notify_all()


def complete(state: State, run: Run, output: Any) -> None:
    """End a run with its output."""
    change(state, run, "run.completed", {"output": output}, status="completed", output=output)


def fail(state: State, run: Run, error: Record) -> None:
    """End a run with its error."""
    change(state, run, "run.failed", {"error": error}, status="failed", error=error)


def new_step(
    state: State, run: Run, step_id: str, step_type: str, *, name: str = "", **members: Any
) -> Record:
    """Add a running step to a run, or start one of that id again that did not complete.

    Args:
        state: Everything that the server holds.
        run: The run.
        step_id: Id of the step within the run.
        step_type: Such as ``invoke`` or ``sleep``.
        name: Name for people; the id by default.
        members: Further members of the model ``Step``.
    """
    moment = state.now()
    step = next((found for found in run.steps if found["step_id"] == step_id), None)
    if step is None:
        step = {
            "id": state.new_id("step"),
            "run_id": run.id,
            "environment_id": run.environment.id,
            "step_id": step_id,
            "step_type": step_type,
            "sequence": len(run.steps) + 1,
            "attempt": 0,
            "version": 0,
            "created_at": moment,
        }
        run.steps.append(step)
        run.environment.steps[step["id"]] = step
    run.names[step["id"]] = name or step_id
    for member in ("error", "ended_at", "duration_ms"):
        step.pop(member, None)
    step.update(members, status="running", started_at=moment, updated_at=moment)
    step["attempt"] += 1
    step["version"] += 1
    audit(state, run, "step.started", {"name": run.names[step["id"]]}, step["id"])
    return step


def end_step(
    state: State, run: Run, step: Record, status: str, began: float, **members: Any
) -> None:
    """End a step: ``completed`` with its output, or ``failed`` with its error."""
    moment = state.now()
    step.update(members, status=status, ended_at=moment, updated_at=moment)
    step["duration_ms"] = round((time.monotonic() - began) * 1000)
    step["version"] += 1
    audit(state, run, f"step.{status}", {"name": run.names[step["id"]]}, step["id"])


def error_record(error: BaseException) -> Record:
    """Return what a run or a step says of an exception."""
    try:
        message = str(error)
    except Exception:  # the user's own class may not know how to say what it is
        message = "an exception whose message can not be read"
    return {"code": type(error).__name__, "message": message[:2000]}
