"""Key-value buckets: names, keys and conditions on writes.

Rules:

1. Conditions are those of RFC 9110, section 13.1, on revisions instead of entity tags:
   ``If-Match`` with the revision the key must have, 0 for none; ``If-None-Match`` with ``*``
   alone.
2. Dots divide a key into parts. No part is empty or holds a wildcard of the filters.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from .._call import Call
from .._engine.kv import Bucket, Buckets, Entry, Settings
from .._engine.patterns import matches
from .._engine.refusals import Refusal, missing
from .._engine.state import Record
from .._engine.times import timestamp
from .._engine.watches import Watch
from .._http import Reply
from .._live import WatchSession, switch
from .._reading import Fields
from ._table import route

_BUCKET_NAME = re.compile(r"[A-Za-z0-9_-]+")
_KEY = re.compile(r"[^\s*>.\x00-\x1f\x7f]+(\.[^\s*>.\x00-\x1f\x7f]+)*")
_REVISION = re.compile(r'([0-9]{1,19})|"([0-9]{1,19})"')
_MAX_HISTORY = 64


@route("GET", "/api/v1/kv/buckets")
def kv_list_buckets(call: Call) -> Record:
    buckets = [bucket.record() for _, bucket in sorted(call.environment.of(Buckets).items())]
    return {"buckets": buckets, "count": len(buckets)}


@route("POST", "/api/v1/kv/buckets")
def kv_buckets(call: Call) -> Record:
    body = call.body()
    name = body.text("name")
    if not _BUCKET_NAME.fullmatch(name):
        raise Refusal(400, "name must consist of letters, digits, '-' and '_'")
    return call.environment.of(Buckets).create(name, _settings(body)).record()


@route("GET", "/api/v1/kv/buckets/{bucket}")
def kv_get_buckets(call: Call, bucket: str) -> Record:
    return _bucket(call, bucket).record()


@route("DELETE", "/api/v1/kv/buckets/{bucket}")
def kv_delete_buckets(call: Call, bucket: str) -> None:
    call.environment.of(Buckets).delete(_bucket(call, bucket).name)


@route("GET", "/api/v1/kv/buckets/{bucket}/keys")
def kv_list_buckets_keys(call: Call, bucket: str) -> Record:
    pattern = call.query.text("filter") or ">"
    keys = sorted(key for key in _bucket(call, bucket).values() if matches(pattern, key))
    return {"keys": keys, "count": len(keys)}


@route("GET", "/api/v1/kv/buckets/{bucket}/keys/{key...}")
def kv_get_buckets_keys(call: Call, bucket: str, key: str) -> Record:
    entry = _bucket(call, bucket).current(_checked(key))
    if entry is None:
        raise missing("key")
    return {**_shown(key, entry), "created_at": timestamp(entry.written)}


@route("PUT", "/api/v1/kv/buckets/{bucket}/keys/{key...}", raw=True)
def kv_update_buckets_keys(call: Call, bucket: str, key: str) -> Record:
    found = _bucket(call, bucket)
    _check_condition(call, found.current(_checked(key)))
    return {"revision": found.put(key, call.request.body)}


@route("DELETE", "/api/v1/kv/buckets/{bucket}/keys/{key...}")
def kv_delete_buckets_keys(call: Call, bucket: str, key: str) -> None:
    found, purge = _bucket(call, bucket), call.query.flag("purge")
    found.delete(_checked(key), purge)


@route("GET", "/api/v1/kv/buckets/{bucket}/watch")
def kv_list_buckets_watch(call: Call, bucket: str) -> Reply:
    if "upgrade" not in call.request.headers:
        _bucket(call, bucket)  # over WebSocket a frame says that it is missing
    buckets, pattern = call.environment.of(Buckets), call.query.text("key") or ">"

    def begin(wake: Callable[[], None]) -> Watch:
        if bucket not in buckets:
            raise missing("bucket", bucket)
        return buckets[bucket].watch(pattern, wake)

    def frame(key: str, entry: Entry) -> Record:
        return {"type": "kv_update", "bucket": bucket, **_shown(key, entry)}

    return switch(call, WatchSession(call.environment, begin, frame))


def _shown(key: str, entry: Entry) -> Record:
    value = base64.b64encode(entry.value).decode()
    return {"key": key, "value": value, "revision": entry.revision, "operation": entry.operation}


def _bucket(call: Call, name: str) -> Bucket:
    return call.environment.of(Buckets).require(name)


def _settings(body: Fields) -> Settings:
    settings = Settings(
        description=body.text("description", ""),
        history=body.integer("history", 1, low=1),
        ttl_seconds=body.integer("ttl_seconds", 0, low=0),
        max_value_size=body.integer("max_value_size", 0, low=0),
        max_bytes=body.integer("max_bytes", 0, low=0),
    )
    if settings.history > _MAX_HISTORY:
        raise Refusal(400, f"history must be at most {_MAX_HISTORY}")
    return settings


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        rule = "have no white space, '*' or '>', and no dot first, last or next to another"
        raise Refusal(400, f"key must {rule}")
    return key


def _check_condition(call: Call, entry: Entry | None) -> None:
    headers = call.request.headers
    revision, absent = headers.get("if-match"), headers.get("if-none-match")
    if revision is not None and absent is not None:
        raise Refusal(400, "If-Match and If-None-Match cannot be given together")
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
