"""Functions: listing them, registering those of workers, and starting a run of one directly."""

from __future__ import annotations

from .._call import Call
from .._engine import workers
from .._engine.emitting import invoke
from .._engine.refusals import Refusal
from .._engine.runs import functions_of
from .._engine.state import Receipts, Record, only
from .._reading import Fields
from ._pages import window
from ._table import route


@route("GET", "/api/v1/functions")
def functions_list(call: Call) -> Record:
    query = call.query
    name, mode, status = query.text("name").lower(), query.text("mode"), query.text("status")
    found = [
        function.record
        for function in functions_of(call.environment).values()
        if (name in function.record["name"].lower() or name in function.id.lower())
        and mode in ("", function.record["execution_mode"])
        and status in ("", function.record["status"])
    ]
    page = window(query, 100).of(found)
    return {"functions": page, "count": len(page), "total_count": len(found)}


@route("GET", "/api/v1/functions/{id}")
def functions_get(call: Call, id: str) -> Record:
    return functions_of(call.environment).require(id).record


@route("POST", "/api/v1/functions/{id}/invoke")
def functions_invoke(call: Call, id: str) -> Record:
    environment = call.environment
    function = functions_of(environment).require(id)
    data = call.optional_body().members("data", {})
    key = call.idempotency_key

    def act() -> Record:
        run = invoke(environment, function, data, key)
        return {"event_id": run.event["id"], "run_id": run.id}

    return environment.of(Receipts).once(("functions_invoke", id), key, act)


@route("POST", "/ironflow.v1.IronflowService/RegisterFunction")
def register_function(call: Call) -> Record:
    body = call.body()
    id, triggers = body.text("id"), body.objects("triggers")
    for trigger in triggers:
        if not trigger.text("event", "") and not trigger.text("cron", ""):
            raise Refusal(400, "a trigger must have an event or a cron expression")
    members: Record = {
        "name": body.text("name", "") or id,
        "description": body.text("description", ""),
        "triggers": [dict(trigger.value) for trigger in triggers],
        "timeout_ms": body.integer("timeout_ms", 0, low=0),
        **_retry(Fields(body.members("retry", {}), "retry")),
        "secrets": body.texts("secrets", []),
        **only(body.value, ("execution_mode", "metadata", "concurrency", "debounce", "actor_key")),
    }
    function, created = workers.register_function(call.environment, id, members)
    return {"function": as_message(function.record), "created": created}


def _retry(retry: Fields) -> Record:
    """Return the settings that are given; the engine has defaults for the others."""
    backoff = retry.any("backoff_factor", None)
    if backoff is not None and (isinstance(backoff, bool) or not isinstance(backoff, (int, float))):
        raise Refusal(400, "retry.backoff_factor must be a number")
    given = {
        "retry_attempts": retry.integer("max_attempts", None, low=0) or None,
        "retry_delay_ms": retry.integer("initial_delay_ms", None, low=0) or None,
        "retry_backoff": backoff or None,
        "max_delay_ms": retry.integer("max_delay_ms", None, low=0) or None,
        "on_exhausted": retry.text("on_exhausted", None),
    }
    if given["on_exhausted"] not in (None, "", "pause", "fail"):
        raise Refusal(400, "retry.on_exhausted must be pause or fail")
    return only(given, given)


def as_message(record: Record) -> Record:
    """Return a function as RPC has it: with its settings for retries in a message of their own."""
    retry = {
        "max_attempts": record["retry_attempts"],
        "initial_delay_ms": record["retry_delay_ms"],
        "backoff_factor": record["retry_backoff"],
    }
    return {**record, "retry": retry}
