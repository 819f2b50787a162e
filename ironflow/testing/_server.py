"""``LocalServer``: an in-memory Ironflow on a loopback port, and what a test does with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ._dispatch import Application
from ._engine.execution import carry_on
from ._engine.runs import all_runs
from ._http import HttpServer
from ._provoking import Provoking
from ._registering import Registering
from ._snapshots import Snapshot
from ._user_arguments import check_key, check_whole

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TypeVar

    from ._engine.state import State
    from ._http import ReceivedRequest

    ServerT = TypeVar("ServerT", bound="LocalServer")  # so that start() keeps that of a subclass


_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # they stand for every address


class LocalServer(Registering, Provoking):
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
        strict: Whether to refuse query parameters, known values and environments that nobody
            knows, and to raise at the end when no request has met a fault.

    Raises:
        ValueError: The port, the host or the key is wrong; the key is not shown.
        OSError: On start: the port cannot be opened; the message names it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        strict: bool = False,
    ) -> None:
        check_whole(port, "port", 0, 65535)
        if not isinstance(host, str) or not host:
            raise ValueError(f"host must be an address such as 127.0.0.1, not {host!r}")
        if api_key is not None:
            check_key(api_key)
        self._host = host
        self._port = port
        self._application = Application(host, api_key, strict)
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

        Raises:
            AssertionError: The server is strict and no request has met a fault. It has stopped
                nevertheless. An exception on its way is not replaced.
        """
        if self._halt() and sys.exc_info()[0] is None:
            self._application.verify(stopping=True)

    def _halt(self) -> bool:
        """Stop without a look at faults and expectations; return False in a forked child."""
        if self._http is not None and self._http.inherited:
            return False  # a thread of the parent may hold a lock
        self._application.close()
        with self._application.locked():
            http, self._http = self._http, None
        if http is not None:
            http.stop()
        return True

    def __enter__(self: ServerT) -> ServerT:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._halt() and error is None:
            self.verify()

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

    def expect(self, method: str, path: str, times: int = 1) -> None:
        """Expect requests from now on; ``verify`` and the end of ``with`` see that they have come.

        Args:
            method, path: As in ``fail``.
            times: How many, retries included; 0 means that none may come.

        Raises:
            ValueError: The method, the path or ``times`` is wrong, or no route has the path.
        """
        check_whole(times, "times", 0)
        self._application.expectations.add(self._application.target(method, path), times)

    def verify(self) -> None:
        """See that all expected requests have come, and that a strict server's faults were met.

        ``with`` does it at its end, unless an exception ends it, and the pytest fixture after each
        test that has passed so far. It ends the expectations.

        Raises:
            AssertionError: They have not; the message says what came instead.
        """
        self._application.verify()

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

    def reset(self) -> None:
        """Start afresh: forget all data, faults, expectations and recorded requests.

        What was registered (functions, projections, upcasters) stays.
        """
        self._application.reset()

    def snapshot(self) -> Snapshot:
        """Return all data as it is now; connections, faults and requests are not part of it.

        Raises:
            TypeError: The state of a projection holds what cannot be copied.
        """
        with self._application.locked() as state:
            return Snapshot(state)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot, of this server or another one, as often as you like.

        Otherwise it does what ``reset`` does: faults, expectations and requests are forgotten,
        and connections that watch or subscribe are closed, so that clients connect again. Runs
        go on from where they were: a run that waits still waits.

        Args:
            snapshot: What ``snapshot`` gave.

        Raises:
            LookupError: A function or a projection of the snapshot is not registered here; the
                message names it. Nothing has changed.
        """

        def make(old: State) -> State:
            state = snapshot.state(self._application.registry)
            state.api_key, state.strict = old.api_key, old.strict
            state.closed = self._http is None
            return state

        self._application.replace(make)


def _at_work(state: State) -> list[str]:
    """Return the names of the runs that a thread executes; a stopped server has none."""
    return [
        f"{run.id} ({run.function.id})"
        for run in all_runs(state)
        if run.status == "running" and run.has_thread and not state.closed
    ]
