"""Entity streams, and following events over WebSocket."""

from __future__ import annotations

from ..data import data_of
from ..following import follow
from ..screen import json_cell
from ..show import Column, Details, Table
from ..table import (
    BOOL,
    CHOICE,
    INT,
    SOCKET,
    STRING,
    Argument,
    Call,
    Command,
    Flag,
    chosen,
)
from ._common import DATA, moment, past

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

ENTITY = Argument("entity-id", "Id of the entity")

FOLLOWING = (
    Flag("server", STRING, "URL of the server or of its WebSocket, as in ws://localhost:9123/ws",
         short="s", shown="IRONFLOW_SERVER_URL"),
    Flag("replay", INT, "Number of latest events to start with", short="r", default=0),
    Flag("json", BOOL, "One JSON object per line", short="j"),
    Flag("metadata", BOOL, "Show time and sequence of events", short="m"),
)  # fmt: skip

_DIRECTIONS = ("forward", "backward")


def _append(session: Session) -> Any:
    names = {
        "entity_type": "type",
        "event_name": "event",
        "expected_version": "expected_version",
        "version": "version",
        "idempotency_key": "idempotency_key",
    }
    body = {**chosen(names, session.given), "data": data_of(session)}
    return session.call("streams_append", session.given["entity_id"], body)


COMMANDS = [
    Command(
        "stream append",
        "Append an event to the stream of an entity.",
        ENTITY,
        Flag("type", STRING, "Type of the entity, such as Order"),
        Flag("event", STRING, "Name of the event", required=True),
        *DATA,
        Flag(
            "expected-version",
            INT,
            "Version that the stream must have: -1 any, 0 none yet",
            default=-1,
        ),
        Flag("version", INT, "Version of the event's schema", default=1),
        Flag("idempotency-key", STRING, "Key by which the server recognizes a repeat"),
        run=_append,
        show=Details(
            Column("Event appended", "event_id"),
            Column("Entity", "given.entity_id"),
            Column("Version", "entity_version"),
        ),
    ),
    Command(
        "stream read",
        "Read the events of an entity's stream.",
        ENTITY,
        Flag("from-version", INT, "Version to start at", default=0),
        Flag("limit", INT, "Maximum number of events", default=100),
        Flag("direction", CHOICE, "Order of reading", default="forward", choices=_DIRECTIONS),
        call=Call(
            "streams_list_events",
            "entity_id",
            query={"from_version": "from_version", "limit": "limit", "direction": "direction"},
        ),
        show=Table(
            "events",
            Column("VERSION", "entity_version"),
            Column("NAME", "name"),
            Column("DATA", "data", json_cell),
            moment("TIMESTAMP", "timestamp"),
        ),
    ),
    Command(
        "stream info",
        "Show the stream of an entity.",
        ENTITY,
        call=Call("streams_get", "entity_id"),
        show=Details(
            Column("Entity ID", "entity_id"),
            Column("Entity Type", "entity_type"),
            Column("Version", "version"),
            Column("Events", "event_count"),
            Column("Created", "created_at"),
            Column("Updated", "updated_at"),
        ),
    ),
    Command(
        "stream list",
        "List entity streams.",
        Flag("type", STRING, "Only streams of this type of entity"),
        Flag("limit", INT, "Maximum number of streams", default=50),
        Flag("offset", INT, "How many to skip", default=0),
        call=Call(
            "streams_list", query={"entity_type": "type", "limit": "limit", "offset": "offset"}
        ),
        show=Table(
            "streams",
            Column("ENTITY_ID", "entity_id"),
            Column("TYPE", "entity_type"),
            Column("VERSION", "version"),
            Column("EVENTS", "event_count"),
            past("UPDATED", "updated_at"),
        ),
    ),
    Command(
        "stream subscribe",
        "Follow the events of an entity as they happen.",
        ENTITY,
        *FOLLOWING,
        run=lambda session: follow(session, [f"entity:*.{session.given['entity_id']}.*"]),
        no_curl=SOCKET,
        output=True,
    ),
    Command(
        "subscribe",
        "Follow events as they happen, until Ctrl-C.",
        Argument(
            "patterns", "What to follow, such as 'events:order.*' or 'system.run.>'", many=True
        ),
        *FOLLOWING,
        run=lambda session: follow(session, session.given["patterns"]),
        no_curl=SOCKET,
        output=True,
    ),
]
