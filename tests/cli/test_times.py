"""Moments and durations as the tables show them."""

from __future__ import annotations

import datetime

import pytest

from ironflow._cli import times


@pytest.fixture
def noon(monkeypatch):
    moment = datetime.datetime(2026, 1, 15, 12, 0, 0, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(times, "now", lambda: moment)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-15T11:58:00Z", "2m ago"),
        ("2026-01-15T11:59:45.123456789Z", "14s ago"),
        ("2026-01-15T13:00:00+02:00", "1h ago"),
        ("2026-01-12T12:00:00Z", "3d ago"),
        ("2026-01-15T12:00:00Z", "just now"),
        ("2026-01-15T13:00:00Z", "2026-01-15 13:00:00"),
        ("0001-01-01T00:00:00Z", ""),
        (None, ""),
        ("soon", "soon"),
    ],
)
def test_how_long_ago_something_was(noon, text, expected):
    assert times.ago(text) == expected


def test_dates_and_times_of_day_are_in_utc():
    assert times.date_time("2025-01-15T12:00:05.5+01:00") == "2025-01-15 11:00:05"
    assert times.clock_time("2026-01-15T10:30:15.123456Z") == "10:30:15.123"
    assert times.clock_time("2026-01-15T10:30:15Z") == "10:30:15.000"
    assert times.date_time("2026-13-99T00:00:00Z") == "2026-13-99T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"), (0.35, "350ms"), (1.2, "1.2s"), (30, "30s"), (75, "1m15s"), (120, "2m0s"),
        (8100, "2h15m0s"), (59.96, "1m0s"), (-5, "-5s"),
    ],
)  # fmt: skip
def test_durations_read_as_those_of_the_product(seconds, expected):
    assert times.duration(seconds) == expected


def test_a_run_that_has_not_ended_has_no_duration():
    assert times.between("2025-01-15T12:00:05Z", "2025-01-15T12:00:06.2Z") == "1.2s"
    assert times.between("2025-01-15T12:00:05Z", None) == ""
