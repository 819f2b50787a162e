"""The feed: what is kept of what was published."""

from __future__ import annotations

from ironflow.testing._engine import feed
from ironflow.testing._engine.feed import Feed


def filled(count, data="x"):
    found = Feed(None)
    for number in range(count):
        found.add(f"evt_{number}", ("events:a",), data, number)
    return found


def test_the_oldest_messages_go_first(monkeypatch):
    monkeypatch.setattr(feed, "MAX_MESSAGES", 3)
    found = filled(5)
    assert (found.start, found.end) == (2, 5)
    assert [found.at(position).id for position in range(2, 5)] == ["evt_2", "evt_3", "evt_4"]


def test_large_messages_do_not_pile_up_but_the_latest_is_kept(monkeypatch):
    monkeypatch.setattr(feed, "MAX_BYTES", 25)
    found = filled(5, "12345678")  # ten bytes as JSON
    assert (found.start, found.end) == (3, 5)
    found.add("evt_5", ("events:a",), "x" * 100, 5)
    assert (found.start, found.end) == (5, 6)
    assert found.at(5).id == "evt_5"


def test_a_message_stays_as_it_was_published():
    record = {"status": "running"}
    found = filled(0)
    found.add_told("system.run.run_1.started", record)
    record["status"] = "completed"
    assert found.at(0).data == '{"status":"running"}'
