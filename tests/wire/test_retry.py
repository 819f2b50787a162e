"""The decision whether a call is tried again, and how long after."""

from __future__ import annotations

import pytest

from ironflow import (
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    RateLimitError,
    ServerError,
)
from ironflow._wire.retry import (
    BUDGET,
    RETRY_COST,
    TIMEOUT_COST,
    Budget,
    cost_of,
    wait_before_next,
)


def limits(**changes):
    return IronflowClient("http://localhost", **changes)._options.limits


def decide(attempt=1, failure=None, random=1.0, seconds_left=1000.0, repeatable=True, **changes):
    if failure is None:
        failure = IronflowError(retryable=True)
    return wait_before_next(
        attempt,
        failure,
        repeatable=repeatable,
        limits=limits(**changes),
        seconds_left=seconds_left,
        random=lambda: random,
    )


@pytest.mark.parametrize(
    ("retryable", "delivered", "repeatable", "again"),
    [
        (True, None, True, True),
        (True, False, True, True),
        (True, True, True, True),
        (True, False, False, True),  # nothing of the write left
        (True, None, False, False),  # the write may have been delivered
        (True, True, False, False),
        (False, None, True, False),
        (False, False, True, False),
        (False, False, False, False),
        (False, None, False, False),
    ],
)
def test_a_write_that_may_have_been_delivered_is_not_tried_again(
    retryable, delivered, repeatable, again
):
    failure = IronflowError(retryable=retryable, delivered=delivered)
    assert (decide(failure=failure, repeatable=repeatable) is not None) is again


@pytest.mark.parametrize(
    ("statuses", "status", "retryable", "again"),
    [
        ((429,), 429, True, True),
        ((429,), 503, True, False),  # not what the caller trusts
        ((429, 503), 503, True, True),
        ((429,), 429, False, False),  # the body says that it would be refused again
        ((), 429, True, False),
    ],
)
def test_a_write_that_was_refused_goes_again_where_the_caller_trusts_the_refusal(
    statuses, status, retryable, again
):
    failure = IronflowError(retryable=retryable, delivered=True, status_code=status)
    wait = decide(failure=failure, repeatable=False, refusal_statuses=statuses)
    assert (wait is not None) is again


@pytest.mark.parametrize(
    ("max_attempts", "attempt", "again"),
    [(1, 1, False), (2, 1, True), (2, 2, False), (3, 2, True), (3, 3, False), (3, 4, False)],
)
def test_max_attempts_counts_the_first_attempt(max_attempts, attempt, again):
    assert (decide(attempt, max_attempts=max_attempts) is not None) is again


@pytest.mark.parametrize(
    ("attempt", "bound"), [(1, 0.1), (2, 0.2), (3, 0.4), (7, 6.4), (8, 10.0), (99, 10.0)]
)
@pytest.mark.parametrize(("random", "share"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_the_wait_is_half_fixed_and_half_random_below_a_bound_that_doubles(
    attempt, bound, random, share
):
    assert decide(attempt, random=random, max_attempts=100) == pytest.approx(share * bound)


def test_a_backoff_beyond_all_numbers_is_the_longest_one():
    assert decide(999, max_attempts=1000, backoff_factor=1000, max_backoff=7.0) == 7.0


@pytest.mark.parametrize(
    ("options", "wait"),
    [
        ({"initial_backoff": 0}, 0.0),
        ({"max_backoff": 0}, 0.0),
        ({"initial_backoff": 3, "max_backoff": 2}, 2.0),
        ({"initial_backoff": 1, "backoff_factor": 1}, 1.0),
        ({"initial_backoff": 1, "backoff_factor": 3.0}, 9.0),
    ],
)
def test_the_backoff_is_the_callers(options, wait):
    assert decide(3, max_attempts=9, **options) == wait


@pytest.mark.parametrize(
    ("retry_after", "max_retry_after", "seconds_left", "wait"),
    [
        (7.0, 60, 1000, 7.0),
        (0.0, 60, 1000, 0.0),
        (60.0, 60, 1000, 60.0),
        (60.001, 60, 1000, None),  # more than the caller waits for
        (7.0, 60, 7.5, 7.0),
        (7.0, 60, 7.0, None),  # nothing would be left for the attempt
        (7.0, 60, 3.0, None),
        (0.0, 60, 0.0, None),
        (0.0, 0, 1000, 0.0),
        (0.1, 0, 1000, None),
    ],
)
def test_retry_after_is_obeyed_or_the_error_raised_at_once(
    retry_after, max_retry_after, seconds_left, wait
):
    failure = RateLimitError(retryable=True, retry_after=retry_after)
    for random in (0.0, 1.0):  # the server has said it: nothing random about it
        chosen = decide(
            failure=failure,
            random=random,
            max_retry_after=max_retry_after,
            seconds_left=seconds_left,
        )
        assert chosen == wait


@pytest.mark.parametrize(
    ("seconds_left", "again"), [(1.0, True), (0.5, True), (0.1, False), (0.0, False), (-1.0, False)]
)
def test_a_wait_beyond_the_deadline_is_no_wait(seconds_left, again):
    assert (decide(seconds_left=seconds_left) is not None) is again


def test_the_budget_runs_dry_and_is_refilled():
    budget = Budget()
    assert all(budget.spend(RETRY_COST) for _ in range(BUDGET // RETRY_COST))
    assert budget.tokens == 0
    assert budget.spend(RETRY_COST) is False
    assert budget.tokens == 0
    budget.refill(RETRY_COST - 1)
    assert budget.spend(RETRY_COST) is False
    budget.refill(1)
    assert budget.spend(RETRY_COST) is True
    budget.refill(BUDGET * 2)
    assert budget.tokens == BUDGET


def test_a_timeout_costs_more_of_the_budget():
    assert cost_of(IronflowTimeoutError()) == TIMEOUT_COST
    assert cost_of(IronflowConnectionError()) == cost_of(ServerError()) == RETRY_COST
    assert RETRY_COST < TIMEOUT_COST
