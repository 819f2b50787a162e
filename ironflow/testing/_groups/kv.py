"""Key-value buckets, as NATS JetStream keeps them.

Rules:

1. A bucket counts its writes: the number of a put or delete is the revision of the entry it makes.
2. A delete is an entry as well. It keeps what came before, as far as the bucket's history goes; a
   purge does not.
3. A key whose latest entry is a delete, or is older than the bucket's time to live, does not exist:
   neither for a read nor for a condition on a write.
4. Conditions are those of RFC 9110, section 13.1, on revisions instead of entity tags: ``If-Match``
   with the revision the key must have, 0 for none; ``If-None-Match`` with ``*`` alone.
5. ``max_bytes`` bounds all that a bucket keeps, its history too; what is told of a bucket counts
   the current values alone.
6. Dots divide a key into parts, none of them empty and none with a wildcard of the filters in it.
"""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from .._checks import Refusal, find, matches, missing, taken, timestamp
from .._upgrades import upgrade_required

if TYPE_CHECKING:
    from .._calls import Call
    from .._checks import Fields
    from .._http import Reply
    from .._state import Record

_BUCKET_NAME = re.compile(r"[A-Za-z0-9_-]+")
_KEY = re.compile(r"[^\s*>.\x00-\x1f\x7f]+(\.[^\s*>.\x00-\x1f\x7f]+)*")
_REVISION = re.compile(r'([0-9]{1,19})|"([0-9]{1,19})"')
_MAX_HISTORY = 64


class _Entry(NamedTuple):
    """A ``put`` or ``delete`` of a key; a delete has an empty value."""

    revision: int
    operation: str
    value: bytes
    written: float


class _Bucket:
    """A bucket: its settings and, by key, the entries that are kept, oldest first."""

    def __init__(self, settings: Fields, name: str, created_at: str) -> None:
        self.name = name
        self.created_at = created_at
        self.description = settings.text("description", "")
        self.history = settings.integer("history", 1, low=1)
        self.ttl_seconds = settings.integer("ttl_seconds", 0, low=0)
        self.max_value_size = settings.integer("max_value_size", 0, low=0)
        self.max_bytes = settings.integer("max_bytes", 0, low=0)
        if self.history > _MAX_HISTORY:
            raise Refusal(400, f"history must be at most {_MAX_HISTORY}")
        self.revision = 0
        self.entries: dict[str, list[_Entry]] = {}

    def kept(self, key: str) -> list[_Entry]:
        """Return the entries of a key that have not expired."""
        entries = self.entries.get(key, [])
        if not self.ttl_seconds:
            return entries
        oldest = time.time() - self.ttl_seconds
        return [entry for entry in entries if entry.written > oldest]

    def current(self, key: str) -> _Entry | None:
        """Return the entry of a key that exists."""
        kept = self.kept(key)
        return kept[-1] if kept and kept[-1].operation == "put" else None

    def values(self) -> dict[str, bytes]:
        """Return the value of each key that exists."""
        entries = ((key, self.current(key)) for key in self.entries)
        return {key: entry.value for key, entry in entries if entry}

    def put(self, key: str, value: bytes) -> int:
        """Write a key and return the revision."""
        entries = self._with(self.kept(key), "put", value)
        if self.max_bytes:
            others = (self.kept(other) for other in self.entries if other != key)
            if sum(map(_size, [entries, *others])) > self.max_bytes:
                raise Refusal(507, f"the bucket would exceed its max_bytes, {self.max_bytes}")
        return self._keep(key, entries)

    def delete(self, key: str, purge: bool) -> None:
        """Mark a key as deleted."""
        self._keep(key, self._with([] if purge else self.kept(key), "delete", b""))

    def _with(self, earlier: list[_Entry], operation: str, value: bytes) -> list[_Entry]:
        entry = _Entry(self.revision + 1, operation, value, time.time())
        return [*earlier, entry][-self.history :]

    def _keep(self, key: str, entries: list[_Entry]) -> int:
        self.entries[key] = entries
        self.revision = entries[-1].revision
        return self.revision


def kv_list_buckets(call: Call) -> Record:
    buckets = [_shown(bucket) for _, bucket in sorted(call.environment.buckets.items())]
    return {"buckets": buckets, "count": len(buckets)}


def kv_buckets(call: Call) -> Record:
    body = call.body()
    name = body.text("name")
    if not _BUCKET_NAME.fullmatch(name):
        raise Refusal(400, "name must consist of letters, digits, '-' and '_'")
    buckets = call.environment.buckets
    if name in buckets:
        raise taken("bucket", name)
    buckets[name] = _Bucket(body, name, call.state.now())
    return _shown(buckets[name])


def kv_get_buckets(call: Call, bucket: str) -> Record:
    return _shown(_bucket(call, bucket))


def kv_delete_buckets(call: Call, bucket: str) -> None:
    del call.environment.buckets[_bucket(call, bucket).name]


def kv_list_buckets_keys(call: Call, bucket: str) -> Record:
    pattern = call.query.text("filter") or ">"
    keys = sorted(key for key in _bucket(call, bucket).values() if matches(pattern, key))
    return {"keys": keys, "count": len(keys)}


def kv_get_buckets_keys(call: Call, bucket: str, key: str) -> Record:
    entry = _bucket(call, bucket).current(_checked(key))
    if entry is None:
        raise missing("key")
    return {
        "key": key,
        "value": base64.b64encode(entry.value).decode(),
        "revision": entry.revision,
        "operation": entry.operation,
        "created_at": timestamp(entry.written),
    }


def kv_update_buckets_keys(call: Call, bucket: str, key: str) -> Record:
    found, value = _bucket(call, bucket), call.request.body
    _check_condition(call, found.current(_checked(key)))
    if found.max_value_size and len(value) > found.max_value_size:
        raise Refusal(413, f"the value exceeds the bucket's max_value_size, {found.max_value_size}")
    return {"revision": found.put(key, value)}


def kv_delete_buckets_keys(call: Call, bucket: str, key: str) -> None:
    found, purge = _bucket(call, bucket), call.query.flag("purge")
    found.delete(_checked(key), purge)


def kv_list_buckets_watch(call: Call, bucket: str) -> Reply:
    _bucket(call, bucket)
    return upgrade_required(call)


def _bucket(call: Call, name: str) -> _Bucket:
    bucket: _Bucket = find(call.environment.buckets, name, "bucket")
    return bucket


def _shown(bucket: _Bucket) -> Record:
    values = bucket.values().values()
    record: Record = {
        "name": bucket.name,
        "created_at": bucket.created_at,
        "history": bucket.history,
        "values": len(values),
        "bytes": sum(map(len, values)),
    }
    if bucket.description:
        record["description"] = bucket.description
    if bucket.ttl_seconds:
        record["ttl_seconds"] = bucket.ttl_seconds
    return record


def _size(entries: list[_Entry]) -> int:
    return sum(len(entry.value) for entry in entries)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        rule = "have no white space, '*' or '>', and no dot first, last or next to another"
        raise Refusal(400, f"key must {rule}")
    return key


def _check_condition(call: Call, entry: _Entry | None) -> None:
    headers = call.request.headers
    revision, absent = headers.get("if-match"), headers.get("if-none-match")
    if revision is not None and absent is not None:
        raise Refusal(400, "If-Match and If-None-Match can not be given together")
    if absent is not None:
        if absent != "*":
            raise Refusal(400, "If-None-Match must be *")
        if entry is not None:
            raise Refusal(412, "key already exists")
    if revision is not None:
        number = _REVISION.fullmatch(revision)
        if number is None:
            raise Refusal(400, "If-Match must be a revision, which is a whole number")
        if int(number[1] or number[2]) != (entry.revision if entry else 0):
            raise Refusal(412, "revision mismatch")
