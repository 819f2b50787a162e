"""The clock: the one place that tells the time, holds timers and waits.

Rules:

1. Every domain asks its clock for the time and waits with it; no other module imports ``time``.
   Two servers have two clocks.
2. Timers fire in the order of their due times. Timers due at the same moment fire in the order in
   which they were set. Their callbacks run with the state's lock held and must not wait.
3. Timers are not data. Stopping the clock drops them, and starting the server again sets new ones
   from the data.
"""

from __future__ import annotations

import threading
import time
from bisect import insort
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from .._log import logger
from .times import timestamp


class Timer(NamedTuple):
    """A callback and the time at which it is due."""

    due: float
    number: int  # in the order of setting: the rule for timers due at the same moment
    act: Callable[[], None]


class Clock:
    """The computer's own time.

    Args:
        lock: The state's lock. Hold it to set, cancel or wait.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._timers: list[Timer] = []
        self._numbers = count()
        self._earlier = threading.Condition(lock)  # the first timer has changed
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time()

    def text(self) -> str:
        """Return the time as RFC 3339 text."""
        return timestamp(self.now())

    def call_at(self, due: float, act: Callable[[], None]) -> Timer:
        """Set a timer."""
        timer = Timer(due, next(self._numbers), act)
        insort(self._timers, timer)
        if self._thread is None:
            self._thread = threading.Thread(target=self._fire, name="ironflow-timers", daemon=True)
            self._thread.start()
        elif self._timers[0] is timer:
            self._earlier.notify_all()
        return timer

    def cancel(self, timer: Timer) -> None:
        """Drop a timer; it may have fired already."""
        if timer in self._timers:
            self._timers.remove(timer)
            self._earlier.notify_all()

    def wait_for(
        self,
        condition: threading.Condition,
        is_over: Callable[[], bool],
        seconds: float | None = None,
    ) -> bool:
        """Wait until ``is_over`` returns true; each notification of the condition asks it again.

        Args:
            condition: A condition of the state's lock.
            is_over: Tells whether the wait is over.
            seconds: How long to wait, None for no limit.

        Returns:
            Whether it was over in time.
        """
        return condition.wait_for(is_over, seconds)

    def stop(self) -> None:
        """Drop every timer."""
        self._timers.clear()
        self._earlier.notify_all()

    def join(self, seconds: float) -> None:
        """Wait until the thread of a stopped clock has ended; call it without the lock."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _fire(self) -> None:
        """Fire timers until there is none left."""
        with self._earlier:
            while self._timers:
                left = self._timers[0].due - self.now()
                if left > 0:
                    self._earlier.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                timer = self._timers.pop(0)
                try:
                    timer.act()
                except Exception:
                    logger.exception("a timer failed")
            self._thread = None
