"""What follows the end of a live stream."""

from __future__ import annotations

import pytest

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
