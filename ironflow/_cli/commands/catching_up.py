"""Waiting until projections have caught up.

Rules: the exit code is 0 if they caught up, 1 if not in time, and 2 for any error, usage errors
included. The server holds a call for 60 seconds at most, so a longer wait makes several calls. It
holds a stream for five minutes.
"""

from __future__ import annotations

from time import monotonic

from ..data import decoded, read_file, stdin_bytes
from ..errors import CommandError, UsageError
from ..screen import shown
from ..table import (
    BOOL,
    DURATION,
    FILE,
    INT,
    STREAMS,
    STRING,
    Argument,
    Command,
    Flag,
)
from ..values import parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

ERROR = 2  # exit code of any error

_LONGEST_CALL = 60.0  # seconds for which the server holds a call
_LONGEST_STREAM = 300.0
_MARGIN = 5.0  # seconds that a reply may be late
_MOST_ITEMS = 16
_ITEM_NAMES = frozenset({"name", "minSeq", "min_seq", "partition"})

TIMEOUT = Flag("timeout", DURATION, "How long to wait", default=30.0, shown="30s", zero=True)
_CODES = "Exit code 0: it caught up. 1: it did not in time. 2: an error."

PARTITION = Flag("partition", STRING, "Only this partition")


def _wait(session: Session) -> Any:
    given = session.given
    if given["min_seq"] < 0:
        raise UsageError("--min-seq: must not be negative")
    if given["stream"]:
        session.refuse_curl(STREAMS)
        return _wait_on_stream(session)
    wait = left = given["timeout"] or 0.0
    deadline = monotonic() + wait
    while True:
        reply = session.client.projections_list_catchup(
            given["name"],
            min_seq=given["min_seq"],
            timeout=round(min(left, _LONGEST_CALL) * 1000),
            partition=given["partition"],
        )
        left = deadline - monotonic()
        if reply.get("caughtUp") or wait <= _LONGEST_CALL or left <= 0:
            return _ended(session, reply)


def _ended(session: Session, reply: Any) -> Any:
    """Set the exit code; a rebuild that keeps the projection from catching up is an error."""
    if not reply.get("caughtUp"):
        is_hindered = reply.get("rebuilding") and not reply.get("timedOut")
        session.exit_code = ERROR if is_hindered else 1
    return reply


def _wait_on_stream(session: Session) -> Any:
    """Follow the stream of a wait, and return its last message under the names of a reply."""
    from ..._rpc import in_model_names

    given, timeout = session.given, min(session.given["timeout"] or 0.0, _LONGEST_STREAM)
    body = {"name": given["name"], "min_seq": str(given["min_seq"]), "timeout": f"{timeout:g}s"}
    if given["partition"]:
        body["partition"] = given["partition"]
    client = session.client
    if client._options.timeout < timeout + _MARGIN:  # a server may be silent all the time
        client = client.with_options(timeout=timeout + _MARGIN)
    last: Any = {}
    for message in client.rpc_stream("ProjectionService/WaitProjectionCatchupStream", body):
        last = in_model_names(message, "", {})
        if not session.as_json and str(last.get("kind", "")).endswith("PROGRESS"):
            current, target = last.get("current_seq") or 0, last.get("target_seq") or 0
            session.screen.line(f"Progress: {shown(current)} / {shown(target)}")
    if last.get("error"):
        raise CommandError(shown(last["error"]), "FAILED_PRECONDITION")
    session.exit_code = 0 if last.get("caught_up") else 1
    return {
        "caughtUp": bool(last.get("caught_up")),
        "timedOut": bool(last.get("timed_out")),
        "currentSeq": int(last.get("current_seq") or 0),
        "targetSeq": int(last.get("target_seq") or 0),
        "behindByEvents": int(last.get("behind_by_events") or 0),
        "mode": last.get("mode") or "",
    }


def _wait_for_event(session: Session) -> Any:
    given = session.given
    body = {
        "eventId": given["event_id"],
        "projection": given["projection"],
        "timeoutMs": round((given["timeout"] or 0.0) * 1000),
    }
    if given["partition"]:
        body["partition"] = given["partition"]
    return _ended(session, session.call("projections_wait_for_event", body))


def _show_caught_up(session: Session, reply: Any) -> Iterable[str]:
    name = shown(session.given.get("projection") or session.given.get("name"))
    if reply.get("caughtUp"):
        yield f'Projection "{name}" caught up'
    elif reply.get("rebuilding"):
        yield f'Projection "{name}" is being rebuilt'
    else:
        yield f'Timed out waiting for projection "{name}"'
    yield f"Current Seq: {shown(reply.get('currentSeq'))}"
    yield f"Target Seq: {shown(reply.get('targetSeq'))}"
    yield f"Behind: {shown(reply.get('behindByEvents'))}"


def _wait_batch(session: Session) -> Any:
    items = _items(session.given["file"])
    body = {"items": items, "timeoutMs": round((session.given["timeout"] or 0.0) * 1000)}
    reply = session.call("projections_catchup_batch", body)
    results = reply.get("results") or []
    if any(result.get("error") or not result.get("result") for result in results):
        session.exit_code = ERROR
    else:
        is_done = all(result["result"].get("caughtUp") for result in results)
        session.exit_code = 0 if is_done else 1
    session.notes = items
    return reply


def _items(path: str) -> list[dict[str, Any]]:
    """Return the items of a file, their sequences as text, for 64 bits are no JSON number."""
    name = "stdin" if path == "-" else path
    text = decoded(stdin_bytes(), name) if path == "-" else read_file(path)
    found = parsed(text, name)
    if not isinstance(found, list) or not 1 <= len(found) <= _MOST_ITEMS:
        raise UsageError(f"{name}: must be a JSON array of 1 to {_MOST_ITEMS} items")
    items = []
    for place, item in enumerate(found):
        where = f"{name}: item {place + 1}"
        if not isinstance(item, dict) or not item.get("name"):
            raise UsageError(f"{where}: must be an object with name and minSeq")
        unknown = sorted(set(item) - _ITEM_NAMES)
        if unknown:
            raise UsageError(f"{where}: has no member {unknown[0]!r}; name, minSeq and partition")
        sequence = item.get("minSeq", item.get("min_seq"))
        if isinstance(sequence, bool) or not str(sequence).isdecimal():
            raise UsageError(f"{where}: minSeq must be a whole number")
        sent = {"name": item["name"], "minSeq": str(sequence)}
        if item.get("partition"):
            sent["partition"] = item["partition"]
        items.append(sent)
    return items


def _show_batch(session: Session, reply: Any) -> Iterable[str]:
    for item, outcome in zip(session.notes, reply.get("results") or []):
        result = outcome.get("result") or {}
        good = bool(result.get("caughtUp"))
        if outcome.get("error") or not result:
            what = f"error: {shown(outcome.get('error'))}"
        else:
            what = "caught up" if good else "timed out"
            what += f" ({shown(result.get('currentSeq'))} / {shown(result.get('targetSeq'))})"
        yield f"{session.screen.mark(good)} {shown(item['name'])} {what}"


COMMANDS = [
    Command(
        "projection wait",
        "Wait until a projection has processed events up to a sequence.",
        Argument("name", "Name of the projection"),
        Flag("min-seq", INT, "Sequence that it must reach", required=True),
        TIMEOUT,
        PARTITION,
        Flag("stream", BOOL, "Follow the progress, for waits of up to five minutes"),
        run=_wait,
        show=_show_caught_up,
        error_code=ERROR,
        details=_CODES,
    ),
    Command(
        "projection wait-for-event",
        "Wait until a projection has processed an event.",
        Argument("event-id", "Id of the event"),
        Flag("projection", STRING, "Name of the projection", required=True),
        TIMEOUT,
        PARTITION,
        run=_wait_for_event,
        show=_show_caught_up,
        error_code=ERROR,
        details=_CODES,
    ),
    Command(
        "projection wait-batch",
        "Wait until several projections have caught up.",
        Flag("file", FILE, "Path of a JSON array of {name, minSeq, partition}; - is stdin",
             required=True),
        TIMEOUT,
        run=_wait_batch,
        show=_show_batch,
        error_code=ERROR,
        details="Exit code 0: all caught up. 1: some did not in time. 2: an error, of any of them.",
    ),
]  # fmt: skip
