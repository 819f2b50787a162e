"""Functions: listing them, and starting a run of one directly."""

from __future__ import annotations

from .._call import Call
from .._engine.emitting import emit
from .._engine.execution import start
from .._engine.runs import Runs, functions_of
from .._engine.state import Receipts, Record
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

    def invoke() -> Record:
        event, run_ids = emit(
            environment,
            f"ironflow.invoke.{id}",
            data,
            source="invoke",
            idempotency_key=key or None,
        )
        # A function with a trigger for its own invocations still runs once.
        runs = environment.of(Runs)
        own = [run_id for run_id in run_ids if runs[run_id].function is function]
        run_id = own[0] if own else start(environment, function, event).id
        return {"event_id": event["id"], "run_id": run_id}

    return environment.of(Receipts).once(("functions_invoke", id), key, invoke)
