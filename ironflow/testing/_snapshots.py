"""The state of a server as a value: taken by ``snapshot``, put back by ``restore``.

Rules:

1. A snapshot is a pickle: several times faster than ``copy.deepcopy``, and nothing that happens
   later reaches it. It never leaves the process.
2. What is not data is taken from the server that gets the state: the lock and its conditions, the
   clock, and what the user registered, by its name. A function or projection that is not registered
   there is an error that names it, and then nothing has changed.
3. Stores that hold connections (``transient``) are left out.
4. A restored state is like one that has just been stopped: threads and timers are gone, rebuilds
   are cancelled, and runs continue from what they have recorded.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import threading
from typing import Any

from ._engine.clock import Timer
from ._engine.projections import Projection, Projections
from ._engine.runs import Function, Functions
from ._engine.state import Registry, State


class Snapshot:
    """The data of a server at one moment; for ``LocalServer.restore``, any number of times."""

    def __init__(self, state: State) -> None:
        output = io.BytesIO()
        pickler = pickle.Pickler(output, pickle.HIGHEST_PROTOCOL)
        pickler.dispatch_table = {  # by exact type
            **copyreg.dispatch_table,
            type(state.lock): lambda _: (_part, ("lock",)),
            type(state.registry): lambda _: (_part, ("registry",)),
            type(state.clock): lambda clock: (_part, ("clock", clock.now())),
            threading.Condition: lambda _: (_part, ("condition",)),
            Timer: lambda _: (_no_timer, ()),
            Projection: _projection_or_name,
            Function: _function_or_name,
        }
        try:
            pickler.dump(state)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(f"the state cannot be copied: {error}") from error
        self._content = output.getvalue()

    def __repr__(self) -> str:
        return f"<Snapshot of {len(self._content)} bytes>"

    def state(self, registry: Registry) -> State:
        """Return a new state of a server with this registry, as if it had just been stopped.

        Raises:
            LookupError: What the state needs is not registered.
        """
        reader = _Reader(self._content, registry)
        state: State = reader.load()
        if reader.lacking:
            raise LookupError(
                f"the snapshot needs what is not registered here: {', '.join(reader.lacking)}"
            )
        state.close()
        return state


def _function_or_name(function: Function) -> Any:
    """Keep a worker's function, and the name of a Python function."""
    if function.handler is None:
        return function.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    return _part, ("function", function.id)


def _projection_or_name(projection: Projection) -> Any:
    """Keep an SQL projection, and the name of a Python projection."""
    if projection.columns:
        return projection.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    return _part, ("projection", projection.name)


class _Reader(pickle.Unpickler):
    """Makes a state from a snapshot; rule 2.

    Attributes:
        lacking: What is not registered.
    """

    def __init__(self, content: bytes, registry: Registry) -> None:
        super().__init__(io.BytesIO(content))
        self.lacking: list[str] = []
        self._registry = registry

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, _part.__name__):
            return self._make
        return super().find_class(module, name)

    def _make(self, kind: str, *given: Any) -> Any:
        registry = self._registry
        if kind == "lock":
            return registry.lock
        if kind == "condition":
            return threading.Condition(registry.lock)
        if kind == "clock":
            clock = registry.clock(registry.lock)
            clock.go_on_from(*given)
            return clock
        if kind == "registry":
            return registry
        known: Any = registry.of(Functions if kind == "function" else Projections)
        if given[0] not in known:
            self.lacking.append(f"{kind} {given[0]}")
        return known.get(given[0])


def _part(kind: str, *given: Any) -> Any:
    """Stand in a pickle for what ``_Reader`` makes."""
    raise NotImplementedError


def _no_timer() -> None:
    """Stand in a pickle for a timer."""
