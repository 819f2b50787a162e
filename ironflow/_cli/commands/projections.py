"""Projections: looking at them, rebuilding them, creating one from SQL."""

from __future__ import annotations

from ..data import read_file
from ..errors import UsageError
from ..following import follow
from ..screen import NOTHING, shown
from ..show import Column, Table, Text
from ..table import (
    BOOL,
    DURATION,
    FILE,
    LIST,
    PAIRS,
    SEVERAL,
    SOCKET,
    STRING,
    Argument,
    Call,
    Command,
    Flag,
    chosen,
)
from ..times import ago, duration, since
from ._common import NAME, all_pages, past, state
from .catching_up import COMMANDS as _WAITS
from .streams import FOLLOWING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

PROJECTION = Argument("name", "Name of the projection")

_JOB_NAMES = {
    "fromEventId": "from",
    "toEventId": "to",
    "partition": "partition",
    "dryRun": "dry_run",
}


def _status(session: Session) -> Any:
    """Return the status; people are also told the lag and how far a rebuild has come."""
    client, name = session.client, session.given["name"]
    status: dict[str, Any] = dict(client.projections_list_status(name))
    if session.as_json:
        return status
    session.refuse_curl(SEVERAL)
    status["lag"] = _lag(session, name)
    if status.get("status") == "rebuilding":
        status["job"] = client.projections_list_rebuild(name).get("job")
    return status


def _lag(session: Session, name: str) -> Any:
    """Return how many events a projection is behind, which only RPC tells; None without it."""
    from ..._errors import IronflowError

    try:
        reply = session.client.rpc("ProjectionService/GetProjectionStatus", {"name": name})
    except IronflowError:
        return None
    return reply.get("lag") or 0


def _show_status(session: Session, status: Any) -> Iterable[str]:
    yield f"Name: {shown(status.get('name') or session.given['name'])}"
    yield f"Status: {shown(status.get('status'))}"
    yield f"Mode: {shown(status.get('mode'))}"
    yield f"Last Event: {shown(status.get('last_event_seq'))}"
    yield f"Lag: {shown(status.get('lag'))}"
    yield f"Updated: {shown(ago(status.get('updated_at')))}"
    if status.get("error_message"):
        yield f"Error: {shown(status['error_message'])}"
    job = status.get("job")
    if job:
        yield ""
        yield "Rebuild Job:"
        for line in _job_lines(job):
            yield f"  {line}"


def _job_lines(job: Any) -> Iterable[str]:
    done, total = job.get("events_processed") or 0, job.get("total_events") or 0
    passed = since(job.get("started_at"))
    yield f"Job ID: {shown(job.get('job_id'))}"
    yield f"Status: {shown(job.get('status'))}"
    yield f"Progress: {_percent(done, total)}"
    yield f"Processed: {done} / {total} events"
    yield f"Started: {'-' if passed is None else duration(int(passed)) + ' ago'}"
    yield f"ETA: {shown(job.get('estimated_remaining'))}"


def _percent(done: int, total: int) -> str:
    return f"{100 * done / total:.1f}%" if total else "-"


def _rebuild(session: Session) -> Any:
    from ..._errors import IronflowTimeoutError

    given, name = session.given, session.given["name"]
    body = chosen(_JOB_NAMES, given) or None
    if not given["wait"]:
        return session.call("projections_rebuild", name, body)
    session.refuse_curl(SEVERAL)
    screen = session.screen

    def progress(job: Any) -> None:
        done, total = job.get("events_processed") or 0, job.get("total_events") or 0
        screen.progress(f"{name}: {job.get('status')} {_percent(done, total)} ({done} / {total})")

    client: Any = session.client
    try:
        job = client.projections_rebuild_and_wait(
            name, body, timeout=given["timeout"], on_progress=progress
        )
    except IronflowTimeoutError as error:
        return {"job": session.unfinished(error)}
    finally:
        screen.clear()
    session.exit_code = 0 if job.get("status") in ("completed", "dry_run") else 1
    return {"job": job}


def _show_rebuild(session: Session, reply: Any) -> Iterable[str]:
    job = reply.get("job") or {}
    if session.given["dry_run"]:
        yield "Dry run — rebuild not started"
    elif session.given["wait"]:
        yield f"Rebuild {shown(job.get('status'))}"
    else:
        yield "Rebuild started"
    yield f"Job ID: {shown(job.get('job_id'))}"
    yield f"Projection: {shown(job.get('projection_name') or session.given['name'])}"
    yield f"Status: {shown(job.get('status'))}"
    yield f"Total Events: {shown(job.get('total_events'))}"
    if job.get("error"):
        yield f"Error: {shown(job['error'])}"


def _show_projection(session: Session, found: Any) -> Iterable[str]:
    held = found.get("state")
    held = held if isinstance(held, dict) else {}
    yield f"Name: {shown(found.get('name'))}"
    yield f"Mode: {shown(found.get('mode'))}"
    yield f"Version: {shown(held.get('version'))}"
    yield f"Last Event ID: {shown(held.get('last_event_id'))}"
    yield f"Last Event At: {shown(ago(held.get('last_event_time')))}"
    value = held.get("state")
    yield f"State: {NOTHING if value is None else session.screen.json_text(value)}"


def _create(session: Session) -> Any:
    given = session.given
    if (given["sql"] is None) == (given["sql_file"] is None):
        raise UsageError("needs --sql or --sql-file, and not both")
    body = {
        "name": given["name"],
        "table_sql": read_file(given["sql_file"]) if given["sql"] is None else given["sql"],
        "events": given["event"],
        "event_handlers": given["event_handler"],
    }
    if given["description"]:
        body["description"] = given["description"]
    return session.call("projections_create_sql", body)


COMMANDS = [
    Command(
        "projection list",
        "List all projections.",
        run=lambda session: all_pages(session, "projections_iterate", "projections"),
        show=Table(
            "projections",
            NAME,
            Column("MODE", "mode"),
            state("STATUS", "status"),
            Column("EVENTS", "events", lambda names: len(names) if names else 0),
            Column("LAST SEQ", "last_event_seq"),
            past("UPDATED", "updated_at"),
        ),
    ),
    Command(
        "projection status",
        "Show the status of a projection, and how far a rebuild has come.",
        PROJECTION,
        run=_status,
        show=_show_status,
    ),
    Command(
        "projection rebuild",
        "Rebuild a projection from the event log.",
        PROJECTION,
        Flag("from", STRING, "Event id to start at"),
        Flag("to", STRING, "Event id to stop at"),
        Flag("partition", STRING, "Only this partition"),
        Flag("dry-run", BOOL, "Say what would be done, and do nothing"),
        Flag("wait", BOOL, "Wait until it has ended", short="w"),
        Flag("timeout", DURATION, "How long to wait", short="t", default=300.0, shown="5m"),
        run=_rebuild,
        show=_show_rebuild,
    ),
    Command(
        "projection rebuild cancel",
        "Cancel the rebuild of a projection; its state stays as it was before.",
        PROJECTION,
        call=Call("projections_cancel", "name"),
        show=Text('Rebuild cancelled for projection "{name}" (status: {status})'),
    ),
    Command(
        "projection get",
        "Show the state of a projection.",
        PROJECTION,
        Flag("partition", STRING, "Partition of the state"),
        call=Call("projections_get", "name", query={"partition": "partition"}),
        show=_show_projection,
    ),
    Command(
        "projection pause",
        "Pause a projection.",
        PROJECTION,
        call=Call("projections_pause", "name"),
        show=Text('Paused projection "{name}" (status: {status})'),
    ),
    Command(
        "projection resume",
        "Resume a paused projection where it stopped.",
        PROJECTION,
        call=Call("projections_resume", "name"),
        show=Text('Resumed projection "{name}" (status: {status})'),
    ),
    Command(
        "projection delete",
        "Delete a projection; what it has written elsewhere stays.",
        PROJECTION,
        call=Call("projections_delete", "name"),
        show=Text('Deleted projection "{name}"'),
    ),
    Command(
        "projection create",
        "Create a projection from SQL.",
        PROJECTION,
        Flag("sql", STRING, "The CREATE TABLE statement"),
        Flag("sql-file", FILE, "Path of a file with the statement"),
        Flag("event", LIST, "Event to follow, repeatable", required=True),
        Flag("event-handler", PAIRS, "SQL for an event, repeatable", required=True),
        Flag("description", STRING, "What it is for"),
        run=_create,
        show=Text('Created SQL projection "{name}" (status: {status})'),
    ),
    Command(
        "projection watch",
        "Follow what happens to a projection.",
        PROJECTION,
        *FOLLOWING,
        run=lambda session: follow(session, [f"system.projection.{session.given['name']}.>"]),
        no_curl=SOCKET,
        output=True,
        details="It follows system.projection.<name>.>, as the product's own client for browsers"
        " does. The local server has no such topics.",
    ),
    *_WAITS,
]
