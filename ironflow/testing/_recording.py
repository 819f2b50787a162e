"""The latest requests, for the test to look at."""

from __future__ import annotations

import threading
from collections import deque

from ._http import ReceivedRequest

MAX_REQUESTS = 10_000
MAX_BYTES = 64 * 1024 * 1024


class Recording:
    """Keeps the latest requests: at most ``MAX_REQUESTS``, and at most ``MAX_BYTES`` together.

    The very latest is always kept. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[ReceivedRequest] = deque()
        self._size = 0

    def add(self, request: ReceivedRequest) -> None:
        with self._lock:
            self._requests.append(request)
            self._size += _size(request)
            while len(self._requests) > 1 and (
                len(self._requests) > MAX_REQUESTS or self._size > MAX_BYTES
            ):
                self._size -= _size(self._requests.popleft())

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._size = 0

    def all(self) -> list[ReceivedRequest]:
        """Return the requests, oldest first."""
        with self._lock:
            return list(self._requests)


def _size(request: ReceivedRequest) -> int:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return len(request.path) + headers + len(request.body)
