"""Webhooks: a provider's payload becomes an event, once for each id that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._events import record_event

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record


def webhooks_create(call: Call, provider: str) -> Record:
    payload, environment = call.body().value, call.environment
    external_id = _text(payload.get("id"))
    for delivery in environment.deliveries:
        if external_id and (provider, external_id) == (delivery["provider"], delivery["external"]):
            return {"status": "deduplicated", "delivery_id": delivery["id"]}
    event, run_ids = record_event(
        call.state,
        environment,
        f"webhook/{provider}.{_text(payload.get('type')) or 'received'}",
        payload,
        source="webhook",
        webhook_source_id=provider,
    )
    delivery = {
        "id": call.state.new_id("del"),
        "provider": provider,
        "external": external_id,
        "status": "accepted",
        "event_id": event["id"],
        "event": event["name"],
        "created_at": event["created_at"],
    }
    environment.deliveries.append(delivery)
    return {
        "status": "accepted",
        "delivery_id": delivery["id"],
        "event_id": event["id"],
        "run_ids": run_ids,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
