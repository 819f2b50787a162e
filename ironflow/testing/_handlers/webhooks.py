"""Webhooks: a provider's payload becomes an event, once for each id that the provider sends."""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.operations import Deliveries
from .._engine.state import Record
from ._table import route


@route("POST", "/api/v1/webhooks/{provider}", raw=True)
def webhooks_create(call: Call, provider: str) -> Record:
    payload = call.body().value
    kind = _text(payload.get("type")) or "received"
    deliveries = call.environment.of(Deliveries)
    return deliveries.receive(provider, _text(payload.get("id")), kind, payload)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
