"""Watches that are read late."""

from __future__ import annotations

import pytest

from ironflow.testing._engine import watches
from ironflow.testing._engine.watches import Watch, Watches


def taken(watch):
    return list(iter(watch.take, None))


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(watches, "MAX_WAITING", 10)


def test_a_watch_that_is_slow_still_gets_the_last_change_of_each_key_in_order():
    watch = Watch(("bucket", "b"), ">", [("a", 1), ("b", 2)], lambda: None)
    for revision in range(3, 1003):
        watch.add("abc"[revision % 3], revision)
    changes = taken(watch)
    assert len(changes) <= 3 + 10
    assert [revision for _, revision in changes] == sorted(revision for _, revision in changes)
    assert dict(changes) == {"a": 1002, "b": 1000, "c": 1001}


def test_a_watch_that_keeps_up_gets_every_change():
    watch = Watch(("bucket", "b"), ">", [], lambda: None)
    seen = []
    for revision in range(100):
        watch.add("a", revision)
        seen += taken(watch)
    assert seen == [("a", revision) for revision in range(100)]


def test_a_bucket_of_many_keys_is_given_in_whole():
    watch = Watch(("bucket", "b"), ">", [(f"k{n}", n) for n in range(100)], lambda: None)
    for number in range(100, 150):
        watch.add(f"k{number}", number)
    assert [number for _, number in taken(watch)] == list(range(150))


def test_a_watch_that_has_ended_takes_nothing_of_the_next_bucket_of_that_name():
    watch, found = Watch(("bucket", "b"), ">", [], lambda: None), Watches(None)
    found.add(watch)
    found.tell(watch.of, "a", "old")
    found.end(watch.of)
    found.tell(watch.of, "a", "new")
    assert (watch.gone, taken(watch)) == (True, [("a", "old")])
    found.remove(watch)  # its connection closes later
