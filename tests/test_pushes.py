"""Pushes without a server: when one makes a wait look, and when none is relied on any longer."""

from __future__ import annotations

import json
import time

import pytest

from ironflow import _pushes
from ironflow._pushes import Hint, Offer, Pushes, RunEvents, _NothingCame

from .waits import NEVER


class Script:
    """A stream that gives what it is told, and then nothing."""

    is_over = False

    def __init__(self, *hints, number=1):
        self.hints = list(hints)
        self.number = number
        self.ends = []

    def take(self, end):
        self.ends.append(end)
        if self.hints:
            return self.hints.pop(0)
        raise _NothingCame("")

    def close(self):
        pass


def test_a_push_does_not_shorten_the_pause_that_a_failed_look_asks_for():
    pushes = Pushes(Script(Hint("a", True)), Offer())
    earliest = time.monotonic() + 0.05
    pushes.rest(("a",), earliest, earliest + 10, True)
    assert time.monotonic() >= earliest
    assert pushes.wanted(("a", "b")) == {"a", "b"}  # neither was looked at


def test_an_end_is_urgent_once_and_all_that_has_come_is_looked_at_with_it():
    stream = Script(Hint("a", True), Hint("b", False), Hint("c", True), Hint("other", True))
    pushes = Pushes(stream, Offer())
    ids = ("a", "b", "c", "d")
    pushes.looked(ids, ids)
    assert pushes.wanted(ids) == set()
    later = time.monotonic() + NEVER
    pushes.rest(ids, later, later, False)
    assert pushes.wanted(ids) == {"a", "b", "c"}
    pushes.looked(("a", "b", "c"), ids)
    stream.hints = [Hint("a", True)]
    soon = time.monotonic() + 0.05
    pushes.rest(ids, soon, later, False)
    assert time.monotonic() >= soon
    assert pushes.wanted(ids) == {"a"}


def test_a_run_is_wanted_until_it_was_looked_at_under_the_subscription_that_stands():
    stream = Script()
    pushes = Pushes(stream, Offer())
    pushes.looked(("a",), ("a",))
    assert pushes.wanted(("a", "b")) == {"b"}
    pushes.looked(("b",), ("b",))
    assert pushes.wanted(("a", "b")) == set()
    stream.number = 2
    assert pushes.wanted(("a", "b")) == {"a", "b"}
    stream.number = 0
    assert pushes.wanted(("a", "b")) is None  # polls


class Sleeper(Script):
    """A script that lets the time pass when it has nothing to give."""

    time = 100.0

    def take(self, end):
        try:
            return super().take(end)
        except _NothingCame:
            self.time = max(self.time, end)
            raise


@pytest.fixture
def stream(monkeypatch):
    stream = Sleeper()
    monkeypatch.setattr(_pushes, "monotonic", lambda: stream.time)
    return stream


def test_looks_for_what_was_not_pushed_grow_rarer(stream):
    pushes = Pushes(stream, Offer())
    ids = [f"run_{n}" for n in range(50)]
    looks = []
    for _ in range(7):
        pushes.looked(ids, ids)
        pushes.rest(ids, stream.time + 1, 1e9, False)
        wanted = pushes.wanted(ids)
        looks.append((stream.time - 100, 50 if wanted is None else len(wanted)))
    assert looks == [(2, 20), (6, 20), (14, 20), (30, 20), (60, 50), (90, 50), (120, 50)]


def test_a_push_that_came_true_makes_them_rare_for_later_waits_too(stream):
    offer = Offer()
    first = Pushes(stream, offer)
    first.looked("a", "a")
    stream.hints = [Hint("a", True)]
    first.rest("a", 1e6, 1e6, False)
    first.looked("a", "")
    second = Pushes(stream, offer)
    second.looked("b", "b")
    second.rest("b", stream.time + 1, 1e9, False)
    assert stream.time == 100 + _pushes.LONGEST_SAFETY


def test_after_a_failed_look_the_next_comes_when_polling_would_make_it(stream):
    pushes = Pushes(stream, Offer())
    pushes.looked("a", "a")
    pushes.rest("a", 100.5, 1e9, True)
    assert stream.time == 100.5


def test_a_rest_ends_with_the_wait(stream):
    pushes = Pushes(stream, Offer())
    pushes.looked("a", "a")
    pushes.rest("a", 100.5, 101, False)
    assert stream.time == 101


@pytest.mark.parametrize(
    ("pushed", "late", "is_over"),
    [
        ([], [], True),
        ([], [Hint("a", True)], False),  # it came with the reply
        ([], [Hint("b", True)], True),
        ([Hint("b", True)], [], False),  # a look for b has brought a: its push is on the way
        ([Hint("a", False)], [], False),
    ],
)
def test_only_an_end_without_a_push_is_a_reason_to_poll(stream, pushed, late, is_over):
    offer = Offer()
    offer.stands = True
    pushes = Pushes(stream, offer)
    pushes.looked("ab", "ab")
    stream.hints = list(pushed)
    pushes.rest("ab", 101, 1e9, False)
    stream.hints = list(late)
    pushes.looked("ab", "b")
    assert pushes.is_over is is_over
    assert offer.stands is not is_over


@pytest.mark.parametrize(
    ("topic", "data", "hint"),
    [
        ("system.run.run_1.completed", {}, Hint("run_1", True)),
        ("system.run.run_1.failed", None, Hint("run_1", True)),
        ("system.run.run_1.cancelled", "x", Hint("run_1", True)),
        ("system.run.run_1.status_changed", {"status": "completed"}, Hint("run_1", True)),
        ("system.run.run_1.status_changed", {"status": "running"}, Hint("run_1", False)),
        ("system.run.run_1.status_changed", {"status": ["completed"]}, Hint("run_1", False)),
        ("system.run.run_1.step.completed", {"status": "completed"}, Hint("run_1", False)),
        ("system.run.run_1.step_completed", {"status": "completed"}, Hint("run_1", False)),
        ("system.run", {}, Hint("", False)),
        (None, None, Hint("", False)),
    ],
)
def test_which_pushes_say_that_a_run_has_ended(topic, data, hint):
    events = RunEvents(lambda: ["run_1"], None)
    assert events.item({"type": "event", "topic": topic, "data": data}) == hint


def test_no_more_than_a_hundred_subscriptions_are_sent_before_they_are_confirmed():
    events = RunEvents(lambda: [f"run_{n}" for n in range(250)], None)
    frames = events.opened()
    assert len(frames) == 100
    assert events.more() == []
    patterns = [json.loads(frame)["subscription"]["pattern"] for frame in frames[:30]]
    results = [{"pattern": each, "status": "ok", "subscriptionId": each} for each in patterns]
    events.item({"type": "subscription_result", "results": results})
    assert len(events.more()) == 30
    assert not events.stands


def test_a_run_is_known_by_its_subscription():
    events = RunEvents(lambda: ["a.b"], None)
    (frame,) = events.opened()
    assert json.loads(frame)["subscription"]["pattern"] == "system.run.a.b.>"
    result = {"pattern": "system.run.a.b.>", "status": "ok", "subscriptionId": "sub_1"}
    assert events.item({"type": "subscription_result", "results": [result]}) is None
    assert events.stands
    event = {"type": "event", "topic": "system.run.a.b.completed", "subscriptionId": "sub_1"}
    assert events.item(event) == Hint("a.b", True)


def test_an_offer_is_asked_for_again_after_a_while(monkeypatch):
    time_now = [100.0]
    monkeypatch.setattr(_pushes, "monotonic", lambda: time_now[0])
    offer = Offer()
    assert offer.is_to_be_asked()
    assert not offer.is_to_be_asked()  # another thread meanwhile
    time_now[0] += 10
    assert offer.is_to_be_asked()  # the first one was interrupted
    offer.withdraw("no")
    assert not offer.is_to_be_asked()
    time_now[0] += _pushes.REMEMBERED
    assert offer.is_to_be_asked()
