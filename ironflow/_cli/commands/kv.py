"""Keys in buckets. The product's own binary has no such commands."""

from __future__ import annotations

import os

from ..data import stdin_bytes
from ..errors import UsageError
from ..following import write_each
from ..screen import shown
from ..show import Column, Details, Table, Text
from ..table import BOOL, DURATION, INT, SOCKET, STRING, Argument, Call, Command, Flag, chosen
from ._common import CREATED, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_BUCKET = Argument("bucket", "Name of the bucket")
_KEY = Argument("key", "The key")


def _get(session: Session) -> Any:
    """Write the value as it was stored, byte by byte; with ``--json`` the entry."""
    entry = session.call("kv_get", session.given["bucket"], session.given["key"])
    if session.as_json:
        session.screen.json(entry)
        return
    value = session.client.kv_value(entry)
    is_bare = session.screen.is_terminal and not value.endswith(b"\n")
    session.screen.data(value + b"\n" if is_bare else value)


def _put(session: Session) -> Any:
    given = session.given
    if given["create"] and given["if_match"] is not None:
        raise UsageError("--create and --if-match cannot be given together")
    value = stdin_bytes() if given["value"] == "-" else os.fsencode(given["value"])
    conditions = chosen({"if_match": "if_match"}, given)
    if given["create"]:
        conditions["if_none_match"] = "*"
    return session.call("kv_put", given["bucket"], given["key"], value, **conditions)


def _watch(session: Session) -> None:
    with session.client.kv_watch(session.given["bucket"], session.given["key"]) as updates:
        write_each(session, updates, lambda update: _update_line(session, update))


def _update_line(session: Session, update: Any) -> str:
    value = session.client.kv_value(update).decode("utf-8", "backslashreplace")
    parts = [shown(update.get(name)) for name in ("operation", "key", "revision")]
    return " ".join([*parts, shown(value)])


def _create(session: Session) -> Any:
    names = {
        "name": "name",
        "description": "description",
        "history": "history",
        "max_bytes": "max_bytes",
        "max_value_size": "max_value_size",
    }
    body = chosen(names, session.given)
    if session.given["ttl"] is not None:
        body["ttl_seconds"] = round(session.given["ttl"])
        if body["ttl_seconds"] < 1:
            raise UsageError("--ttl: must be at least a second")
    return session.call("kv_create_bucket", body)


COMMANDS = [
    Command(
        "kv get",
        "Print the value of a key, byte by byte.",
        _BUCKET,
        _KEY,
        run=_get,
        output=True,
    ),
    Command(
        "kv put",
        "Store a value, byte by byte.",
        _BUCKET,
        _KEY,
        Argument("value", "The value, or - to read it from stdin", is_bytes=True),
        Flag("create", BOOL, "Only if the key does not exist"),
        Flag("if-match", INT, "Only if this is the revision of the key"),
        run=_put,
        show=Text("Put {bucket}/{key} (revision: {revision})"),
    ),
    Command(
        "kv delete",
        "Delete a key.",
        _BUCKET,
        _KEY,
        Flag("purge", BOOL, "Delete its history too"),
        call=Call("kv_delete", "bucket", "key", query={"purge": "purge"}),
        show=Text("Deleted {bucket}/{key}"),
    ),
    Command(
        "kv list",
        "List the keys of a bucket.",
        _BUCKET,
        Flag("filter", STRING, "Pattern: * is one part, > is all that remain"),
        call=Call("kv_keys", "bucket", query={"filter": "filter"}),
        show=Table("keys", Column("KEY", "")),
    ),
    Command(
        "kv watch",
        "Follow the keys of a bucket: what is there first, then every change.",
        _BUCKET,
        Argument("key", "Pattern of keys", required=False),
        run=_watch,
        no_curl=SOCKET,
        output=True,
    ),
    Command(
        "kv bucket create",
        "Create a bucket.",
        Argument("name", "Name of the bucket"),
        Flag("description", STRING, "What it is for"),
        Flag("ttl", DURATION, "How long keys live, such as 24h"),
        Flag("history", INT, "Revisions kept of each key"),
        Flag("max-bytes", INT, "Largest size of the bucket"),
        Flag("max-value-size", INT, "Largest size of a value, in bytes"),
        run=_create,
        show=Text("Created bucket {name}"),
    ),
    Command(
        "kv bucket list",
        "List buckets.",
        call=Call("kv_list_buckets"),
        show=Table(
            "buckets",
            NAME,
            Column("VALUES", "values"),
            Column("BYTES", "bytes"),
            Column("HISTORY", "history"),
            CREATED,
        ),
    ),
    Command(
        "kv bucket get",
        "Show a bucket.",
        Argument("name", "Name of the bucket"),
        call=Call("kv_get_buckets", "name"),
        show=Details(
            Column("Name", "name"),
            Column("Description", "description"),
            Column("Values", "values"),
            Column("Bytes", "bytes"),
            Column("History", "history"),
            Column("TTL Seconds", "ttl_seconds"),
            Column("Created", "created_at"),
        ),
    ),
    Command(
        "kv bucket delete",
        "Delete a bucket with all its keys.",
        Argument("name", "Name of the bucket"),
        call=Call("kv_delete_buckets", "name"),
        show=Text("Deleted bucket {name}"),
    ),
]
