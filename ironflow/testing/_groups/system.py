"""Discovery and health: the local server is well as long as it answers."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from ironflow._routes import ROUTES

from .._checks import Refusal
from .._http import Reply
from .._upgrades import upgrade_required

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record

_VERSION = "local"


def health(call: Call) -> Record:
    return {"status": "healthy", "timestamp": call.state.now(), "version": _VERSION}


def ready(call: Call) -> Record:
    return {"status": "ready"}


def metrics(call: Call) -> Reply:
    environments = call.state.environments.values()
    runs = Counter(run.status for found in environments for run in found.runs.values())
    lines = [
        "# HELP ironflow_uptime_seconds Seconds since the server started with its present data.",
        "# TYPE ironflow_uptime_seconds gauge",
        f"ironflow_uptime_seconds {max(time.time() - call.state.started, 0.0):.3f}",
        "# HELP ironflow_events_total Events in the log, of all environments.",
        "# TYPE ironflow_events_total counter",
        f"ironflow_events_total {sum(len(found.events) for found in environments)}",
        "# HELP ironflow_runs Runs by status, of all environments.",
        "# TYPE ironflow_runs gauge",
        *(f'ironflow_runs{{status="{status}"}} {count}' for status, count in sorted(runs.items())),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return Reply(200, text.encode(), {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def capabilities(call: Call) -> Record:
    return {
        "transports": ["http"],
        "features": [],
        "version": _VERSION,
        "auth_required": call.state.api_key is not None,
    }


def system_list(call: Call) -> Record:
    routes = [
        {"method": method, "path": path, "group": group, "category": category}
        for method, path, _, group, category in ROUTES
        if category != "rpc"
    ]
    return {"routes": routes}


def export_list(call: Call) -> Reply:
    raise Refusal(501, "the local server does not offer the export")


def websocket_list(call: Call) -> Reply:
    return upgrade_required(call)
