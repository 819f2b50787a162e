"""What operators look at, made on request: dead letters of the outbox, open circuit breakers."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._state import Environment, State


def put_dead_letter(state: State, environment: Environment, event_id: str, error: str) -> None:
    """Add the outbox row of an event that could not be published; a model ``DlqListItem``."""
    event = environment.event(event_id)
    if event is None:
        raise KeyError(f"no event {event_id} in environment {environment.record['name']}")
    row = {
        "id": state.new_id("outbox"),
        "event_id": event_id,
        "environment_id": environment.id,
        "kind": "event",
        "topic": event["name"],
        "attempts": 10,
        "last_error": error,
        "payload": json.dumps(event["data"]),
        "created_at": event["created_at"],
        "dead_at": state.now(),
    }
    if "entity_id" in event:
        row["entity_id"] = event["entity_id"]
    environment.dead_letters[event_id] = row


def open_breaker(
    environment: Environment, function_id: str, endpoint: str, fails: int, moment: str
) -> None:
    """Open a circuit breaker; a model ``BreakerState``, keyed as the product keys it."""
    key = base64.urlsafe_b64encode(f"{function_id}|{endpoint}".encode()).decode().rstrip("=")
    environment.breakers[key] = {
        "key": key,
        "function_id": function_id,
        "endpoint": endpoint,
        "state": "open",
        "consecutive_fails": fails,
        "last_failure": moment,
    }
