"""Entity streams: appending with an expected version, reading, history, snapshots.

Rule: a version of 0 in a query counts as absent, because the product's command line sends it.
Reading backward then starts at the end.
"""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.emitting import refuse_reserved
from .._engine.refusals import Refusal, missing
from .._engine.runs import Run, Runs, duration
from .._engine.state import Record, only
from .._engine.streams import ANY_VERSION, Stream, Streams, append
from .._engine.times import is_within
from ._pages import window
from ._table import route

_DIRECTIONS = ("forward", "backward")
_DEFAULT_LIMIT = 100
_MAX_LIMIT = 1000


@route("GET", "/api/v1/streams")
def streams_list(call: Call) -> Record:
    query = call.query
    entity_type, search = query.text("entity_type"), query.text("search").lower()
    found = [
        stream
        for stream in call.environment.of(Streams).values()
        if entity_type in ("", stream.entity_type)
        and (search in stream.entity_id.lower() or search in stream.entity_type.lower())
    ]
    found.sort(key=lambda stream: stream.events[-1]["nats_seq"], reverse=True)
    page = [_info(stream) for stream in window(query, 50).of(found)]
    return {"streams": page, "count": len(page), "total_count": len(found)}


@route("GET", "/api/v1/streams/{entityId}")
def streams_get(call: Call, entity_id: str) -> Record:
    return _info(_stream(call, entity_id))


@route("POST", "/api/v1/streams/{entityId}/events")
def streams_events(call: Call, entity_id: str) -> Record:
    """Append an event."""
    return only(_append(call, entity_id), ("event_id", "entity_version"))


@route("POST", "/ironflow.v1.EntityStreamService/AppendEvent")
def append_event(call: Call) -> Record:
    return _append(call, call.body().text("entity_id"))


def _append(call: Call, entity_id: str) -> Record:
    """Append an event and return its whole receipt, which REST does not show."""
    body = call.body()
    entity_type, name = body.text("entity_type"), body.text("event_name")
    refuse_reserved(name, "event_name")
    if name.startswith("$"):
        raise Refusal(400, "event_name must not begin with $: the product's own events do")
    data = body.members("data", {})
    version = body.integer("version", 1, low=1)
    expected = body.integer("expected_version", ANY_VERSION, low=ANY_VERSION)
    key, run_id = body.key("idempotency_key"), body.text("run_id", "")
    return append(
        call.environment,
        entity_id,
        entity_type,
        name,
        data,
        expected=expected,
        key=key,
        version=version,
        run_id=run_id or None,
        metadata=body.members("metadata", None),
    )


@route("GET", "/api/v1/streams/{entityId}/events")
def streams_list_events(call: Call, entity_id: str) -> Record:
    stream = _stream(call, entity_id)
    return {"events": _read(call, stream)[: _limit(call)], "total_count": len(stream.events)}


@route("GET", "/api/v1/streams/{entityId}/history")
def streams_list_history(call: Call, entity_id: str) -> Record:
    stream, limit = _stream(call, entity_id), _limit(call)
    first, last = call.query.moment("from_timestamp"), call.query.moment("to_timestamp")
    found = [event for event in _read(call, stream) if is_within(event["timestamp"], first, last)]
    runs: dict[str, list[Run]] = {event["id"]: [] for event in found[:limit]}
    for run in call.environment.of(Runs).values():
        runs.get(run.event["id"], []).append(run)
    return {
        "entries": [_entry(event, runs[event["id"]]) for event in found[:limit]],
        "info": {
            "entity_id": stream.entity_id,
            "entity_type": stream.entity_type,
            "current_version": stream.version,
            "total_event_count": len(stream.events),
            "created_at": stream.created_at,
            "updated_at": stream.updated_at,
        },
        "next_cursor": found[limit]["entity_version"] if len(found) > limit else 0,
        "total_events": len(stream.events),
    }


@route("POST", "/api/v1/streams/{entityId}/snapshots")
def streams_snapshots(call: Call, entity_id: str) -> Record:
    """Store a snapshot."""
    body = call.body()
    entity_type, version = body.text("entity_type"), body.integer("entity_version", low=1)
    state = body.members("state")
    snapshot = _stream(call, entity_id).take_snapshot(entity_type, version, state)
    return {"snapshot_id": snapshot["snapshot_id"]}


@route("GET", "/api/v1/streams/{entityId}/snapshots")
def streams_list_snapshots(call: Call, entity_id: str) -> Record:
    """Return the snapshot of the highest version; of two, the later one."""
    before = call.query.integer("before_version", 0)
    found = [
        snapshot
        for snapshot in reversed(_stream(call, entity_id).snapshots)
        if not before or snapshot["entity_version"] < before
    ]
    if not found:
        raise missing("snapshot")
    return max(found, key=lambda snapshot: int(snapshot["entity_version"]))


def _stream(call: Call, entity_id: str) -> Stream:
    return call.environment.of(Streams).require(entity_id)


def _info(stream: Stream) -> Record:
    return {
        "entity_id": stream.entity_id,
        "entity_type": stream.entity_type,
        "version": stream.version,
        "event_count": len(stream.events),
        "created_at": stream.created_at,
        "updated_at": stream.updated_at,
    }


def _limit(call: Call) -> int:
    return call.query.integer("limit", _DEFAULT_LIMIT, low=1, high=_MAX_LIMIT, clamp=True)


def _read(call: Call, stream: Stream) -> list[Record]:
    """Return the events from a version on, in the direction of the query."""
    start = call.query.integer("from_version", 0)
    if call.query.choice("direction", _DIRECTIONS, "forward") == "backward":
        return stream.events[: start or None][::-1]
    return stream.events[max(start - 1, 0) :]


def _entry(event: Record, runs: list[Run]) -> Record:
    return {
        "event_id": event["id"],
        "event_name": event["name"],
        "event_data": event["data"],
        "entity_version": event["entity_version"],
        "schema_version": event["version"],
        "source": event["source"],
        "timestamp": event["timestamp"],
        "runs": [_run(run) for run in runs],
    }


def _run(run: Run) -> Record:
    return {
        "run_id": run.id,
        "function_id": run.function.id,
        "status": run.status,
        "steps": [_step(run, step) for step in run.steps],
        **only(run.record, ("started_at", "ended_at")),
        **duration(run.record),
    }


def _step(run: Run, step: Record) -> Record:
    shown = {
        "step_id": step["id"],
        "name": run.names[step["id"]],
        "step_type": step["step_type"],
        "status": step["status"],
        **only(step, ("duration_ms",)),
    }
    if step.get("error") is not None:
        shown["error_message"] = _message(step["error"])
    return shown


def _message(error: Any) -> str:
    """Return the message of a step's error, which has any shape if a worker reported it."""
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
