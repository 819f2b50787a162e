"""What operators look at: circuit breakers, debouncing, the outbox."""

from __future__ import annotations

from ..errors import CommandError
from ..screen import shown
from ..show import Column, Table, Text
from ..table import BOOL, INT, NEEDED, SEVERAL, STRING, Argument, Call, Command, Flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

_ENV = Flag("env", STRING, "Environment name", shown="IRONFLOW_ENV; one of them is needed")
_EVENT = Argument("event-id", "Id of the event of the dead letter")


def _reset(session: Session) -> Any:
    """Reset the breaker of an endpoint, or every breaker of a function."""
    wanted = session.given["endpoint_or_function"]
    member = "endpoint" if "://" in wanted else "function_id"
    found = [one for one in session.client.circuit_breakers_list() if one.get(member) == wanted]
    if not found:
        raise CommandError(f"no circuit breaker for {shown(wanted)}", "NOT_FOUND")
    reset = [session.call("circuit_breakers_reset", _breaker_key(one["key"])) for one in found]
    return reset[0] if len(reset) == 1 else reset


def _breaker_key(key: str) -> str:
    """Return a key as a path has it: newer servers list the plain one, older ones do not."""
    return _base64url(key) if "|" in key else key


def _base64url(text: str) -> str:
    import base64

    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _show_reset(session: Session, reply: Any) -> Iterable[str]:
    breakers = reply if isinstance(reply, list) else [reply]
    wanted = shown(session.given["endpoint_or_function"])
    if len(breakers) == 1:
        return [f"Reset circuit breaker of {wanted} (state: {_state(breakers[0])})"]
    return [f"Reset {len(breakers)} circuit breakers of {wanted}"]


def _state(breaker: Any) -> str:
    return shown(breaker.get("state") if isinstance(breaker, dict) else None)


def _cancel(session: Session) -> Any:
    given = session.given
    function, key, environment = given["function_id"], given["debounce_key"], given["env"]
    if environment is None:
        session.refuse_curl(SEVERAL)
        environment = _environment_of(session, function, key)
    return session.call("debounce_delete_entries", environment, function, _base64url(key))


def _environment_of(session: Session, function: str, key: str) -> str:
    """Return the environment of the one entry that is meant."""
    found = [
        entry["environment_id"]
        for entry in session.client.debounce_list_entries()
        if (entry.get("function_id"), entry.get("debounce_key")) == (function, key)
    ]
    if not found:
        raise CommandError(f"no debounce entry for {shown(function)} with this key", "NOT_FOUND")
    if len(found) > 1:
        where = ", ".join(map(shown, sorted(found)))
        raise CommandError(f"entries in several environments ({where}); give --env", "AMBIGUOUS")
    return str(found[0])


def _discard(session: Session) -> Any:
    event = session.given["event_id"]
    session.environment()  # refused before the question
    if not session.given["yes"] and not session.settings["curl"]:
        session.confirm(f"Discard dead letter {shown(event)} for good?", "--yes")
    return session.call("outbox_delete_dead_letter", event)


COMMANDS = [
    Command(
        "circuit-breaker list",
        "List circuit breakers.",
        call=Call("circuit_breakers_list"),
        show=Table(
            "",
            Column("FUNCTION_ID", "function_id"),
            Column("ENDPOINT", "endpoint"),
            Column("STATE", "state", is_state=True),
            Column("FAILS", "consecutive_fails"),
            Column("LAST_FAILURE", "last_failure"),
        ),
    ),
    Command(
        "circuit-breaker reset",
        "Close a circuit breaker, so that its endpoint is called again.",
        Argument("endpoint-or-function", "URL of the endpoint, or id of the function"),
        run=_reset,
        show=_show_reset,
        no_curl=SEVERAL,
        details="All breakers of a function are reset.",
    ),
    Command(
        "debounce list",
        "List pending debounce entries.",
        call=Call("debounce_list_entries"),
        show=Table(
            "",
            Column("FUNCTION_ID", "function_id"),
            Column("KEY", "debounce_key"),
            Column("FIRES_AT", "fires_at"),
            Column("PERIOD_MS", "period_ms"),
            Column("EVENT_ID", "event_id"),
        ),
    ),
    Command(
        "debounce cancel",
        "Cancel a pending debounce entry, so that it does not fire.",
        Argument("function-id", "Id of the function that waits"),
        Argument("debounce-key", "Key of the entry"),
        Flag("env", STRING, "Id of the environment", shown="that of the one entry found"),
        run=_cancel,
        show=Text("Cancelled debounce entry of {function_id}"),
    ),
    Command(
        "outbox dlq list",
        "List dead letters, the newest first.",
        _ENV,
        Flag("limit", INT, "Maximum number of rows, 1 to 500", default=50, within=(1, 500)),
        Flag("offset", INT, "How many to skip", default=0),
        call=Call("outbox_list_dead_letter", query={"limit": "limit", "offset": "offset"}),
        show=Table(
            "items",
            Column("EVENT_ID", "event_id"),
            Column("TOPIC", "topic"),
            Column("ATTEMPTS", "attempts"),
            Column("LAST_ERROR", "last_error"),
            Column("DEAD_AT", "dead_at"),
        ),
        environment=NEEDED,
    ),
    Command(
        "outbox dlq requeue",
        "Move a dead letter back to the outbox.",
        _EVENT,
        _ENV,
        call=Call("outbox_dead_letter_requeue", "event_id"),
        show=Text("Requeued {event_id}"),
        environment=NEEDED,
    ),
    Command(
        "outbox dlq discard",
        "Delete a dead letter for good; the event itself stays.",
        _EVENT,
        _ENV,
        Flag("yes", BOOL, "Do not ask"),
        run=_discard,
        show=Text("Discarded {event_id}"),
        environment=NEEDED,
    ),
]
