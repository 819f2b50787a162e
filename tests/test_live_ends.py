"""What follows the end of a live stream."""

from __future__ import annotations

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
)
from ironflow._live_ends import (
    DELIBERATE,
    DENIED,
    LOST,
    RAISE,
    RECONNECT,
    REFUSED,
    STOP,
    UNUSABLE,
    after_end,
    is_final,
)


@pytest.mark.parametrize(
    ("kind", "with_reconnect", "without"),
    [
        (DELIBERATE, STOP, STOP),
        (REFUSED, RAISE, RAISE),
        (UNUSABLE, RAISE, RAISE),
        (DENIED, RAISE, RAISE),
        (LOST, RECONNECT, RAISE),
    ],
)
def test_what_follows_an_end(kind, with_reconnect, without):
    assert after_end(kind, reconnect=True) == with_reconnect
    assert after_end(kind, reconnect=False) == without


@pytest.mark.parametrize(
    ("failure", "final"),
    [
        (IronflowError(status_code=400), True),
        (IronflowError(status_code=401), True),
        (IronflowError(status_code=404), True),
        (IronflowError(status_code=426), True),
        (InvalidResponseError(status_code=200), True),
        (InvalidResponseError(), True),  # whole, and without what it must have
        (InvalidResponseError(status_code=200, retryable=True), False),  # cut short
        (IronflowError(status_code=429), False),
        (IronflowError(status_code=503), False),
        (IronflowConnectionError(), False),
        (IronflowTimeoutError(), False),
    ],
)
def test_what_is_read_again_after_a_failure(failure, final):
    assert is_final(failure) is final
