"""Runs: reading them, cancelling and resuming them, and changing what a step returned."""

from __future__ import annotations

import json

from .._call import Call
from .._engine import execution, injection, runs
from .._engine.events import EventLog
from .._engine.refusals import Refusal, missing
from .._engine.runs import Run, Runs
from .._engine.state import Record, only
from .._engine.tables import COLUMNS
from .._engine.times import is_within
from ._pages import window
from ._table import route
from .audit import page

_RUN = tuple(sorted(COLUMNS["runs"]))
_UNLISTED_RUN = (
    "cancellation_cause", "claimed_at", "claimed_by", "environment_id", "pause_reason",
    "pause_requested", "version",
)  # fmt: skip
_LISTED_RUN = tuple(member for member in _RUN if member not in _UNLISTED_RUN)
_STEP = (
    "attempt", "compensation_for", "created_at", "duration_ms", "ended_at", "environment_id",
    "error", "id", "input", "original_output", "output", "patched_at", "patched_by", "run_id",
    "sequence", "sleep_until", "started_at", "status", "step_id", "step_type", "updated_at",
    "version", "wait_event_id", "wait_event_match", "wait_event_name", "wait_timeout",
)  # fmt: skip
_UNLISTED_STEP = ("environment_id", "version", "wait_event_id", "wait_event_match")
_LISTED_STEP = tuple(member for member in _STEP if member not in _UNLISTED_STEP)


@route("GET", "/api/v1/runs")
def runs_list(call: Call) -> Record:
    query = call.query
    since, until = query.moment("since"), query.moment("until")
    status, function_id, event_id = (query.text(n) for n in ("status", "function_id", "event_id"))
    search = query.text("search").lower()
    found = [
        run
        for run in reversed(call.environment.of(Runs).values())  # newest first
        if status in ("", run.status)
        and function_id in ("", run.function.id)
        and event_id in ("", run.event["id"])
        and is_within(run.record["created_at"], since, until)
        and (not search or search in _text(run))
    ]
    shown = [_listed(run) for run in window(query, 50).of(found)]
    return {"runs": shown, "count": len(shown), "total_count": len(found)}


@route("GET", "/api/v1/runs/{id}")
def runs_get(call: Call, id: str) -> Record:
    return _listed(_run(call, id))


@route("GET", "/api/v1/runs/{id}/steps")
def runs_list_steps(call: Call, id: str) -> Record:
    steps = [only(step, _LISTED_STEP) for step in _run(call, id).steps]
    return {"steps": steps, "count": len(steps)}


@route("GET", "/api/v1/runs/{id}/audit")
def runs_list_audit(call: Call, id: str) -> Record:
    run = _run(call, id)
    return page(
        call, [entry for entry in call.environment.of(Runs).audit if entry["run_id"] == run.id]
    )


@route("GET", "/api/v1/runs/{id}/streams")
def runs_list_streams(call: Call, id: str) -> Record:
    run = _run(call, id)
    appended = [
        event for event in call.environment.of(EventLog).events if event.get("run_id") == run.id
    ]
    ids = {event["entity_id"]: None for event in appended if "entity_id" in event}
    return {"entity_ids": list(ids)}


@route("POST", "/api/v1/runs/{id}/cancel")
def runs_cancel(call: Call, id: str) -> Record:
    run = _run(call, id)
    execution.cancel(run, call.optional_body().text("reason", ""))
    return only(run.record, _RUN)


@route("POST", "/api/v1/runs/resume")
def runs_resume(call: Call) -> Record:
    body = call.body()
    run = _run(call, body.text("run_id"))
    execution.resume(run, body.text("from_step", ""))
    return only(run.record, _RUN)


@route("POST", "/api/v1/steps/patch")
def runs_create(call: Call) -> Record:
    """Patch a step's output."""
    body = call.body()
    step = _step(call, body.text("step_id"))
    output = body.members("output")
    if step["status"] not in ("completed", "failed"):
        raise Refusal(412, f"step is {step['status']}; it has to be completed or failed")
    moment = call.state.clock.text()
    step.setdefault("original_output", step.get("output"))
    step.pop("error", None)
    step.update(status="completed", output=output, updated_at=moment)
    step.update(patched_at=moment, patched_by=call.caller.id)
    step["version"] += 1
    run = call.environment.of(Runs)[step["run_id"]]
    payload = {"name": run.names[step["id"]], "reason": body.text("reason", "")}
    runs.audit(run, "step.patched", payload, step)
    return only(step, _STEP)


# What exists as RPC only.


@route("POST", "/ironflow.v1.IronflowService/GetRun")
def get_run(call: Call) -> Record:
    """The whole run: in REST it lacks whether it is paused for injection, or is going to be."""
    return _run(call, call.body().text("id")).record


@route("POST", "/ironflow.v1.IronflowService/PauseRun")
def pause_run(call: Call) -> Record:
    run = _run(call, call.body().text("run_id"))
    injection.pause(run)
    return {"status": run.status}


@route("POST", "/ironflow.v1.IronflowService/GetPausedState")
def get_paused_state(call: Call) -> Record:
    run = _run(call, call.body().text("run_id"))
    steps = [
        {**step, "name": run.names[step["id"]], "completed_at": step["ended_at"]}
        for step in injection.steps_of(run)
    ]
    reason = run.record["pause_reason"]
    return {"steps": steps, "next_step_hint": run.next_step, "pause_reason": reason}


@route("POST", "/ironflow.v1.IronflowService/InjectStepOutput")
def inject_step_output(call: Call) -> Record:
    body = call.body()
    step_id = body.text("step_id")
    if "new_output" not in body.value:  # null is an output like any other
        raise Refusal(400, "new_output is required")
    output, reason = body.value["new_output"], body.text("reason", "")
    previous = injection.inject(_run(call, body.text("run_id")), step_id, output, reason)
    return {"step_id": step_id, "previous_output": previous}


def _run(call: Call, id: str) -> Run:
    return call.environment.of(Runs).require(id)


def _step(call: Call, wanted: str) -> Record:
    """Return a step by its id, or by its id within the run if only one step has it."""
    steps = call.environment.of(Runs).steps
    if wanted in steps:
        return steps[wanted]
    found = [step for step in steps.values() if step["step_id"] == wanted]
    if len(found) > 1:
        raise Refusal(400, f"{len(found)} steps are called {wanted}; give the id of one")
    if not found:
        raise missing("step")
    return found[0]


def _listed(run: Run) -> Record:
    return {**only(run.record, _LISTED_RUN), "event_name": run.event["name"]}


def _text(run: Run) -> str:
    searched = [run.id, run.function.id, run.event["id"], run.event["name"], run.record["input"]]
    return json.dumps(searched, ensure_ascii=False).lower()
