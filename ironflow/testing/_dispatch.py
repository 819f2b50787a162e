"""From a request to its reply: web pages, faults, credentials, routes, handlers, errors.

Rules:

1. Requests that may come from a web page are refused first. All others are recorded.
2. Faults come next: a fault that answers a request itself leaves the data as it is.
3. The credential is checked before the route, as the product does.
4. Handlers run one at a time, with the state's lock held, and their reply is encoded before the
   lock is released. A bug in a handler is a 500 and a line in the log, and the server goes on.
5. A route of the manifest without a handler answers 501 and names the route.
6. RPC is another way to the same handlers; see ``_rpc``.
7. A strict server then refuses what ``_strict`` says, when caller and route are known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ironflow._routes import ROUTES

from . import _faults, _polls, _rpc
from ._call import Call, Created, Later, WithHeaders
from ._engine.access import Caller, caller_of
from ._engine.auth_trail import AuthTrail
from ._engine.clock import Clock
from ._engine.execution import carry_on
from ._engine.organizations import new_state
from ._engine.refusals import Refusal
from ._engine.state import DEFAULT_ORG, Registry, State
from ._engine.virtual import VirtualClock
from ._guard import refuse_foreign
from ._handlers import HANDLERS, Handler
from ._http import ReceivedRequest, Reply, json_reply
from ._log import logger
from ._recording import Expectations, Recording, complaint
from ._router import Match, Route, Router
from ._websocket import WebSockets

# What the trail of authentication calls an action: runs_list is runs:list.
_ACTIONS = {row[2]: f"{row[3]}:{row[2][len(row[3]) + 1 :]}" for row in ROUTES}
_JOIN_SECONDS = 5.0
_SUBSCRIBING = "/ws"
_READS = ("GET", "HEAD", "OPTIONS")


class Application:
    """Answers requests.

    Args:
        host: Host that the server was told to listen on.
        api_key: Key that callers need, None when they need none.
        strict: Whether what is unknown or unused is an error.
        clock: The kind of clock.

    Attributes:
        registry: What the user's code registered.
        state: All data; ``reset`` replaces it.
        requests: The latest requests.
        faults: Faults that requests will meet.
        expectations: Requests that the test expects.
        target: Returns which requests a method and a path mean.
        observe: Called with (route, status, value) of each handler's reply; for our tests.
    """

    def __init__(
        self,
        host: str,
        api_key: str | None = None,
        strict: bool = False,
        clock: type[Clock] = Clock,
    ) -> None:
        self.registry = Registry(clock)
        self.state = new_state(self.registry, api_key, strict)
        self.requests = Recording()
        self.faults = _faults.Faults()
        self.expectations = Expectations()
        self.observe: Callable[[Route, int, Any], None] | None = None
        self._host = host
        self._router = Router([*_rpc.ROUTES, *(row[:3] for row in ROUTES)])
        self.target = self._router.target

    @contextmanager
    def locked(self) -> Iterator[State]:
        """Hold the lock and get the current state.

        Raises:
            Entangled: The user's own code keeps the lock.
        """
        with self.registry.locked():
            yield self.state
            self.state.clock.let_go()

    def close(self) -> None:
        """End every wait."""
        state = self.state
        state.close()
        state.clock.join(_JOIN_SECONDS)
        state.of(WebSockets).join(_JOIN_SECONDS)

    def reset(self) -> None:
        """Forget all data, faults, expectations and requests; what was registered stays."""
        self.replace(lambda old: new_state(self.registry, old.api_key, old.strict))

    def replace(self, make: Callable[[State], State]) -> None:
        """Replace the state by the one that ``make`` returns for it; all else is forgotten."""
        with self.locked() as old:
            self.state = make(old)
            old.close()
            for memory in (self.faults, self.expectations, self.requests):
                memory.clear()
            if not self.state.closed:
                carry_on(self.state)
        old.of(WebSockets).join(_JOIN_SECONDS)  # without the lock, which their threads need

    def verify(self, stopping: bool = False) -> None:
        """Raise if something expected did not happen, and forget the expectations.

        Args:
            stopping: Only look at faults: a server that stops may start again, for the rest.

        Raises:
            AssertionError: An expectation failed, or no request met a fault of a strict server.
        """
        failed = {} if stopping else self.expectations.failed()
        unmet = self.faults.unmet() if self.state.strict else []
        message = complaint(failed, unmet, self.requests.all())
        if not stopping:
            self.expectations.clear()
        if message:
            self.faults.drop(unmet)
            raise AssertionError(message)

    def answer(self, request: ReceivedRequest) -> Reply:
        """Return the reply to a request, and log a line about it."""
        reply = self._replied(request)
        if logger.isEnabledFor(logging.INFO):  # never the query: it may hold a token
            logger.info("%s %s %d", request.method, ascii(request.path)[1:-1], reply.status)
        return reply

    def _replied(self, request: ReceivedRequest) -> Reply:
        try:
            refuse_foreign(request.headers, self._host)
        except Refusal as refusal:
            return _refused(refusal)
        self.requests.add(request)
        try:
            with self.locked() as state:
                state.clock.enter(f"{request.method} {request.path}")
        except Refusal as refusal:
            return _refused(refusal)
        try:
            return self._answered(request, state)
        finally:
            with state.lock:
                state.clock.leave()

    def _answered(self, request: ReceivedRequest, state: State) -> Reply:
        """Return the reply to a request that has its turn."""
        match = self._router.match(request.path)
        method = "GET" if request.method == "HEAD" else request.method
        route = match.routes.get(method) if match else None
        arrived = (request.method, request.path, route.template if route else "")
        self.expectations.count(*arrived)

        def pause(seconds: float) -> bool:
            with state.lock:
                return not state.clock.wait_for(lambda: state.closed, seconds)

        def ask() -> Reply:
            return self._handled(request, match, route)

        faults = self.faults.take(*arrived)
        reply = _faults.reply_to(faults, lambda: self._noted(request, route, ask()), pause)
        if isinstance(state.clock, VirtualClock):
            if _reads(request, route):
                return _polls.held(state.clock, request, reply, ask)
            state.clock.forget_answers()
        return reply

    def _handled(self, request: ReceivedRequest, match: Match | None, route: Route | None) -> Reply:
        try:
            if request.method == "OPTIONS":
                return Reply(204, headers={"Allow": _allowed(match)})
            if request.path.startswith(_rpc.PREFIX):
                return self._called(_rpc.Exchange(request), route)
            handler = HANDLERS.get((route.method, route.template)) if route else None
            with self.locked() as state:
                call = _admitted(request, state, handler)
                if match is None:
                    raise Refusal(404, f"no such route: {request.path}")
                if route is None:
                    raise Refusal(405, "method not allowed", Allow=_allowed(match))
                if handler is None:
                    what = f"{route.method} {route.template} ({route.name})"
                    raise Refusal(501, f"the local server has no handler for {what}")
                if state.strict:
                    from ._strict import check

                    check(route.name, request.query, None if handler.raw else call.json)
                value = handler.act(call, *match.arguments)
                if not isinstance(value, Later):
                    return self._reply(route, value)
            return self._reply(route, value.give())
        except Refusal as refusal:
            return _refused(refusal)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            return json_reply(500, {"error": f"internal error: {type(error).__name__}"})

    def _noted(self, request: ReceivedRequest, route: Route | None, reply: Reply) -> Reply:
        """Note in the trail whether the caller was accepted, and return the reply."""
        handler = HANDLERS.get((route.method, route.template)) if route else None
        is_public = request.method == "OPTIONS" or (handler is not None and handler.public)
        credential = _credential(request)
        with self.locked() as state:
            if not is_public and (credential or state.api_key is not None):
                caller = Caller("", DEFAULT_ORG)
                if reply.status != 401:
                    caller = caller_of(state, credential, public=True, org_id="", reads=True)
                action = _ACTIONS.get(route.name, route.name) if route else request.path
                state.of(AuthTrail).note(caller, action, reply.status not in (401, 403))
        return reply

    def _called(self, exchange: _rpc.Exchange, route: Route | None) -> Reply:
        request, observe = exchange.request, None
        if self.observe is not None and route is not None:
            observe = partial(self.observe, route, 200)
        try:
            with self.locked() as state:
                caller = _admitted(request, state, None, exchange.reads).caller
                handler, inner, arguments = exchange.question()
                if state.strict and route is not None:
                    from ._strict import check

                    check(route.name, {}, exchange.message)
                value = handler.act(Call(inner, state, caller), *arguments)
                if not isinstance(value, Later):
                    return exchange.reply(value, observe)
            return exchange.reply(value.give(), observe)
        except Refusal as refusal:
            return exchange.refused(refusal)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.path)
            return exchange.refused(Refusal(500, f"internal error: {type(error).__name__}"))

    def _reply(self, route: Route, value: Any) -> Reply:
        """Encode what a handler returned."""
        if isinstance(value, Reply):
            return value
        status = 204 if value is None else 200
        headers: dict[str, str] = {}
        if isinstance(value, Created):
            status, value = 201, value.value
        elif isinstance(value, WithHeaders):
            value, headers = value
        if self.observe is not None:
            self.observe(route, status, value)
        return Reply(204) if value is None else json_reply(status, value, headers)


def _admitted(
    request: ReceivedRequest, state: State, handler: Handler | None, reads: bool = False
) -> Call:
    """Return the call of a known caller, or refuse the request; ``reads`` is for RPC."""
    caller = caller_of(
        state,
        _credential(request),
        public=handler is not None and handler.public,
        org_id=request.headers.get("x-ironflow-org", ""),
        reads=reads or request.method in _READS or (handler is not None and handler.reads),
    )
    call = Call(request, state, caller)
    if caller.environment_id and call.environment_header:
        call.environment_named(call.environment_header)  # refuses a key that is bound to another
    if handler is not None and not handler.raw:
        _ = call.json  # refuses a body that is not JSON, even if the handler ignores it
    return call


def _credential(request: ReceivedRequest) -> str:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    credential = credential.strip() if scheme.lower() == "bearer" else ""
    if not credential and request.path == _SUBSCRIBING:  # a web page cannot set its headers
        credential = request.query.get("token", "")
    return credential


def _reads(request: ReceivedRequest, route: Route | None) -> bool:
    """Return whether a request changes nothing."""
    if request.path.startswith(_rpc.PREFIX):
        return _rpc.Exchange(request).reads
    handler = HANDLERS.get((route.method, route.template)) if route else None
    return request.method in _READS or (handler is not None and handler.reads)


def _refused(refusal: Refusal) -> Reply:
    body = {"error": refusal.fence or refusal.message}
    if refusal.fence:
        body["message"] = refusal.message
    return json_reply(refusal.status, body, refusal.headers)


def _allowed(match: Match | None) -> str:
    methods = set(match.routes) if match else {"DELETE", "GET", "PATCH", "POST", "PUT"}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods | {"OPTIONS"}))
