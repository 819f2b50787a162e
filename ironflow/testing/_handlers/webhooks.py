"""Webhooks: a provider's payload becomes an event, once for each id that the provider sends.

A source is there once it has sent something.
"""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.operations import Deliveries
from .._engine.state import Record
from ._pages import window
from ._table import route

_DEFAULT_LIMIT = 50


@route("POST", "/api/v1/webhooks/{provider}", raw=True)
def webhooks_create(call: Call, provider: str) -> Record:
    payload = call.body().value
    kind = _text(payload.get("type")) or "received"
    deliveries = call.environment.of(Deliveries)
    return deliveries.receive(provider, _text(payload.get("id")), kind, payload)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@route("POST", "/ironflow.v1.WebhookService/ListWebhookSources")
def list_sources(call: Call) -> Record:
    """The providers that have sent something, the latest first."""
    first: dict[str, str] = {}
    for delivery in call.environment.of(Deliveries):
        first.setdefault(delivery["provider"], delivery["created_at"])
    sources = [
        {
            "id": provider,
            "name": provider,
            "event_prefix": f"webhook/{provider}",
            "source_type": "api",
            "created_at": moment,
        }
        for provider, moment in reversed(list(first.items()))
    ]
    shown = window(call.query, _DEFAULT_LIMIT).of(sources)
    return {"sources": shown, "total_count": len(sources)}


@route("POST", "/ironflow.v1.WebhookService/ListWebhookDeliveries")
def list_deliveries(call: Call) -> Record:
    """The deliveries, newest first."""
    source_id, status = call.query.text("source_id"), call.query.text("status")
    found = [
        {**delivery, "source_id": delivery["provider"], "external_id": delivery["external"]}
        for delivery in reversed(call.environment.of(Deliveries))
        if source_id in ("", delivery["provider"]) and status in ("", delivery["status"])
    ]
    return {"deliveries": window(call.query, _DEFAULT_LIMIT).of(found), "total_count": len(found)}
