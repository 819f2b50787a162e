"""Workers: programs that bring functions, fetch their runs as jobs, and report on them.

Rules:

1. A worker belongs to an environment. The functions it names become pull functions there, unless
   there is a Python function with that id; their runs stay pending until a worker asks for jobs.
2. A job is one execution of one run. Its lease holds until the run ends, is cancelled or is handed
   back. A later report is a 409, ``STALE_EXECUTION``, and changes nothing. Leases do not expire,
   and a worker that sends no heartbeats keeps its jobs.
3. Steps come with the last report or, meanwhile, as progress. A step that has completed is recorded
   once and comes with every later job of its run, and so does one whose invoked function failed.
4. A yielded run is paused, and pending again when its wait is over. Of the condition of a wait for
   an event, a path with the value that it must have is evaluated.
5. A run that failed and may be tried again is handed out after the function's delay. When its
   attempts are used up it fails, or pauses until somebody resumes it, as the function says.
6. A function that is registered again changes in place: its runs go on, and its version counts up
   if anything is different. Triggers with a cron expression, and conditions (CEL), are kept and
   shown, and start nothing.
7. This server calls no endpoint, and a Python function has no workers: registering either is
   refused, because such a function's runs would wait forever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import injection, runs
from .documents import Secrets
from .emitting import invoke
from .refusals import Refusal, missing
from .runs import Function, Functions, Run, Runs, Wait
from .state import Environment, Index, Record, only
from .times import timestamp

_MAX_ATTEMPTS = 3  # of a function that a worker only names
_REGISTERED_ATTEMPTS = 25  # of one that is registered; the product's defaults
_RETRY_DELAY_MS = 1000
_MAX_DELAY_MS = 300_000
_EVENT_MEMBERS = (
    "id", "name", "metadata", "timestamp", "version", "source", "idempotency_key",
)  # fmt: skip
_LEASE_SECONDS = 300.0
STALE = "STALE_EXECUTION"


class Step(NamedTuple):
    """A step as a worker reports it."""

    id: str
    name: str
    type: str
    status: str
    members: Record
    duration_ms: int


class Yield(NamedTuple):
    """A wait as a worker reports it.

    Attributes:
        id, name, type: The step's.
        until: When it ends, None for never.
        pattern: Name of the event that ends it, empty for none.
        value: Path and text that the event must have, None for any event.
        function_id: Function to invoke, empty for none.
        input: Its input.
        members: Further members of the step.
    """

    id: str
    name: str
    type: str
    until: float | None = None
    pattern: str = ""
    value: tuple[str, str] | None = None
    function_id: str = ""
    input: Any = None
    members: Record = {}  # noqa: RUF012 - never changed


class Failure(NamedTuple):
    """A failure as a worker reports it."""

    error: Record
    retryable: bool
    retry_after: float | None  # seconds


class Job:
    """A run as it was handed to a worker.

    Attributes:
        recorded: How many steps of this execution were reported.
    """

    def __init__(self, run: Run, lease_token: str) -> None:
        self.run = run
        self.execution = run.execution
        self.lease_token = lease_token
        self.recorded = 0

    @property
    def is_active(self) -> bool:
        return self.run.execution == self.execution

    def check_lease(self, lease_token: str | None, execution: int | None) -> None:
        """Refuse a worker with another lease, or one whose lease has ended."""
        if lease_token not in (None, self.lease_token):
            raise Refusal(409, f"lease_token is not that of the job ({STALE})", fence=STALE)
        if execution not in (None, self.execution) or not self.is_active:
            message = f"stale execution: the run went on without this job ({STALE})"
            raise Refusal(409, message, fence=STALE)


class Worker:
    """A worker: its record, and its jobs by id."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.jobs: dict[str, Job] = {}

    @property
    def active_jobs(self) -> int:
        return sum(job.is_active for job in self.jobs.values())

    def job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise missing("job")
        return self.jobs[job_id]


class Workers(Index[str, Worker, Environment]):
    """The workers of an environment by id."""

    what = "worker"

    def require(self, key: str) -> Worker:
        """Return a worker, or tell it to register."""
        if key not in self:
            raise Refusal(404, "worker not found; register again")
        return self[key]

    def register(self, worker_id: str, members: Record) -> None:
        """Add a worker, or replace the record of a known one, which keeps its jobs."""
        environment = self.owner
        moment = environment.clock.text()
        record = {"id": worker_id, **members, "registered_at": moment, "last_heartbeat": moment}
        self.setdefault(worker_id, Worker(record)).record = record
        present = runs.functions_of(environment)
        for function_id in record["function_ids"]:
            if function_id not in present:
                function = Function(function_id, None, max_attempts=_MAX_ATTEMPTS, moment=moment)
                environment.of(Functions)[function_id] = function
                runs.tell_registered(environment, function)

    def holds_time(self) -> bool:
        """Return whether a worker has a job."""
        return any(worker.active_jobs for worker in self.values())

    def assign(self, worker: Worker, available: int) -> list[Record]:
        """Hand pending runs to a worker, oldest first; models ``JobAssignmentResponse``."""
        free = min(available, worker.record["max_concurrent"] - worker.active_jobs)
        now = self.owner.clock.now()
        pending = [
            run
            for run in self.owner.of(Runs).values()
            if run.status == "pending"
            and run.due <= now
            and run.function.id in worker.record["function_ids"]
        ]
        return [_assign(worker, run) for run in pending[: max(free, 0)]]

    def await_jobs(
        self, worker: Worker, available: int, seconds: float, has_gone: Callable[[], bool]
    ) -> list[Record]:
        """Hand out runs as ``assign`` does, and wait for some if there are none.

        A worker that has gone (``has_gone``) gets none: nobody would execute them.
        """
        state, jobs = self.owner.state, list[Record]()

        def is_over() -> bool:
            if state.closed or jobs or has_gone():
                return True
            jobs.extend(self.assign(worker, available))
            return bool(jobs)

        state.clock.wait_for(is_over, patience=seconds, passes_time=False)
        return jobs


def register_function(environment: Environment, id: str, members: Record) -> tuple[Function, bool]:
    """Register a function, or change it; return it, and whether it is new.

    Members of the model ``FunctionResponse`` that are absent get their defaults.
    """
    if id in environment.state.registry.of(Functions):
        raise Refusal(409, f"{id} is a Python function of the local server; it has no workers")
    if members.get("execution_mode", "pull") != "pull":
        raise Refusal(501, "the local server calls no endpoints; EXECUTION_MODE_PULL is offered")
    functions, moment = environment.of(Functions), environment.clock.text()
    function = functions.get(id)
    is_new = function is None
    if function is None:
        function = functions[id] = Function(id, None, moment=moment)
    function.secrets = members.pop("secrets", [])
    function.on_exhausted = members.pop("on_exhausted", None) or "pause"
    function.max_delay = members.pop("max_delay_ms", _MAX_DELAY_MS) / 1000
    record = function.record
    changed = {
        "name": id,
        "retry_attempts": _REGISTERED_ATTEMPTS,
        "retry_delay_ms": _RETRY_DELAY_MS,
        "retry_backoff": 2.0,
        "timeout_ms": 0,
        "triggers": [],
        **members,
    }
    if not is_new and any(record.get(name) != value for name, value in changed.items()):
        record.update(version=record["version"] + 1, updated_at=moment)
    record.update(changed)
    function.triggers = tuple(t["event"] for t in record["triggers"] if t.get("event"))
    function.max_attempts = record["retry_attempts"]
    function.retry_delay = record["retry_delay_ms"] / 1000
    function.backoff = record["retry_backoff"]
    runs.tell_registered(environment, function)
    return function, is_new


def progress(job: Job, steps: list[Step], offset: int) -> None:
    """Record the steps of a job from number ``offset`` on, except those reported already."""
    for step in steps[max(job.recorded - offset, 0) :]:
        _record_step(job.run, step)
    job.recorded = max(job.recorded, offset + len(steps))


def report(job: Job, outcome: Failure | Yield | None, output: Any = None) -> None:
    """Record the final report on a job; without an ``outcome`` the run is complete."""
    run = job.run
    run.execution += 1
    for member in ("claimed_at", "claimed_by"):
        run.record.pop(member, None)
    if isinstance(outcome, Failure):
        _fail(run, outcome)
    elif isinstance(outcome, Yield):
        step = runs.begin_step(run, outcome.id, outcome.type, name=outcome.name, **outcome.members)
        if outcome.function_id:
            _invoke(run, step, outcome)
        else:
            runs.begin_wait(run, Wait(step, outcome.until, outcome.pattern, value=outcome.value))
    else:
        runs.complete(run, output)
    if run.record["pause_requested"] and not run.finished:
        injection.hold(run, outcome.name if isinstance(outcome, Yield) else "")


def _invoke(run: Run, step: Record, outcome: Yield) -> None:
    """Start a run of another function; its end, or without waiting its start, ends the step."""
    wait = Wait(step, outcome.until)
    runs.begin_wait(run, wait)
    environment, function_id = run.environment, outcome.function_id
    function = runs.functions_of(environment).get(function_id)
    if function is None:
        step["child_run_id"] = ""  # it is not tried again
        error = runs.invocation_error(function_id, "function not found")
        runs.end_wait(run, error=error)
        return
    child = invoke(environment, function, {} if outcome.input is None else outcome.input)
    step["child_run_id"] = child.id
    child.record.update(parent_run_id=run.id, parent_step_id=step["id"])
    if outcome.type == "invoke_function":
        wait.child, child.parent = child, run
    else:
        runs.end_wait(run, output={"run_id": child.id})


def _assign(worker: Worker, run: Run) -> Record:
    environment, worker_id = run.environment, worker.record["id"]
    job_id, token = environment.new_id("job"), environment.new_id("lease")
    worker.jobs[job_id] = Job(run, token)
    claim = {
        "worker_id": worker_id,
        "claimed_by": worker_id,
        "claimed_at": environment.clock.text(),
    }
    payload = {"attempt": run.record["attempt"]}
    runs.change(run, "run.started", payload, status="running", **claim)
    return {
        "job_id": job_id,
        "run_id": run.id,
        "function_id": run.function.id,
        "attempt": run.record["attempt"],
        "event": {"data": run.event["data"], **only(run.event, _EVENT_MEMBERS)},
        "completed_steps": [_done(run, step) for step in run.steps if _is_done(step)],
        "max_attempts": run.record["max_attempts"],
        "on_exhausted": run.function.on_exhausted,
        **_context(run),
        "execution_seq": run.execution,
        "lease_token": token,
        "lease_expires_at": timestamp(environment.clock.now() + _LEASE_SECONDS),
    }


def _is_done(step: Record) -> bool:
    """Return whether a step is over for good: an invocation is not tried again."""
    kept = ("completed", "failed") if "child_run_id" in step else ("completed",)
    return step["status"] in kept


def _done(run: Run, step: Record) -> Record:
    name, status = run.names[step["id"]], step["status"]
    done = {"step_id": step["step_id"], "name": name, "output": step.get("output")}
    return {**done, "status": status, **only(step, ("error",))}


def _context(run: Run) -> Record:
    """Return the secrets that the function asks for, of those that exist."""
    secrets = run.environment.of(Secrets)
    found = {name: secrets[name]["value"] for name in run.function.secrets if name in secrets}
    return {"context": {"secrets": found}} if found else {}


def _record_step(run: Run, reported: Step) -> None:
    if runs.completed_step(run, reported.id) is None:
        step = runs.begin_step(run, reported.id, reported.type, name=reported.name)
        runs.end_step(
            run, step, reported.status, **reported.members, duration_ms=reported.duration_ms
        )


def _delay(function: Function, attempt: int) -> float:
    """Return the seconds between an attempt and the next."""
    try:
        return float(function.retry_delay * function.backoff ** (attempt - 1))
    except OverflowError:
        return function.max_delay


def _fail(run: Run, failure: Failure) -> None:
    attempt, function = run.record["attempt"], run.function
    payload = {"attempt": attempt, "error": failure.error}
    if not failure.retryable:
        runs.fail(run, failure.error)
    elif attempt < run.record["max_attempts"]:
        seconds = min(failure.retry_after or _delay(function, attempt), function.max_delay)
        state = run.environment.state
        run.due = state.clock.now() + seconds
        if seconds:
            state.clock.call_at(run.due, state.changed.notify_all)
        runs.change(run, "run.retrying", payload, status="pending", attempt=attempt + 1)
    elif function.on_exhausted == "pause":
        runs.change(run, "run.paused", payload, status="paused", pause_reason="attempts used up")
    else:
        runs.fail(run, failure.error)
