"""Whether a failed attempt is followed by another, and how long after: pure decisions.

Rules:

1. A write that may have been delivered is never sent twice on its own. Any call may be tried again
   if its request never left, or if the server refused it with one of ``refusal_statuses``.
   Otherwise only a call that is safe to repeat may.
2. Only failures that may pass are tried again: those of the connection, and the statuses 408, 425,
   429, 500, 502, 503 and 504, unless the body says ``"retryable": false`` (or true, for another
   status).
3. The server's ``Retry-After`` is obeyed. If it asks for more than ``max_retry_after``, or for more
   time than is left, the error is raised at once.
4. Otherwise the wait is half fixed and half random: from half a bound to the bound, which grows
   with each attempt. The fixed half rides out a short outage; the random half keeps the clients
   that met it together from coming back together.
5. Retries draw on a budget that successes refill, so that an outage is not multiplied by the
   number of attempts.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .._errors import IronflowError
    from .limits import Limits

BUDGET = 500
RETRY_COST = 5
TIMEOUT_COST = 10


class Budget:
    """What a client may still spend on retries; shared by its threads.

    Small races between threads lose or win a token. They do no harm, and a lock would cost more.
    """

    def __init__(self) -> None:
        self.tokens = BUDGET

    def spend(self, cost: int) -> bool:
        """Take ``cost`` tokens; False, and nothing taken, where there are not as many."""
        if self.tokens < cost:
            return False
        self.tokens -= cost
        return True

    def refill(self, tokens: int) -> None:
        """Put tokens back after a success."""
        self.tokens = min(BUDGET, self.tokens + tokens)


def cost_of(failure: IronflowError) -> int:
    """Return what a retry after this failure costs: a timeout has cost everybody more."""
    return TIMEOUT_COST if isinstance(failure, TimeoutError) else RETRY_COST


def wait_before_next(
    attempt: int,
    failure: IronflowError,
    *,
    repeatable: bool,
    limits: Limits,
    seconds_left: float,
    random: Callable[[], float],
) -> float | None:
    """Decide what follows a failed attempt.

    Args:
        attempt: Number of the attempt that failed, from 1.
        failure: How it failed; ``delivered`` tells whether anything of the call has left, in
            this attempt or an earlier one.
        repeatable: Whether the call is safe to repeat.
        limits: The limits of the client.
        seconds_left: What is left of the time for the whole call.
        random: Gives a number from 0 to 1.

    Returns:
        Seconds to wait before the next attempt, None when there is none.
    """
    unsent = failure.delivered is False
    refused = failure.status_code in limits.refusal_statuses
    if attempt >= limits.max_attempts or not failure.retryable:
        return None
    if not (unsent or refused or repeatable):
        return None
    if failure.retry_after is None:
        wait = backoff(attempt, limits, random)
    elif failure.retry_after <= limits.max_retry_after:
        wait = failure.retry_after
    else:
        return None
    return wait if wait < seconds_left else None


def backoff(attempt: int, limits: Limits, random: Callable[[], float]) -> float:
    """Return the wait in seconds after a failed attempt: half fixed and half random (rule 4)."""
    bound = _bound(attempt, limits)
    return bound / 2 + random() * bound / 2


def _bound(attempt: int, limits: Limits) -> float:
    try:
        bound = limits.initial_backoff * limits.backoff_factor ** (attempt - 1)
    except OverflowError:
        return limits.max_backoff
    return min(limits.max_backoff, bound)
