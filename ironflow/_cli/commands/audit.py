"""Audit trails: what happened to a run, and who was allowed what."""

from __future__ import annotations

from ..screen import json_cell
from ..show import Column, Table
from ..table import INT, STRING, Argument, Call, Command, Flag, chosen
from ..times import clock_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_FROM = Flag("from", STRING, "Earliest time, RFC 3339")
_TO = Flag("to", STRING, "Latest time, RFC 3339")
_LIMIT = Flag("limit", INT, "Maximum number of events", default=50)

_RANGE_NAMES = {"from_timestamp": "from", "to_timestamp": "to", "limit": "limit"}
_TRAIL_NAMES = {"run_id": "run_id", "event_type": "type", **_RANGE_NAMES}


def _trail(session: Session) -> Any:
    from ..._rpc import in_model_names
    from ..._rpc_methods import NESTED

    reply = session.client.rpc("AuditService/GetAuditTrail", chosen(_TRAIL_NAMES, session.given))
    return in_model_names(reply, "RunAuditResponse", {**NESTED, **_NESTED})


# The model of the route's twin in REST, whose names the reply gets.
_NESTED = {"RunAuditResponse": {"events": "AuditEvent"}}


def _events(what: Column) -> Table:
    """Return the table of a trail, with a column for what it is about."""
    return Table(
        "events",
        Column("TIMESTAMP", "created_at", clock_time),
        Column("EVENT TYPE", "event_type"),
        what,
        Column("PAYLOAD", "payload", json_cell),
        total="Total: {} events",
    )


def _decision(event: Any) -> Any:
    """Return what was decided; the trail has no member of its own for it."""
    for holder in (event.get("payload"), event.get("metadata")):
        if isinstance(holder, dict):
            for name in ("decision", "effect", "result"):
                if holder.get(name):
                    return holder[name]
    return None


COMMANDS = [
    Command(
        "audit trail",
        "Show the audit trail of a run.",
        Argument("run-id", "Id of the run"),
        Flag("type", STRING, "Only events of this type, such as step.completed"),
        _FROM,
        _TO,
        _LIMIT,
        run=_trail,
        show=_events(Column("STEP ID", "step_id")),
    ),
    Command(
        "audit auth-trail",
        "Show authorization decisions.",
        Flag("org", STRING, "Id of the organization", required=True),
        Flag("key", STRING, "Only decisions on this API key"),
        Flag("action", STRING, "Only decisions on this action, such as functions:invoke"),
        _FROM,
        _TO,
        _LIMIT,
        call=Call(
            "audit_list_auth_trail",
            body={"org_id": "org", "api_key_id": "key", "action": "action", **_RANGE_NAMES},
        ),
        show=_events(Column("DECISION", "", _decision)),
    ),
]
