"""The event log of an environment; ``emitting`` says what an event sets off."""

from __future__ import annotations

from typing import Any

from .state import Environment, Record


class EventLog:
    """All events of an environment, oldest first; models ``Event``.

    Attributes:
        events: The events.
        by_id: The same, by their ids.
        sequence: Number of the latest event or message: messages on topics are numbered with the
            events, but not kept.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.events: list[Record] = []
        self.sequence = 0
        self.by_id: dict[str, Record] = {}

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def append(self, name: str, data: Any, source: str, version: int, members: Record) -> Record:
        """Add an event and return it; ``members`` that are None are left out."""
        moment = self.environment.clock.text()
        event: Record = {
            "id": self.environment.new_id("evt"),
            "environment_id": self.environment.id,
            "name": name,
            "data": data,
            "version": version,
            "source": source,
            "processed": True,
            "nats_seq": self.next_sequence(),
            "timestamp": moment,
            "created_at": moment,
            **{member: value for member, value in members.items() if value is not None},
        }
        self.keep(event)
        return event

    def keep(self, event: Record) -> None:
        """Add an event that is complete."""
        self.events.append(event)
        self.by_id[event["id"]] = event
