"""Moments and durations as people read them; the current time is always passed in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

_ZERO = "0001-01-01T00:00:00"  # how servers write a moment that there was none
_STEPS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def parsed(text: Any) -> datetime | None:
    """Return a moment in RFC 3339, in UTC; None where the text is none."""
    from datetime import datetime, timezone

    if not isinstance(text, str) or text.startswith(_ZERO) or len(text) < 19:
        return None
    main, rest = text[:19].replace(" ", "T"), text[19:]
    digits = ""
    if rest.startswith("."):  # Python 3.9 reads three or six digits only
        digits = rest[1 : 1 + len(rest[1:]) - len(rest[1:].lstrip("0123456789"))]
        rest = rest[1 + len(digits) :]
    offset = "+00:00" if rest in ("", "Z", "z") else rest
    fraction = "." + digits[:6].ljust(6, "0") if digits else ""
    try:
        return datetime.fromisoformat(main + fraction + offset).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def now() -> datetime:
    """Return the moment that it is."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc)


def date_time(text: Any) -> str:
    """Return a moment as ``2025-01-15 12:00:05``."""
    moment = parsed(text)
    return str(text or "") if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def clock_time(text: Any) -> str:
    """Return a moment as ``10:30:15.123``."""
    moment = parsed(text)
    if moment is None:
        return str(text or "")
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def since(text: Any, at: datetime | None = None) -> float | None:
    """Return how many seconds ago a moment was, None where there is none."""
    moment = parsed(text)
    return None if moment is None else ((at or now()) - moment).total_seconds()


def ago(text: Any) -> str:
    """Return how long ago a moment was, in its largest unit: ``2m ago``."""
    passed = since(text)
    if passed is None:
        return str(text or "") if parsed(text) is None and not _is_zero(text) else ""
    for length, unit in _STEPS:
        if passed >= length:
            return f"{int(passed // length)}{unit} ago"
    return "just now" if passed > -1 else date_time(text)


def _is_zero(text: Any) -> bool:
    return isinstance(text, str) and text.startswith(_ZERO)


def duration(seconds: float) -> str:
    """Return a duration as ``2h15m0s``, ``1m15s``, ``1.2s`` or ``350ms``."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)}ms"
    if round(seconds, 1) < 60:
        return f"{round(seconds, 1):g}s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}h{minutes}m{whole % 60}s" if hours else f"{minutes}m{whole % 60}s"


def between(start: Any, end: Any) -> str:
    """Return how long it was from one moment to another, empty where one is missing."""
    first, last = parsed(start), parsed(end)
    return "" if first is None or last is None else duration((last - first).total_seconds())
