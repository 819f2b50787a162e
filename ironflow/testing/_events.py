"""The event log of an environment, and what an event sets off.

Rules: an event is numbered and kept; projections see it before the call that made it returns; runs
that wait for it wake up; functions with a trigger that fits its name start running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _execution, _projections
from ._checks import matches
from ._runs import functions_of

if TYPE_CHECKING:
    from ._state import Environment, Record, State


def record_event(
    state: State,
    environment: Environment,
    name: str,
    data: Any,
    *,
    source: str = "api",
    version: int = 1,
    **members: Any,
) -> tuple[Record, list[str]]:
    """Add an event to the log and let it act.

    Args:
        state: Everything that the server holds.
        environment: Environment of the event.
        name: Event name.
        data: Payload.
        source: Where it comes from.
        version: Schema version of the payload.
        members: Further members of the model ``Event``; those that are None are left out.

    Returns:
        The event, and the ids of the runs that it started.
    """
    moment = state.now()
    event: Record = {
        "id": state.new_id("evt"),
        "environment_id": environment.id,
        "name": name,
        "data": data,
        "version": version,
        "source": source,
        "processed": True,
        "nats_seq": environment.next_sequence(),
        "timestamp": moment,
        "created_at": moment,
        **{member: value for member, value in members.items() if value is not None},
    }
    environment.events.append(event)
    _projections.advance_all(state, environment)
    _execution.wake_waiters(state, environment, event)
    run_ids = [
        _execution.start(state, environment, function, event)
        for function in functions_of(state, environment).values()
        if any(matches(trigger, name) for trigger in function.triggers)
    ]
    state.changed.notify_all()
    return event, run_ids
