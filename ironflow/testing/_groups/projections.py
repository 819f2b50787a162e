"""Projections: reading them, pausing, rebuilding, and waiting until they have caught up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _projections
from .._checks import Fields, Refusal, missing
from .._pages import window
from .._projections import DEFAULT_WAIT_MS, GLOBAL_PARTITION, MAX_WAIT_MS, view_of

if TYPE_CHECKING:
    from .._calls import Call
    from .._projections import View
    from .._state import Record

_MAX_BATCH = 16


def projections_list(call: Call) -> Record:
    query = call.query
    mode, status = query.text("mode"), query.text("status")
    found = [
        view.record(call.environment)
        for view in _projections.views_of(call.state, call.environment).values()
        if status in ("", view.status) and mode in ("", "managed")
    ]
    page = window(query, 100).of(found)
    return {"projections": page, "count": len(page)}


def projections_get(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    reply = view.record(call.environment)
    state = view.states.get(call.query.text("partition") or GLOBAL_PARTITION)
    if state is not None:
        reply["state"] = state
    return reply


def projections_list_status(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    return {
        "name": name,
        "status": view.status,
        "mode": "managed",
        "last_event_seq": view.sequence,
        "error_message": view.error_message,
        "updated_at": view.updated_at,
    }


def projections_list_partitions(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    part, limit = call.query.text("q"), call.query.integer("limit", 100, low=1)
    keys = sorted(key for key in view.states if part in key and key != GLOBAL_PARTITION)[:limit]
    return {"partitions": keys, "returned": len(keys)}


def projections_pause(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    _refuse_rebuilding(view)
    return _set_status(call, view, "paused")


def projections_resume(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    _refuse_rebuilding(view)
    view.error_message = ""
    return _set_status(call, view, "active")


def projections_delete(call: Call, name: str) -> Record:
    view = view_of(call.state, call.environment, name)
    if view.job is not None and view.status == "rebuilding":
        _projections.cancel_rebuild(call.state, view)
    view.deleted = True
    call.state.changed.notify_all()
    return {"status": "deleted"}


def projections_rebuild(call: Call, name: str) -> Record:
    body = call.optional_body()
    view = view_of(call.state, call.environment, name)
    job = _projections.rebuild(
        call.state,
        call.environment,
        view,
        from_event=_either(body, "fromEventId", "from_event_id"),
        to_event=_either(body, "toEventId", "to_event_id"),
        partition=body.text("partition", ""),
        dry_run=body.flag("dryRun") or body.flag("dry_run"),
    )
    return {"job": job}


def projections_list_rebuild(call: Call, name: str) -> Record:
    return {"job": view_of(call.state, call.environment, name).job}


def projections_cancel(call: Call, name: str) -> Record:
    _projections.cancel_rebuild(call.state, view_of(call.state, call.environment, name))
    return {"status": "cancelled"}


def projections_list_catchup(call: Call, name: str) -> Record:
    if not call.query.text("minSeq"):
        raise Refusal(400, "minSeq is required")
    return _projections.wait(
        call.state,
        call.environment,
        view_of(call.state, call.environment, name),
        call.query.integer("minSeq", 0),
        call.query.text("partition"),
        call.query.integer("timeout", DEFAULT_WAIT_MS, high=MAX_WAIT_MS, clamp=True),
    )


def projections_wait_for_event(call: Call) -> Record:
    body = call.body()
    event = call.environment.event(body.text("eventId"))
    if event is None:
        raise missing("event")
    return _projections.wait(
        call.state,
        call.environment,
        view_of(call.state, call.environment, body.text("projection")),
        event["nats_seq"],
        body.text("partition", ""),
        body.integer("timeoutMs", DEFAULT_WAIT_MS, low=0),
    )


def projections_catchup_batch(call: Call) -> Record:
    body = call.body()
    items = body.objects("items")
    if not 1 <= len(items) <= _MAX_BATCH:
        raise Refusal(400, f"items must hold 1 to {_MAX_BATCH} projections")
    deadline = _projections.deadline(body.integer("timeoutMs", DEFAULT_WAIT_MS, low=0))
    return {"results": [_waited(call, item, deadline) for item in items]}


def _waited(call: Call, item: Fields, deadline: float) -> Record:
    """Wait for one projection of a batch; a refusal is its result, not that of the batch."""
    try:
        result = _projections.wait(
            call.state,
            call.environment,
            view_of(call.state, call.environment, item.text("name")),
            _sequence(item),
            item.text("partition", ""),
            _projections.left_ms(deadline),
        )
    except Refusal as refusal:
        return {"error": refusal.message}
    return {"result": result}


def _sequence(item: Fields) -> int:
    """Return the sequence that an item asks for: a number as text, as 64 bits go in JSON."""
    given = item.any("minSeq")
    if isinstance(given, bool) or not str(given).isdecimal():
        raise Refusal(400, "minSeq must be a whole number, as text")
    return int(str(given)[:20])


def _either(body: Fields, name: str, other: str) -> str:
    return body.text(name, "") or body.text(other, "")


def _refuse_rebuilding(view: View) -> None:
    if view.status == "rebuilding":
        raise Refusal(409, "projection is rebuilding")


def _set_status(call: Call, view: View, status: str) -> Record:
    view.status = status
    view.updated_at = call.state.now()
    view.advance(call.state, call.environment)
    call.state.changed.notify_all()
    return {"status": view.status}
