"""The clock: the one place that tells the time, holds timers and waits.

Rules:

1. Every domain asks its clock for the time and waits with it; none imports ``time``. Two servers
   have two clocks.
2. Timers fire in the order in which they are due, those of one moment in the order in which they
   were set. What they call runs with the state's lock held and must not wait.
3. Timers are not data: stopping the clock drops them, and whoever starts the server again sets
   them anew from what the data says.
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
    """Something to be called at a time."""

    due: float
    number: int  # in order of setting; it keeps timers of one moment in their order
    act: Callable[[], None]


class Clock:
    """The computer's own time.

    Args:
        lock: The state's lock, which the methods that change anything need to be called with.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._timers: list[Timer] = []
        self._numbers = count()
        self._earlier = threading.Condition(lock)  # a timer is due before those that were set
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
        """Drop a timer; nothing happens when it has fired."""
        if timer in self._timers:
            self._timers.remove(timer)
            self._earlier.notify_all()

    def wait_for(
        self,
        condition: threading.Condition,
        is_over: Callable[[], bool],
        seconds: float | None = None,
    ) -> bool:
        """Wait until something is so, looking whenever the condition is notified.

        Args:
            condition: One of the state's lock.
            is_over: What is waited for.
            seconds: How long to wait, None for no limit.

        Returns:
            Whether it is so.
        """
        return condition.wait_for(is_over, seconds)

    def stop(self) -> None:
        """Drop every timer."""
        self._timers.clear()
        self._earlier.notify_all()

    def join(self, seconds: float) -> None:
        """Wait for the thread of a clock that was stopped; without the lock."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _fire(self) -> None:
        """Call what is due, until there is no timer left."""
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
