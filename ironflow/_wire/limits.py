"""The limits of one call: the record that a client hands to the wire."""

from __future__ import annotations


class Limits:
    """Bounds on the time, the attempts and the size of a call; never changed once made.

    Args:
        timeout: Seconds for one attempt.
        total_timeout: Seconds for the whole call.
        max_attempts: How often a call is tried at most.
        initial_backoff: Bound in seconds of the wait before the second attempt.
        max_backoff: Bound in seconds of any wait between attempts.
        backoff_factor: How much that bound grows from one attempt to the next.
        max_retry_after: Longest ``Retry-After`` in seconds that is waited for.
        refusal_statuses: Statuses by which the server says that it carried nothing out.
        max_response_bytes: Largest body of a reply.
    """

    __slots__ = (
        "backoff_factor",
        "initial_backoff",
        "max_attempts",
        "max_backoff",
        "max_response_bytes",
        "max_retry_after",
        "refusal_statuses",
        "timeout",
        "total_timeout",
    )

    def __init__(
        self,
        timeout: float,
        total_timeout: float,
        max_attempts: int,
        initial_backoff: float,
        max_backoff: float,
        backoff_factor: float,
        max_retry_after: float,
        refusal_statuses: frozenset[int],
        max_response_bytes: int,
    ) -> None:
        self.timeout = timeout
        self.total_timeout = total_timeout
        self.max_attempts = max_attempts
        self.initial_backoff = initial_backoff
        self.max_backoff = max_backoff
        self.backoff_factor = backoff_factor
        self.max_retry_after = max_retry_after
        self.refusal_statuses = refusal_statuses
        self.max_response_bytes = max_response_bytes

    def within(self, seconds: float) -> Limits:
        """Return limits that leave no more than a time for the whole call."""
        bounded = self._copy()
        bounded.total_timeout = min(self.total_timeout, seconds)
        bounded.timeout = min(self.timeout, bounded.total_timeout)
        return bounded

    def held_for(self, seconds: float) -> Limits:
        """Return limits that let the server hold the call for a time before it answers.

        Args:
            seconds: How long the server was asked to wait; two more are left for the reply.
        """
        timeout = max(self.timeout, seconds + 2)
        held = self._copy()
        held.timeout = timeout
        held.total_timeout = self.total_timeout + (timeout - self.timeout)
        return held

    def _copy(self) -> Limits:
        copy = object.__new__(Limits)
        for name in self.__slots__:
            setattr(copy, name, getattr(self, name))
        return copy
