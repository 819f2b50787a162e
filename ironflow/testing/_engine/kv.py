"""Key-value buckets, as NATS JetStream keeps them.

Rules:

1. A bucket counts its writes: the number of a put or delete is the revision of the entry it makes.
2. A delete is an entry as well. It keeps what came before, as far as the bucket's history goes; a
   purge does not.
3. A key whose latest entry is a delete, or is older than the bucket's time to live, does not
   exist: neither for a read nor for a condition on a write.
4. ``max_bytes`` bounds everything that a bucket keeps, including its history; the size that the
   API shows counts the current values only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .refusals import Refusal
from .state import Environment, Index, Record
from .watches import Watch, Watches


class Entry(NamedTuple):
    """A ``put`` or ``delete`` of a key; a delete has an empty value."""

    revision: int
    operation: str
    value: bytes
    written: float


class Settings(NamedTuple):
    """Settings of a bucket; a limit of 0 means no limit."""

    description: str
    history: int
    ttl_seconds: int
    max_value_size: int
    max_bytes: int


class Bucket:
    """A bucket: its settings and, by key, the entries that are kept, oldest first."""

    def __init__(self, environment: Environment, name: str, settings: Settings) -> None:
        self.environment = environment
        self.name = name
        self.settings = settings
        self.created_at = environment.clock.text()
        self.revision = 0
        self.entries: dict[str, list[Entry]] = {}

    def record(self) -> Record:
        """Return the bucket as the API shows it."""
        values = self.values().values()
        record: Record = {
            "name": self.name,
            "created_at": self.created_at,
            "history": self.settings.history,
            "values": len(values),
            "bytes": sum(map(len, values)),
        }
        if self.settings.description:
            record["description"] = self.settings.description
        if self.settings.ttl_seconds:
            record["ttl_seconds"] = self.settings.ttl_seconds
        return record

    def current(self, key: str) -> Entry | None:
        """Return the latest entry of a key, None if the key does not exist."""
        kept = self._kept(key)
        return kept[-1] if kept and kept[-1].operation == "put" else None

    def values(self) -> dict[str, bytes]:
        """Return the value of each key that exists."""
        entries = ((key, self.current(key)) for key in self.entries)
        return {key: entry.value for key, entry in entries if entry}

    def put(self, key: str, value: bytes) -> int:
        """Write a key and return the revision."""
        size, total = self.settings.max_value_size, self.settings.max_bytes
        if size and len(value) > size:
            raise Refusal(413, f"the value exceeds the bucket's max_value_size, {size}")
        entries = self._with(self._kept(key), "put", value)
        if total:
            others = (self._kept(other) for other in self.entries if other != key)
            if sum(map(_size, [entries, *others])) > total:
                raise Refusal(507, f"the bucket would exceed its max_bytes, {total}")
        return self._keep(key, entries)

    def delete(self, key: str, purge: bool) -> None:
        """Mark a key as deleted."""
        self._keep(key, self._with([] if purge else self._kept(key), "delete", b""))

    def watch(self, pattern: str, wake: Callable[[], None]) -> Watch:
        """Return a watch of the keys that fit a pattern; arguments as in ``Watch``."""
        found = ((key, self.current(key)) for key in self.entries)
        current = [(key, entry) for key, entry in found if entry]
        current.sort(key=lambda item: item[1].revision)
        return Watch(("bucket", self.name), pattern, current, wake)

    def _kept(self, key: str) -> list[Entry]:
        """Return the entries of a key that have not expired."""
        entries = self.entries.get(key, [])
        if not self.settings.ttl_seconds:
            return entries
        oldest = self.environment.clock.now() - self.settings.ttl_seconds
        return [entry for entry in entries if entry.written > oldest]

    def _with(self, earlier: list[Entry], operation: str, value: bytes) -> list[Entry]:
        entry = Entry(self.revision + 1, operation, value, self.environment.clock.now())
        return [*earlier, entry][-self.settings.history :]

    def _keep(self, key: str, entries: list[Entry]) -> int:
        self.entries[key] = entries
        self.revision = entries[-1].revision
        self.environment.of(Watches).tell(("bucket", self.name), key, entries[-1])
        return self.revision


class Buckets(Index[str, Bucket, Environment]):
    """The buckets of an environment by name."""

    what = "bucket"

    def create(self, name: str, settings: Settings) -> Bucket:
        """Create a bucket, or refuse a name that is taken."""
        self.refuse_taken(name)
        self[name] = Bucket(self.owner, name, settings)
        return self[name]

    def delete(self, name: str) -> None:
        """Delete a bucket, and end its watches."""
        del self[name]
        self.owner.of(Watches).end(("bucket", name))


def _size(entries: list[Entry]) -> int:
    return sum(len(entry.value) for entry in entries)
