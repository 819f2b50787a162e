"""Entity streams: appending with an expected version, reading, history, snapshots.

Rules:

1. A stream's version is the number of its events. An append that expects another version is a 409
   and changes nothing; so is one with another entity type than that of the first event.
2. An idempotency key that the stream has seen gives the first receipt, whatever it expects.
3. A version of 0 in a query counts as not given, as the product's command line sends it: reading
   backward starts at the end then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._checks import Refusal, find, matches_time, missing, seconds_of
from .._events import record_event
from .._pages import window
from .._state import only

if TYPE_CHECKING:
    from .._calls import Call
    from .._runs import Run
    from .._state import Record

_ANY_VERSION = -1
_DIRECTIONS = ("forward", "backward")
_DEFAULT_LIMIT = 100
_MAX_LIMIT = 1000


class Stream:
    """The events of one entity.

    Attributes:
        entity_id, entity_type: The entity.
        events: Its events, oldest first; models ``Event``. A stream that is kept has one at least.
        snapshots: Models ``GetSnapshotResponse``, in the order of their making.
    """

    def __init__(self, entity_id: str, entity_type: str) -> None:
        self.entity_id = entity_id
        self.entity_type = entity_type
        self.events: list[Record] = []
        self.snapshots: list[Record] = []

    @property
    def version(self) -> int:
        return len(self.events)

    @property
    def created_at(self) -> str:
        return str(self.events[0]["timestamp"])

    @property
    def updated_at(self) -> str:
        return str(self.events[-1]["timestamp"])

    def check_type(self, entity_type: str) -> None:
        """Refuse another entity type than the stream's."""
        if entity_type != self.entity_type:
            raise Refusal(409, f"the stream's entity_type is {self.entity_type}, not {entity_type}")


def streams_list(call: Call) -> Record:
    query = call.query
    entity_type, search = query.text("entity_type"), query.text("search").lower()
    found = [
        stream
        for stream in call.environment.streams.values()
        if entity_type in ("", stream.entity_type)
        and (search in stream.entity_id.lower() or search in stream.entity_type.lower())
    ]
    found.sort(key=lambda stream: stream.events[-1]["nats_seq"], reverse=True)
    page = [_info(stream) for stream in window(query, 50).of(found)]
    return {"streams": page, "count": len(page), "total_count": len(found)}


def streams_get(call: Call, entity_id: str) -> Record:
    return _info(_stream(call, entity_id))


def streams_events(call: Call, entity_id: str) -> Record:
    """Append an event; the route's name comes from its path."""
    body = call.body()
    entity_type, name = body.text("entity_type"), body.text("event_name")
    data = body.members("data", {})
    version = body.integer("version", 1, low=1)
    expected = body.integer("expected_version", _ANY_VERSION, low=_ANY_VERSION)
    key, run_id = body.text("idempotency_key", ""), body.text("run_id", "")
    environment = call.environment
    stream = environment.streams.get(entity_id) or Stream(entity_id, entity_type)

    def append() -> Record:
        stream.check_type(entity_type)
        if expected not in (_ANY_VERSION, stream.version):
            raise Refusal(
                409, f"version conflict: expected {expected}, the stream is at {stream.version}"
            )
        event, _ = record_event(
            call.state,
            environment,
            name,
            data,
            version=version,
            entity_id=entity_id,
            entity_type=entity_type,
            entity_version=stream.version + 1,
            run_id=run_id or None,
            idempotency_key=key or None,
        )
        stream.events.append(event)
        environment.streams[entity_id] = stream
        return {"event_id": event["id"], "entity_version": stream.version}

    return environment.once(("streams_events", entity_id), key, append)


def streams_list_events(call: Call, entity_id: str) -> Record:
    stream = _stream(call, entity_id)
    return {"events": _read(call, stream)[: _limit(call)], "total_count": len(stream.events)}


def streams_list_history(call: Call, entity_id: str) -> Record:
    stream, limit = _stream(call, entity_id), _limit(call)
    first, last = call.query.moment("from_timestamp"), call.query.moment("to_timestamp")
    found = [
        event for event in _read(call, stream) if matches_time(event["timestamp"], first, last)
    ]
    runs: dict[str, list[Run]] = {event["id"]: [] for event in found[:limit]}
    for run in call.environment.runs.values():
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


def streams_snapshots(call: Call, entity_id: str) -> Record:
    """Store a snapshot; the route's name comes from its path."""
    body = call.body()
    entity_type, version = body.text("entity_type"), body.integer("entity_version", low=1)
    state = body.members("state")
    stream = _stream(call, entity_id)
    stream.check_type(entity_type)
    snapshot = {
        "snapshot_id": call.state.new_id("snap"),
        "entity_id": entity_id,
        "entity_type": entity_type,
        "entity_version": version,
        "state": state,
        "created_at": call.state.now(),
    }
    stream.snapshots.append(snapshot)
    return {"snapshot_id": snapshot["snapshot_id"]}


def streams_list_snapshots(call: Call, entity_id: str) -> Record:
    """Return one snapshot, that of the highest version; of two of a version the later one."""
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
    stream: Stream = find(call.environment.streams, entity_id, "stream")
    return stream


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
    """Return the events from a version on, in the direction that the query names."""
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
    record = run.record
    shown = {
        "run_id": run.id,
        "function_id": run.function.id,
        "status": run.status,
        "steps": [_step(run, step) for step in run.steps],
        **only(record, ("started_at", "ended_at")),
    }
    if "started_at" in shown and "ended_at" in shown:
        seconds = seconds_of(record["ended_at"]) - seconds_of(record["started_at"])
        shown["duration_ms"] = max(0, round(seconds * 1000))
    return shown


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
    """Return the message of a step's error; one that a worker reported may have any shape."""
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)
