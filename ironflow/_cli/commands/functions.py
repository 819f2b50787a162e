"""Functions: listing them, and invoking one."""

from __future__ import annotations

from ..data import data_of
from ..errors import CommandError
from ..screen import shown
from ..show import Column, Details, Table
from ..table import BOOL, DURATION, INT, PAIRS, Argument, Call, Command, Flag
from ..times import duration
from ._common import DATA, ID
from .results import has_failed, problem, status_word, triggered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

FUNCTION = Argument("function-id", "Id of the function")


def _triggers(triggers: Any) -> Any:
    """Return the events and schedules that start a function."""
    if not isinstance(triggers, list):
        return triggers
    names = [
        trigger.get("event") or trigger.get("cron") if isinstance(trigger, dict) else trigger
        for trigger in triggers
    ]
    return ", ".join(str(name) for name in names if name)


def _invoke(session: Session) -> Any:
    data = data_of(session)
    if session.given["no_wait"]:
        return _start(session, data)
    function, timeout = session.given["function_id"], session.given["timeout"]
    if not session.as_json and not session.settings["curl"]:
        session.screen.line(f"Invoking {shown(function)} (timeout: {duration(timeout)})...")
    reply = triggered(session, _event_of(function), data)
    results = reply.get("results") or []
    if not results:
        raise CommandError(
            f"nothing listens for {_event_of(function)}; is the function registered?", "NOT_FOUND"
        )
    session.exit_code = 1 if any(map(has_failed, results)) else 0
    return reply


def _start(session: Session, data: Any) -> Any:
    """Start a run and return at once; metadata travels with an event only."""
    function, metadata = session.given["function_id"], session.given["metadata"]
    if not metadata:
        return session.call("functions_invoke", function, {"data": data})
    body = {"name": _event_of(function), "data": data, "metadata": metadata}
    return session.call("events_create", body)


def _event_of(function: str) -> str:
    return f"ironflow.invoke.{function}"


def _show_invoked(session: Session, reply: Any) -> Iterable[str]:
    function = shown(session.given["function_id"])
    if session.given["no_wait"]:
        runs = reply.get("run_ids") or [reply.get("run_id")]
        yield f"Invoked {function} (event: {shown(reply.get('event_id'))})"
        yield f"Run ID: {shown(runs)}"
        return
    for result in reply["results"]:
        failed = has_failed(result)
        mark = session.screen.mark(not failed)
        took = f"{result.get('duration_ms') or 0}ms"
        name = shown(result.get("function_id") or function)
        yield f"{mark} {name} {status_word(result)} in {took}"
        if failed:
            yield f"  Error: {problem(result)}"
        else:
            yield f"  Output: {session.screen.json_text(result.get('output'), indent=None)}"


COMMANDS = [
    Command(
        "function list",
        "List the registered functions.",
        Flag("limit", INT, "Maximum number of functions", default=100),
        call=Call("functions_list", query={"limit": "limit"}),
        show=Table(
            "functions",
            ID,
            Column("TRIGGERS", "triggers", _triggers),
            Column("MODE", "execution_mode"),
        ),
    ),
    Command(
        "function get",
        "Show a function.",
        FUNCTION,
        call=Call("functions_get", "function_id"),
        show=Details(
            Column("ID", "id"),
            Column("Name", "name"),
            Column("Description", "description"),
            Column("Mode", "execution_mode"),
            Column("Endpoint", "endpoint_url"),
            Column("Triggers", "triggers", _triggers),
        ),
    ),
    Command(
        "invoke",
        "Invoke a function and wait for its output.",
        FUNCTION,
        *DATA,
        Flag("metadata", PAIRS, "Metadata of the event, repeatable", short="m"),
        Flag("no-wait", BOOL, "Do not wait for the output"),
        Flag("timeout", DURATION, "How long to wait", short="t", default=30.0, shown="30s"),
        run=_invoke,
        show=_show_invoked,
        details="The exit code is 1 if a run failed or did not end in time.",
    ),
]
