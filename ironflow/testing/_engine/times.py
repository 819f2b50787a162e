"""Times and durations as text: RFC 3339 in UTC, and Go's ``1h30m``.

Inside the engine a time is a number, seconds since 1970; records hold text.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))"
)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def timestamp(seconds: float) -> str:
    """Return a time as RFC 3339 text in UTC."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Return an RFC 3339 time, or a date alone, as seconds since 1970.

    Raises:
        ValueError: The text is neither.
    """
    found = _TIMESTAMP.fullmatch(text if "T" in text.upper() else f"{text}T00:00:00Z")
    if found is None:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time")
    day, clock, fraction, zulu, sign, hours, minutes = found.groups()
    seconds = datetime.strptime(f"{day}T{clock}+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
    if not zulu:
        ahead = int(hours) * 3600 + int(minutes) * 60
        seconds += -ahead if sign == "+" else ahead
    return seconds + (float(f"0.{fraction}") if fraction else 0.0)


def duration_of(text: str) -> float:
    """Return the seconds of a duration such as ``720h`` or ``1h30m``.

    Raises:
        ValueError: The text is not a duration.
    """
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text[:40]!r} is not a duration")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def is_within(moment: str, first: float | None, last: float | None) -> bool:
    """Return whether a time lies between two others, both included; None means no bound."""
    if first is None and last is None:
        return True
    seconds = seconds_of(moment)
    return (first is None or seconds >= first) and (last is None or seconds <= last)
