"""Discovery and health: the local server is healthy as long as it answers."""

from __future__ import annotations

from collections import Counter

from ironflow._routes import ROUTES

from .._call import Call
from .._engine.events import EventLog
from .._engine.refusals import Refusal
from .._engine.runs import Runs, all_runs, functions_of
from .._engine.state import Record
from .._engine.times import timestamp
from .._engine.workers import Workers
from .._http import Reply
from .._live import SubscribeSession, switch
from ._table import route

_VERSION = "local"


@route("GET", "/health", public=True)
def health(call: Call) -> Record:
    return {"status": "healthy", "timestamp": call.state.clock.text(), "version": _VERSION}


@route("GET", "/ready", public=True)
def ready(call: Call) -> Record:
    return {"status": "ready"}


@route("POST", "/ironflow.v1.IronflowService/Info")
def info(call: Call) -> Record:
    """What this server is doing, in all environments of the caller's organization."""
    state = call.state
    environments = state.environments_of(call.caller.org_id)
    functions = {id for where in environments for id in functions_of(where)}
    return {
        "version": _VERSION,
        "started_at": timestamp(state.started),
        "function_count": len(functions),
        "active_runs": sum(not r.finished for w in environments for r in w.of(Runs).values()),
        "connected_workers": sum(len(where.of(Workers)) for where in environments),
    }


@route("GET", "/metrics", public=True)
def metrics(call: Call) -> Reply:
    runs = Counter(run.status for run in all_runs(call.state))
    logs = [environment.of(EventLog) for environment in call.state.environments.values()]
    uptime = max(call.state.clock.now() - call.state.started, 0.0)
    lines = [
        "# HELP ironflow_uptime_seconds Seconds since the server started with its present data.",
        "# TYPE ironflow_uptime_seconds gauge",
        f"ironflow_uptime_seconds {uptime:.3f}",
        "# HELP ironflow_events_total Events in the log, of all environments.",
        "# TYPE ironflow_events_total counter",
        f"ironflow_events_total {sum(len(log.events) for log in logs)}",
        "# HELP ironflow_runs Runs by status, of all environments.",
        "# TYPE ironflow_runs gauge",
        *(f'ironflow_runs{{status="{status}"}} {count}' for status, count in sorted(runs.items())),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Reply(200, text.encode(), {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


@route("GET", "/api/v1/capabilities", public=True)
def capabilities(call: Call) -> Record:
    return {
        "transports": ["connectrpc", "http", "websocket"],
        "features": ["replay", "wildcard-patterns"],
        "version": _VERSION,
        "auth_required": call.state.api_key is not None,
    }


@route("GET", "/api/v1/routes")
def system_list(call: Call) -> Record:
    routes = [
        {"method": method, "path": path, "group": group, "category": category}
        for method, path, _, group, category in ROUTES
        if category != "rpc"
    ]
    return {"routes": routes}


@route("GET", "/api/v1/export")
def export_list(call: Call) -> Reply:
    raise Refusal(501, "the local server does not offer the export")


@route("GET", "/ws")
def websocket_list(call: Call) -> Reply:
    named = call.query.text("env")
    environment = call.environment_named(named) if named else call.environment
    return switch(call, SubscribeSession(environment))
