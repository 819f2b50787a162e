"""Projections: Python reducers over the events of an environment, and waiting for them.

Rules:

1. A projection follows the log: an event is reduced before the call that made it returns. Reducers
   run with the state's lock held, so they must not call the server.
2. A reducer that raises puts its projection into status ``error`` and stops it at that event;
   resuming it tries the event again.
3. A rebuild reduces the log again in its own thread and replaces the state when it is done. Until
   then, and after a cancelled rebuild, the old state stays.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from .._log import logger
from .events import EventLog
from .patterns import matches_any
from .refusals import Refusal, missing
from .state import Environment, Index, Record, Registry

GLOBAL_PARTITION = "__global__"
MAX_WAIT_SECONDS = 60.0


class Projection:
    """A reducer and the events it is for.

    Args:
        name: Name of the projection.
        reducer: Called with the state so far and an event; returns the new state, or None after
            changing the one it was given.
        events: Patterns of the event names it is for.
        initial: State before the first event; copied for each partition.
        partition_by: Returns the partition of an event; None for a single state.
        description: For people.
        rebuild_pace: Seconds a rebuild takes for an event, to watch its progress.
        columns: Columns of the table that an SQL projection keeps.
        members: Further members of its record.
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
        columns: tuple[str, ...] = (),
        members: Record | None = None,
    ) -> None:
        self.name = name
        self.reducer = reducer
        self.events = events
        self.initial = {} if initial is None else initial
        self.partition_by = partition_by
        self.description = description
        self.rebuild_pace = rebuild_pace
        self.columns = columns
        self.members: Record = members or {}

    def reduce(self, states: dict[str, Record], event: Record) -> bool:
        """Reduce an event into the states by partition; return False if it is not for it."""
        if not matches_any(self.events, event["name"]):
            return False
        given = copy.deepcopy(event)
        key = str(self.partition_by(given)) if self.partition_by else GLOBAL_PARTITION
        before = states.get(key, {"state": self.initial, "version": 0})
        value = copy.deepcopy(before["state"])
        reduced = self.reducer(value, given)
        value = value if reduced is None else reduced
        json.dumps(value, allow_nan=False)  # raises now, rather than when somebody reads the state
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


class Projections(Index[str, Projection, Registry]):
    """The registered projections by name."""


class OwnProjections(Index[str, Projection, Environment]):
    """The projections that an environment got through the API, by name."""


class View:
    """What a projection has made of the events of one environment.

    Attributes:
        status: ``active``, ``paused``, ``rebuilding`` or ``error``.
        resting: Status before a rebuild, to which a cancelled one returns.
        states: Models ``ProjectionState`` by partition.
        position: Number of log entries it has seen.
        sequence: Number of the latest event or message it has seen.
        job: Latest rebuild, a model ``RebuildJobInfo``.
        deleted: Whether it was deleted in this environment.
    """

    def __init__(self, environment: Environment, projection: Projection) -> None:
        self.environment = environment
        self.projection = projection
        self.status = "active"
        self.resting = "active"
        self.error_message = ""
        self.states: dict[str, Record] = {}
        self.position = 0
        self.sequence = 0
        self.job: Record | None = None
        self.deleted = False
        self.created_at = self.updated_at = environment.clock.text()

    @property
    def log(self) -> EventLog:
        return self.environment.of(EventLog)

    def record(self) -> Record:
        """Return the view as the registry of projections lists it."""
        record: Record = {
            "name": self.projection.name,
            "environment_id": self.environment.id,
            "type": "state",
            "mode": "managed",
            "status": self.status,
            "events": list(self.projection.events),
            "last_event_seq": self.sequence,
            "version": max((found["version"] for found in self.states.values()), default=0),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            **self.projection.members,
        }
        if self.projection.description:
            record["description"] = self.projection.description
        if self.error_message:
            record["error_message"] = self.error_message
        return record

    def reduce(self, states: dict[str, Record], event: Record) -> bool:
        """Reduce an event into some states, with the user's own code."""
        with self.environment.state.registry.calling(f"projection {self.projection.name}"):
            return self.projection.reduce(states, event)

    def advance(self) -> None:
        """Reduce the events that it has not seen."""
        events = self.log.events
        while self.status == "active" and self.position < len(events):
            event = events[self.position]
            try:
                if self.reduce(self.states, event):
                    self.updated_at = self.environment.clock.text()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # sys.exit and pytest.fail do not raise an Exception
                logger.error("projection %s failed", self.projection.name, exc_info=True)
                self.status = "error"
                self.error_message = f"{type(error).__name__}: {error} (event {event['id']})"
                return
            self.position += 1
            self.sequence = event["nats_seq"]
        if self.status == "active":
            self.sequence = self.log.sequence

    def set_status(self, status: str) -> None:
        """Pause or resume it; not while it is rebuilt."""
        if self.status == "rebuilding":
            raise Refusal(409, "projection is rebuilding")
        self.status = status
        if status == "active":
            self.error_message = ""
        self.updated_at = self.environment.clock.text()
        self.advance()
        self.environment.state.changed.notify_all()

    def delete(self) -> None:
        """Delete it in this environment, with a rebuild in progress."""
        if self.status == "rebuilding":
            self.cancel_rebuild()
        self.deleted = True
        self.environment.of(OwnProjections).pop(self.projection.name, None)
        self.environment.state.changed.notify_all()

    def cancel_rebuild(self) -> None:
        """Cancel the rebuild in progress; the old state stays."""
        if self.job is None or self.status != "rebuilding":
            raise Refusal(409, "no rebuild is in progress")
        self.job["status"] = "cancelled"
        self.status = self.resting
        self.environment.state.changed.notify_all()


class Views(Index[str, View, Environment]):
    """The projections of an environment by name; ``views_of`` brings them up to date."""

    def close(self) -> None:
        """Cancel the rebuilds that a stop interrupts."""
        for view in self.values():
            if view.status == "rebuilding":
                view.cancel_rebuild()


def views_of(environment: Environment) -> dict[str, View]:
    """Return the projections of an environment by name, all of them up to date."""
    views = environment.of(Views)
    registered = environment.state.registry.of(Projections)
    for name, projection in {**environment.of(OwnProjections), **registered}.items():
        if name not in views or views[name].projection is not projection:
            views[name] = View(environment, projection)
    found = {name: view for name, view in views.items() if not view.deleted}
    for view in found.values():
        view.advance()
    return found


def view_of(environment: Environment, name: str) -> View:
    """Return one projection, or refuse the request."""
    view = views_of(environment).get(name)
    if view is None:
        raise missing("projection")
    return view


def rebuild(view: View, *, from_event: str, to_event: str, partition: str, dry_run: bool) -> Record:
    """Start a rebuild and return its job; a dry run only counts the events."""
    if view.status == "rebuilding":
        raise Refusal(409, "a rebuild is already in progress")
    environment = view.environment
    events = _between(view.log.events, from_event, to_event)
    if partition:  # the other partitions keep their position; newer events follow
        events = [event for event in events if event["nats_seq"] <= view.sequence]
    wanted = [event for event in events if matches_any(view.projection.events, event["name"])]
    job: Record = {
        "job_id": environment.new_id("job"),
        "projection_name": view.projection.name,
        "status": "dry_run" if dry_run else "running",
        "events_processed": 0,
        "total_events": len(wanted),
        "progress": 0.0,
        "started_at": environment.clock.text(),
    }
    if not dry_run:
        view.job = job
        view.resting = view.status
        view.status = "rebuilding"
        work = (view, job, wanted, len(view.log.events), partition)
        environment.clock.spawn(f"ironflow-{job['job_id']}", _rebuild, *work)
    return dict(job)


def wait(view: View, sequence: int, partition: str, seconds: float) -> Record:
    """Wait until a projection has seen a sequence number; a model ``ProjectionCatchupResponse``.

    A ``partition`` is empty for the only one. A wait of more than a minute is one of a minute.
    """
    check_can_wait(view, partition)
    state = view.environment.state

    def is_there() -> bool:
        view.advance()
        return view.sequence >= sequence or view.deleted

    reached = state.hold(is_there, min(seconds, MAX_WAIT_SECONDS))
    if view.deleted:
        raise missing("projection")
    return {
        "caughtUp": reached,
        "timedOut": not reached,
        "currentSeq": view.sequence,
        "targetSeq": sequence,
        "behindByEvents": max(0, sequence - view.sequence),
        "rebuilding": view.status == "rebuilding",
        "mode": "managed",
    }


def check_can_wait(view: View, partition: str) -> None:
    """Refuse to wait for a projection that stands still, or for a partition that it cannot have."""
    if view.status in ("paused", "rebuilding"):
        raise Refusal(409, f"projection is {view.status}")
    if partition and view.projection.partition_by is None and partition != GLOBAL_PARTITION:
        raise Refusal(400, "the projection has no partitions")


def _between(events: list[Record], first: str, last: str) -> list[Record]:
    ids = [event["id"] for event in events]
    for wanted in filter(None, (first, last)):
        if wanted not in ids:
            raise missing("event", wanted)
    start = ids.index(first) if first else 0
    return events[start : ids.index(last) + 1 if last else None]


def _rebuild(view: View, job: Record, events: list[Record], seen: int, partition: str) -> None:
    """Reduce the events, the first ``seen`` of the log or some of them, into new states."""
    state, pace = view.environment.state, view.projection.rebuild_pace
    states: dict[str, Record] = {}

    def is_over() -> bool:
        return bool(job["status"] != "running")

    began = state.clock.now()
    for number, event in enumerate(events, 1):
        with state.lock:
            if pace:
                state.clock.wait_for(is_over, pace)
            if is_over():
                return
            try:
                view.reduce(states, event)
            except BaseException as error:
                _end_rebuild(view, job, f"{type(error).__name__}: {error}")
                return
            job["events_processed"] = number
            job["progress"] = 100.0 * number / len(events)
            left = (state.clock.now() - began) / number * (len(events) - number)
            job["estimated_remaining"] = f"{left:.1f}s"
    with state.lock:
        if not is_over():
            _take_over(view, states, seen, partition)
            job["progress"] = 100.0
            _end_rebuild(view, job, "")
            view.advance()  # by the events that came meanwhile


def _take_over(view: View, states: dict[str, Record], seen: int, partition: str) -> None:
    """Replace the old states by rebuilt ones, all of them or those of a partition."""
    if partition:
        view.states.pop(partition, None)
        if partition in states:
            view.states[partition] = states[partition]
        return
    if view.position < seen:  # it was paused, or in error
        view.sequence = view.log.events[seen - 1]["nats_seq"]
    view.states, view.position = states, seen


def _end_rebuild(view: View, job: Record, error: str) -> None:
    job["status"] = "failed" if error else "completed"
    job.pop("estimated_remaining", None)
    if error:
        job["error"] = error
    view.status = "error" if error else "paused" if view.resting == "paused" else "active"
    view.error_message = error
    view.updated_at = view.environment.clock.text()
    view.environment.state.changed.notify_all()
