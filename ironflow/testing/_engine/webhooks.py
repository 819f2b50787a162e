"""Webhooks: their sources and deliveries.

Rules:

1. A provider's payload becomes an event, once for each id that the provider sends.
2. A source that was created by RPC has an id ``wh_…`` and an ingest token, which its deliveries
   carry. If it has a secret, they are signed too: a header has the hex HMAC-SHA256 of the body. Any
   other name is a source without either, which exists once it has sent something.
3. The previous secret is valid until its grace period is over or is ended.
4. A delivery that is rejected is kept, with the reason.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

from .emitting import emit
from .refusals import Refusal
from .state import Environment, Log, Record, Records, only
from .times import seconds_of, timestamp

_GRACE_SECONDS = 24 * 3600
_TOKEN_PREFIX = 8
_SHOWN = (
    "id", "name", "event_prefix", "verify_header", "verify_algorithm", "source_type", "metadata",
    "created_at", "updated_at", "verify_secret_prev_expires_at",
)  # fmt: skip


class Sources(Records):
    """The sources that were created."""

    what = "webhook source"
    prefix = "wh"
    owner: Environment

    def add(self, *, id: str = "", **members: Any) -> Record:
        source = super().add(id=id, source_type="api", **members)
        self.renew_token(source)
        return source

    def renew_token(self, source: Record) -> None:
        """Give a source a new ingest token, which ends the old one."""
        self.change(source, token=f"whtok_{secrets.token_hex(16)}")

    def set_secret(self, source: Record, secret: str, grace: float) -> None:
        """Give a source another secret, or none; the old one stays valid for some seconds."""
        expires = timestamp(self.owner.clock.now() + (grace or _GRACE_SECONDS))
        old = {"old_secret": source["secret"], "verify_secret_prev_expires_at": expires}
        self.change(source, secret=secret, **old)

    def end_old_secret(self, source: Record) -> None:
        self.change(source, old_secret="", verify_secret_prev_expires_at=None)

    def shown(self, source: Record, *, token: bool = False) -> Record:
        """Return a source without its secrets; with its token if that is asked for."""
        return {
            **only(source, _SHOWN),
            "verify_secret_set": bool(source["secret"]),
            "verify_secret_prev_set": bool(self._old_secret(source)),
            "ingest_token_prefix": source["token"][:_TOKEN_PREFIX],
            **({"ingest_token": source["token"]} if token else {}),
        }

    def has_signed(self, source: Record, signature: str, body: bytes) -> bool:
        """Return whether a delivery is signed with a secret of its source, if it has to be."""
        if not source["secret"]:
            return True
        signature = signature.rpartition("=")[2].lower()  # some write sha256= before it
        made = (
            hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            for secret in (source["secret"], self._old_secret(source))
            if secret
        )
        return signature.isascii() and any(hmac.compare_digest(signature, one) for one in made)

    def _old_secret(self, source: Record) -> str:
        expires = source.get("verify_secret_prev_expires_at")
        held = expires is not None and seconds_of(expires) > self.owner.clock.now()
        return source["old_secret"] if held else ""


class Deliveries(Log[Record, Environment]):
    """Webhook deliveries; members as in the RPC messages, and ``event``."""

    def receive(self, source: Record, external_id: str, kind: str, payload: Record) -> Record:
        """Turn a source's payload into an event, and return a model ``WebhookResult``."""
        id = source["id"]
        for delivery in self:
            if external_id and (id, external_id) == (
                delivery["source_id"],
                delivery["external_id"],
            ):
                self._note(id, external_id, "deduplicated")
                return {"status": "deduplicated", "delivery_id": delivery["id"]}
        event, run_ids = emit(
            self.owner,
            f"{source['event_prefix']}.{kind}",
            payload,
            source="webhook",
            webhook_source_id=id,
        )
        found = {"event_id": event["id"], "event": event["name"]}
        delivery = self._note(id, external_id, "accepted", **found)
        return {
            "status": "accepted",
            "delivery_id": delivery["id"],
            "event_id": event["id"],
            "run_ids": run_ids,
        }

    def rejected(self, source: Record, external_id: str, error: str) -> Refusal:
        """Record a rejected delivery, and return its refusal."""
        self._note(source["id"], external_id, "rejected", error=error)
        return Refusal(401, error)

    def _note(self, source_id: str, external_id: str, status: str, **more: str) -> Record:
        """Add a delivery and return it."""
        delivery = {
            "id": self.owner.new_id("del"),
            "source_id": source_id,
            "external_id": external_id,
            "status": status,
            "created_at": self.owner.clock.text(),
            **more,
        }
        self.append(delivery)
        return delivery


def unregistered(provider: str, moment: str = "") -> Record:
    """Return the source of a provider for which none was created."""
    source = {"id": provider, "name": provider, "event_prefix": f"webhook/{provider}"}
    return {**source, "source_type": "api", "created_at": moment}


def sources_of(environment: Environment) -> list[Record]:
    """Return the sources that were created and those that have sent something, oldest first."""
    created = environment.of(Sources)
    found = {id: created.shown(source) for id, source in created.items()}
    for delivery in environment.of(Deliveries):
        id = delivery["source_id"]
        found.setdefault(id, unregistered(id, delivery["created_at"]))
    return sorted(found.values(), key=lambda source: str(source["created_at"]))
