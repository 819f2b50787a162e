"""The latest requests, for the test to look at, and those that it expects.

Rules:

1. An expectation counts the requests that match it, from the moment it is set. It is met by exactly
   ``times`` of them, retries included.
2. A request counts for each expectation that it matches.
"""

from __future__ import annotations

import threading
from collections import Counter, deque

from ._faults import Fault
from ._http import ReceivedRequest
from ._router import Target

_SHOWN = 10  # requests in a complaint

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


class _Expected:
    """Requests that a test expects, and how many have come."""

    def __init__(self, target: Target, times: int) -> None:
        self.target = target
        self.times = times
        self.came = 0


class Expectations:
    """What a test expects to arrive; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[_Expected] = []

    def add(self, target: Target, times: int) -> None:
        with self._lock:
            self._all.append(_Expected(target, times))

    def clear(self) -> None:
        with self._lock:
            self._all.clear()

    def count(self, method: str, path: str, template: str) -> None:
        """Count a request that has arrived."""
        with self._lock:
            for expected in self._all:
                expected.came += expected.target.fits(method, path, template)

    def failed(self) -> dict[Target, str]:
        """Return a message for each expectation that failed, by its target."""
        with self._lock:
            return {
                wrong.target: f"{wrong.target}: expected {wrong.times}, got {wrong.came}"
                for wrong in self._all
                if wrong.came != wrong.times
            }


def complaint(
    expected: dict[Target, str], unmet: list[Fault], requests: list[ReceivedRequest]
) -> str:
    """Return the message of a failed ``verify``, empty when all is well."""
    lines = [*expected.values(), *(f"{f.target}: no request met this {f.kind}" for f in unmet)]
    if not lines:
        return ""
    from difflib import SequenceMatcher  # slow to import, and needed for a failing test only

    def likeness(line: str) -> float:
        return max(SequenceMatcher(None, line, str(target)).ratio() for target in wanted)

    wanted = [*expected, *(fault.target for fault in unmet)]
    arrived = Counter(f"{request.method} {request.path}" for request in requests)
    nearest = sorted(arrived, key=likeness, reverse=True)
    came = [f"  {line} ({arrived[line]})" for line in nearest[:_SHOWN]]
    if len(nearest) > _SHOWN:
        came.append(f"  and {len(nearest) - _SHOWN} others")
    return "\n".join([*lines, "arrived instead:" if came else "nothing arrived", *came])


def _size(request: ReceivedRequest) -> int:
    headers = sum(len(name) + len(value) for name, value in request.headers.items())
    return len(request.path) + headers + len(request.body)
