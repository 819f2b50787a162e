"""How each store of the engine is written into a document, and filled from one.

Rules:

1. References are written as ids: the event and the function of a run, the steps of its waits. What
   is not data (locks, timers, connections) is not written.
2. Buckets, config documents, secrets, events and schemas can be written by hand: members that are
   left out get the value that a new one has.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from ._engine.access import PlatformAudit
from ._engine.auth_trail import AuthTrail
from ._engine.documents import Configs, Secrets
from ._engine.events import EventLog
from ._engine.feed import Feed, Message
from ._engine.kv import Bucket, Buckets, Entry, Settings
from ._engine.operations import Debounced, TopicEdges
from ._engine.projections import OwnProjections, Projection, Projections, View, Views
from ._engine.refusals import Refusal
from ._engine.runs import Function, Functions, Run, Runs, Wait, functions_of
from ._engine.schemas import Schemas
from ._engine.sql_projections import make
from ._engine.state import Environment, Receipts, Record
from ._engine.streams import Stream, Streams
from ._engine.subscriptions import Consumer, Consumers, Delivery, Options, Pattern
from ._engine.times import timestamp
from ._engine.webhooks import Deliveries
from ._engine.workers import Job, Worker, Workers
from ._shapes import (
    Layout,
    Place,
    Shape,
    as_tuple,
    mapping,
    new_record,
    optional,
    reference,
    seconds_at,
)

_EVENT = reference(
    "event", lambda event: str(event["id"]), lambda place: place.environment.of(EventLog).by_id
)
_STEP = reference(
    "step", lambda step: str(step["id"]), lambda place: place.environment.of(Runs).steps
)
_RUN = reference("run", lambda run: str(run.id), lambda place: place.environment.of(Runs))
_FUNCTION = reference(
    "function", lambda found: str(found.id), lambda place: functions_of(place.environment)
)


def _message_written(message: Message) -> Record:
    return {**message._asdict(), "topics": list(message.topics)}


_NUMBER = optional(Shape(read=lambda value, place: place.check(value, float)))
_OBJECT = optional(Shape(read=lambda value, place: place.check(value, dict)))
_PAIR = optional(Shape(list, as_tuple))

_BUCKET = Layout("environment", "name", "settings", "entries")
_STREAM = Layout(
    "environment",
    "entity_id",
    events=Shape(
        lambda events: [event["id"] for event in events],
        lambda ids, place: [_EVENT.read(id, at) for id, at in place.items(ids)],
    ),
)
_FUNCTION_OF_WORKER = Layout("id", "handler", "takes_step", triggers=Shape(list, as_tuple))
_WAIT_LAYOUT = Layout("timer", until=_NUMBER, step=_STEP, child=_RUN, value=_PAIR)


def _wait(given: Any, place: Place) -> Wait:
    wait = _WAIT_LAYOUT.fill(Wait({}, None), given, place)
    if not wait.step:
        place.wrong("needs a step")
    return wait


_WAIT = optional(Shape(_WAIT_LAYOUT.write, _wait))
_RUN_LAYOUT = Layout(
    "environment", "ready", "go_on",
    function=_FUNCTION, event=_EVENT, wait=_WAIT, held=_WAIT, parent=_RUN,
)  # fmt: skip
_JOB = Layout(run=_RUN)
_WORKER = Layout(
    jobs=mapping(
        Shape(_JOB.write, lambda given, place: _JOB.fill(_job(given, place), given, place))
    )
)
_VIEW = Layout("environment", "projection", job=_OBJECT)
_FEED = Layout(
    "environment",
    _messages=Shape(
        lambda messages: list(map(_message_written, messages)),
        lambda given, place: deque(_message(item, at) for item, at in place.items(given)),
    ),
)
_DELIVERY = Layout(
    "timer", message=Shape(_message_written, lambda given, place: _message(given, place))
)
_DELIVERIES = Shape(
    lambda deliveries: list(map(_DELIVERY.write, deliveries)),
    lambda given, place: [
        _DELIVERY.fill(Delivery(_message(item.get("message"), at.at("message")), ""), item, at)
        for item, at in place.items(given)
    ],
)
_GROUP = Layout(
    "environment", "_feed", "members", "pattern", "options", "key",
    _again=_DELIVERIES, _later=_DELIVERIES,
)  # fmt: skip


def _job(given: Any, place: Place) -> Job:
    run = _RUN.read(place.check(given, dict).get("run"), place.at("run"))
    if run is None:
        place.wrong("needs a run")
    return Job(run, "")


def _message(given: Any, place: Place) -> Message:
    members = place.check(given, dict)
    if sorted(members) != sorted(Message._fields):
        place.wrong(f"must have exactly {', '.join(Message._fields)}")
    return Message(**{**members, "topics": as_tuple(members["topics"], place.at("topics"))})


def _groups_written(store: Consumers) -> Any:
    return [
        {"pattern": g.pattern.text, "options": g.options._asdict(), **_GROUP.write(g)}
        for g in store.groups()
    ]


def _read_groups(store: Consumers, value: Any, place: Place) -> None:
    for given, at in place.items(value):
        members = dict(at.check(given, dict))
        options = Options(
            **new_record(Options()._asdict(), members.pop("options", {}), at.at("options"))
        )
        try:
            pattern = Pattern(at.at("pattern").check(members.pop("pattern", None), str))
        except Refusal as refusal:
            at.at("pattern").wrong(f"is none: {refusal.message}")
        key = (options.namespace, options.group)
        group = Consumer(place.environment, pattern, place.environment.of(Feed).end, options, key)
        store.keep(_GROUP.fill(group, members, at))


# Buckets: a key has a value, or its entries.


_SETTINGS = Settings(description="", history=1, ttl_seconds=0, max_value_size=0, max_bytes=0)


def _bucket_written(bucket: Bucket) -> Record:
    return {
        **_BUCKET.write(bucket),
        **{
            name: value
            for name, value in bucket.settings._asdict().items()
            if value != getattr(_SETTINGS, name)
        },
        "keys": {key: list(map(_entry_written, found)) for key, found in bucket.entries.items()},
    }


def _entry_written(entry: Entry) -> Record:
    try:
        value = {"value": entry.value.decode()}
    except UnicodeDecodeError:
        value = {"base64": base64.b64encode(entry.value).decode()}
    written = timestamp(entry.written)
    return {"revision": entry.revision, "operation": entry.operation, **value, "written": written}


def _bucket_read(given: Any, place: Place, name: str) -> Bucket:
    members = dict(place.check(given, dict))
    settings: Any = {
        name: place.at(name).check(members.pop(name, default), type(default))
        for name, default in _SETTINGS._asdict().items()
    }
    keys = members.pop("keys", {})
    bucket = Bucket(place.environment, name, Settings(**settings))
    _BUCKET.fill(bucket, members, place)
    for key, value, at in place.at("keys").members(keys):
        if not isinstance(value, list):
            value = [{"value": value if isinstance(value, str) else json.dumps(value)}]
        bucket.entries[key] = [_entry_read(item, below, bucket) for item, below in at.items(value)]
        if not value:
            at.wrong("must have an entry")
    return bucket


def _entry_read(given: Any, place: Place, bucket: Bucket) -> Entry:
    now = place.state.clock.text()
    new = {"revision": bucket.revision + 1, "operation": "put", "value": "", "base64": ""}
    entry = new_record({**new, "written": now}, given, place)
    if entry["operation"] not in ("put", "delete"):
        place.at("operation").wrong("must be put or delete")
    try:
        value = base64.b64decode(entry["base64"], validate=True) or entry["value"].encode()
    except ValueError:
        place.at("base64").wrong("must be base64")
    bucket.revision = max(bucket.revision, entry["revision"])
    written = seconds_at(entry["written"], place.at("written"))
    return Entry(entry["revision"], entry["operation"], value, written)


def _config(given: Any, place: Place, name: str) -> Record:
    new = {"name": name, "data": dict, "revision": 1, "updatedAt": place.state.clock.text()}
    record = new_record(new, given, place)
    place.environment.of(Configs).revisions[name] = record["revision"]
    return record


def _secret(given: Any, place: Place, name: str) -> Record:
    now = place.state.clock.text()
    new = {"name": name, "value": str, "description": None, "revision": 1}
    return new_record({**new, "created_at": now, "updated_at": now}, given, place)


def _plain(given: Any, place: Place, key: str) -> Record:
    place.reserve(key)
    return dict(place.check(given, dict))


def _event(given: Any, place: Place) -> Record:
    log, now = place.environment.of(EventLog), place.state.clock.text()
    id = place.check(given, dict).get("id") or place.environment.new_id("evt")
    new = {
        "id": id, "environment_id": place.environment.id, "name": str, "data": {}, "version": 1,
        "source": "api", "processed": True, "nats_seq": log.sequence + 1, "timestamp": now,
        "created_at": now,
    }  # fmt: skip
    event = new_record(new, given, place, known=False)
    if place.reserve(id) in log.by_id:
        place.wrong(f"has the id of another event, {id}")
    seconds_at(event["timestamp"], place.at("timestamp"))
    log.sequence = max(log.sequence, event["nats_seq"])
    return event


# Stores: how one is written, and how it is filled.


def _read_list(store: Any, value: Any, place: Place) -> None:
    store[:] = [dict(at.check(item, dict)) for item, at in place.items(value)]


def _by_key(
    read: Callable[[Any, Place, str], Any], write: Callable[[Any], Any] = lambda item: item
) -> tuple[Callable[[Any], Any], Callable[[Any, Any, Place], None]]:
    """Return how a store of things by key is written and read, whatever they are."""

    def fill(store: Any, value: Any, place: Place) -> None:
        store.clear()
        for key, given, at in place.members(value):
            store[key] = read(given, at, key)

    return lambda store: {key: write(item) for key, item in store.items()}, fill


def _read_schemas(store: Schemas, value: Any, place: Place) -> None:
    new: Record = {"event_name": str, "version": int, "schema_json": str}
    new.update(environment_id=store.owner.id, created_at=place.state.clock.text())
    for given, at in place.items(value):
        schema = new_record(new, given, at, known=False)
        store[schema["event_name"], schema["version"]] = schema


def _pairs_written(store: Any) -> Any:
    return [[*key, item] for key, item in store.items()]


def _read_pairs(store: Any, value: Any, place: Place) -> None:
    for given, at in place.items(value):
        row = at.check(given, list)
        if len(row) != 3 or not isinstance(row[0], str) or not isinstance(row[1], str):
            at.wrong("must be two texts, the key, and what belongs to it")
        store[row[0], row[1]] = row[2]


def _read_events(store: EventLog, value: Any, place: Place) -> None:
    for given, at in place.items(value):
        store.keep(_event(given, at))


def _run_written(run: Run) -> Record:
    # A Python run's execution only tells its threads apart, and a seeded server has none of them.
    return {**_RUN_LAYOUT.write(run), **({"execution": 1} if run.has_thread else {})}


def _read_runs(store: Runs, value: Any, place: Place) -> None:
    """Read the runs in two steps, because they refer to one another."""
    for id, given, at in place.members(value):
        run = store[place.reserve(id)] = Run(
            {"id": id}, Function(id, None, moment=""), {}, store.owner
        )
        for step, below in at.at("steps").items(at.check(given, dict).get("steps", [])):
            store.steps[place.reserve(new_record({"id": str}, step, below, known=False)["id"])] = (
                step
            )
        run.record["status"] = "pending"
    for id, given, at in place.members(value):
        run = store[id]
        for member in ("record", "function", "event"):
            if given.get(member) is None:
                at.wrong(f"needs {member}")
        _RUN_LAYOUT.fill(run, given, at)
        new_record(
            {"id": str, "status": str, "attempt": int, "version": int},
            run.record,
            at.at("record"),
            known=False,
        )


def _sql_written(projection: Projection) -> Record:
    return {
        "table": projection.members["sql_definition"],
        "handlers": projection.members["event_handlers"],
        "events": list(projection.events),
        "description": projection.description,
    }


def _sql_projection(given: Any, place: Place, name: str) -> Projection:
    new = {"table": str, "handlers": dict, "events": list, "description": ""}
    members = new_record(new, given, place)
    try:
        return make(name, definition=members.pop("table"), **members)
    except Refusal as refusal:
        problem = refusal.message
    place.wrong(f"cannot be: {problem}")


def _view(given: Any, place: Place, name: str) -> View:
    own = place.environment.of(OwnProjections)
    projection = own.get(name) or place.state.registry.of(Projections).get(name)
    if projection is None:
        place.wrong("is a projection that is not registered on this server")
    view = View(place.environment, projection)
    return _VIEW.fill(view, given, place)


def _stream(given: Any, place: Place, id: str) -> Stream:
    stream = Stream(place.environment, id, "")
    _STREAM.fill(stream, given, place)
    if not stream.events or not stream.entity_type:
        place.wrong("needs entity_type, and at least one event")
    return stream


def add_to_stream(environment: Environment, event: Record) -> None:
    """Add an event of an entity to its stream; for events that are written by hand."""
    streams, id = environment.of(Streams), event["entity_id"]
    stream = streams.setdefault(id, Stream(environment, id, event.get("entity_type", "")))
    stream.events.append(event)
    event.setdefault("entity_version", stream.version)


def _function(given: Any, place: Place, id: str) -> Function:
    function = Function(id, None, moment=place.state.clock.text())
    return _FUNCTION_OF_WORKER.fill(function, given, place)


def _worker(given: Any, place: Place, id: str) -> Worker:
    worker = _WORKER.fill(Worker({"id": id}), given, place)
    new_record(
        {"id": str, "function_ids": list, "max_concurrent": int},
        worker.record,
        place.at("record"),
        known=False,
    )
    return worker


def _receipts_written(store: Receipts) -> list[Record]:
    return [
        {"of": list(what), "key": key, "reply": reply}
        for (what, key), reply in store.replies.items()
    ]


def _read_receipts(store: Receipts, value: Any, place: Place) -> None:
    for given, at in place.items(value):
        receipt = new_record({"of": list, "key": str, "reply": dict}, given, at)
        store.replies[tuple(receipt["of"]), receipt["key"]] = receipt["reply"]


PLAIN = _by_key(_plain)
WAYS: dict[Any, tuple[Callable[[Any], Any], Callable[[Any, Any, Place], None]]] = {
    PlatformAudit: (list, _read_list),
    AuthTrail: (list, _read_list),
    Deliveries: (list, _read_list),
    Buckets: _by_key(_bucket_read, _bucket_written),
    Configs: _by_key(_config),
    Secrets: _by_key(_secret),
    Schemas: (lambda store: list(store.values()), _read_schemas),
    Debounced: (_pairs_written, _read_pairs),
    TopicEdges: (_pairs_written, _read_pairs),
    OwnProjections: _by_key(_sql_projection, _sql_written),
    EventLog: (lambda store: list(store.events), _read_events),
    Streams: _by_key(_stream, _STREAM.write),
    Views: _by_key(_view, _VIEW.write),
    Functions: _by_key(_function, _FUNCTION_OF_WORKER.write),
    Runs: (lambda store: {id: _run_written(run) for id, run in store.items()}, _read_runs),
    Workers: _by_key(_worker, _WORKER.write),
    Receipts: (_receipts_written, _read_receipts),
    Consumers: (_groups_written, _read_groups),
    Feed: (_FEED.write, _FEED.fill),
}
