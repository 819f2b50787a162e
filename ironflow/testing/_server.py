"""``LocalServer``: an in-memory Ironflow on a loopback port, and what a test does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _faults
from ._dispatch import Application
from ._engine import projections
from ._engine.execution import carry_on
from ._engine.operations import Breakers, DeadLetters
from ._engine.projections import Projection, Projections
from ._engine.refusals import Refusal
from ._engine.runs import Function, Functions, all_runs, tell_registered
from ._engine.schemas import Upcaster, Upcasters
from ._engine.state import DEFAULT_ORG
from ._faults import Fault
from ._http import HttpServer, Reply, json_reply
from ._user_arguments import (
    check_callable,
    check_headers,
    check_key,
    check_patterns,
    check_seconds,
    check_text,
    check_whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import TypeVar

    from ._engine.state import Environment, State
    from ._faults import Exchange
    from ._http import ReceivedRequest

    # So that decorators keep the type of what they decorate, and start() that of a subclass.
    Handler = TypeVar("Handler", bound="Callable[..., Any]")
    ServerT = TypeVar("ServerT", bound="LocalServer")


_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # they stand for every address


class LocalServer:
    """A working in-memory Ironflow for tests, demos and notebooks.

    It speaks real HTTP on a loopback port and behaves as the product's documents say: runs,
    revisions, expected versions, pages, errors. It is a stand-in, not a product server: nothing
    outlives the process, CEL conditions are not evaluated, roles and policies are not enforced. It
    refuses requests that may come from a web page.

    ::

        with LocalServer() as server:
            client = IronflowClient(server.url)

    Args:
        port: Port to listen on; 0, the default, means any free one.
        host: Address to listen on; the default is reachable from this machine only.
        api_key: Key that callers need. None, the default, means that they need none.

    Raises:
        ValueError: The port, the host or the key is wrong; the key is not shown.
        OSError: On start: the port cannot be opened; the message names it.
    """

    def __init__(
        self, *, port: int = 0, host: str = "127.0.0.1", api_key: str | None = None
    ) -> None:
        check_whole(port, "port", 0, 65535)
        if not isinstance(host, str) or not host:
            raise ValueError(f"host must be an address such as 127.0.0.1, not {host!r}")
        if api_key is not None:
            check_key(api_key)
        self._host = host
        self._port = port
        self._application = Application(host, api_key)
        self._http: HttpServer | None = None

    def start(self: ServerT) -> ServerT:
        """Start serving; a stopped server starts again on the same port.

        Runs that the stop interrupted continue; their completed steps are kept.

        Returns:
            The server itself: ``server = LocalServer().start()``.
        """
        with self._application.locked() as state:  # requests wait until everything is in place
            if self._http is None:
                self._http = HttpServer(self._host, self._port, self._application.answer)
                self._port = self._http.port
                state.closed = False
                carry_on(state)
        return self

    def stop(self) -> None:
        """Stop serving; runs are interrupted at their next step, and the data stays for ``start``.

        In a forked child it does nothing: the server belongs to the process that started it.
        """
        if self._http is not None and self._http.inherited:
            return  # a thread of the parent may hold the lock
        self._application.close()
        with self._application.locked():
            http, self._http = self._http, None
        if http is not None:
            http.stop()

    def __enter__(self: ServerT) -> ServerT:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<LocalServer {self.url if self._http else 'stopped'}>"

    @property
    def port(self) -> int:
        """Port that it listens on; 0 before the first start if it may be any."""
        return self._port

    @property
    def url(self) -> str:
        """URL for ``IronflowClient``.

        Raises:
            RuntimeError: The server has not been started.
        """
        if not self._port:
            raise RuntimeError("the server has no port yet: call start(), or use it in with")
        host = _REACHED_AT.get(self._host, self._host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self._port}"

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The requests that arrived, oldest first; the latest 10,000, but at most 64 MiB."""
        return self._application.requests.all()

    # The user's own code on the server.

    def function(
        self,
        id: str,
        *,
        triggers: Iterable[str] = (),
        name: str = "",
        description: str = "",
        max_attempts: int = 1,
        retry_delay: float = 0.0,
    ) -> Callable[[Handler], Handler]:
        """Register a function, as a decorator or by calling what this returns.

        ::

            @server.function("process-order", triggers=["order.*"])
            def process_order(event, step):
                total = step.run("price", lambda: event["data"]["quantity"] * 5)
                return {"total": total}

        The handler gets the event (``id``, ``name``, ``data``, ``timestamp`` and so on) and, when
        it takes a second argument, ``StepTools``. It runs in a thread of its own. What it returns,
        a JSON value, is the run's output; what it raises makes the run fail.

        Args:
            id: Function id, as in ``functions_invoke``.
            triggers: Patterns of event names that start it: ``*`` is one dotted part, ``>`` the
                rest.
            name: Name for people; the id by default.
            description: What it does, for people.
            max_attempts: How often a run is tried before it fails for good.
            retry_delay: Seconds between two attempts.

        Returns:
            A decorator that returns the handler.

        Raises:
            TypeError: The id, the triggers or the handler are of the wrong type.
            ValueError: A number is out of bounds.
        """
        check_text(id, "id")
        started_by = check_patterns(triggers, "triggers")
        check_whole(max_attempts, "max_attempts", 1)
        check_seconds(retry_delay, "retry_delay")

        def register(handler: Handler) -> Handler:
            check_callable(handler, "a function's handler")
            with self._application.locked() as state:
                function = state.registry.of(Functions)[id] = Function(
                    id,
                    handler,
                    triggers=started_by,
                    name=name,
                    description=description,
                    max_attempts=max_attempts,
                    retry_delay=retry_delay,
                    moment=state.clock.text(),
                )
                for environment in state.environments.values():
                    tell_registered(environment, function)
            return handler

        return register

    def projection(
        self,
        name: str,
        *,
        events: Iterable[str],
        initial: Any = None,
        partition_by: Callable[[dict[str, Any]], str] | None = None,
        description: str = "",
        rebuild_pace: float = 0.0,
    ) -> Callable[[Handler], Handler]:
        """Register a projection, as a decorator or by calling what this returns.

        ::

            @server.projection("order_stats", events=["order.placed"], initial={"orders": 0})
            def order_stats(state, event):
                return {"orders": state["orders"] + 1}

        The reducer gets the state so far and an event, and returns the new state (or changes the
        one it was given and returns nothing). It must not call the server. ``sql_create`` can
        query the state as a table of the projection's name.

        Args:
            name: Name of the projection.
            events: Patterns of event names that it takes; ``*`` is one dotted part, ``>`` the rest.
            initial: State before the first event, ``{}`` by default.
            partition_by: Returns the partition key of an event; by default there is a single state.
            description: What it holds, for people.
            rebuild_pace: Seconds that a rebuild takes per event, so that a test can watch it.

        Returns:
            A decorator that returns the reducer.

        Raises:
            TypeError: The name, the events, ``partition_by`` or the reducer are of the wrong type.
            ValueError: ``rebuild_pace`` is not a number of seconds.
        """
        check_text(name, "name")
        reduced = check_patterns(events, "events")
        if partition_by is not None:
            check_callable(partition_by, "partition_by")
        check_seconds(rebuild_pace, "rebuild_pace")

        def register(reducer: Handler) -> Handler:
            check_callable(reducer, "a projection's reducer")
            with self._application.locked() as state:
                state.registry.of(Projections)[name] = Projection(
                    name,
                    reducer,
                    events=reduced,
                    initial=initial,
                    partition_by=partition_by,
                    description=description,
                    rebuild_pace=rebuild_pace,
                )
                for environment in state.environments.values():
                    projections.advance(environment)
            return reducer

        return register

    def upcaster(
        self, event_name: str, from_version: int, *, description: str = ""
    ) -> Callable[[Handler], Handler]:
        """Register how to convert an event's data to the next schema version.

        Args:
            event_name: Name of the event.
            from_version: Version of the data that the decorated callable gets; it returns the data
                of the version after it. It must not call the server.
            description: What it changes, for people.

        Returns:
            A decorator that returns the callable.

        Raises:
            TypeError: The event's name or the callable is of the wrong type.
            ValueError: The version is not a whole number from 1.
        """

        check_text(event_name, "event_name")
        check_whole(from_version, "from_version", 1)

        def register(convert: Handler) -> Handler:
            check_callable(convert, "an upcaster")
            with self._application.locked() as state:
                upcasters = state.registry.of(Upcasters)
                upcasters.append(Upcaster(event_name, from_version, convert, description))
            return convert

        return register

    def wait_until_idle(self, timeout: float = 5.0) -> None:
        """Wait until no run of a registered function is working; paused runs do not count.

        Args:
            timeout: How many seconds to wait at most.

        Raises:
            TimeoutError: Runs are still working; the message names them.
        """
        with self._application.locked() as state:
            if not state.changed.wait_for(lambda: not _at_work(state), timeout):
                names = ", ".join(_at_work(state))
                raise TimeoutError(f"still working after {timeout:g} s: {names}")

    def wait_for_run(self, run_id: str, timeout: float = 5.0) -> dict[str, Any]:
        """Wait until a run is completed, failed or cancelled, through its sleeps and waits.

        Args:
            run_id: Id of the run, as ``events_create`` gives it.
            timeout: How many seconds to wait at most.

        Returns:
            The run, with the members of ``models.Run``: ``status``, ``output``, ``error``, …

        Raises:
            KeyError: There is no such run.
            TimeoutError: The run has not ended; the message has its status.
        """
        with self._application.locked() as state:
            run = next((run for run in all_runs(state) if run.id == run_id), None)
            if run is None:
                raise KeyError(f"no run {run_id}")
            if not state.changed.wait_for(lambda: run.finished, timeout):
                raise TimeoutError(f"{run_id} is still {run.status} after {timeout:g} s")
            return dict(run.record)

    # Faults.

    def fail(
        self,
        method: str,
        path: str,
        status: int = 503,
        *,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> None:
        """Answer the next requests with an error; nothing is done for them.

        Args:
            method: HTTP method of the requests, ``*`` for any.
            path: Their path: as sent (``/api/v1/runs/run_1``), as a template
                (``/api/v1/runs/{id}``), or with ``*`` for any text (``/api/v1/kv/*``).
            status: HTTP status of the reply, 200 to 599.
            times: How many requests meet it.
            headers: Further headers, such as ``{"Retry-After": "1"}``.
            body: The reply's body: bytes as they are, anything else as JSON; ``{"error": …}`` by
                default.

        Raises:
            ValueError: The method, the path, the status, ``times`` or a header is wrong, or no
                route has the path.
        """
        check_whole(status, "status", 200, 599)
        more = check_headers(headers)
        if isinstance(body, bytes):
            reply = Reply(status, body, more)
        else:
            value = {"error": f"failed on request with status {status}"} if body is None else body
            reply = json_reply(status, value, more)
        self._add_fault(method, path, times, _faults.failing(reply))

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """Wait before the next requests are handled; arguments as in ``fail``."""
        check_seconds(seconds, "seconds")
        self._add_fault(method, path, times, _faults.delaying(seconds), lets_next_act=True)

    def truncate(self, method: str, path: str, *, at: int | None = None, times: int = 1) -> None:
        """Handle the next requests, but close the connection in the middle of the reply's body.

        Args:
            method, path, times: As in ``fail``.
            at: How many bytes of the body are sent; half of it by default.
        """
        self._add_fault(method, path, times, _faults.truncating(at))

    def trickle(
        self, method: str, path: str, *, interval: float = 0.05, size: int = 1, times: int = 1
    ) -> None:
        """Handle the next requests, but send the whole reply a few bytes at a time.

        Args:
            method, path, times: As in ``fail``.
            interval: Seconds between two pieces.
            size: Bytes of a piece.
        """
        check_seconds(interval, "interval")
        check_whole(size, "size", 1)
        self._add_fault(method, path, times, _faults.trickling(interval, size))

    def reset_connection(
        self, method: str, path: str, *, times: int = 1, handled: bool = False
    ) -> None:
        """Reset the connection of the next requests instead of answering them.

        Args:
            method, path, times: As in ``fail``.
            handled: Whether the request is handled before the connection is reset.
        """
        self._add_fault(method, path, times, _faults.resetting(handled))

    def _add_fault(
        self,
        method: str,
        path: str,
        times: int,
        act: Callable[[Exchange], Reply],
        lets_next_act: bool = False,
    ) -> None:
        self._application.add_fault(Fault(method, path, act, lets_next_act), times)

    def reset(self) -> None:
        """Start afresh: forget all data, faults and recorded requests.

        What was registered (functions, projections, upcasters) stays.
        """
        self._application.reset()

    # What operators look at and no API call can make.

    def dead_letter(
        self, event_id: str, *, error: str = "no response from stream", environment: str = ""
    ) -> None:
        """Put an event into the outbox's dead letters, as if it could not be published.

        Args:
            event_id: Id of an event in the log.
            error: Message of the last attempt.
            environment: Name or id of its environment; the default one by default.

        Raises:
            KeyError: There is no such event, or no environment with that id.
        """
        with self._application.locked() as state:
            found = _environment(state, environment)
            found.of(DeadLetters).put(found, event_id, error)

    def break_circuit(
        self, function_id: str, endpoint: str, *, fails: int = 5, environment: str = ""
    ) -> None:
        """Open the circuit breaker of a function's endpoint, as if calls of it had failed.

        Args:
            function_id: Id of the function.
            endpoint: URL that it guards.
            fails: Failures in a row, at least 1.
            environment: Name or id of the environment; the default one by default.

        Raises:
            KeyError: There is no environment with that id.
        """
        check_whole(fails, "fails", 1)
        with self._application.locked() as state:
            found = _environment(state, environment)
            found.of(Breakers).open(function_id, endpoint, fails)


def _environment(state: State, named: str) -> Environment:
    """Return an environment of the default organization; a new name creates one."""
    try:
        return state.environment(DEFAULT_ORG, named)
    except Refusal as refusal:
        raise KeyError(refusal.message) from None


def _at_work(state: State) -> list[str]:
    """Return the names of the runs that a thread executes; a stopped server has none."""
    return [
        f"{run.id} ({run.function.id})"
        for run in all_runs(state)
        if run.status == "running" and run.has_thread and not state.closed
    ]
