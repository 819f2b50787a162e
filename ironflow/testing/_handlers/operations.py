"""What operators look at: dead letters, circuit breakers, debouncing, capacity, flow graph.

Rules: nothing waits for capacity here, so those lists stay empty. What a function emits or
publishes is shown if it says so with the header ``X-Ironflow-Run-ID``.
"""

from __future__ import annotations

import base64

from .._call import Call
from .._engine.emitting import republish
from .._engine.events import EventLog
from .._engine.operations import Breakers, DeadLetters, Debounced, TopicEdges
from .._engine.people import ApiKeys, PlatformUsers, Users
from .._engine.refusals import Refusal, missing
from .._engine.runs import Runs
from .._engine.state import Receipts, Record
from ._pages import window
from ._table import route

_SECRET_BYTES = 32


@route("GET", "/api/v1/outbox/dead-letter")
def outbox_list_dead_letter(call: Call) -> Record:
    asked = window(call.query, 50, max_limit=500)
    rows = sorted(_dead_letters(call).values(), key=lambda row: row["dead_at"])
    return {"items": asked.of(rows[::-1]), **asked._asdict()}


@route("POST", "/api/v1/outbox/dead-letter/{eventID}/requeue")
def outbox_dead_letter_requeue(call: Call, event_id: str) -> Record:
    call.optional_body()
    return _removed(call, event_id, "requeued")


@route("DELETE", "/api/v1/outbox/dead-letter/{eventID}")
def outbox_delete_dead_letter(call: Call, event_id: str) -> Record:
    return _removed(call, event_id, "discarded")


def _dead_letters(call: Call) -> DeadLetters:
    named = call.query.text("env") or call.query.text("env_id")
    environment = call.environment_named(named) if named else call.environment
    return environment.of(DeadLetters)


def _removed(call: Call, event_id: str, result: str) -> Record:
    dead_letters = _dead_letters(call)
    dead_letters.require(event_id)
    dead_letters.remove(event_id)
    event = dead_letters.owner.of(EventLog).by_id.get(event_id)
    if event is not None and result == "requeued":
        republish(dead_letters.owner, event)
    return {"event_id": event_id, "result": result}


@route("GET", "/api/v1/circuit-breakers")
def circuit_breakers_list(call: Call) -> list[Record]:
    return list(call.environment.of(Breakers).values())


@route("POST", "/api/v1/circuit-breakers/{key}/reset")
def circuit_breakers_reset(call: Call, key: str) -> Record:
    call.optional_body()
    breakers = call.environment.of(Breakers)
    return breakers.reset(key if key in breakers else _decoded(key) or key)


@route("GET", "/api/v1/debounce/entries")
def debounce_list_entries(call: Call) -> list[Record]:
    return list(call.environment.of(Debounced).values())


@route("DELETE", "/api/v1/debounce/entries/{envID}/{fnID}/{key}")
def debounce_delete_entries(call: Call, env_id: str, fn_id: str, key: str) -> None:
    debounce_key = _decoded(key)
    if not debounce_key:
        raise Refusal(400, "the key must be a debounce key in base64url")
    entry = (fn_id, debounce_key)
    if call.own_environment(env_id).of(Debounced).pop(entry, None) is None:
        raise missing("debounce entry")


def _decoded(key: str) -> str:
    """Return what a key holds in base64url, padded or not; empty if it is none."""
    padded = key + "=" * (-len(key) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:  # from base64 (binascii.Error) or UTF-8
        return ""


def _no_rows(call: Call) -> list[Record]:
    call.query.integer("limit", 1, low=1)
    return []


for _rows in ("buckets", "credits", "lanes", "leases", "queue", "sessions", "stats"):
    route("GET", f"/api/v1/capacity/{_rows}")(_no_rows)


@route("POST", "/api/v1/cluster/rotate-token")
def cluster_rotate_token(call: Call) -> Record:
    body = call.body()
    kind, value, key_id = body.text("kind"), body.text("new_value"), body.text("remote_key_id", "")
    if kind not in ("engine_api_key", "founder_api_key", "dashboard_jwt_secret"):
        raise Refusal(400, "kind must be engine_api_key, founder_api_key or dashboard_jwt_secret")

    def act() -> Record:
        if kind == "dashboard_jwt_secret":
            _check_secret(value)
            for users in (call.state.of(Users), call.state.of(PlatformUsers)):
                users.sessions.clear()  # their tokens were signed with the old secret
        elif not key_id or key_id == call.caller.id:
            raise Refusal(400, "remote_key_id must be the id of another key")
        else:
            keys = call.state.of(ApiKeys)
            keys.set_value(keys.require(key_id), value)
        return {"rotated_at": call.state.clock.text(), "status": "rotated"}

    return call.environment.of(Receipts).once(("rotate token",), call.idempotency_key, act)


def _check_secret(value: str) -> None:
    try:
        if len(base64.b64decode(value, validate=True)) >= _SECRET_BYTES:
            return
    except ValueError:  # binascii.Error is one
        pass
    raise Refusal(400, f"new_value must be {_SECRET_BYTES} bytes or more in base64")


@route("GET", "/api/v1/flow/emit-edges")
def flow_list_emit_edges(call: Call) -> Record:
    runs, events = call.environment.of(Runs), call.environment.of(EventLog).events
    emitted = {
        (runs[event["run_id"]].function.id, event["name"])
        for event in events
        if event.get("run_id") in runs and "entity_type" not in event
    }
    return {"edges": [{"function_id": id, "event": name} for id, name in sorted(emitted)]}


@route("GET", "/api/v1/flow/topic-edges")
def flow_list_topic_edges(call: Call) -> Record:
    edges = sorted(call.environment.of(TopicEdges))
    return {"edges": [{"function_id": id, "topic": topic} for id, topic in edges]}


@route("GET", "/api/v1/flow/stream-edges")
def flow_list_stream_edges(call: Call) -> Record:
    recorded = {
        (event["entity_type"], event["name"])
        for event in call.environment.of(EventLog).events
        if "entity_type" in event
    }
    return {"edges": [{"entity_type": kind, "event": name} for kind, name in sorted(recorded)]}
