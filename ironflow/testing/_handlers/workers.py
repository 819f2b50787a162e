"""Workers: registering, fetching jobs, reporting on them."""

from __future__ import annotations

import re

from .._call import Call, Later
from .._engine import workers
from .._engine.refusals import Refusal
from .._engine.state import Record
from .._engine.workers import STALE, Failure, Step, Worker, Workers, Yield
from .._http import Reply, caller_check
from .._reading import Fields
from ._table import route

_LONGEST_POLL = 25  # seconds
_MOST_STEPS = 500  # of one report
_YIELDS = ("sleep", "wait_for_event", "invoke_function", "invoke_function_async")
_PART = re.compile(r"(?:\\.|[^\\:])+")  # of a step's id, where a backslash escapes
_LONGEST_WAIT = 366 * 86400.0  # from now, it must stay within the calendar


@route("GET", "/api/v1/workers")
def workers_list(call: Call) -> Record:
    found = [
        {**worker.record, "active_jobs": worker.active_jobs}
        for worker in call.environment.of(Workers).values()
    ]
    return {"workers": found, "count": len(found)}


@route("POST", "/api/v1/workers/{workerId}/register")
@route("PUT", "/api/v1/workers/{workerId}/register")
def workers_register(call: Call, worker_id: str) -> Record:
    body = call.body()
    _check_id(body, worker_id)
    version = Fields(body.members("version", {}), "version")
    members: Record = {
        "hostname": body.text("hostname", ""),
        "function_ids": body.texts("function_ids"),
        "max_concurrent": body.integer("max_concurrent_jobs", low=1),
        "labels": _labels(body),
        "transport": "rest-polling",
        "version": {
            "sdk": version.text("sdk") if version.value else "",
            "runtime": version.text("runtime", ""),
        },
    }
    call.environment.of(Workers).register(worker_id, members)
    return {"status": "ok"}


@route("POST", "/api/v1/workers/{workerId}/heartbeat")
@route("PUT", "/api/v1/workers/{workerId}/heartbeat")
def workers_heartbeat(call: Call, worker_id: str) -> Record:
    body = call.body()
    _check_id(body, worker_id)
    body.integer("active_jobs", low=0)
    body.objects("jobs")
    _worker(call, worker_id).record["last_heartbeat"] = call.state.clock.text()
    return {"status": "ok"}


@route("GET", "/api/v1/workers/{workerId}/jobs")
def workers_list_jobs(call: Call, worker_id: str) -> Record | Later | None:
    worker, workers = _worker(call, worker_id), call.environment.of(Workers)
    available = call.query.integer("available", 1)
    seconds = call.query.integer("wait", 0, high=_LONGEST_POLL, clamp=True)
    jobs = workers.assign(worker, available)
    if jobs or not seconds or not available:
        return {"jobs": jobs} if jobs else None

    has_gone = caller_check()

    def give() -> Record | Reply:
        with call.state.lock:
            jobs = workers.await_jobs(worker, available, seconds, has_gone)
        # The header tells a worker that it need not pause before it asks again.
        return {"jobs": jobs} if jobs else Reply(204, headers={"Ironflow-Poll-Wait": str(seconds)})

    return Later(give)


@route("PUT", "/api/v1/workers/{workerId}/jobs/{jobId}/ack")
def workers_update_jobs_ack(call: Call, worker_id: str, job_id: str) -> Record:
    body = call.body()
    job = _worker(call, worker_id).job(job_id)
    run_id, lease_token = body.text("run_id"), body.text("lease_token")
    execution = body.integer("execution_seq")
    if run_id != job.run.id:
        raise Refusal(409, f"the job is one of {job.run.id}", fence=STALE)
    job.check_lease(lease_token, execution)
    return {"status": "ok"}


@route("PUT", "/api/v1/workers/{workerId}/jobs/{jobId}")
def workers_update_jobs(call: Call, worker_id: str, job_id: str) -> Record:
    body, job = call.body(), _worker(call, worker_id).job(job_id)
    # Read the whole report before recording anything of it.
    status = body.text("status")
    if status not in ("progress", "completed", "failed", "yielded"):
        raise Refusal(400, "status must be one of progress, completed, failed, yielded")
    steps = [_read_step(step) for step in body.objects("steps")]
    if len(steps) > _MOST_STEPS:
        raise Refusal(400, f"steps must be at most {_MOST_STEPS}")
    offset = body.integer("step_offset", job.recorded, low=0)
    outcome: Failure | Yield | None = None
    if status == "failed":
        outcome = _read_failure(body)
    elif status == "yielded":
        outcome = _read_yield(body, call.state.clock.now())
    job.check_lease(body.text("lease_token", None), body.integer("execution_seq", None))
    workers.progress(job, steps, offset)
    if status != "progress":
        workers.report(job, outcome, body.any("output", None))
    return {"status": "ok"}


def _worker(call: Call, worker_id: str) -> Worker:
    return call.environment.of(Workers).require(worker_id)


def _check_id(body: Fields, worker_id: str) -> None:
    if body.text("worker_id", worker_id) != worker_id:
        raise Refusal(400, "worker_id must be that of the path")


def _labels(body: Fields) -> dict[str, str]:
    labels = body.members("labels", {})
    if not all(isinstance(value, str) for value in labels.values()):
        raise Refusal(400, "labels must be an object of strings")
    return labels


def _read_step(step: Fields) -> Step:
    status = step.text("status")
    if status not in ("completed", "failed"):
        raise Refusal(400, "status of a step must be one of completed, failed")
    outcome = "output" if status == "completed" else "error"
    members = {outcome: step.any(outcome, None)}
    if "compensation_for" in step:
        members["compensation_for"] = step.text("compensation_for")
    step_id, name, kind = (step.text(member) for member in ("id", "name", "type"))
    return Step(step_id, name, kind, status, members, step.integer("duration_ms", 0, low=0))


def _read_failure(body: Fields) -> Failure:
    error = Fields(body.members("error"), "error")
    record: Record = {"message": error.text("message")}
    if "code" in error:
        record["code"] = error.text("code")
    milliseconds = error.integer("retry_after_ms", 0, low=0)
    return Failure(record, error.flag("retryable"), milliseconds / 1000 or None)


def _read_yield(body: Fields, now: float) -> Yield:
    reported = Fields(body.members("yield"), "yield")
    step_id, kind = reported.text("step_id"), reported.text("type")
    name = reported.text("step_name", "") or _name_in(step_id)
    if kind == "sleep":
        return Yield(step_id, name, kind, reported.moment("until"))
    if kind in ("invoke_function", "invoke_function_async"):
        data, until = reported.any("input", None), None
        milliseconds = reported.integer("invoke_timeout_ms", 0, low=0)
        if milliseconds and kind == "invoke_function":
            until = now + min(milliseconds / 1000, _LONGEST_WAIT)
        function_id = reported.text("function_id")
        return Yield(step_id, name, kind, until, function_id=function_id, input=data)
    if kind != "wait_for_event":
        raise Refusal(400, f"type of a yield must be one of {', '.join(_YIELDS)}")
    wanted = Fields(reported.members("event_filter"), "event_filter")
    pattern, condition = wanted.text("event"), wanted.text("match", "")
    until = None
    if wanted.text("timeout", ""):
        until = now + min(wanted.duration("timeout"), _LONGEST_WAIT)
    value = (condition, wanted.text("match_value")) if "match_value" in wanted else None
    members = {"wait_event_match": condition} if condition else {}
    return Yield(step_id, name, kind, until, pattern, value, members=members)


def _name_in(step_id: str) -> str:
    """Return the name in an id such as ``run_1:charge:0``."""
    parts = _PART.findall(step_id)
    return re.sub(r"\\(.)", r"\1", parts[-2] if len(parts) > 1 else step_id)
