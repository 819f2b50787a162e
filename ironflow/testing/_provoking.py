"""The part of ``LocalServer`` that makes things go wrong: faults, and what operators look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import _faults
from ._dispatch import Application
from ._engine.operations import Breakers, DeadLetters
from ._engine.refusals import Refusal
from ._engine.state import DEFAULT_ORG, Environment, State
from ._faults import Exchange, Fault
from ._http import Reply, json_reply
from ._user_arguments import check_headers, check_seconds, check_whole


class Provoking:
    """Faults of a server, and data that no API call can create."""

    _application: Application

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
        """Answer the next requests with an error, without handling them.

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
        self._add_fault("fail", method, path, times, _faults.failing(reply))

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1) -> None:
        """Wait before the next requests are handled, or meet the next fault.

        Args:
            method, path, times: As in ``fail``.
            seconds: How long.
        """
        check_seconds(seconds, "seconds")
        self._add_fault("delay", method, path, times, _faults.delaying(seconds))

    def truncate(self, method: str, path: str, *, at: int | None = None, times: int = 1) -> None:
        """Handle the next requests, but close the connection in the middle of the reply's body.

        Args:
            method, path, times: As in ``fail``.
            at: How many bytes of the body are sent; half of it by default.
        """
        self._add_fault("truncate", method, path, times, _faults.truncating(at))

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
        self._add_fault("trickle", method, path, times, _faults.trickling(interval, size))

    def reset_connection(
        self, method: str, path: str, *, times: int = 1, handled: bool = False
    ) -> None:
        """Reset the connection of the next requests instead of answering them.

        Args:
            method, path, times: As in ``fail``.
            handled: Whether the request is handled before the connection is reset.
        """
        self._add_fault("reset_connection", method, path, times, _faults.resetting(handled))

    def _add_fault(
        self, kind: str, method: str, path: str, times: int, act: Callable[[Exchange], Reply]
    ) -> None:
        application = self._application
        application.faults.add(Fault(kind, application.target(method, path), act), times)

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
