"""From a request to its reply: faults, credentials, routes, handlers, errors.

Rules:

1. A request is recorded before anything else. A fault that answers comes before the credential and
   the handler, so that nothing has happened; one that breaks the delivery comes after.
2. Where a credential is asked for, it is asked for before the route is looked at, as the product
   does; what needs none is listed in ``PUBLIC``.
3. Handlers run one at a time, with the state's lock held, and their reply is encoded before it is
   let go. What a handler raises by mistake is a 500 and a line in the log, and the server goes on.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ironflow._routes import ROUTES

from . import _access, _faults
from ._calls import Call, Created
from ._checks import Refusal
from ._faults import Faults
from ._groups import HANDLERS
from ._http import Reply, json_reply
from ._log import logger
from ._router import Router
from ._state import Registry, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._faults import Fault
    from ._http import Delivery, ReceivedRequest
    from ._router import Match, Route

MAX_RECORDED = 10_000

PUBLIC = frozenset(
    {
        "auth_list_validate",
        "auth_login",
        "capabilities",
        "health",
        "metrics",
        "platform_auth_login",
        "ready",
    }
)
_TEMPLATES = frozenset(row[1] for row in ROUTES)
# Their bodies are stored or read as they come.
RAW = frozenset({"kv_update_buckets_keys", "webhooks_create"})


class Application:
    """Answers requests.

    Args:
        api_key: Key that is asked for, None when none is.

    Attributes:
        api_key: As it was given.
        registry: What the user's own code registered.
        state: All data; replaced as a whole by ``reset``.
        faults: What goes wrong on request.
        requests: The requests that arrived, the latest ``MAX_RECORDED``.
        stopping: Set while the server stops, which ends every wait.
        observe: Called with (route name, status, value) of each handler's reply; for our tests.
    """

    def __init__(self, api_key: str | None = None) -> None:
        self.api_key = api_key
        self.registry = Registry()
        self.state = State(self.registry, api_key)
        self.faults = Faults()
        self.requests: deque[ReceivedRequest] = deque(maxlen=MAX_RECORDED)
        self.stopping = threading.Event()
        self.observe: Callable[[str, int, Any], None] | None = None
        self._router = Router(row[:3] for row in ROUTES)

    @contextmanager
    def locked(self) -> Iterator[State]:
        """Hold the lock over the state that is the present one."""
        with self.registry.lock:
            yield self.state

    def open(self) -> None:
        """Make ready to serve, also after ``close``."""
        self.stopping.clear()
        self.state.closed = False

    def close(self) -> None:
        """End every wait."""
        self.stopping.set()
        self.state.close()

    def reset(self) -> None:
        """Forget all data, faults and requests; what was registered stays."""
        with self.locked() as state:
            state.close()
            self.state = State(self.registry, self.api_key)
            self.faults.clear()
            self.requests.clear()

    def add_fault(self, fault: Fault, times: int) -> None:
        """Let a fault wait for its requests; a path that none can have is refused.

        Raises:
            ValueError: The fault's method or path can not be right, or ``times``.
        """
        path = fault.path
        globbed = "*" in path and path.startswith(("/", "*"))
        if not globbed and path not in _TEMPLATES and self._router.match(path) is None:
            raise ValueError(f"path must be that of a route, or hold a *; {path!r} fits none")
        self.faults.add(fault, times)

    def answer(self, request: ReceivedRequest) -> Reply:
        """Return the reply to a request."""
        state = self.state
        self.requests.append(request)
        match = self._router.match(request.path)
        method = "GET" if request.method == "HEAD" else request.method
        route = match.routes.get(method) if match else None
        deliver: Delivery | None = None
        for fault in self.faults.take(
            request.method, request.path, route.template if route else ""
        ):
            if fault.delay:
                if self.stopping.wait(fault.delay) or self.state is not state:
                    return Reply(503, deliver=_faults.dropped)  # of a server that is no more
            elif fault.reply is not None:
                return fault.reply
            elif fault.deliver is not None:
                deliver = fault.deliver
                if fault.unhandled:
                    return Reply(204, deliver=deliver)
        reply = self._handled(request, match, route)
        return reply if deliver is None else reply._replace(deliver=deliver)

    def _handled(self, request: ReceivedRequest, match: Match | None, route: Route | None) -> Reply:
        try:
            if request.method == "OPTIONS":
                return Reply(204, headers={"Allow": _allowed(match)})
            with self.locked() as state:
                public = route is not None and route.name in PUBLIC
                caller = _access.caller_of(state, request.headers, public, request.method)
                if match is None:
                    raise Refusal(404, f"no such route: {request.path}")
                if route is None:
                    raise Refusal(405, "method not allowed", Allow=_allowed(match))
                return self._run(route.name, Call(request, state, caller), match.arguments)
        except Refusal as refusal:
            return json_reply(refusal.status, {"error": refusal.message}, refusal.headers)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            return json_reply(500, {"error": f"internal error: {type(error).__name__}"})

    def _run(self, name: str, call: Call, arguments: tuple[str, ...]) -> Reply:
        if name not in RAW:
            call.json()  # a body that is no JSON is refused also where nobody looks at it
        value = HANDLERS[name](call, *arguments)
        status = 200
        if isinstance(value, Reply):
            return value
        if isinstance(value, Created):
            status, value = 201, value.value
        elif value is None:
            status = 204
        if self.observe is not None:
            self.observe(name, status, value)
        return Reply(204) if value is None else json_reply(status, value)


def _allowed(match: Match | None) -> str:
    methods = set(match.routes) if match else {"DELETE", "GET", "PATCH", "POST", "PUT"}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods | {"OPTIONS"}))
