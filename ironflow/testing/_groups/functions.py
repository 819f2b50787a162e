"""Functions: listing them, and starting a run of one directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._checks import find
from .._events import record_event
from .._execution import start
from .._pages import window
from .._runs import functions_of

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record


def functions_list(call: Call) -> Record:
    query = call.query
    name, mode, status = query.text("name").lower(), query.text("mode"), query.text("status")
    found = [
        function.record
        for function in functions_of(call.state, call.environment).values()
        if (name in function.record["name"].lower() or name in function.id.lower())
        and mode in ("", function.record["execution_mode"])
        and status in ("", function.record["status"])
    ]
    page = window(query, 100).of(found)
    return {"functions": page, "count": len(page), "total_count": len(found)}


def functions_get(call: Call, id: str) -> Record:
    return find(functions_of(call.state, call.environment), id, "function").record


def functions_invoke(call: Call, id: str) -> Record:
    environment = call.environment
    function = find(functions_of(call.state, environment), id, "function")
    data = call.optional_body().members("data", {})
    key = call.request.headers.get("idempotency-key", "")

    def invoke() -> Record:
        event, run_ids = record_event(
            call.state,
            environment,
            f"ironflow.invoke.{id}",
            data,
            source="invoke",
            idempotency_key=key or None,
        )
        # A function that listens to its own invocations runs once all the same.
        own = [run_id for run_id in run_ids if environment.runs[run_id].function is function]
        run_id = own[0] if own else start(call.state, environment, function, event)
        return {"event_id": event["id"], "run_id": run_id}

    return environment.once(("functions_invoke", id), key, invoke)
