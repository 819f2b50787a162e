"""The part of ``LocalServer`` that registers the user's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ._dispatch import Application
from ._engine import projections
from ._engine.projections import Projection, Projections
from ._engine.runs import Function, Functions, tell_registered
from ._engine.schemas import Upcaster, Upcasters
from ._user_arguments import check_callable, check_patterns, check_seconds, check_text, check_whole

# So that decorators keep the type of what they decorate.
Handler = TypeVar("Handler", bound="Callable[..., Any]")


class Registering:
    """Functions, projections and upcasters of a server."""

    _application: Application

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
                    projections.views_of(environment)  # brings them up to date
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
