"""The clock: the one place that tells the time, holds timers, starts threads and waits.

Rules:

1. Every domain asks its clock for the time, waits with it and starts its threads with it; no
   other module imports ``time``. Two servers have two clocks.
2. Timers fire in the order of their due times. Timers due at the same moment fire in the order in
   which they were set. Their callbacks run with the state's lock held and must not wait.
3. Timers are not data. Stopping the clock drops them, and starting the server again sets new ones
   from the data.
4. How long the user waits (``patience``) is counted by the computer's own clock, whatever the
   server's clock says.

``Clock`` is the computer's own; ``virtual.VirtualClock`` is moved by what happens.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from .._log import logger
from .times import timestamp


class Timer(NamedTuple):
    """A callback and the time at which it is due."""

    due: float
    number: int  # in the order of setting: the rule for timers due at the same moment
    act: Callable[[], None]

    def fire(self) -> None:
        """Call it; what it raises is logged and stops no other timer."""
        try:
            self.act()
        except Exception:
            logger.exception("a timer failed")


class Clock:
    """The computer's own time.

    Args:
        lock: The state's lock. Hold it to call anything but ``now`` and ``join``.

    Attributes:
        changed: Notified when something has changed that somebody may wait for.
        is_held: Returns whether something outside of the server can run: a worker that has a job, a
            subscriber whose message is on its way.
        is_wanted: Returns whether something outside of the server waits for time to pass: a client
            that has subscribed to a run.
    """

    is_virtual = False

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self.changed: threading.Condition = threading.Condition(lock)
        self._timers: list[Timer] = []
        self._numbers = count()
        self._earlier = threading.Condition(lock)  # the first timer has changed
        self._thread: threading.Thread | None = None
        self.is_held: Callable[[], bool] = lambda: False
        self.is_wanted: Callable[[], bool] = lambda: False

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time()

    def text(self) -> str:
        """Return the time as RFC 3339 text."""
        return timestamp(self.now())

    def call_at(self, due: float, act: Callable[[], None]) -> Timer:
        timer = Timer(due, next(self._numbers), act)
        insort(self._timers, timer)
        self._first_changed()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Drop a timer; it may have fired already."""
        index = bisect_left(self._timers, timer)
        if self._timers[index : index + 1] == [timer]:
            del self._timers[index]
            self._first_changed()

    def spawn(self, name: str, act: Callable[..., None], *arguments: Any) -> None:
        """Start a thread of the server's own, such as that of a run."""
        threading.Thread(target=act, args=arguments, name=name, daemon=True).start()

    def wait_for(
        self,
        is_over: Callable[[], bool],
        seconds: float | None = None,
        *,
        patience: float | None = None,
        passes_time: bool = True,
        told_by: threading.Condition | None = None,
    ) -> bool:
        """Wait until ``is_over`` returns true: the one way in which anything here waits.

        Args:
            is_over: Tells whether the wait is over.
            seconds: How long to wait by this clock, None for no limit.
            patience: How long the user waits; rule 4.
            passes_time: Whether virtual time may jump meanwhile. A worker that asks for jobs all
                the time is no reason: an event that a test is about to send would come too late.
            told_by: Given to ``tell`` when ``is_over`` has to be asked again; by default that is
                whenever ``changed`` is notified.

        Returns:
            Whether it was over in time.
        """
        limits = [limit for limit in (seconds, patience) if limit is not None]
        return (told_by or self.changed).wait_for(is_over, min(limits, default=None))

    def tell(self, waiting: threading.Condition) -> None:
        """Let everyone who waits for this condition look again."""
        waiting.notify_all()

    def stop(self) -> None:
        """Drop every timer."""
        self._timers.clear()
        self._earlier.notify_all()

    def join(self, seconds: float) -> None:
        """Wait until the thread of a stopped clock has ended; call it without the lock."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    # What only a virtual clock has to know.

    def go_on_from(self, now: float) -> None:
        """Take over the time of another clock."""

    def enter(self, name: str) -> None:
        """Note that this thread is about to handle a request."""

    def leave(self) -> None:
        """Note that this thread has handled its request."""

    def let_go(self) -> None:
        """Note that the user or a request is done: the lock is about to be released."""

    def go_on(self) -> None:
        """Check whether time may pass now."""

    def _first_changed(self) -> None:
        if self._thread is None and self._timers:
            self._thread = threading.Thread(target=self._fire, name="ironflow-timers", daemon=True)
            self._thread.start()
        else:
            self._earlier.notify_all()

    def _fire(self) -> None:
        """Fire timers until there is none left."""
        with self._earlier:
            while self._timers:
                left = self._timers[0].due - self.now()
                if left > 0:
                    self._earlier.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                self._timers.pop(0).fire()
            self._thread = None
