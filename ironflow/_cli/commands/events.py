"""Events: emitting them, their schemas, and what upcasters make of them."""

from __future__ import annotations

from ..data import data_of, read_file
from ..errors import UsageError
from ..screen import json_cell, json_text, shown
from ..show import Column, Table, Text, table_lines
from ..table import BOOL, DURATION, FILE, INT, PAIRS, SEVERAL, STRING, Argument, Call, Command, Flag
from ..times import date_time, duration
from ..values import parsed
from ._common import DATA, LONG_DATA, moment
from .results import has_failed, problem, results_of, triggered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

_FIRST_VERSION = 1

EVENT = Argument("event-name", "Name of the event, such as order.placed")


def _emit(session: Session) -> Any:
    data = data_of(session)
    return _emit_and_wait(session, data) if session.given["wait"] else _emit_only(session, data)


def _emit_only(session: Session, data: Any) -> Any:
    given = session.given
    body = {"name": given["event_name"], "data": data}
    if given["metadata"]:
        body["metadata"] = given["metadata"]
    if "version" in session.explicit:
        body["version"] = given["version"]
    return session.call("events_create", body)


def _emit_and_wait(session: Session, data: Any) -> Any:
    """Emit an event and wait for its runs: by TriggerSync, which knows no version but the first."""
    given = session.given
    if not session.as_json and not session.settings["curl"]:
        name, timeout = shown(given["event_name"]), duration(given["timeout"])
        session.screen.line(
            f'Emitting event "{name}" and waiting for completion (timeout: {timeout})...'
        )
    if given["version"] == _FIRST_VERSION:
        reply = triggered(session, given["event_name"], data)
    else:
        session.refuse_curl(SEVERAL)
        emitted = _emit_only(session, data)
        results = results_of(session, emitted.get("run_ids") or [], given["timeout"])
        reply = {"results": results, "event_id": emitted.get("event_id")}
    session.exit_code = 1 if any(map(has_failed, reply.get("results") or [])) else 0
    return reply


def _show_emitted(session: Session, reply: Any) -> Iterable[str]:
    if not session.given["wait"]:
        runs = reply.get("run_ids") or []
        name = shown(session.given["event_name"])
        yield f"Event emitted: {shown(reply.get('event_id'))} ({name})"
        yield f"Triggered {len(runs)} run(s)" + (f": {shown(runs)}" if runs else "")
        return
    results = reply.get("results") or []
    for result in results:
        failed = has_failed(result)
        parts = [
            session.screen.mark(not failed),
            shown(result.get("function_id")),
            shown(result.get("status")),
            f"{result.get('duration_ms') or 0}ms",
            problem(result) if failed else json_cell(result.get("output")),
        ]
        yield " ".join(parts)
    if not results:
        yield f"Event emitted: {shown(reply.get('event_id'))}; no function listens for it"


def _register(session: Session) -> Any:
    given = session.given
    if (given["file"] is None) == (given["schema"] is None):
        raise UsageError("needs --file or --schema, and not both")
    name = given["file"] or "--schema"
    text = given["schema"] if given["file"] is None else read_file(given["file"])
    parsed(text, name)
    body = {
        "event_name": given["event_name"],
        "version": given["version"],
        "schema_json": text,
    }
    if given["description"]:
        body["description"] = given["description"]
    return session.call("schemas_create", body)


def _get_schema(session: Session) -> Any:
    name, version = session.given["event_name"], session.given["version"]
    if version:
        return session.call("schemas_get_by_name", name, version)
    return session.call("schemas_get", name)


def _show_schema(session: Session, schema: Any) -> Iterable[str]:
    yield f"Event: {shown(schema.get('event_name'))}"
    yield f"Version: {shown(schema.get('version'))}"
    yield f"Description: {shown(schema.get('description'))}"
    yield f"Registered: {shown(date_time(schema.get('created_at')))}"
    yield "Schema:"
    text = schema.get("schema_json")
    yield shown(text) if isinstance(text, str) and "\n" not in text else _readable(text)


def _readable(value: Any) -> str:
    """Return JSON in lines, whether it comes as text or as a value."""
    if isinstance(value, str):
        try:
            value = parsed(value, "schema")
        except UsageError:
            return shown(value)
    return json_text(value, indent=2, ascii_only=True)


def _upcast(session: Session) -> Any:
    given = session.given
    body = {
        "event_name": given["event_name"],
        "from_version": given["from"],
        "to_version": given["to"],
        "data": data_of(session),
    }
    return session.call("schemas_create_upcast", body)


def _show_upcast(session: Session, reply: Any) -> Iterable[str]:
    steps = [
        [shown(step.get(name)) for name in ("from_version", "to_version", "description")]
        for step in reply.get("steps_applied") or []
    ]
    yield "Steps applied:"
    yield from table_lines(["FROM", "TO", "DESCRIPTION"], steps, session.screen)
    yield ""
    yield "Result data:"
    yield session.screen.json_text(reply.get("data"))


COMMANDS = [
    Command(
        "emit",
        "Emit an event; functions that listen for it start running.",
        EVENT,
        *DATA,
        Flag("metadata", PAIRS, "Metadata of the event, repeatable", short="m"),
        Flag("wait", BOOL, "Wait until all runs that it starts have ended", short="w"),
        Flag("timeout", DURATION, "How long to wait", short="t", default=30.0, shown="30s"),
        Flag("version", INT, "Version of the event's schema", default=_FIRST_VERSION),
        run=_emit,
        show=_show_emitted,
        details="With --wait, the exit code is 1 if a run failed or did not end in time.",
    ),
    Command(
        "event schema register",
        "Register a JSON schema for an event at a version.",
        EVENT,
        Flag("version", INT, "Version of the schema", required=True),
        Flag("file", FILE, "Path of the JSON schema"),
        Flag("schema", STRING, "The JSON schema itself"),
        Flag("description", STRING, "What it describes"),
        run=_register,
        show=Text("Registered schema {event_name} (v{version})"),
    ),
    Command(
        "event schema list",
        "List the registered schemas.",
        Flag("event", STRING, "Only schemas of this event"),
        Flag("limit", INT, "Maximum number of schemas", default=100),
        call=Call("schemas_list", query={"event_name": "event", "limit": "limit"}),
        show=Table(
            "schemas",
            Column("EVENT", "event_name"),
            Column("VERSION", "version"),
            Column("DESCRIPTION", "description"),
            moment("REGISTERED", "created_at"),
        ),
    ),
    Command(
        "event schema get",
        "Show a registered schema.",
        EVENT,
        Flag("version", INT, "Version of the schema", default=0, shown="the latest"),
        run=_get_schema,
        show=_show_schema,
    ),
    Command(
        "event schema delete",
        "Delete a registered schema.",
        EVENT,
        Flag("version", INT, "Version of the schema", required=True),
        call=Call("schemas_delete", "event_name", "version"),
        show=Text("Deleted schema {event_name} (v{version})"),
    ),
    Command(
        "event upcast",
        "Show what upcasters make of an event.",
        EVENT,
        Flag("from", INT, "Version of the data", required=True),
        Flag("to", INT, "Version wanted", required=True),
        *LONG_DATA,
        run=_upcast,
        show=_show_upcast,
    ),
]
