"""Functions, their runs and the runs' steps: the records, and how they change.

Rules:

1. Every change is made with the state's lock held, gives the record a new version, adds an audit
   event, and is published under ``system.run.<id>.``. A run that has not finished has neither an
   end nor an error.
2. A run has one ``wait`` at a time: for a time, an event, or whichever comes first. Meanwhile the
   run is paused and the step of the wait is running. Ending the wait completes the step. Runs of
   Python functions and of workers wait alike.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .._user_arguments import takes_step
from .clock import Timer
from .state import Environment, Index, Record, State, only
from .subscriptions import Consumers, tell
from .times import seconds_of, timestamp

FINISHED = ("completed", "failed", "cancelled")

# Members in a message about a run, and about one of its steps.
_TOLD = (
    "id", "function_id", "event_id", "status", "attempt", "version", "updated_at", "output",
    "error",
)  # fmt: skip
_TOLD_OF_STEP = ("id", "step_id", "step_type", "status", "attempt")


class Function:
    """A function that events start.

    Args:
        id: Function id.
        handler: Called with the event, and with ``StepTools`` when it takes a second argument; None
            for a function whose runs are handed to workers.
        triggers: Patterns of the event names that start it.
        name, description: For people.
        max_attempts: How often a run is tried, at least 1.
        retry_delay: Seconds between two attempts.
        moment: Time of registration.

    Attributes:
        backoff, max_delay: Factor by which the delay of a worker's run grows, and its bound.
        on_exhausted: What becomes of a worker's run whose attempts are used up: fail or pause.
        secrets: Names of the secrets that workers get with a job.
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
        self.takes_step: bool = handler is not None and takes_step(handler)
        self.triggers = triggers
        self.max_attempts = max_attempts
        self.retry_delay = retry_delay
        self.backoff: float = 1.0
        self.max_delay: float = 300.0
        self.on_exhausted = "fail"
        self.secrets: list[str] = []
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


class Functions(Index[str, Function, Any]):
    """Functions by id: Python functions in the registry, workers' functions in an environment."""

    what = "function"


def functions_of(environment: Environment) -> Functions:
    """Return the functions of an environment: Python functions and workers' functions."""
    functions = Functions(environment)
    functions.update(environment.of(Functions))
    functions.update(environment.state.registry.of(Functions))
    return functions


def tell_registered(environment: Environment, function: Function) -> None:
    """Publish that a function was registered or changed."""
    tell(environment, f"function.{function.id}.registered", function.record)


class Wait:
    """What a paused run waits for.

    Attributes:
        step: The step, which is running meanwhile.
        until: When the wait ends without an event, None for never.
        pattern: Pattern of the name of the event, empty for a wait that no event ends.
        match: Members that the event's data must have.
        value: Path in the event's data, such as ``data.order.id``, and the text it must have there.
        child: The run that it waits for, whose end ends it.
        timer: The timer that ends it at ``until``.
    """

    def __init__(
        self,
        step: Record,
        until: float | None,
        pattern: str = "",
        match: Mapping[str, Any] | None = None,
        value: tuple[str, str] | None = None,
    ) -> None:
        self.step = step
        self.until = until
        self.pattern = pattern
        self.match: Mapping[str, Any] = match or {}
        self.value = value
        self.child: Run | None = None
        self.timer: Timer | None = None

    def has_value(self, data: Any) -> bool:
        """Return whether an event's data has the value."""
        if self.value is None:
            return True
        path, wanted = self.value
        for part in path.removeprefix("data.").split("."):
            data = data.get(part) if isinstance(data, dict) else None
        return wanted == (data if isinstance(data, str) else json.dumps(data))


class Run:
    """One execution of a function.

    Attributes:
        record: Its members, those of the model ``Run``.
        function, event, environment: What runs, for which event, and where.
        steps: Records of its steps, oldest first; models ``Step``.
        names: Names of the steps by their id.
        execution: Number of the thread or job that currently executes it.
        wait: What it waits for while it is paused.
        parent: The run that waits for it.
        due: When a pending one may be tried again.
        go_on: Called when the wait of a parked run ends: one that has no thread yet.
        ready: Told when its thread has to check whether the wait is over.
        held: What it waited for when it was paused for injection.
        next_step: Name of the step that such a pause comes before, empty if nobody can tell.
    """

    def __init__(self, record: Record, function: Function, event: Record, where: Environment):
        self.record = record
        self.function = function
        self.event = event
        self.environment = where
        self.steps: list[Record] = []
        self.names: dict[str, str] = {}
        self.execution: int = 1
        self.wait: Wait | None = None
        self.parent: Run | None = None
        self.due: float = 0.0
        self.go_on: Callable[[], None] | None = None
        self.ready: threading.Condition = threading.Condition(where.state.lock)
        self.held: Wait | None = None
        self.next_step: str = ""

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def status(self) -> str:
        return str(self.record["status"])

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    @property
    def has_thread(self) -> bool:
        """Whether a thread of this server executes it, rather than a worker."""
        return self.function.handler is not None


class Runs(Index[str, Run, Environment]):
    """The runs of an environment by id, oldest first.

    Attributes:
        steps: Records of all their steps by id.
        audit: Audit events of the runs, oldest first.
    """

    what = "run"

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.steps: dict[str, Record] = {}
        self.audit: list[Record] = []

    def wants_time(self) -> bool:
        """Return whether a subscriber waits for the end of a run."""
        followed = self.owner.of(Consumers).followed_runs()
        return any(id in self and not self[id].finished for id in followed)

    def close(self) -> None:
        """Wake the threads of the runs, so that they see that the server stops."""
        for run in self.values():
            run.environment.clock.tell(run.ready)


def all_runs(state: State) -> list[Run]:
    """Return the runs of all environments."""
    return [
        run for environment in state.environments.values() for run in environment.of(Runs).values()
    ]


def create(environment: Environment, function: Function, event: Record) -> Run:
    """Add a pending run of a function for an event."""
    moment = environment.clock.text()
    record = {
        "id": environment.new_id("run"),
        "environment_id": environment.id,
        "function_id": function.id,
        "function_version": 1,
        "event_id": event["id"],
        "execution_mode": function.record["execution_mode"],
        "status": "pending",
        "attempt": 1,
        "max_attempts": function.max_attempts,
        "pause_requested": False,
        "version": 1,
        "input": event["data"],
        "created_at": moment,
        "updated_at": moment,
    }
    run = environment.of(Runs)[record["id"]] = Run(record, function, event, environment)
    audit(run, "run.created", {"functionId": function.id})
    _tell(run, "created", "run.created")
    return run


def audit(run: Run, event_type: str, payload: Record, step: Record | None = None) -> None:
    """Add an audit event of a run, or of one of its steps; events of steps are published too."""
    entry = {
        "id": run.environment.new_id("audit"),
        "environment_id": run.environment.id,
        "run_id": run.id,
        "function_id": run.function.id,
        "event_type": event_type,
        "payload": payload,
        "created_at": run.environment.clock.text(),
    }
    run.environment.of(Runs).audit.append({**entry, "step_id": step["id"]} if step else entry)
    if step:
        shown = {**only(step, _TOLD_OF_STEP), "name": run.names[step["id"]]}
        _tell(run, event_type, event_type, step=shown)


def _tell(run: Run, kind: str, event_type: str, **more: Any) -> None:
    """Publish what happened to a run, under ``system.run.<id>.<kind>``."""
    told = {"event_type": event_type, "run_id": run.id, **only(run.record, _TOLD), **more}
    tell(run.environment, f"run.{run.id}.{kind}", told)


def change(run: Run, event_type: str, payload: Record, **members: Any) -> None:
    """Change a run's record, add the audit event, and publish the change.

    In the audit, any change of the status is ``run.status_changed``; that a pending run starts is
    not recorded.
    """
    before, moment = run.status, run.environment.clock.text()
    run.record.update(members, updated_at=moment)
    run.record["version"] += 1
    if run.status == "running":
        run.record.setdefault("started_at", moment)
    if run.finished:
        run.record.update(ended_at=moment, pause_requested=False)
    else:
        for member in ("ended_at", "error"):
            run.record.pop(member, None)
    if run.status != "paused":
        run.record.pop("pause_reason", None)
    if event_type == "run.retrying":
        audit(run, event_type, payload)
    elif run.status != before and (before, run.status) != ("pending", "running"):
        audit(run, "run.status_changed", {"from": before, "to": run.status, **payload})
    _tell(run, event_type[len("run.") :], event_type)
    run.environment.state.changed.notify_all()
    if run.finished and run.parent is not None:
        _end_invocation(run, run.parent)


def complete(run: Run, output: Any) -> None:
    """End a run with its output."""
    change(run, "run.completed", {"output": output}, status="completed", output=output)


def fail(run: Run, error: Record) -> None:
    """End a run with its error."""
    change(run, "run.failed", {"error": error}, status="failed", error=error)


def begin_step(run: Run, step_id: str, step_type: str, *, name: str = "", **members: Any) -> Record:
    """Start a step of a run: a new one, or again one that did not complete."""
    environment = run.environment
    moment = environment.clock.text()
    step = next((found for found in run.steps if found["step_id"] == step_id), None)
    if step is None:
        step = {
            "id": environment.new_id("step"),
            "run_id": run.id,
            "environment_id": environment.id,
            "step_id": step_id,
            "step_type": step_type,
            "sequence": len(run.steps) + 1,
            "attempt": 0,
            "version": 0,
            "created_at": moment,
        }
        run.steps.append(step)
        environment.of(Runs).steps[step["id"]] = step
    run.names[step["id"]] = name or step_id
    for member in ("error", "ended_at", "duration_ms"):
        step.pop(member, None)
    step.update(members, status="running", started_at=moment, updated_at=moment)
    step["attempt"] += 1
    step["version"] += 1
    audit(run, "step.started", {"name": run.names[step["id"]]}, step)
    return step


def end_step(run: Run, step: Record, status: str, **members: Any) -> None:
    """End a step: ``completed`` with its output, or ``failed`` with its error."""
    moment = run.environment.clock.text()
    step.update(status=status, ended_at=moment, updated_at=moment)
    step.update(duration(step), **members)
    step["version"] += 1
    audit(run, f"step.{status}", {"name": run.names[step["id"]]}, step)


def duration(record: Record) -> Record:
    """Return the member ``duration_ms`` of a run or a step that has ended, else nothing."""
    if "started_at" not in record or "ended_at" not in record:
        return {}
    seconds = seconds_of(record["ended_at"]) - seconds_of(record["started_at"])
    return {"duration_ms": max(0, round(seconds * 1000))}


def completed_step(run: Run, step_id: str) -> Record | None:
    """Return a step by its id within the run, None unless it has completed."""
    steps = (step for step in run.steps if step["step_id"] == step_id)
    return next((step for step in steps if step["status"] == "completed"), None)


def begin_wait(run: Run, wait: Wait) -> None:
    """Pause a run until its wait is over."""
    step = wait.step
    if wait.until is not None:
        name = "sleep_until" if step["step_type"] == "sleep" else "wait_timeout"
        step[name] = timestamp(wait.until)
    if wait.pattern:
        step["wait_event_name"] = wait.pattern
    run.wait = wait
    change(run, "run.paused", {"name": run.names[step["id"]]}, status="paused")
    set_timer(run)
    if wait.child is not None and wait.child.finished:  # while the run was paused for injection
        _end_invocation(wait.child, run)


def set_timer(run: Run) -> None:
    """Set the timer of a run's wait, or end the wait at once if its time has come."""
    wait = run.wait
    if wait is None or wait.until is None:
        return

    def is_due() -> None:
        if run.wait is wait:
            end_wait(run, **_invocation_failed(wait.child, "timed out") if wait.child else {})

    if wait.until <= run.environment.clock.now():
        is_due()
    else:
        wait.timer = run.environment.clock.call_at(wait.until, is_due)


def end_wait(run: Run, payload: Record | None = None, **members: Any) -> None:
    """Let a run go on after its wait; an ``error`` among the step's members makes it a failure."""
    wait = drop_wait(run)
    if wait is None:
        return
    status = "running" if run.has_thread else "pending"
    change(run, "run.resumed", payload or {}, status=status)
    if "error" in members:
        end_step(run, wait.step, "failed", **members)
    else:
        end_step(run, wait.step, "completed", **{"output": None, **members})
    if run.go_on is not None:
        run.go_on()


def _end_invocation(child: Run, parent: Run) -> None:
    """Let a run go on that waits for one that has ended."""
    if parent.wait is None or parent.wait.child is not child:
        return
    if child.status == "completed":
        end_wait(parent, output=child.record["output"])
    else:
        error = child.record.get("error") or {}
        end_wait(parent, **_invocation_failed(child, error.get("message") or child.status))


def _invocation_failed(child: Run, cause: str) -> Record:
    """Return the members of a step whose run of another function has no output."""
    return {"error": invocation_error(child.function.id, cause, child_run_id=child.id)}


def invocation_error(function_id: str, cause: str, **members: str) -> Record:
    """Return the error of a step whose invocation of a function failed."""
    message = f"invoke {function_id} failed: {cause}"
    return {"function_id": function_id, "cause": cause, "message": message, **members}


def drop_wait(run: Run) -> Wait | None:
    """Remove a run's wait and wake its thread."""
    wait, run.wait = run.wait, None
    if wait is not None and wait.timer is not None:
        run.environment.clock.cancel(wait.timer)
    run.environment.clock.tell(run.ready)
    return wait


def error_record(error: BaseException) -> Record:
    """Return an exception as the error of a run or a step."""
    try:
        message = str(error)
    except Exception:  # the user's exception may fail to describe itself
        message = "an exception whose message cannot be read"
    return {"code": type(error).__name__, "message": message[:2000]}
