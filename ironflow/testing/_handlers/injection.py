"""Pausing a run to change what its steps returned, and a run with what REST does not say of it."""

from __future__ import annotations

from .._call import Call
from .._engine import injection
from .._engine.refusals import Refusal
from .._engine.runs import Run, Runs
from .._engine.state import Record
from .._reading import Fields
from ._table import route


@route("POST", "/ironflow.v1.IronflowService/GetRun")
def get_run(call: Call) -> Record:
    """The whole run: in REST it lacks whether it is paused for injection, or is going to be."""
    return call.environment.of(Runs).require(call.body().text("id")).record


@route("POST", "/ironflow.v1.IronflowService/PauseRun")
def pause_run(call: Call) -> Record:
    run = _run(call, call.body())
    injection.pause(run)
    return {"status": run.status}


@route("POST", "/ironflow.v1.IronflowService/GetPausedState")
def get_paused_state(call: Call) -> Record:
    run = _run(call, call.body())
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
    previous = injection.inject(_run(call, body), step_id, output, reason)
    return {"step_id": step_id, "previous_output": previous}


def _run(call: Call, body: Fields) -> Run:
    return call.environment.of(Runs).require(body.text("run_id"))
