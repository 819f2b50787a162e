"""What operators look at: dead letters, circuit breakers, debouncing, webhook deliveries.

Rules: dead letters and open breakers are made on request (``LocalServer.dead_letter``,
``break_circuit``). Nothing is debounced here, so that list stays empty.
"""

from __future__ import annotations

import base64
import json

from .emitting import emit
from .events import EventLog
from .state import Environment, Index, Record, Records


class DeadLetters(Records):
    """Outbox rows that the server gave up on, by event id; models ``DlqListItem``."""

    what = "dead letter"
    owner: Environment

    def put(self, environment: Environment, event_id: str, error: str) -> None:
        """Add the row of an event that could not be published.

        Raises:
            KeyError: There is no such event.
        """
        event = environment.of(EventLog).find(event_id)
        if event is None:
            raise KeyError(f"no event {event_id} in environment {environment.record['name']}")
        row = {
            "id": environment.new_id("outbox"),
            "event_id": event_id,
            "environment_id": environment.id,
            "kind": "events",
            "topic": f"events:{event['name']}",
            "attempts": 10,
            "last_error": error,
            "payload": base64.b64encode(json.dumps(event["data"]).encode()).decode(),
            "created_at": event["created_at"],
            "dead_at": environment.clock.text(),
        }
        if "entity_id" in event:
            row["entity_id"] = event["entity_id"]
        self[event_id] = row


class Breakers(Records):
    """Circuit breakers by function and endpoint, ``function|endpoint``; models ``BreakerState``."""

    what = "circuit breaker"

    def open(self, function_id: str, endpoint: str, fails: int) -> None:
        """Open the breaker of a function's endpoint."""
        key = f"{function_id}|{endpoint}"
        self[key] = {
            "key": key,
            "function_id": function_id,
            "endpoint": endpoint,
            "state": "open",
            "consecutive_fails": fails,
            "last_failure": self.owner.clock.text(),
        }

    def reset(self, key: str) -> Record:
        """Close a breaker and return it."""
        breaker = self.require(key)
        breaker.update(state="closed", consecutive_fails=0)
        breaker.pop("last_failure", None)
        return breaker


class TopicEdges(set[tuple[str, str]]):
    """Which function published to which topic: function id and topic."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()


class Debounced(Index[tuple[str, str], Record, Environment]):
    """Debounced invocations by function id and debounce key."""

    what = "debounce entry"


class Deliveries(list[Record]):
    """Webhook deliveries, oldest first."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self._environment = environment

    def receive(self, provider: str, external_id: str, kind: str, payload: Record) -> Record:
        """Turn a provider's payload into an event, once for each id that the provider sends.

        Returns:
            A model ``WebhookResult``.
        """
        for delivery in self:
            if external_id and (provider, external_id) == (
                delivery["provider"],
                delivery["external"],
            ):
                self._note(provider, external_id, "deduplicated")
                return {"status": "deduplicated", "delivery_id": delivery["id"]}
        event, run_ids = emit(
            self._environment,
            f"webhook/{provider}.{kind}",
            payload,
            source="webhook",
            webhook_source_id=provider,
        )
        delivery = self._note(
            provider, external_id, "accepted", event_id=event["id"], event=event["name"]
        )
        return {
            "status": "accepted",
            "delivery_id": delivery["id"],
            "event_id": event["id"],
            "run_ids": run_ids,
        }

    def _note(self, provider: str, external_id: str, status: str, **event: str) -> Record:
        """Add a delivery and return it."""
        delivery = {
            "id": self._environment.new_id("del"),
            "provider": provider,
            "external": external_id,
            "status": status,
            "created_at": self._environment.clock.text(),
            **event,
        }
        self.append(delivery)
        return delivery
