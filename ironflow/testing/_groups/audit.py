"""The audit feed of an environment's runs, oldest first, by pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._checks import Refusal, matches_time

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._calls import Call
    from .._state import Record


def audit_list(call: Call) -> Record:
    run_id, function_id = call.query.text("run_id"), call.query.text("function_id")
    return page(
        call,
        (
            entry
            for entry in call.environment.audit
            if run_id in ("", entry["run_id"]) and function_id in ("", entry["function_id"])
        ),
    )


def page(call: Call, entries: Iterable[Record]) -> Record:
    """Return a page of audit events, a model ``RunAuditResponse``, by the query's filters."""
    event_type = call.query.text("event_type")
    first, last = call.query.moment("from"), call.query.moment("to")
    limit = call.query.integer("limit", 50, low=1)
    found = [
        entry
        for entry in entries
        if event_type in ("", entry["event_type"])
        and matches_time(entry["created_at"], first, last)
    ]
    start = _index_after(found, call.query.text("cursor"))
    shown = found[start : start + limit]
    more = start + limit < len(found)
    return {
        "events": shown,
        "total_count": len(found),
        "next_cursor": shown[-1]["id"] if more else "",
    }


def _index_after(entries: list[Record], cursor: str) -> int:
    if not cursor:
        return 0
    for index, entry in enumerate(entries):
        if entry["id"] == cursor:
            return index + 1
    raise Refusal(400, "the cursor is not one that this server gave")
