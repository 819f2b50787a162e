"""What operators look at: dead letters, circuit breakers, debouncing, capacity, flow graph.

Rules: nothing waits for capacity here, so those lists stay empty, and what a function emits or
publishes is not traced.
"""

from __future__ import annotations

import base64
from collections import Counter

from .._call import Call
from .._engine.events import EventLog
from .._engine.operations import Breakers, DeadLetters, Debounced, Deliveries
from .._engine.refusals import Refusal, missing
from .._engine.state import Receipts, Record
from ._pages import window
from ._table import route


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
    named = call.query.text("env")
    environment = call.environment_named(named) if named else call.environment
    return environment.of(DeadLetters)


def _removed(call: Call, event_id: str, result: str) -> Record:
    dead_letters = _dead_letters(call)
    dead_letters.require(event_id)
    dead_letters.remove(event_id)
    return {"event_id": event_id, "result": result}


@route("GET", "/api/v1/circuit-breakers")
def circuit_breakers_list(call: Call) -> list[Record]:
    return list(call.environment.of(Breakers).values())


@route("POST", "/api/v1/circuit-breakers/{key}/reset")
def circuit_breakers_reset(call: Call, key: str) -> Record:
    call.optional_body()
    return call.environment.of(Breakers).reset(key)


@route("GET", "/api/v1/debounce/entries")
def debounce_list_entries(call: Call) -> list[Record]:
    return list(call.environment.of(Debounced).values())


@route("DELETE", "/api/v1/debounce/entries/{envID}/{fnID}/{key}")
def debounce_delete_entries(call: Call, env_id: str, fn_id: str, key: str) -> None:
    entry = (fn_id, _debounce_key(key))
    if call.own_environment(env_id).of(Debounced).pop(entry, None) is None:
        raise missing("debounce entry")


def _debounce_key(encoded: str) -> str:
    padded = encoded + "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:  # from base64 (binascii.Error) or UTF-8
        pass
    raise Refusal(400, "the key must be a debounce key in base64url")


@route("GET", "/api/v1/capacity/buckets")
@route("GET", "/api/v1/capacity/credits")
@route("GET", "/api/v1/capacity/lanes")
@route("GET", "/api/v1/capacity/leases")
@route("GET", "/api/v1/capacity/queue")
@route("GET", "/api/v1/capacity/sessions")
@route("GET", "/api/v1/capacity/stats")
def _no_rows(call: Call) -> list[Record]:
    call.query.integer("limit", 1, low=1)
    return []


@route("POST", "/api/v1/cluster/rotate-token")
def cluster_rotate_token(call: Call) -> Record:
    body = call.body()
    body.text("kind")
    body.text("new_value")
    body.text("remote_key_id", None)
    rotated = {"rotated_at": call.state.clock.text(), "status": "rotated"}
    receipts = call.environment.of(Receipts)
    return receipts.once(("rotate token",), call.idempotency_key, lambda: rotated)


@route("GET", "/api/v1/flow/emit-edges")
@route("GET", "/api/v1/flow/topic-edges")
def flow_list_emit_edges(call: Call) -> Record:
    return {"edges": []}


@route("GET", "/api/v1/flow/stream-edges")
def flow_list_stream_edges(call: Call) -> Record:
    recorded = {
        (event["entity_type"], event["name"])
        for event in call.environment.of(EventLog).events
        if "entity_type" in event
    }
    return {"edges": [{"entity_type": kind, "event": name} for kind, name in sorted(recorded)]}


@route("GET", "/api/v1/flow/webhooks")
def flow_list_webhooks(call: Call) -> Record:
    deliveries: dict[str, list[Record]] = {}
    for delivery in call.environment.of(Deliveries):
        deliveries.setdefault(delivery["provider"], []).append(delivery)
    edges = {(d["provider"], d["event"]) for d in call.environment.of(Deliveries) if "event" in d}
    return {
        "sources": [_source(provider, found) for provider, found in sorted(deliveries.items())],
        "edges": [{"source_id": provider, "event": event} for provider, event in sorted(edges)],
    }


def _source(provider: str, deliveries: list[Record]) -> Record:
    counts = Counter(delivery["status"] for delivery in deliveries)
    return {
        "id": provider,
        "name": provider,
        "source_type": "api",
        "event_prefix": f"webhook/{provider}",
        "delivery_counts": {name: counts[name] for name in ("accepted", "failed", "rejected")},
        "latest_delivery_at": deliveries[-1]["created_at"],
        "latest_delivery_status": deliveries[-1]["status"],
    }
