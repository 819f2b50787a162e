"""Projections: reading them, pausing, rebuilding, and waiting until they have caught up."""

from __future__ import annotations

from .._call import Call
from .._engine import projections
from .._engine.events import EventLog
from .._engine.projections import GLOBAL_PARTITION, MAX_WAIT_SECONDS, View
from .._engine.refusals import Refusal, missing
from .._engine.state import Record
from .._reading import Fields
from ._pages import window
from ._table import route

_DEFAULT_WAIT_MS = 30_000
_MAX_WAIT_MS = round(MAX_WAIT_SECONDS * 1000)
_MAX_BATCH = 16


@route("GET", "/api/v1/projections")
def projections_list(call: Call) -> Record:
    query = call.query
    mode, status = query.text("mode"), query.text("status")
    found = [
        view.record()
        for view in projections.views_of(call.environment).values()
        if status in ("", view.status) and mode in ("", "managed")
    ]
    page = window(query, 100).of(found)
    return {"projections": page, "count": len(page)}


@route("GET", "/api/v1/projections/{name}")
def projections_get(call: Call, name: str) -> Record:
    view = _view(call, name)
    reply = view.record()
    state = view.states.get(call.query.text("partition") or GLOBAL_PARTITION)
    if state is not None:
        reply["state"] = state
    return reply


@route("GET", "/api/v1/projections/{name}/status")
def projections_list_status(call: Call, name: str) -> Record:
    view = _view(call, name)
    return {
        "name": name,
        "status": view.status,
        "mode": "managed",
        "last_event_seq": view.sequence,
        "error_message": view.error_message,
        "updated_at": view.updated_at,
    }


@route("GET", "/api/v1/projections/{name}/partitions")
def projections_list_partitions(call: Call, name: str) -> Record:
    view = _view(call, name)
    part, limit = call.query.text("q"), call.query.integer("limit", 100, low=1)
    keys = sorted(key for key in view.states if part in key and key != GLOBAL_PARTITION)[:limit]
    return {"partitions": keys, "returned": len(keys)}


@route("POST", "/api/v1/projections/{name}/pause")
def projections_pause(call: Call, name: str) -> Record:
    view = _view(call, name)
    view.set_status("paused")
    return {"status": view.status}


@route("POST", "/api/v1/projections/{name}/resume")
def projections_resume(call: Call, name: str) -> Record:
    view = _view(call, name)
    view.set_status("active")
    return {"status": view.status}


@route("DELETE", "/api/v1/projections/{name}")
def projections_delete(call: Call, name: str) -> Record:
    _view(call, name).delete()
    return {"status": "deleted"}


@route("POST", "/api/v1/projections/{name}/rebuild")
def projections_rebuild(call: Call, name: str) -> Record:
    body = call.optional_body()
    job = projections.rebuild(
        _view(call, name),
        from_event=_either(body, "fromEventId", "from_event_id"),
        to_event=_either(body, "toEventId", "to_event_id"),
        partition=body.text("partition", ""),
        dry_run=body.flag("dryRun") or body.flag("dry_run"),
    )
    return {"job": job}


@route("GET", "/api/v1/projections/{name}/rebuild")
def projections_list_rebuild(call: Call, name: str) -> Record:
    return {"job": _view(call, name).job}


@route("POST", "/api/v1/projections/{name}/cancel")
def projections_cancel(call: Call, name: str) -> Record:
    _view(call, name).cancel_rebuild()
    return {"status": "cancelled"}


@route("GET", "/api/v1/projections/{name}/catchup")
def projections_list_catchup(call: Call, name: str) -> Record:
    query = call.query
    if not query.text("minSeq"):
        raise Refusal(400, "minSeq is required")
    timeout_ms = query.integer("timeout", _DEFAULT_WAIT_MS, high=_MAX_WAIT_MS, clamp=True)
    view, sequence = _view(call, name), query.integer("minSeq", 0)
    return projections.wait(view, sequence, query.text("partition"), timeout_ms / 1000)


@route("POST", "/api/v1/projections/wait-for-event", reads=True)
def projections_wait_for_event(call: Call) -> Record:
    body = call.body()
    event = call.environment.of(EventLog).by_id.get(body.text("eventId"))
    if event is None:
        raise missing("event")
    view = _view(call, body.text("projection"))
    partition, seconds = body.text("partition", ""), _wait_seconds(body)
    return projections.wait(view, event["nats_seq"], partition, seconds)


@route("POST", "/api/v1/projections/catchup/batch", reads=True)
def projections_catchup_batch(call: Call) -> Record:
    body = call.body()
    items = body.objects("items")
    if not 1 <= len(items) <= _MAX_BATCH:
        raise Refusal(400, f"items must hold 1 to {_MAX_BATCH} projections")
    deadline = call.state.clock.now() + _wait_seconds(body)
    return {"results": [_waited(call, item, deadline) for item in items]}


def _waited(call: Call, item: Fields, deadline: float) -> Record:
    """Wait for one projection of a batch; a refusal is the result of this item only."""
    try:
        view, sequence = _view(call, item.text("name")), _sequence(item)
        left = max(0.0, deadline - call.state.clock.now())
        result = projections.wait(view, sequence, item.text("partition", ""), left)
    except Refusal as refusal:
        return {"error": refusal.message}
    return {"result": result}


def _view(call: Call, name: str) -> View:
    return projections.view_of(call.environment, name)


def _wait_seconds(body: Fields) -> float:
    """Return how many seconds to wait, at most the longest wait."""
    return min(body.integer("timeoutMs", _DEFAULT_WAIT_MS, low=0), _MAX_WAIT_MS) / 1000


def _sequence(item: Fields) -> int:
    """Return the sequence of an item, which is text: 64 bits are too many for a JSON number."""
    asked_for = item.any("minSeq")
    if isinstance(asked_for, bool) or not str(asked_for).isdecimal():
        raise Refusal(400, "minSeq must be a whole number, as text")
    return int(str(asked_for)[:20])


def _either(body: Fields, name: str, other: str) -> str:
    return body.text(name, "") or body.text(other, "")
