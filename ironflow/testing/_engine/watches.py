"""Watches of buckets and config documents, and the changes that they have yet to send.

Rules:

1. The current entries come first, oldest first, each with its own revision; then every change.
2. A change waits in its watches until it is sent. A slow watch loses the earlier of two changes to
   a key, never the latest one, so its size is bounded by the number of keys.
3. A key that expires disappears without a change, as in JetStream.
4. A watch whose bucket is deleted ends with an error, as that of a bucket that never existed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from .patterns import matches
from .state import Environment

MAX_WAITING = 1_000  # changes beyond what was there at the last look


class Watch:
    """A watch, and its changes that wait to be sent.

    Args:
        of: Kind and name of what is followed.
        pattern: Which of its keys count.
        current: Name and state of each existing key, oldest first.
        wake: Called when there is something to take, with the state's lock held.

    Attributes:
        gone: Whether what it follows was deleted; rule 4.
    """

    def __init__(
        self,
        of: tuple[str, str],
        pattern: str,
        current: Iterable[tuple[str, Any]],
        wake: Callable[[], None],
    ) -> None:
        self.of = of
        self.gone = False
        self.wake = wake
        self._pattern = pattern
        self._waiting = deque(change for change in current if matches(pattern, change[0]))
        self._limit = len(self._waiting) + MAX_WAITING

    def add(self, key: str, change: Any) -> None:
        """Note a change."""
        if not matches(self._pattern, key):
            return
        self._waiting.append((key, change))
        if len(self._waiting) > self._limit:
            latest: dict[str, Any] = {}
            for name, state in self._waiting:
                latest.pop(name, None)
                latest[name] = state
            self._waiting = deque(latest.items())
            self._limit = len(latest) + MAX_WAITING
        self.wake()

    def take(self) -> tuple[str, Any] | None:
        """Return the key and the state of the next change, None if there is none."""
        return self._waiting.popleft() if self._waiting else None


class Watches:
    """The watches of an environment."""

    transient = True

    def __init__(self, environment: Environment) -> None:
        self._all: list[Watch] = []

    def add(self, watch: Watch) -> None:
        self._all.append(watch)

    def remove(self, watch: Watch) -> None:
        if watch in self._all:
            self._all.remove(watch)

    def tell(self, of: tuple[str, str], key: str, change: Any) -> None:
        """Give a change to the watches."""
        for watch in self._all:
            if watch.of == of:
                watch.add(key, change)

    def end(self, of: tuple[str, str]) -> None:
        """End the watches of something that was deleted; one of the same name is not theirs."""
        for watch in self._all:
            if watch.of == of:
                watch.gone = True
                watch.wake()
        self._all = [watch for watch in self._all if not watch.gone]
