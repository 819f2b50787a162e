"""Events by RPC: one, several, and one whose runs are waited for.

Rule: an idempotency key is unique within an environment and an event name. The repeat gets the same
event and the same runs, and waits for them like the first call.
"""

from __future__ import annotations

from .._call import Call
from .._engine.emitting import emit, refuse_reserved
from .._engine.runs import Run, Runs, duration
from .._engine.state import Receipts, Record, only
from .._reading import Fields
from ._table import route

MAX_WAIT_SECONDS = 300.0
_DEFAULT_WAIT_MS = 30_000


@route("POST", "/ironflow.v1.IronflowService/Emit")
@route("POST", "/ironflow.v1.IronflowService/Trigger")
@route("POST", "/ironflow.v1.PubSubService/Emit")
def emit_event(call: Call) -> Record:
    return _emitted(call, call.body())


@route("POST", "/ironflow.v1.IronflowService/TriggerBatch")
def trigger_batch(call: Call) -> Record:
    events = call.body().objects("events")
    for event in events:  # all are looked at before the first one has effects
        _name(event)
        event.integer("version", 1, low=1)
    return {"results": [_emitted(call, event) for event in events]}


@route("POST", "/ironflow.v1.IronflowService/TriggerSync")
def trigger_sync(call: Call) -> Record:
    body = call.body()
    seconds = body.integer("timeout_ms", _DEFAULT_WAIT_MS, low=0) / 1000
    receipt = _emitted(call, body)
    runs = call.environment.of(Runs)
    started = [runs[run_id] for run_id in receipt["run_ids"]]
    call.state.hold(lambda: all(run.finished for run in started), min(seconds, MAX_WAIT_SECONDS))
    return {"event_id": receipt["event_id"], "results": [_result(run) for run in started]}


def _emitted(call: Call, fields: Fields) -> Record:
    environment = call.environment
    name, key = _name(fields), fields.key("idempotency_key")
    data, version = fields.members("data", {}), fields.integer("version", 1, low=1)
    metadata = fields.members("metadata", None)

    def act() -> Record:
        event, run_ids = emit(
            environment, name, data, version=version, metadata=metadata, idempotency_key=key or None
        )
        return {"event_id": event["id"], "run_ids": run_ids}

    return environment.of(Receipts).once(("emit", name), key, act)


def _name(fields: Fields) -> str:
    name = fields.text("event")
    refuse_reserved(name, "event")
    return name


def _result(run: Run) -> Record:
    """Return the result of a run, or that it has not ended."""
    return {
        "run_id": run.id,
        "function_id": run.function.id,
        "status": run.status,
        "wait_timed_out": not run.finished,
        **only(run.record, ("output", "error")),
        **duration(run.record),
    }
