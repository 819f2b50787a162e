"""A small in-memory Ironflow for the demo: events, the runs they start, and config documents.

It holds one function, ``process-order``, which every ``order.*`` event starts. It is no stand-in
for the server: it keeps nothing, checks little, and knows only the routes in ``ROUTES``.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Missing(Exception):
    """What was asked for is not there; the message goes to the caller."""


class DemoServer:
    """``with DemoServer() as server:`` serves on ``server.url`` until the block ends."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> DemoServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def emit(self, body: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        event_id, run_ids = f"evt_{number}", []
        if body["name"].startswith("order."):
            run_ids.append("run_abc123" if number == 1 else f"run_{number}")
            self.runs[run_ids[0]] = {
                "id": run_ids[0],
                "function_id": "process-orde",
                "event_id": event_id,
                "status": "running",
                "attempt": 1,
                "max_attempts": 3,
                "execution_mode": "push",
                "input": body.get("data"),
                "created_at": _now(),
                "updated_at": _now(),
            }
        return {"event_id": event_id, "run_ids": run_ids}

    def invoke(self, body: dict[str, Any] | None, function_id: str) -> dict[str, Any]:
        emitted = self.emit({"name": f"order.{function_id}", "data": (body or {}).get("data")})
        return {"event_id": emitted["event_id"], "run_id": emitted["run_ids"][0]}

    def list_runs(self, _: Any) -> dict[str, Any]:
        runs = list(self.runs.values())
        return {"runs": runs, "count": len(runs), "total_count": len(runs)}

    def get_run(self, _: Any, run_id: str) -> dict[str, Any]:
        if run_id not in self.runs:
            raise Missing("run not found")
        return self.runs[run_id]

    def cancel_run(self, body: dict[str, Any] | None, run_id: str) -> dict[str, Any]:
        run = self.get_run(None, run_id)
        reason = (body or {}).get("reason", "")
        run.update(status="cancelled", cancellation_cause=reason, ended_at=_now())
        return run

    def set_config(self, body: dict[str, Any], name: str) -> dict[str, Any]:
        revision = self.configs.get(name, {"revision": 0})["revision"] + 1
        self.configs[name] = {"data": body, "revision": revision, "updatedAt": _now()}
        return {"name": name, "revision": revision}

    def patch_config(self, body: dict[str, Any], name: str) -> dict[str, Any]:
        return self.set_config({**self.configs.get(name, {"data": {}})["data"], **body}, name)

    def get_config(self, _: Any, name: str) -> dict[str, Any]:
        if name not in self.configs:
            raise Missing("config not found")
        return {"name": name, **self.configs[name]}


ROUTES: dict[str, Callable[..., dict[str, Any]]] = {
    "POST /api/v1/events": DemoServer.emit,
    "POST /api/v1/functions/([^/]+)/invoke": DemoServer.invoke,
    "GET /api/v1/runs": DemoServer.list_runs,
    "GET /api/v1/runs/([^/]+)": DemoServer.get_run,
    "POST /api/v1/runs/([^/]+)/cancel": DemoServer.cancel_run,
    "GET /api/v1/config/([^/]+)": DemoServer.get_config,
    "POST /api/v1/config/([^/]+)": DemoServer.set_config,
    "PATCH /api/v1/config/([^/]+)": DemoServer.patch_config,
}


def _handler(server: DemoServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # buffered: small unbuffered writes stall 40 ms each on a kept connection

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, reply = self.find(json.loads(content) if content else None)
            encoded = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def find(self, body: Any) -> tuple[int, dict[str, Any]]:
            route = f"{self.command} {self.path.partition('?')[0]}"
            for pattern, action in ROUTES.items():
                found = re.fullmatch(pattern, route)
                if found:
                    try:
                        return 200, action(server, body, *found.groups())
                    except Missing as error:
                        return 404, {"code": "NOT_FOUND", "message": str(error)}
            return 404, {"code": "NOT_FOUND", "message": "the demo server has no such route"}

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, format: str, *args: object) -> None:
            """Keep the demo's output to the demo."""

    return Handler


def _now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
