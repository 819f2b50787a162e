"""The clock: timers fire when they are due, in their order, and leave no thread behind."""

from __future__ import annotations

import threading

import pytest

from ironflow.testing._engine.clock import Clock

from ...local import PATIENCE, until


@pytest.fixture
def lock():
    return threading.RLock()


@pytest.fixture
def clock(lock):
    clock = Clock(lock)
    yield clock
    with lock:
        clock.stop()
    clock.join(PATIENCE)


def set_timers(clock, lock, **seconds):
    """Set a timer for each name, so many seconds from now; what fired, and the timers by name."""
    fired, timers = [], {}
    with lock:
        now = clock.now()  # once: the thread may be kept from running between two of them
        for name, after in seconds.items():
            due = now + after
            timers[name] = clock.call_at(due, lambda name=name: fired.append(name))
    return fired, timers


def test_timers_fire_in_the_order_in_which_they_are_due(clock, lock):
    fired, _ = set_timers(clock, lock, third=0.03, first=0.01, second=0.02)
    until(lambda: len(fired) == 3)
    assert fired == ["first", "second", "third"]


def test_timers_of_one_moment_fire_in_the_order_of_setting(clock, lock):
    fired = []
    with lock:
        due = clock.now() + 0.01
        for number in range(5):
            clock.call_at(due, lambda number=number: fired.append(number))
    until(lambda: len(fired) == 5)
    assert fired == [0, 1, 2, 3, 4]


def test_what_a_timer_calls_holds_the_lock(clock, lock):
    held = []

    def from_elsewhere():
        held.append(not lock.acquire(blocking=False))

    def act():
        other = threading.Thread(target=from_elsewhere)
        other.start()
        other.join()

    with lock:
        clock.call_at(clock.now(), act)
    until(lambda: held)
    assert held == [True]


def test_a_cancelled_timer_does_not_fire(clock, lock):
    fired, timers = set_timers(clock, lock, cancelled=0.01, kept=0.02)
    with lock:
        clock.cancel(timers["cancelled"])
    until(lambda: fired)
    assert fired == ["kept"]
    with lock:
        clock.cancel(timers["kept"])  # it has fired, and nothing happens


def test_an_earlier_timer_is_not_held_up_by_a_later_one(clock, lock):
    fired, _ = set_timers(clock, lock, later=600, sooner=0.01)
    until(lambda: fired)
    assert fired == ["sooner"]


def test_a_timer_that_fails_stops_no_other(clock, lock, caplog):
    with lock:
        clock.call_at(clock.now(), lambda: 1 // 0)
    fired, _ = set_timers(clock, lock, next=0.01)
    until(lambda: fired)
    assert "ZeroDivisionError" in caplog.text


def test_no_thread_stays_behind_when_there_is_no_timer(clock, lock):
    fired, _ = set_timers(clock, lock, only=0.01)
    until(lambda: fired)
    until(lambda: clock._thread is None)
    again, _ = set_timers(clock, lock, another=0.01)
    until(lambda: again)


def test_a_stopped_clock_fires_nothing(lock):
    clock = Clock(lock)
    fired, _ = set_timers(clock, lock, never=0.05)
    thread = clock._thread
    with lock:
        clock.stop()
    clock.join(PATIENCE)
    assert not thread.is_alive()
    assert fired == []


def test_a_wait_ends_with_what_it_is_for_or_with_its_time(clock, lock):
    with lock:
        assert clock.wait_for(lambda: True) is True
        assert clock.wait_for(lambda: False, 0.01) is False
