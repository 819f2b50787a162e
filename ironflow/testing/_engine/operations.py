"""What operators look at: dead letters, circuit breakers, debouncing, topics.

Rules: dead letters and open breakers are made on request (``LocalServer.dead_letter``,
``break_circuit``). Nothing is debounced here, so that list stays empty.
"""

from __future__ import annotations

import base64
import json

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
        event = environment.of(EventLog).by_id.get(event_id)
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
        self.pop(event_id, None)  # it is the newest again
        self[event_id] = row


class Breakers(Records):
    """Circuit breakers by function and endpoint, ``function|endpoint``; models ``BreakerState``."""

    what = "circuit breaker"

    def open(self, function_id: str, endpoint: str, fails: int) -> None:
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


class TopicEdges(Index[tuple[str, str], None, Environment]):
    """Which function published to which topic: function id and topic."""

    def add(self, function_id: str, topic: str) -> None:
        self[function_id, topic] = None


class Debounced(Index[tuple[str, str], Record, Environment]):
    """Debounced invocations by function id and debounce key."""

    what = "debounce entry"
