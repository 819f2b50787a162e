"""The audit feed of runs and the trail of authentication, newest first, by pages."""

from __future__ import annotations

from collections.abc import Iterable

from .._call import Call
from .._engine.auth_trail import AuthTrail
from .._engine.runs import Runs
from .._engine.state import Record
from .._engine.times import is_within
from ._pages import unknown_cursor
from ._table import route

_DEFAULT_LIMIT = 50
_RETENTION_DAYS = 90  # only reported: nothing is deleted


@route("GET", "/api/v1/audit")
def audit_list(call: Call) -> Record:
    run_id, function_id = call.query.text("run_id"), call.query.text("function_id")
    return page(
        call,
        (
            entry
            for entry in reversed(call.environment.of(Runs).audit)
            if run_id in ("", entry["run_id"]) and function_id in ("", entry["function_id"])
        ),
    )


@route("POST", "/ironflow.v1.AuditService/GetAuthAuditTrail")
def get_auth_audit_trail(call: Call) -> Record:
    """Decisions about the credentials of an organization, newest first."""
    query, org_id = call.query, call.organization_id(call.query.text("org_id"))
    key_id, action = query.text("api_key_id"), query.text("action")
    return page(
        call,
        (
            entry
            for entry in reversed(call.state.of(AuthTrail))
            if entry["org_id"] == org_id
            and key_id in ("", entry["payload"]["key"])
            and action in ("", entry["payload"]["action"])
        ),
    )


def page(call: Call, entries: Iterable[Record], *, least: int = 1) -> Record:
    """Return a page of audit events, a model ``RunAuditResponse``; 0 is the default limit."""
    event_type = call.query.text("event_type")
    first, last = call.query.moment("from"), call.query.moment("to")
    limit = call.query.integer("limit", 0, low=least) or _DEFAULT_LIMIT
    found = [
        entry
        for entry in entries
        if event_type in ("", entry["event_type"], entry["event_type"].partition("platform.")[2])
        and is_within(entry["created_at"], first, last)
    ]
    start = _index_after(found, call.query.text("cursor"))
    shown = found[start : start + limit]
    more = start + limit < len(found)
    return {
        "events": shown,
        "total_count": len(found),
        "next_cursor": shown[-1]["id"] if more else "",
        "retention_days": _RETENTION_DAYS,
    }


def _index_after(entries: list[Record], cursor: str) -> int:
    if not cursor:
        return 0
    for index, entry in enumerate(entries):
        if entry["id"] == cursor:
            return index + 1
    raise unknown_cursor()
