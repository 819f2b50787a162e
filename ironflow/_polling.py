"""One wait that looks again and again: its clock, its looks, and what decides about them.

The rules are those of ``_waits``. ``pause_after`` and ``is_mendable`` are pure decisions; ``Wait``
has the clock and makes the looks; ``RunWait`` ends its pauses early when the server says that a run
may have changed (``_pushes``). Only ``Wait.states`` and, for several runs, ``RunLooks.poll``
(``_run_looks``) know how the next state is obtained.
"""

from __future__ import annotations

import time

from ._errors import InvalidResponseError, IronflowError, IronflowTimeoutError
from ._options import optional_callable, optional_patience, seconds
from ._page_styles import unusable
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from typing import Any, TypeVar

    from ._base import BaseClient
    from ._pushes import Pushes
    from ._waits import Waits
    from .client import IronflowClient

    State = TypeVar("State")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
LONGEST_HOLD = 30.0  # seconds that a server is asked to hold a call; proxies end calls after 60
HOLD_MARGIN = 2.0  # what a held call may take beyond that

MENDABLE_STATUSES = frozenset({408, 425, 429})
ENDED_RUN = frozenset({"cancelled", "completed", "failed"})
ENDED_REBUILD = frozenset({"cancelled", "completed", "dry_run", "failed"})

LOOKS_BEFORE_PUSH = 3  # most runs are short, and a subscription costs several round trips
LEAST_FOR_PUSH = 1.0  # seconds that a wait must have left for one to be worth it
LONGEST_OPENING = 1.0  # seconds to ask whether it is offered, and again to open it


class Clock:
    """Time and chance; tests bring their own."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    @staticmethod
    def random() -> float:
        with loading:
            from random import random  # some milliseconds to import

        return random()


class Wait:
    """One wait: how long it still lasts, its looks, and the states that they brought.

    Args:
        client: The client that it is made with.
        timeout: Seconds that it lasts at most, counted from its first look; 0 is one look.
        poll_interval: Seconds between two looks, None for growing ones.
        on_progress: Called with each new state.
        held: Whether the server holds a look until there is something to say.

    Raises:
        ValueError: A number is out of range.
        TypeError: An argument is of the wrong type.
    """

    def __init__(
        self,
        client: Waits,
        timeout: float,
        poll_interval: float | None,
        on_progress: Callable[[Any], object] | None,
        held: bool = False,
    ) -> None:
        optional_callable("on_progress", on_progress)
        self.timeout = seconds("timeout", timeout)
        self.poll_interval = optional_patience("poll_interval", poll_interval)
        self.on_progress = on_progress
        self.held = held
        self.looks = 0
        self.seen: dict[str, Any] = {}
        self.failure: IronflowError | None = None  # of the latest look
        self._client = client
        self._clock = client._clock or Clock()
        self._end: float | None = None
        self._pauses = 0

    def now(self) -> float:
        """Return the time in seconds, from an arbitrary start."""
        return self._clock.monotonic()

    def left(self) -> float:
        """Return the seconds that are left for looks; without end for the one look of a 0."""
        now = self.now()
        if self._end is None:
            self._end = now + self.timeout
        return self._end - now if self.timeout else float("inf")

    def hold_ms(self) -> int:
        """Return for how many milliseconds to ask the server to hold a look."""
        left = self.left() if self.timeout else 0.0
        return max(1, round(1000 * min(LONGEST_HOLD, left - min(HOLD_MARGIN, left / 2))))

    def client(self) -> IronflowClient:
        """Return a client for one look: it makes one attempt, within the time that is left."""
        limit = self._client._options.timeout
        if self.held:
            limit = max(limit, self.hold_ms() / 1000 + HOLD_MARGIN)
        limit = min(limit, max(self.left(), 0.001))
        headers, hold = self._client._options.headers, int(limit - HOLD_MARGIN)
        if self.timeout and not self.held and hold > 0 and "prefer" not in headers.names():
            headers = headers.with_value("Prefer", f"wait={hold}")
        return generated(
            self._client.with_options(
                timeout=limit, total_timeout=None, max_attempts=1, headers=headers
            )
        )

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Make one call of a look that takes several, each within the time that is left."""
        return self.client()._call(method, path, **arguments)

    def look(self, ask: Callable[..., State], *arguments: str) -> State | None:
        """Make one look; None when it failed, or came too late, and the next may do better.

        Args:
            ask: Called with a client for the look, and with ``arguments``; returns a dict.
            arguments: What else it takes.
        """
        if self.left() <= 0:
            return None
        self.looks += 1
        try:
            state: State = members(ask(self.client(), *arguments))
        except IronflowError as error:
            if not is_mendable(error):
                raise
            self.failure = error
            return None
        self.failure = None
        return state

    def pause(self, spent: float = 0.0) -> bool:
        """Sleep until the next look, or as long as is left; False when the time is up then.

        Args:
            spent: Seconds of the pause that have passed already.
        """
        left = self.left() if self.timeout else 0.0
        if left <= 0:
            return False
        self._pauses += 1
        retry_after = self.failure.retry_after if self.failure else None
        pause = pause_after(self._pauses, self.poll_interval, retry_after, self._clock.random)
        return self._rest(max(0.0, pause - spent), left)

    def _rest(self, pause: float, left: float) -> bool:
        """Sleep for a pause, or as long as is left; False when the time is up then."""
        self._clock.sleep(min(pause, left))
        return pause < left

    def states(self, ask: Callable[[IronflowClient], State]) -> Iterator[State]:
        """Yield what each look brings, until the time is up."""
        while True:
            started = self.now()
            state = self.look(ask)
            if state is not None:
                yield state
            spent = self.now() - started if self.held else 0.0
            if not self.pause(spent):
                return

    def report(self, state: Any, key: str = "") -> None:
        """Remember a state, and tell of it if it is new; ``key`` tells several runs apart."""
        is_new = key not in self.seen or self.seen[key] != state
        self.seen[key] = state
        if is_new and self.on_progress is not None:
            self.on_progress(state)

    def not_counting(self, spent: float) -> None:
        """Leave seconds out of account that passed outside of the wait."""
        if self._end is not None:
            self._end += spent

    def timed_out(self, problem: str, body: Any) -> IronflowTimeoutError:
        """Return the error of a wait whose time is up; a failed look is its cause."""
        message = f"{problem} after {self.timeout:g} s"
        if self.failure is not None:
            message += f"; the last look failed: {self.failure}"
        error = IronflowTimeoutError(
            message,
            code="TIMEOUT",
            retryable=True,
            delivered=self.failure.delivered if self.failure else True,
            body=body,
            attempts=self.looks,
        )
        error.__cause__ = self.failure
        return error


class RunWait(Wait):
    """A wait for runs, which subscribes to them when they take a while.

    A look returns a dict of runs by id.

    Attributes:
        ids: Ids of the runs that have not ended; the caller keeps it current.
    """

    ids: Collection[str] = ()
    _pushes: Pushes | None = None
    _in_vain = 0  # looks that returned a run that has not ended

    def look(self, ask: Callable[..., State], *arguments: str) -> State | None:
        self._listen_meanwhile()
        found: Any = super().look(ask, *arguments)
        if found is not None:
            open_ids = [id for id, run in found.items() if not has_ended(run)]
            self._in_vain += bool(open_ids)
            if self._pushes is not None:
                self._pushes.looked(found, open_ids)
        return found  # type: ignore[no-any-return]

    def wanted(self) -> Collection[str] | None:
        """Return the ids of the runs to look at next, None for all of them."""
        return self._pushes.wanted(self.ids) if self._pushes else None

    def close(self) -> None:
        """Close what the wait has opened."""
        pushes, self._pushes = self._pushes, None
        if pushes is not None:
            pushes.close()

    def _rest(self, pause: float, left: float) -> bool:
        started = self.now()
        self._listen()
        if self._pushes is not None:
            is_owed = self.failure is not None
            self._pushes.rest(self.ids, started + pause, started + left, is_owed)
            if not self._pushes.is_over:
                return self.now() < started + left
            self.close()
        spent = self.now() - started
        return super()._rest(max(0.0, pause - spent), max(0.0, left - spent))

    def _listen_meanwhile(self) -> None:
        """Subscribe in the middle of a long poll, so that the runs left are not polled again."""
        if self._pushes is not None:
            return
        self._listen()
        if self._pushes is not None:
            self._pushes.settle(self.ids, self.now() + min(LONGEST_OPENING, self.left()))

    def _listen(self) -> None:
        """Subscribe if that is worth it and the server offers it; otherwise keep polling."""
        if self._pushes is not None or self._in_vain < LOOKS_BEFORE_PUSH or self.failure:
            return
        # An interval asks for polls, and a clock of a test cannot wait for a socket.
        if self.poll_interval is not None or self._client._clock is not None:
            return
        left = self.left() if self.timeout else 0.0
        if left < LEAST_FOR_PUSH:
            return
        with loading:
            from ._pushes import Offer, subscribe

        offer = Offer.of(self._client)
        is_to_be_asked = offer.is_to_be_asked()
        if not (is_to_be_asked or offer.stands):
            return
        limit = min(self._client._options.timeout, LONGEST_OPENING, left)
        client = generated(
            self._client.with_options(timeout=limit, total_timeout=None, max_attempts=1)
        )
        if is_to_be_asked:
            offer.ask(client)
            self._pauses += 1  # the question counts as a look
        if offer.stands:
            self._pushes = subscribe(client, offer, lambda: self.ids)


def is_mendable(failure: IronflowError) -> bool:
    """Decide whether a later look may succeed where this one failed."""
    if failure.status_code == 0 or isinstance(failure, InvalidResponseError):
        return failure.retryable  # not so a bad certificate, or a reply that is whole and useless
    return failure.status_code in MENDABLE_STATUSES or failure.status_code >= 500


def pause_after(
    pauses: int,
    poll_interval: float | None,
    retry_after: float | None,
    random: Callable[[], float],
) -> float:
    """Decide how many seconds lie between two looks.

    Args:
        pauses: Number of this pause, from 1.
        poll_interval: Seconds that the caller asked for, None for growing pauses.
        retry_after: Seconds that the server asked for, None where it did not.
        random: Gives a number from 0 to 1.
    """
    pause = poll_interval
    if pause is None:
        bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(pauses - 1, 10))
        pause = bound * (1 + random()) / 2
    return max(pause, retry_after or 0.0)


def status_of(state: Mapping[str, Any]) -> str:
    """Return the status of a run or a job.

    Raises:
        InvalidResponseError: It has none.
    """
    status = members(state).get("status")
    if not isinstance(status, str):
        raise unusable("has no status")
    return status


def has_ended(run: Mapping[str, Any]) -> bool:
    """Return whether a run is over."""
    return status_of(run) in ENDED_RUN


def members(reply: Any) -> Any:
    """Return a reply that is an object; anything else is an ``InvalidResponseError``."""
    if not isinstance(reply, dict):
        raise unusable("is not an object")
    return reply


def generated(client: BaseClient) -> IronflowClient:
    """Return the client as what it is at run time: the class with the generated methods."""
    return client  # type: ignore[return-value]
