"""How long a wait pauses, what it forgives, and what it looks at: decisions without a server."""

from __future__ import annotations

import pytest

from ironflow import (
    AuthenticationError,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from ironflow._polling import RunWait, is_mendable, pause_after
from ironflow._pushes import Offer, Pushes

from .waits import FakeClock, targets


@pytest.mark.parametrize(
    ("pauses", "random", "seconds"),
    [
        (1, 0.0, 0.05),
        (1, 1.0, 0.1),
        (2, 0.0, 0.1),
        (3, 0.0, 0.2),
        (4, 0.5, 0.6),
        (5, 1.0, 1.6),
        (6, 1.0, 2.0),
        (6, 0.0, 1.0),
        (5000, 1.0, 2.0),
    ],
)
def test_pauses_grow_to_two_seconds_and_are_half_random(pauses, random, seconds):
    assert pause_after(pauses, None, None, lambda: random) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("poll_interval", "retry_after", "seconds"),
    [(5.0, None, 5.0), (5.0, 3.0, 5.0), (5.0, 7.0, 7.0), (0.01, None, 0.01), (None, 9.0, 9.0)],
)
def test_a_pause_is_what_the_caller_wants_or_more_if_the_server_does(
    poll_interval, retry_after, seconds
):
    assert pause_after(1, poll_interval, retry_after, lambda: 0.0) == seconds


def test_looks_are_never_more_than_the_documented_number():
    for seconds in (0.05, 0.2, 0.4, 0.8, 1.6, 3.0, 10.0, 300.0):
        looks, passed = 1, 0.0
        while (passed := passed + pause_after(looks, None, None, lambda: 0.0)) <= seconds:
            looks += 1
        assert looks <= seconds + 5


@pytest.mark.parametrize(
    ("failure", "mendable"),
    [
        (IronflowConnectionError(retryable=True), True),
        (IronflowTimeoutError(retryable=True), True),
        (IronflowError(status_code=408), True),
        (IronflowError(status_code=425), True),
        (RateLimitError(status_code=429), True),
        (ServerError(status_code=500), True),
        (ServerError(status_code=501), True),
        (ServerError(status_code=599), True),
        (InvalidResponseError(status_code=200, retryable=True), True),  # cut short
        (InvalidResponseError(status_code=200), False),  # not JSON
        (IronflowConnectionError(retryable=False), False),  # its certificate is not accepted
        (IronflowError(status_code=302), False),
        (IronflowError(status_code=400), False),
        (AuthenticationError(status_code=401), False),
        (PermissionDeniedError(status_code=403), False),
        (NotFoundError(status_code=404), False),
        (IronflowError(status_code=409), False),
    ],
)
def test_what_a_later_look_can_mend(failure, mendable):
    assert is_mendable(failure) is mendable


def test_a_server_that_could_not_answer_is_not_asked_for_a_subscription(client, server):
    wait = RunWait(client, 10, None, None)
    wait._in_vain = 99
    wait.failure = ServerError(status_code=503)
    wait._listen()
    assert server.requests == []
    wait.failure = None
    wait._listen()
    assert targets(server) == ["/api/v1/capabilities"]


def test_the_time_that_it_takes_to_subscribe_is_part_of_the_pause(client):
    wait, clock = RunWait(client, 10, None, None), FakeClock()
    wait._clock = clock
    wait._listen = lambda: clock.sleep(3)
    assert wait._rest(5, 10)
    assert not wait._rest(20, 10)
    assert not wait._rest(2, 1)
    assert clock.slept == [3, 2, 3, 7, 3, 0]


def test_a_wait_whose_pushes_have_ended_goes_on_polling_at_its_pace(client):
    class Stream:
        number = 0
        is_closed = False

        def close(self):
            self.is_closed = True

    wait, clock, stream = RunWait(client, 10, None, None), FakeClock(), Stream()
    wait._clock = clock
    wait._pushes = Pushes(stream, Offer())
    wait._pushes.is_over = True
    assert wait._rest(5, 10)
    assert clock.slept == [5]
    assert wait._pushes is None
    assert stream.is_closed
