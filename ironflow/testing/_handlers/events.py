"""The event log: emitting, and reading it newest first by keyset pages.

Rules: a page starts at a position in the log (``cursor`` for older events, ``before`` for newer
ones), not at an offset, so that new events do not move it. The first page has no ``prev_cursor``.
"""

from __future__ import annotations

import base64
import json
from collections import Counter

from .._call import Call
from .._engine.emitting import emit, refuse_reserved
from .._engine.events import EventLog
from .._engine.refusals import Refusal, missing
from .._engine.state import Record, only
from .._engine.times import is_within
from ._pages import unknown_cursor
from ._table import route

_MEMBERS = (
    "created_at", "data", "entity_id", "entity_type", "id", "idempotency_key", "metadata", "name",
    "processed", "run_id", "source", "timestamp",
)  # fmt: skip
_DEFAULT_LIMIT = 20
_MAX_LIMIT = 200
_SCAN_CAP = 10_000


@route("POST", "/api/v1/events")
def events_create(call: Call) -> Record:
    body = call.body()
    name = body.text("name")
    refuse_reserved(name, "name")
    event, run_ids = emit(
        call.environment,
        name,
        body.members("data", {}),
        version=body.integer("version", 1, low=1),
        metadata=body.members("metadata", None),
        run_id=call.run_id,
    )
    return {"event_id": event["id"], "run_ids": run_ids}


@route("GET", "/api/v1/events/{id}")
def events_get(call: Call, id: str) -> Record:
    event = call.environment.of(EventLog).by_id.get(id)
    if event is None:
        raise missing("event")
    return _public(event)


@route("GET", "/api/v1/events")
def events_list(call: Call) -> Record:
    limit = call.query.integer("limit", _DEFAULT_LIMIT, low=1, high=_MAX_LIMIT, clamp=True)
    cursor, before = call.query.text("cursor"), call.query.text("before")
    if cursor and before:
        raise Refusal(400, "cursor and before cannot be given together")
    found = _filtered(call)  # oldest first
    total = len(found)
    if before:
        newer = [event for event in found if event["nats_seq"] > _position(before)]
        page = newer[:limit]
        has_next, has_prev = len(newer) < total, len(newer) > limit
    else:
        older = [e for e in found if e["nats_seq"] < _position(cursor)] if cursor else found
        page = older[-limit:]
        has_next, has_prev = len(older) > limit, len(older) < total
    reply: Record = {
        "events": [_public(event) for event in reversed(page)],
        "count": len(page),
        "limit": limit,
        "has_next": has_next,
        "has_prev": has_prev,
        "approx_total": total,
        "approx_total_capped": False,
    }
    # An empty page can have a next one: its cursor is then made from the page's own position.
    if has_next:
        reply["next_cursor"] = _cursor(page[0]["nats_seq"] if page else _position(before) + 1)
    if has_prev:
        reply["prev_cursor"] = _cursor(page[-1]["nats_seq"] if page else _position(cursor) - 1)
    return reply


@route("GET", "/api/v1/events/names")
def events_list_names(call: Call) -> Record:
    found = _filtered(call)
    scanned = found[-_SCAN_CAP:]
    counts = Counter(event["name"] for event in scanned)
    return {
        "names": [{"name": name, "count": count} for name, count in sorted(counts.items())],
        "scan_cap": _SCAN_CAP,
        "scanned": len(scanned),
        "truncated": len(scanned) < len(found),
    }


def _filtered(call: Call) -> list[Record]:
    query = call.query
    part, search = query.text("name"), query.text("search").lower()
    names, sources = query.texts("names"), query.texts("source")
    since, until = query.moment("since"), query.moment("until")
    return [
        event
        for event in call.environment.of(EventLog).events
        if part in event["name"]
        and (not names or event["name"] in names)
        and (not sources or event["source"] in sources)
        and is_within(event["timestamp"], since, until)
        and (not search or search in _text(event))
    ]


def _text(event: Record) -> str:
    searched = [event["id"], event["name"], event["data"], event.get("entity_id", "")]
    return json.dumps(searched, ensure_ascii=False).lower()


def _public(event: Record) -> Record:
    return {"data": None, **only(event, _MEMBERS)}


def _cursor(sequence: int) -> str:
    return base64.urlsafe_b64encode(f"seq:{sequence}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        kind, _, number = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if kind == "seq":
            return int(number[:20])
    except ValueError:  # from base64 (binascii.Error), UTF-8 or int
        pass
    raise unknown_cursor()
