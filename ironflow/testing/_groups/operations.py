"""What operators look at: dead letters, circuit breakers, debouncing, capacity, the flow graph.

Rules: dead letters and open breakers are made on request (``LocalServer.dead_letter``,
``break_circuit``). Nothing is debounced here and nothing waits for capacity, so those lists stay
empty, and what a function emits or publishes is not traced.
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import TYPE_CHECKING

from .. import _access
from .._checks import Refusal, find, missing
from .._pages import window

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Environment, Record


def outbox_list_dead_letter(call: Call) -> Record:
    asked = window(call.query, 50, max_limit=500)
    rows = sorted(_outbox(call).dead_letters.values(), key=lambda row: row["dead_at"])
    return {"items": asked.of(rows[::-1]), **asked._asdict()}


def outbox_dead_letter_requeue(call: Call, event_id: str) -> Record:
    call.optional_body()
    return _taken(call, event_id, "requeued")


def outbox_delete_dead_letter(call: Call, event_id: str) -> Record:
    return _taken(call, event_id, "discarded")


def _outbox(call: Call) -> Environment:
    named = call.query.text("env")
    return call.environment_named(named) if named else call.environment


def _taken(call: Call, event_id: str, result: str) -> Record:
    if _outbox(call).dead_letters.pop(event_id, None) is None:
        raise missing("dead letter")
    return {"event_id": event_id, "result": result}


def circuit_breakers_list(call: Call) -> list[Record]:
    return list(call.environment.breakers.values())


def circuit_breakers_reset(call: Call, key: str) -> Record:
    call.optional_body()
    breaker = find(call.environment.breakers, key, "circuit breaker")
    breaker.update(state="closed", consecutive_fails=0)
    breaker.pop("last_failure", None)
    return breaker


def debounce_list_entries(call: Call) -> list[Record]:
    return list(call.environment.debounced.values())


def debounce_delete_entries(call: Call, env_id: str, fn_id: str, key: str) -> None:
    entry = (fn_id, _debounce_key(key))
    environment = _access.own_environment(call.state, call.caller.org_id, env_id)
    if environment.debounced.pop(entry, None) is None:
        raise missing("debounce entry")


def _debounce_key(encoded: str) -> str:
    padded = encoded + "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except ValueError:  # of base64 (binascii.Error), and of UTF-8
        raise Refusal(400, "the key must be a debounce key in base64url") from None


def _no_rows(call: Call) -> list[Record]:
    call.query.integer("limit", 1, low=1)
    return []


capacity_list_buckets = capacity_list_credits = capacity_list_lanes = _no_rows
capacity_list_leases = capacity_list_queue = capacity_list_sessions = _no_rows
capacity_list_stats = _no_rows


def cluster_rotate_token(call: Call) -> Record:
    body = call.body()
    body.text("kind")
    body.text("new_value")
    body.text("remote_key_id", None)
    key = call.request.headers.get("idempotency-key", "")
    rotated = {"rotated_at": call.state.now(), "status": "rotated"}
    return call.environment.once(("cluster_rotate_token",), key, lambda: rotated)


def flow_list_emit_edges(call: Call) -> Record:
    return {"edges": []}


flow_list_topic_edges = flow_list_emit_edges


def flow_list_stream_edges(call: Call) -> Record:
    recorded = {
        (event["entity_type"], event["name"])
        for event in call.environment.events
        if "entity_type" in event
    }
    return {"edges": [{"entity_type": kind, "event": name} for kind, name in sorted(recorded)]}


def flow_list_webhooks(call: Call) -> Record:
    deliveries: dict[str, list[Record]] = {}
    for delivery in call.environment.deliveries:
        deliveries.setdefault(delivery["provider"], []).append(delivery)
    edges = {(d["provider"], d["event"]) for d in call.environment.deliveries}
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
