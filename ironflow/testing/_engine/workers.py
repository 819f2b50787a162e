"""Workers: programs that fetch the runs of their functions as jobs, and report on them.

Rules:

1. A worker belongs to an environment. The functions it names become pull functions there, unless
   there is a Python function with that id; their runs stay pending until a worker asks for jobs.
2. A job is one execution of one run. Its lease holds until the run ends, is cancelled or is given
   back. A later report is a 409 and changes nothing. Leases do not expire, and a worker that sends
   no heartbeats keeps its jobs.
3. A step that has completed is recorded once and comes with every later job of its run.
4. A yielded run is paused, and pending again when its wait is over. The condition of a wait for an
   event is not evaluated.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import runs
from .refusals import Refusal, missing
from .runs import Function, Functions, Run, Runs, Wait
from .state import Environment, Index, Record, only
from .times import timestamp

_MAX_ATTEMPTS = 3
_LEASE_SECONDS = 300.0


class Step(NamedTuple):
    """A step as a worker reports it."""

    id: str
    name: str
    type: str
    status: str
    members: Record
    duration_ms: int


class Yield(NamedTuple):
    """A wait as a worker reports it; the pattern of a sleep is empty."""

    id: str
    name: str
    type: str
    until: float | None
    pattern: str
    members: Record


class Failure(NamedTuple):
    """A failure as a worker reports it."""

    error: Record
    retryable: bool


class Job(NamedTuple):
    """A run as it was handed to a worker."""

    run: Run
    execution: int
    lease_token: str

    @property
    def is_active(self) -> bool:
        return self.run.execution == self.execution

    def check_lease(self, lease_token: str | None, execution: int | None) -> None:
        """Refuse a worker that has another lease, or whose lease has ended."""
        if lease_token not in (None, self.lease_token):
            raise Refusal(409, "lease_token is not that of the job")
        if execution not in (None, self.execution) or not self.is_active:
            raise Refusal(409, "stale execution: the run went on without this job")


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

    def assign(self, worker: Worker, available: int) -> list[Record]:
        """Hand pending runs to a worker, oldest first; models ``JobAssignmentResponse``."""
        free = min(available, worker.record["max_concurrent"] - worker.active_jobs)
        pending = [
            run
            for run in self.owner.of(Runs).values()
            if run.status == "pending" and run.function.id in worker.record["function_ids"]
        ]
        return [_assign(worker, run) for run in pending[: max(free, 0)]]


def report(
    job: Job, steps: list[Step], outcome: Failure | Yield | None, output: Any = None
) -> None:
    """Record what came of a job.

    Args:
        job: The job.
        steps: The steps that were executed.
        outcome: Why the run is not complete; None when it is.
        output: Output of a run that is complete.
    """
    run = job.run
    run.execution += 1
    for member in ("claimed_at", "claimed_by"):
        run.record.pop(member, None)
    for step in steps:
        _record_step(run, step)
    if isinstance(outcome, Failure):
        _fail(run, outcome)
    elif isinstance(outcome, Yield):
        waiting = runs.begin_step(
            run, outcome.id, outcome.type, name=outcome.name, **outcome.members
        )
        runs.begin_wait(run, Wait(waiting, outcome.until, outcome.pattern))
    else:
        runs.complete(run, output)


def _assign(worker: Worker, run: Run) -> Record:
    environment, worker_id = run.environment, worker.record["id"]
    job_id, token = environment.new_id("job"), environment.new_id("lease")
    worker.jobs[job_id] = Job(run, run.execution, token)
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
        "event": {
            "data": run.event["data"],
            **only(run.event, ("id", "name", "metadata", "timestamp", "version")),
        },
        "completed_steps": [
            {"step_id": s["step_id"], "name": run.names[s["id"]], "output": s.get("output")}
            for s in run.steps
            if s["status"] == "completed"
        ],
        "execution_seq": run.execution,
        "lease_token": token,
        "lease_expires_at": timestamp(environment.clock.now() + _LEASE_SECONDS),
    }


def _record_step(run: Run, reported: Step) -> None:
    if runs.completed_step(run, reported.id) is None:
        step = runs.begin_step(run, reported.id, reported.type, name=reported.name)
        runs.end_step(
            run, step, reported.status, **reported.members, duration_ms=reported.duration_ms
        )


def _fail(run: Run, failure: Failure) -> None:
    attempt = run.record["attempt"]
    if not failure.retryable or attempt >= run.record["max_attempts"]:
        runs.fail(run, failure.error)
        return
    payload = {"attempt": attempt, "error": failure.error}
    runs.change(run, "run.retrying", payload, status="pending", attempt=attempt + 1)
