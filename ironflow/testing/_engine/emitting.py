"""What an event sets off.

Rules: an event gets a number and is kept. Projections see it before the call that emitted it
returns. Runs that wait for it continue, and functions with a matching trigger start. Each function
has a trigger for the event that invokes it, ``ironflow.invoke.<id>``.
"""

from __future__ import annotations

from typing import Any

from . import execution, projections
from .events import EventLog
from .patterns import matches_any
from .refusals import Refusal
from .runs import Function, Run, Runs, functions_of
from .state import Environment, Record
from .subscriptions import publish

_INVOKE = "ironflow.invoke."
_RESERVED = ("events:", "system.", "entity:", "public.")


def emit(
    environment: Environment,
    name: str,
    data: Any,
    *,
    source: str = "api",
    version: int = 1,
    **members: Any,
) -> tuple[Record, list[str]]:
    """Add an event to the log and let it act; arguments as in ``EventLog.append``.

    Returns:
        The event, and the ids of the runs that it started.
    """
    event = environment.of(EventLog).append(name, data, source, version, members)
    republish(environment, event)
    projections.views_of(environment)  # brings them up to date
    execution.wake(environment, event)
    run_ids = [
        execution.start(environment, function, event).id
        for function in functions_of(environment).values()
        if name == _INVOKE + function.id or matches_any(function.triggers, name)
    ]
    environment.state.changed.notify_all()
    return event, run_ids


def invoke(environment: Environment, function: Function, data: Any, key: str = "") -> Run:
    """Start a run of a function directly; ``key`` is kept with its event."""
    name = _INVOKE + function.id
    _, run_ids = emit(environment, name, data, source="invoke", idempotency_key=key or None)
    # Functions that listen for such events, by ironflow.invoke.*, have runs of their own.
    runs = environment.of(Runs)
    return next(runs[run_id] for run_id in run_ids if runs[run_id].function is function)


def republish(environment: Environment, event: Record) -> None:
    """Give an event that is in the log to those who follow it, once more."""
    publish(environment, event["id"], _topics(event), event["data"], event["nats_seq"])


def refuse_reserved(name: str, what: str) -> None:
    """Refuse a name for an event or a topic that is the system's."""
    if name.startswith(_RESERVED):
        raise Refusal(400, f"{what} must not begin with {', '.join(_RESERVED)}: they are reserved")


def _topics(event: Record) -> tuple[str, ...]:
    """Return the topics under which an event can be followed."""
    if "entity_id" not in event:
        return (f"events:{event['name']}",)
    entity = f"entity:{event['entity_type']}.{event['entity_id']}.{event['name']}"
    return (f"events:{event['name']}", entity)
