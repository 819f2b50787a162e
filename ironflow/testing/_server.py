"""``LocalServer``: an in-memory Ironflow on a loopback port, and what a test does with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timezone
from os import PathLike
from types import TracebackType
from typing import TypeVar

from ._dispatch import Application
from ._engine.clock import Clock
from ._engine.execution import carry_on
from ._engine.state import State
from ._engine.virtual import VirtualClock
from ._http import HttpServer, ReceivedRequest
from ._provoking import Provoking
from ._registering import Registering
from ._snapshots import Snapshot
from ._user_arguments import check_key, check_whole
from ._waiting import Waiting

ServerT = TypeVar("ServerT", bound="LocalServer")  # so that start() keeps that of a subclass


CLOCKS = {"real": Clock, "virtual": VirtualClock}
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # they stand for every address


class LocalServer(Registering, Provoking, Waiting):
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
        strict: Whether to refuse unknown query parameters, values and environments, and to raise at
            the end when no request has met a fault. False by default.
        clock: ``"real"``, or ``"virtual"``: time starts at 2026-01-01T00:00:00Z, stands still while
            anything can run, and jumps to the next timer when nothing can and somebody waits for
            it. A step that sleeps for 30 days takes no time. See ``advance`` and ``now``.

    Raises:
        ValueError: The port, the host, the key or the clock is wrong; the key is not shown.
        OSError: On start: the port cannot be opened; the message names it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        strict: bool = False,
        clock: str = "real",
    ) -> None:
        check_whole(port, "port", 0, 65535)
        if not isinstance(host, str) or not host:
            raise ValueError(f"host must be an address such as 127.0.0.1, not {host!r}")
        if api_key is not None:
            check_key(api_key)
        if clock not in list(CLOCKS):
            raise ValueError(f"clock must be one of {', '.join(CLOCKS)}, not {clock!r}")
        self._host = host
        self._port = port
        self._application = Application(host, api_key, strict, CLOCKS[clock])
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
        """Stop without checking faults and expectations; return False in a forked child."""
        if self._http is not None and self._http.inherited:
            return False  # a thread of the parent may hold a lock
        try:
            self._application.close()
        finally:
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

    @property
    def now(self) -> datetime:
        """The server's time, in UTC."""
        return datetime.fromtimestamp(self._application.state.clock.now(), timezone.utc)

    def expect(self, method: str, path: str, times: int = 1) -> None:
        """Expect requests from now on; ``verify`` and the end of ``with`` check that they came.

        Args:
            method, path: As in ``fail``.
            times: How many, retries included; 0 means that none may come.

        Raises:
            ValueError: The method, the path or ``times`` is wrong, or no route has the path.
        """
        check_whole(times, "times", 0)
        self._application.expectations.add(self._application.target(method, path), times)

    def verify(self) -> None:
        """Check that all expected requests came, and that requests met a strict server's faults.

        ``with`` does it at its end, unless an exception ends it, and the pytest fixture after each
        test that has passed so far. Afterwards there are no expectations.

        Raises:
            AssertionError: They did not; the message says what came instead.
        """
        self._application.verify()

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

        It also does what ``reset`` does: it forgets faults, expectations and requests, and closes
        watches and subscriptions, so that clients connect again. Runs continue from where they
        were: a run that waits still waits.

        Args:
            snapshot: What ``snapshot`` returned.

        Raises:
            LookupError: A function or a projection of the snapshot is not registered here; the
                message names it. Nothing has changed.
            TypeError: It is not a snapshot.
        """
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"snapshot must be what snapshot() returned, not {snapshot!r}")
        self._go_on_with(lambda old: snapshot.state(old.registry))

    def dump(self, path: str | PathLike[str]) -> None:
        """Write all data as a JSON document, for ``seed`` or for people to read.

        It holds everything in plain text: the values of secrets, passwords, API keys and logins.
        Only you can read the file.

        Args:
            path: Path of the file; an existing one is replaced.

        Raises:
            OSError: The file cannot be written.
        """
        from . import _seeds  # rarely needed

        with self._application.locked() as state:
            text = _seeds.written(state)
        _seeds.save(path, text)

    def seed(self, path: str | PathLike[str]) -> None:
        """Start afresh with the data of a JSON document, from ``dump`` or written by hand.

        Like ``restore``, it replaces all data and forgets faults, expectations and requests.

        Args:
            path: Path of the file.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not a JSON document, or something in it is wrong; the message names
                the file and the place, and nothing has changed.
        """
        from . import _seeds

        document = _seeds.load(path)
        self._go_on_with(lambda old: _seeds.state_of(document, path, old.registry))

    def _go_on_with(self, make: Callable[[State], State]) -> None:
        def ready(old: State) -> State:
            state = make(old)
            state.api_key, state.strict = old.api_key, old.strict
            state.closed = self._http is None
            return state

        self._application.replace(ready)
