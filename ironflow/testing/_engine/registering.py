"""Functions that workers bring, registered by an RPC before the workers fetch jobs.

Rules:

1. A function belongs to an environment. Registering it again changes it in place: its runs go on,
   and its version counts up if anything is different.
2. Triggers with a cron expression, and conditions (CEL), are kept and shown, and start nothing.
3. This server calls no endpoint, and a Python function has no workers: both are refused, because
   such a function's runs would wait forever.
"""

from __future__ import annotations

from .refusals import Refusal
from .runs import Function, Functions, tell_registered
from .state import Environment, Record

_MAX_ATTEMPTS = 25  # the product's default, and so is the delay
_RETRY_DELAY_MS = 1000
_MAX_DELAY_MS = 300_000


def register(environment: Environment, id: str, members: Record) -> tuple[Function, bool]:
    """Register a function, or change one; return it, and whether it is new.

    Args:
        environment: Where it belongs.
        id: Its id.
        members: Members of the model ``FunctionResponse``; what is absent gets its default.
    """
    if id in environment.state.registry.of(Functions):
        raise Refusal(409, f"{id} is a Python function of the local server; it has no workers")
    if members.get("execution_mode", "pull") != "pull":
        raise Refusal(501, "the local server calls no endpoints; EXECUTION_MODE_PULL is offered")
    functions, moment = environment.of(Functions), environment.clock.text()
    function = functions.get(id)
    is_new = function is None
    if function is None:
        function = functions[id] = Function(id, None, moment=moment)
    function.secrets = members.pop("secrets", [])
    function.on_exhausted = members.pop("on_exhausted", None) or "pause"
    function.max_delay = members.pop("max_delay_ms", _MAX_DELAY_MS) / 1000
    record = function.record
    changed = {
        "name": id,
        "retry_attempts": _MAX_ATTEMPTS,
        "retry_delay_ms": _RETRY_DELAY_MS,
        "retry_backoff": 2.0,
        "timeout_ms": 0,
        "triggers": [],
        **members,
    }
    if not is_new and any(record.get(name) != value for name, value in changed.items()):
        record.update(version=record["version"] + 1, updated_at=moment)
    record.update(changed)
    function.triggers = tuple(t["event"] for t in record["triggers"] if t.get("event"))
    function.max_attempts = record["retry_attempts"]
    function.retry_delay = record["retry_delay_ms"] / 1000
    function.backoff = record["retry_backoff"]
    tell_registered(environment, function)
    return function, is_new
