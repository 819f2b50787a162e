"""Projections: Python reducers over the events of an environment, and waiting for them.

Rules:

1. A projection follows the log: an event is reduced before the call that made it returns. Reducers
   run with the state's lock held, so they must not call the server.
2. A reducer that raises puts its projection in status ``error``, at the event it could not take;
   resuming tries that event again.
3. A rebuild reduces the log anew in a thread of its own and takes the place of the state when it is
   through; until then, and when it is cancelled, the old state stays.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from ._checks import Refusal, matches, missing
from ._log import logger
from ._state import STOPPING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._state import Environment, Record, State

GLOBAL_PARTITION = "__global__"
MAX_WAIT_MS = 60_000
DEFAULT_WAIT_MS = 30_000


class Projection:
    """A reducer and the events it is for.

    Args:
        name: Name of the projection.
        reducer: Called with the state so far and an event; returns the new state, or None after
            changing the one it was given.
        events: Patterns of the event names it is for.
        initial: State before the first event; copied for each partition.
        partition_by: Gives the partition of an event, None for one state in all.
        description: For people.
        rebuild_pace: Seconds a rebuild takes for an event, to watch its progress.
    """

    def __init__(
        self,
        name: str,
        reducer: Callable[[Any, Record], Any],
        *,
        events: tuple[str, ...],
        initial: Any = None,
        partition_by: Callable[[Record], str] | None = None,
        description: str = "",
        rebuild_pace: float = 0.0,
    ) -> None:
        self.name = name
        self.reducer = reducer
        self.events = events
        self.initial = {} if initial is None else initial
        self.partition_by = partition_by
        self.description = description
        self.rebuild_pace = rebuild_pace

    def reduce(self, states: dict[str, Record], event: Record) -> bool:
        """Reduce an event into the states by partition; False when it is none of its events."""
        if not any(matches(pattern, event["name"]) for pattern in self.events):
            return False
        given = copy.deepcopy(event)
        key = str(self.partition_by(given)) if self.partition_by else GLOBAL_PARTITION
        before = states.get(key, {"state": self.initial, "version": 0})
        value = copy.deepcopy(before["state"])
        reduced = self.reducer(value, given)
        value = value if reduced is None else reduced
        json.dumps(value, allow_nan=False)  # what is no JSON value is refused here, not on reading
        states[key] = {
            "projection_name": self.name,
            "environment_id": event["environment_id"],
            "partition_key": key,
            "state": value,
            "last_event_id": event["id"],
            "last_event_seq": event["nats_seq"],
            "last_event_time": event["timestamp"],
            "updated_at": event["created_at"],
            "version": before["version"] + 1,
        }
        return True


class View:
    """What a projection has made of the events of one environment.

    Attributes:
        status: ``active``, ``paused``, ``rebuilding`` or ``error``.
        resting: Status before a rebuild, which is again that after a rebuild is cancelled.
        states: Models ``ProjectionState`` by partition.
        position: Number of log entries it has seen.
        sequence: Number of the latest event or message it has seen.
        job: Latest rebuild, a model ``RebuildJobInfo``.
        deleted: Whether it was deleted in this environment.
    """

    def __init__(self, projection: Projection, moment: str) -> None:
        self.projection = projection
        self.status = "active"
        self.resting = "active"
        self.error_message = ""
        self.states: dict[str, Record] = {}
        self.position = 0
        self.sequence = 0
        self.job: Record | None = None
        self.deleted = False
        self.created_at = self.updated_at = moment

    def record(self, environment: Environment) -> Record:
        """Return the view as the registry of projections lists it."""
        record: Record = {
            "name": self.projection.name,
            "environment_id": environment.id,
            "type": "state",
            "mode": "managed",
            "status": self.status,
            "events": list(self.projection.events),
            "last_event_seq": self.sequence,
            "version": max((found["version"] for found in self.states.values()), default=0),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        if self.projection.description:
            record["description"] = self.projection.description
        if self.error_message:
            record["error_message"] = self.error_message
        return record

    def advance(self, state: State, environment: Environment) -> None:
        """Reduce the events that it has not seen."""
        while self.status == "active" and self.position < len(environment.events):
            event = environment.events[self.position]
            try:
                if self.projection.reduce(self.states, event):
                    self.updated_at = state.now()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit and pytest.fail are no Exceptions
                logger.error("projection %s failed", self.projection.name, exc_info=True)
                self.status = "error"
                self.error_message = f"{type(error).__name__}: {error} (event {event['id']})"
                return
            self.position += 1
            self.sequence = event["nats_seq"]
        if self.status == "active":
            self.sequence = environment.sequence


def views_of(state: State, environment: Environment) -> dict[str, View]:
    """Return the projections of an environment by name, all of them up to date."""
    for name, projection in state.registry.projections.items():
        view = environment.views.get(name)
        if view is None or view.projection is not projection:
            environment.views[name] = View(projection, state.now())
    found = {name: view for name, view in environment.views.items() if not view.deleted}
    for view in found.values():
        view.advance(state, environment)
    return found


def advance_all(state: State, environment: Environment) -> None:
    """Let every projection see the events that it has not seen."""
    views_of(state, environment)


def view_of(state: State, environment: Environment, name: str) -> View:
    """Return one projection, or refuse the request."""
    view = views_of(state, environment).get(name)
    if view is None:
        raise missing("projection")
    return view


def rebuild(
    state: State,
    environment: Environment,
    view: View,
    *,
    from_event: str = "",
    to_event: str = "",
    partition: str = "",
    dry_run: bool = False,
) -> Record:
    """Start a rebuild and return its job; a dry run only counts the events."""
    if view.status == "rebuilding":
        raise Refusal(409, "a rebuild is already in progress")
    events = _between(environment.events, from_event, to_event)
    if partition:  # the position of the others stays, and what it has not seen comes later
        events = [event for event in events if event["nats_seq"] <= view.sequence]
    wanted = [e for e in events if any(matches(p, e["name"]) for p in view.projection.events)]
    job: Record = {
        "job_id": state.new_id("job"),
        "projection_name": view.projection.name,
        "status": "dry_run" if dry_run else "running",
        "events_processed": 0,
        "total_events": len(wanted),
        "progress": 0.0,
        "started_at": state.now(),
    }
    if not dry_run:
        view.job = job
        view.resting = view.status
        view.status = "rebuilding"
        work = (state, environment, view, job, wanted, len(environment.events), partition)
        name = f"ironflow-{job['job_id']}"
        threading.Thread(target=_rebuild, args=work, name=name, daemon=True).start()
    return dict(job)


def cancel_rebuild(state: State, view: View) -> None:
    """Cancel the rebuild in progress; the old state stays."""
    if view.job is None or view.status != "rebuilding":
        raise Refusal(409, "no rebuild is in progress")
    view.job["status"] = "cancelled"
    view.status = view.resting
    state.changed.notify_all()


def cancel_rebuilds(state: State) -> None:
    """Cancel what a stop interrupted; its thread may not have noticed before the next start."""
    for environment in state.environments.values():
        for view in environment.views.values():
            if view.status == "rebuilding":
                cancel_rebuild(state, view)


def _between(events: list[Record], first: str, last: str) -> list[Record]:
    ids = [event["id"] for event in events]
    for wanted in filter(None, (first, last)):
        if wanted not in ids:
            raise missing("event", wanted)
    start = ids.index(first) if first else 0
    return events[start : ids.index(last) + 1 if last else None]


def _rebuild(
    state: State,
    environment: Environment,
    view: View,
    job: Record,
    events: list[Record],
    seen: int,
    partition: str,
) -> None:
    """Reduce the events, the first ``seen`` of the log or some of them, into new states."""
    states: dict[str, Record] = {}
    began = time.monotonic()
    pace = view.projection.rebuild_pace
    for number, event in enumerate(events, 1):
        with state.lock:
            if pace:
                state.changed.wait_for(lambda: _is_over(state, view, job), pace)
            if _is_over(state, view, job):
                return
            try:
                view.projection.reduce(states, event)
            except BaseException as error:
                _end_rebuild(state, view, job, "failed", f"{type(error).__name__}: {error}")
                return
            job["events_processed"] = number
            job["progress"] = 100.0 * number / len(events)
            left = (time.monotonic() - began) / number * (len(events) - number)
            job["estimated_remaining"] = f"{left:.1f}s"
    with state.lock:
        if not _is_over(state, view, job):
            _take_over(environment, view, states, seen, partition)
            job["progress"] = 100.0
            _end_rebuild(state, view, job, "completed", "")
            view.advance(state, environment)  # by what came meanwhile


def _take_over(
    environment: Environment, view: View, states: dict[str, Record], seen: int, partition: str
) -> None:
    """Put rebuilt states in the place of the old ones, all of them or those of a partition."""
    if partition:
        view.states.pop(partition, None)
        if partition in states:
            view.states[partition] = states[partition]
        return
    if view.position < seen:  # it was paused, or could not take an event
        view.sequence = environment.events[seen - 1]["nats_seq"]
    view.states, view.position = states, seen


def _is_over(state: State, view: View, job: Record) -> bool:
    """Tell whether a rebuild was cancelled; it also is when the server stops."""
    if state.closed and job["status"] == "running":
        cancel_rebuild(state, view)
    return bool(job["status"] != "running")


def _end_rebuild(state: State, view: View, job: Record, status: str, error: str) -> None:
    job["status"] = status
    job.pop("estimated_remaining", None)
    if error:
        job["error"] = error
    view.status = "error" if error else "paused" if view.resting == "paused" else "active"
    view.error_message = error
    view.updated_at = state.now()
    state.changed.notify_all()


def deadline(timeout_ms: int) -> float:
    """Return when a wait ends, by the monotonic clock; longer ones are cut to a minute."""
    return time.monotonic() + min(timeout_ms, MAX_WAIT_MS) / 1000


def left_ms(until: float) -> int:
    """Return the milliseconds until a deadline."""
    return max(0, round((until - time.monotonic()) * 1000))


def wait(
    state: State,
    environment: Environment,
    view: View,
    sequence: int,
    partition: str,
    timeout_ms: int,
) -> Record:
    """Wait until a projection has seen a sequence number; a model ``ProjectionCatchupResponse``."""
    if view.status in ("paused", "rebuilding"):
        raise Refusal(409, f"projection is {view.status}")
    if partition and view.projection.partition_by is None and partition != GLOBAL_PARTITION:
        raise Refusal(400, "the projection has no partitions")

    def is_there() -> bool:
        view.advance(state, environment)
        return view.sequence >= sequence or view.deleted or state.closed

    reached = state.changed.wait_for(is_there, min(timeout_ms, MAX_WAIT_MS) / 1000)
    if state.closed or view.deleted:
        raise Refusal(503, STOPPING) if state.closed else missing("projection")
    return {
        "caughtUp": reached,
        "timedOut": not reached,
        "currentSeq": view.sequence,
        "targetSeq": sequence,
        "behindByEvents": max(0, sequence - view.sequence),
        "rebuilding": view.status == "rebuilding",
        "mode": "managed",
    }
