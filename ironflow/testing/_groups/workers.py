"""Workers: programs that fetch the runs of their functions as jobs, and report what came of them.

Rules:

1. A worker belongs to an environment. The functions it names become pull functions there, unless
   Python has one of that id; their runs stay pending until a worker asks for jobs.
2. A job is one execution of one run, and its lease holds until the run goes on without it: it has
   ended, was cancelled, or was given back. A report that comes later is a 409 and changes nothing.
   Leases do not run out, and who sends no heartbeats keeps its jobs.
3. A step that was completed is recorded once and comes with every later job of its run.
4. A yielded run is paused. Whether its wait is over is looked up when a worker asks for jobs. The
   condition of an event that is waited for (``match``) is not evaluated.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from .. import _runs
from .._checks import Fields, Refusal, find, matches, seconds_of, timestamp
from .._state import only

if TYPE_CHECKING:
    from .._calls import Call
    from .._runs import Run
    from .._state import Environment, Record, State

_MAX_ATTEMPTS = 3
_LEASE_SECONDS = 300.0
_LONGEST_WAIT = 366 * 86400.0  # what is added to the present time must stay in the calendar
_NEVER = float("inf")


class _Job(NamedTuple):
    """A run as it was handed to a worker."""

    run: Run
    execution: int
    lease_token: str

    @property
    def active(self) -> bool:
        return self.run.execution == self.execution


class _Wait(NamedTuple):
    """What a yielded run waits for: a time, or an event that is later than ``after``.

    The pattern of a sleep is empty, which fits no event.
    """

    run: Run
    execution: int
    step: Record
    began: float
    deadline: float
    pattern: str
    after: int


class _Worker(NamedTuple):
    """A worker: its record, its jobs by id, and the waits of runs that it yielded."""

    record: Record
    jobs: dict[str, _Job]
    waits: list[_Wait]

    @property
    def active_jobs(self) -> int:
        return sum(job.active for job in self.jobs.values())


class _Step(NamedTuple):
    """A step as a worker reports it."""

    id: str
    name: str
    type: str
    status: str
    members: Record
    duration_ms: int


class _Yield(NamedTuple):
    """A wait as a worker reports it."""

    id: str
    name: str
    type: str
    members: Record
    deadline: float
    pattern: str


class _Failure(NamedTuple):
    """A failure as a worker reports it."""

    error: Record
    retryable: bool


def workers_list(call: Call) -> Record:
    workers = [
        {**worker.record, "active_jobs": worker.active_jobs}
        for worker in call.environment.workers.values()
    ]
    return {"workers": workers, "count": len(workers)}


def workers_register(call: Call, worker_id: str) -> Record:
    body = call.body()
    _check_id(body, worker_id)
    version = Fields(body.members("version"), "version")
    moment = call.state.now()
    record: Record = {
        "id": worker_id,
        "hostname": body.text("hostname"),
        "function_ids": body.texts("function_ids"),
        "max_concurrent": body.integer("max_concurrent_jobs", low=1),
        "labels": _labels(body),
        "transport": "polling",
        "version": {"sdk": version.text("sdk"), "runtime": version.text("runtime", "")},
        "registered_at": moment,
        "last_heartbeat": moment,
    }
    environment = call.environment
    known: _Worker | None = environment.workers.get(worker_id)
    environment.workers[worker_id] = (
        _Worker(record, {}, []) if known is None else known._replace(record=record)
    )
    present = _runs.functions_of(call.state, environment)
    for function_id in record["function_ids"]:
        if function_id not in present:
            environment.functions[function_id] = _runs.Function(
                function_id, None, max_attempts=_MAX_ATTEMPTS, moment=moment
            )
    return {"status": "ok"}


workers_update_register = workers_register


def workers_heartbeat(call: Call, worker_id: str) -> Record:
    body = call.body()
    _check_id(body, worker_id)
    body.integer("active_jobs", low=0)
    body.objects("jobs")
    _worker(call, worker_id).record["last_heartbeat"] = call.state.now()
    return {"status": "ok"}


workers_update_heartbeat = workers_heartbeat


def workers_list_jobs(call: Call, worker_id: str) -> Record | None:
    worker = _worker(call, worker_id)
    available = call.query.integer("available", 1)
    _end_waits(call.state, call.environment)
    free = min(available, worker.record["max_concurrent"] - worker.active_jobs)
    pending = [
        run
        for run in call.environment.runs.values()  # oldest first
        if run.status == "pending" and run.function.id in worker.record["function_ids"]
    ]
    jobs = [_assign(call.state, worker, run) for run in pending[: max(free, 0)]]
    return {"jobs": jobs} if jobs else None


def workers_update_jobs_ack(call: Call, worker_id: str, job_id: str) -> Record:
    body = call.body()
    job = _job(_worker(call, worker_id), job_id)
    run_id, lease_token = body.text("run_id"), body.text("lease_token")
    execution = body.integer("execution_seq")
    if run_id != job.run.id:
        raise Refusal(409, f"the job is one of {job.run.id}")
    _check_lease(job, lease_token, execution)
    return {"status": "ok"}


def workers_update_jobs(call: Call, worker_id: str, job_id: str) -> Record:
    body, worker = call.body(), _worker(call, worker_id)
    state, job = call.state, _job(worker, job_id)
    # The report is read as a whole before anything of it is recorded.
    status = body.text("status")
    if status not in ("completed", "failed", "yielded"):
        raise Refusal(400, "status must be one of completed, failed, yielded")
    steps = [_read_step(step) for step in body.objects("steps")]
    failure = _read_failure(body) if status == "failed" else None
    wait = _read_yield(body) if status == "yielded" else None
    _check_lease(job, body.text("lease_token", None), body.integer("execution_seq", None))
    _release(job.run)
    for step in steps:
        _record_step(state, job.run, step)
    if failure is not None:
        _fail(state, job.run, failure)
    elif wait is not None:
        _pause(state, worker, job.run, wait)
    else:
        _runs.complete(state, job.run, body.any("output", None))
    return {"status": "ok"}


def _worker(call: Call, worker_id: str) -> _Worker:
    worker: _Worker | None = call.environment.workers.get(worker_id)
    if worker is None:
        raise Refusal(404, "worker not found; register again")
    return worker


def _job(worker: _Worker, job_id: str) -> _Job:
    return find(worker.jobs, job_id, "job")


def _check_id(body: Fields, worker_id: str) -> None:
    if body.text("worker_id") != worker_id:
        raise Refusal(400, "worker_id must be that of the path")


def _check_lease(job: _Job, lease_token: str | None, execution: int | None) -> None:
    if lease_token not in (None, job.lease_token):
        raise Refusal(409, "lease_token is not that of the job")
    if execution not in (None, job.execution) or not job.active:
        raise Refusal(409, "stale execution: the run went on without this job")


def _labels(body: Fields) -> dict[str, str]:
    labels = body.members("labels")
    if not all(isinstance(value, str) for value in labels.values()):
        raise Refusal(400, "labels must be an object of strings")
    return labels


def _read_step(step: Fields) -> _Step:
    status = step.text("status")
    if status not in ("completed", "failed"):
        raise Refusal(400, "status of a step must be one of completed, failed")
    outcome = "output" if status == "completed" else "error"
    members = {outcome: step.any(outcome, None)}
    if "compensation_for" in step:
        members["compensation_for"] = step.text("compensation_for")
    step_id, name, kind = (step.text(member) for member in ("id", "name", "type"))
    return _Step(step_id, name, kind, status, members, step.integer("duration_ms", 0, low=0))


def _read_failure(body: Fields) -> _Failure:
    error = Fields(body.members("error"), "error")
    record: Record = {"message": error.text("message")}
    if "code" in error:
        record["code"] = error.text("code")
    return _Failure(record, error.flag("retryable"))


def _read_yield(body: Fields) -> _Yield:
    given = Fields(body.members("yield"), "yield")
    step_id, name, kind = (given.text(member) for member in ("step_id", "step_name", "type"))
    if kind == "sleep":
        deadline = given.moment("until")
        return _Yield(step_id, name, kind, {"sleep_until": timestamp(deadline)}, deadline, "")
    if kind != "wait_for_event":
        raise Refusal(400, "type of a yield must be one of sleep, wait_for_event")
    wanted = Fields(given.members("event_filter"), "event_filter")
    pattern, condition = wanted.text("event"), wanted.text("match", "")
    members: Record = {"wait_event_name": pattern}
    if condition:
        members["wait_event_match"] = condition
    deadline = _NEVER
    if wanted.text("timeout", ""):
        deadline = time.time() + min(wanted.duration("timeout"), _LONGEST_WAIT)
        members["wait_timeout"] = timestamp(deadline)
    return _Yield(step_id, name, kind, members, deadline, pattern)


def _assign(state: State, worker: _Worker, run: Run) -> Record:
    """Hand a run to a worker; a model ``JobAssignmentResponse``."""
    worker_id, moment = worker.record["id"], state.now()
    job_id, token = state.new_id("job"), state.new_id("lease")
    worker.jobs[job_id] = _Job(run, run.execution, token)
    claim = {"worker_id": worker_id, "claimed_by": worker_id, "claimed_at": moment}
    payload = {"attempt": run.record["attempt"]}
    _runs.change(state, run, "run.started", payload, status="running", **claim)
    return {
        "job_id": job_id,
        "run_id": run.id,
        "function_id": run.function.id,
        "attempt": run.record["attempt"],
        "event": _shown(run.event),
        "completed_steps": [
            {"step_id": s["step_id"], "name": run.names[s["id"]], "output": s.get("output")}
            for s in run.steps
            if s["status"] == "completed"
        ],
        "execution_seq": run.execution,
        "lease_token": token,
        "lease_expires_at": timestamp(time.time() + _LEASE_SECONDS),
    }


def _shown(event: Record) -> Record:
    return {
        "data": event["data"],
        **only(event, ("id", "name", "metadata", "timestamp", "version")),
    }


def _release(run: Run) -> None:
    """Take a run back from its job."""
    run.execution += 1
    for member in ("claimed_at", "claimed_by"):
        run.record.pop(member, None)


def _record_step(state: State, run: Run, reported: _Step) -> None:
    if any(s["step_id"] == reported.id and s["status"] == "completed" for s in run.steps):
        return
    step = _runs.new_step(state, run, reported.id, reported.type, name=reported.name)
    _runs.end_step(state, run, step, reported.status, time.monotonic(), **reported.members)
    step["duration_ms"] = reported.duration_ms


def _fail(state: State, run: Run, failure: _Failure) -> None:
    attempt = run.record["attempt"]
    if not failure.retryable or attempt >= run.record["max_attempts"]:
        _runs.fail(state, run, failure.error)
        return
    payload = {"attempt": attempt, "error": failure.error}
    _runs.change(state, run, "run.retrying", payload, status="pending", attempt=attempt + 1)


def _pause(state: State, worker: _Worker, run: Run, wait: _Yield) -> None:
    step = _runs.new_step(state, run, wait.id, wait.type, name=wait.name, **wait.members)
    _runs.change(state, run, "run.paused", {"name": wait.name}, status="paused")
    began, after = time.monotonic(), run.environment.sequence
    worker.waits.append(_Wait(run, run.execution, step, began, wait.deadline, wait.pattern, after))


def _end_waits(state: State, environment: Environment) -> None:
    for worker in environment.workers.values():
        worker.waits[:] = [wait for wait in worker.waits if not _ended(state, wait)]


def _ended(state: State, wait: _Wait) -> bool:
    """Tell whether a wait is over; its step is completed then and its run pending."""
    run, step = wait.run, wait.step
    found: Record = {"output": None}
    if run.execution == wait.execution:
        event = _awaited(wait)
        if event is not None:
            found = {"output": _shown(event), "wait_event_id": event["id"]}
        elif time.time() < wait.deadline:
            return False
        _runs.change(state, run, "run.resumed", {}, status="pending")
    if run.status == "pending" and step["id"] in run.environment.steps:
        _runs.end_step(state, run, step, "completed", wait.began, **found)
    return True


def _awaited(wait: _Wait) -> Record | None:
    """Return the first event that a run waited for, None when none came in time."""
    return next(
        (
            event
            for event in wait.run.environment.events
            if event["nats_seq"] > wait.after
            and matches(wait.pattern, event["name"])
            and seconds_of(event["timestamp"]) <= wait.deadline
        ),
        None,
    )
