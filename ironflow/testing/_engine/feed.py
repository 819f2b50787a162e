"""The latest messages of an environment, in the order of publishing, for subscribers to read.

Rules:

1. A message has every topic that it can be subscribed to by: an event of an entity stream is one
   message with ``events:<name>`` and ``entity:<type>.<id>.<name>``.
2. Its data is JSON text, made when it is published, because the record may change later.
3. The latest ``MAX_MESSAGES`` are kept, and at most ``MAX_BYTES`` of data together, but always the
   very latest. The figures of the topics count all of them.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, NamedTuple

from .state import Environment, Index, Record

MAX_MESSAGES = 10_000
MAX_BYTES = 64 * 1024 * 1024


class Message(NamedTuple):
    """A message.

    Attributes:
        id: Its id; that of the event if it is one.
        topics: Rule 1.
        data: Rule 2.
        sequence: Its number among events and topics, or among messages of the system.
        position: Its number in the feed.
    """

    id: str
    topics: tuple[str, ...]
    data: str
    sequence: int
    position: int


class Feed:
    """The messages of an environment.

    Attributes:
        end: Position of the next message.
    """

    def __init__(self, environment: Environment) -> None:
        self.end = 0
        self._messages: deque[Message] = deque()
        self._size = 0
        self._told = 0

    @property
    def start(self) -> int:
        """Position of the oldest message that is kept."""
        return self.end - len(self._messages)

    def add(self, id: str, topics: tuple[str, ...], data: Any, sequence: int) -> None:
        text = json.dumps(data, separators=(",", ":"))
        self._messages.append(Message(id, topics, text, sequence, self.end))
        self.end += 1
        self._size += len(text)
        while len(self._messages) > 1 and (
            len(self._messages) > MAX_MESSAGES or self._size > MAX_BYTES
        ):
            self._size -= len(self._messages.popleft().data)

    def add_told(self, topic: str, data: Any) -> None:
        """Add a message of the system; these have sequence numbers of their own."""
        self._told += 1
        self.add(f"sys_{self._told}", (topic,), data, self._told)

    def at(self, position: int) -> Message:
        """Return the message at a position that is kept."""
        return self._messages[position - self.start]


class Topics(Index[str, Record, Environment]):
    """The topics by name, with their figures; members as in the RPC messages."""

    what = "topic"

    def count(self, name: str, sequence: int) -> None:
        moment = self.owner.clock.text()
        first = {
            "name": name,
            "message_count": 0,
            "first_seq": sequence,
            "first_message_at": moment,
        }
        topic = self.setdefault(name, first)
        topic["message_count"] += 1
        topic.update(last_seq=sequence, last_message_at=moment)
