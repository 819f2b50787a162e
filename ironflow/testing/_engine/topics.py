"""The developer topics of an environment: what was published on each."""

from __future__ import annotations

from .state import Environment, Index, Record


class Topics(Index[str, Record, Environment]):
    """The topics by name, with their figures; members as in the RPC messages."""

    what = "topic"

    def count(self, name: str, sequence: int) -> None:
        """Count a message on a topic."""
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
