"""Webhooks: deliveries, which need no credential, and their sources."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable
from typing import Any

from .._call import Call
from .._engine.refusals import Refusal, missing
from .._engine.state import Record
from .._engine.webhooks import Deliveries, Sources, sources_of, unregistered
from .._reading import Fields
from ._pages import window
from ._table import route

_DEFAULT_LIMIT = 50
_SERVICE = "/ironflow.v1.WebhookService"
_ALGORITHM = "hmac-sha256"


@route("POST", "/api/v1/webhooks/{provider}", raw=True, public=True)
def webhooks_create(call: Call, provider: str) -> Record:
    environments = call.state.environments.values()
    owner = next((found for found in environments if provider in found.of(Sources)), None)
    if owner is None:
        if provider.startswith(f"{Sources.prefix}_"):
            raise missing(Sources.what)
        payload, source = call.body().value, unregistered(provider)
        deliveries = call.environment.of(Deliveries)
    else:
        sources, deliveries = owner.of(Sources), owner.of(Deliveries)
        source = sources[provider]
        given = call.query.text("token").encode()
        if not hmac.compare_digest(given, source["token"].encode()):
            raise deliveries.rejected(source, "", "invalid ingest token")
        payload = call.body().value
        signature = call.request.headers.get(source["verify_header"].lower(), "")
        if not sources.has_signed(source, signature, call.request.body):
            raise deliveries.rejected(source, _text(payload.get("id")), "signature mismatch")
    kind = _text(payload.get("type")) or "received"
    return deliveries.receive(source, _text(payload.get("id")), kind, payload)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


# The sources.


@route("POST", f"{_SERVICE}/CreateWebhookSource")
def create_source(call: Call) -> Record:
    body, sources = call.body(), call.environment.of(Sources)
    secret, header = body.text("verify_secret", ""), body.text("verify_header", "")
    algorithm = body.text("verify_algorithm", "")
    if algorithm not in ("", _ALGORITHM):
        raise Refusal(400, f"verify_algorithm must be {_ALGORITHM}")
    if secret and not header:
        raise Refusal(400, "verify_header is required with verify_secret")
    source = sources.add(
        name=body.text("name"),
        event_prefix=body.text("event_prefix"),
        verify_header=header,
        verify_algorithm=algorithm or _ALGORITHM,
        metadata=body.members("metadata", {}),
        secret=secret,
        old_secret="",
    )
    return sources.shown(source, token=True)


def _changing(method: str, change: Callable[[Fields, Sources, Record], Any]) -> None:
    """Register a method that finds a source, changes it and returns it."""

    @route("POST", f"{_SERVICE}/{method}")
    def act(call: Call) -> Record:
        body, sources = call.body(), call.environment.of(Sources)
        source = sources.require(body.text("id"))
        change(body, sources, source)
        return sources.shown(source, token=method == "RotateWebhookIngestToken")


def _update(body: Fields, sources: Sources, source: Record) -> None:
    header = body.text("verify_header", "") or source["verify_header"]
    name, metadata = body.text("name"), body.members("metadata", {})
    sources.change(source, name=name, metadata=metadata, verify_header=header)


def _replace_secret(body: Fields, sources: Sources, source: Record) -> None:
    secret = body.text("verify_secret")
    sources.set_secret(source, secret, body.integer("grace_seconds", 0, low=0))


def _disable(body: Fields, sources: Sources, source: Record) -> None:
    sources.set_secret(source, "", body.integer("grace_seconds", 0, low=0))


_changing("GetWebhookSource", lambda *_: None)
_changing("UpdateWebhookSource", _update)
_changing("RotateWebhookSecret", _replace_secret)
_changing("DisableWebhookSignatureVerification", _disable)
_changing("ExpireWebhookSecretPrev", lambda _, sources, source: sources.end_old_secret(source))
_changing("RotateWebhookIngestToken", lambda _, sources, source: sources.renew_token(source))
_changing("DeleteWebhookSource", lambda _, sources, source: sources.remove(source["id"]))


# Lists.


@route("POST", f"{_SERVICE}/ListWebhookSources")
def list_sources(call: Call) -> Record:
    """The sources, the latest first."""
    sources = sources_of(call.environment)[::-1]
    shown = window(call.query, _DEFAULT_LIMIT).of(sources)
    return {"sources": shown, "total_count": len(sources)}


@route("POST", f"{_SERVICE}/ListWebhookDeliveries")
def list_deliveries(call: Call) -> Record:
    """The deliveries, newest first."""
    source_id, status = call.query.text("source_id"), call.query.text("status")
    found = [
        delivery
        for delivery in reversed(call.environment.of(Deliveries))
        if source_id in ("", delivery["source_id"]) and status in ("", delivery["status"])
    ]
    return {"deliveries": window(call.query, _DEFAULT_LIMIT).of(found), "total_count": len(found)}


@route("GET", "/api/v1/flow/webhooks")
def flow_list_webhooks(call: Call) -> Record:
    deliveries: dict[str, list[Record]] = {}
    for delivery in call.environment.of(Deliveries):
        deliveries.setdefault(delivery["source_id"], []).append(delivery)
    edges = {(d["source_id"], d["event"]) for d in call.environment.of(Deliveries) if "event" in d}
    sources = sorted(sources_of(call.environment), key=lambda source: str(source["id"]))
    return {
        "sources": [_in_flow(source, deliveries.get(source["id"], [])) for source in sources],
        "edges": [{"source_id": id, "event": event} for id, event in sorted(edges)],
    }


def _in_flow(source: Record, deliveries: list[Record]) -> Record:
    counts = Counter(delivery["status"] for delivery in deliveries)
    shown = {name: source[name] for name in ("id", "name", "source_type", "event_prefix")}
    shown["delivery_counts"] = {name: counts[name] for name in ("accepted", "failed", "rejected")}
    if deliveries:
        shown["latest_delivery_at"] = deliveries[-1]["created_at"]
        shown["latest_delivery_status"] = deliveries[-1]["status"]
    return shown
