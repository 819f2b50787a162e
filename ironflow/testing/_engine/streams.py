"""Entity streams: their events and snapshots.

Rules:

1. A stream's version is the number of its events. An append that expects another version is a 409
   and changes nothing; so is one with another entity type than that of the first event.
2. An idempotency key that was used before returns the first receipt, whatever version the append
   expects.
"""

from __future__ import annotations

from typing import Any

from .emitting import emit
from .refusals import Refusal
from .state import Environment, Index, Receipts, Record

ANY_VERSION = -1


class Stream:
    """The events of one entity.

    Attributes:
        entity_id, entity_type: The entity.
        events: Its events, oldest first; models ``Event``. A stored stream has at least one.
        snapshots: Models ``GetSnapshotResponse``, oldest first.
    """

    def __init__(self, environment: Environment, entity_id: str, entity_type: str) -> None:
        self.environment = environment
        self.entity_id = entity_id
        self.entity_type = entity_type
        self.events: list[Record] = []
        self.snapshots: list[Record] = []

    @property
    def version(self) -> int:
        return len(self.events)

    @property
    def created_at(self) -> str:
        return str(self.events[0]["timestamp"])

    @property
    def updated_at(self) -> str:
        return str(self.events[-1]["timestamp"])

    def take_snapshot(self, entity_type: str, version: int, content: Record) -> Record:
        """Store a snapshot and return it."""
        self.refuse_other_type(entity_type)
        snapshot = {
            "snapshot_id": self.environment.new_id("snap"),
            "entity_id": self.entity_id,
            "entity_type": entity_type,
            "entity_version": version,
            "state": content,
            "created_at": self.environment.clock.text(),
        }
        self.snapshots.append(snapshot)
        return snapshot

    def refuse_other_type(self, entity_type: str) -> None:
        """Refuse another entity type than the stream's."""
        if entity_type != self.entity_type:
            raise Refusal(409, f"the stream's entity_type is {self.entity_type}, not {entity_type}")


class Streams(Index[str, Stream, Environment]):
    """The streams of an environment by entity id."""

    what = "stream"


def append(
    environment: Environment,
    entity_id: str,
    entity_type: str,
    name: str,
    data: Any,
    *,
    expected: int = ANY_VERSION,
    key: str = "",
    **members: Any,
) -> Record:
    """Append an event to a stream and return its receipt.

    The receipt is a model ``AppendEventResponse``, and the event's number in the log.
    """
    streams = environment.of(Streams)
    stream = streams.get(entity_id) or Stream(environment, entity_id, entity_type)

    def act() -> Record:
        stream.refuse_other_type(entity_type)
        if expected not in (ANY_VERSION, stream.version):
            raise Refusal(
                409, f"version conflict: expected {expected}, the stream is at {stream.version}"
            )
        event, _ = emit(
            environment,
            name,
            data,
            entity_id=entity_id,
            entity_type=entity_type,
            entity_version=stream.version + 1,
            idempotency_key=key or None,
            **members,
        )
        stream.events.append(event)
        streams[entity_id] = stream
        receipt = {"event_id": event["id"], "entity_version": stream.version}
        return {**receipt, "sequence": event["nats_seq"]}

    return environment.of(Receipts).once(("append", entity_id), key, act)
