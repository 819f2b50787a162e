"""Reading what a request gives: members of its body, query values, times, patterns.

Rules: what is missing or of the wrong type is a 400 that names it and says what it must be; members
that no one asks for are ignored, as a server of another version would; null counts as absent.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

K = TypeVar("K")
T = TypeVar("T")

_REQUIRED: Any = object()
_LARGEST = 2**63 - 1
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))"
)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Refusal(Exception):
    """A request is refused: the status and the message that the caller gets."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def missing(what: str, which: str = "") -> Refusal:
    """Return the refusal of something that is not there.

    It says which where the path does not say it already: ``missing("role", "role_9")``.
    """
    return Refusal(404, f"{what} not found: {which}" if which else f"{what} not found")


def taken(what: str, which: str) -> Refusal:
    """Return the refusal of a name that another has: ``taken("bucket", "cache")``."""
    return Refusal(409, f"{what} already exists: {which}")


def find(records: Mapping[K, T], key: K, what: str) -> T:
    """Return a record by its key, or refuse the request as it is ``missing``."""
    try:
        return records[key]
    except KeyError:
        raise missing(what) from None


class Fields:
    """The members of a JSON object; every method returns a default when one is given."""

    def __init__(self, value: Any, what: str = "the body") -> None:
        if not isinstance(value, dict):
            raise Refusal(400, f"{what} must be a JSON object")
        self.value: dict[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str, default: T = _REQUIRED) -> str | T:
        """Return a string; a required one is not empty."""
        value: str | T = self._get(name, str, "a string", default)
        if default is _REQUIRED and not str(value).strip():
            raise Refusal(400, f"{name} must not be empty")
        return value

    def integer(self, name: str, default: T = _REQUIRED, *, low: int = -_LARGEST) -> int | T:
        """Return a whole number of at least ``low`` that 64 bits can hold."""
        value: Any = self._get(name, int, "a whole number", default)
        if name in self and value < low:
            raise Refusal(400, f"{name} must be at least {low}")
        if name in self and value > _LARGEST:
            raise Refusal(400, f"{name} must be at most {_LARGEST}")
        found: int | T = value
        return found

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._get(name, bool, "true or false", default))

    def members(self, name: str, default: T = _REQUIRED) -> dict[str, Any] | T:
        """Return a JSON object."""
        value: dict[str, Any] | T = self._get(name, dict, "a JSON object", default)
        return value

    def any(self, name: str, default: T = _REQUIRED) -> Any | T:
        """Return a member of whatever type."""
        return self._get(name, object, "given", default)

    def texts(self, name: str, default: T = _REQUIRED) -> list[str] | T:
        """Return a list of strings."""
        value: Any = self._get(name, list, "an array of strings", default)
        if name in self and not all(isinstance(item, str) for item in value):
            raise Refusal(400, f"{name} must be an array of strings")
        found: list[str] | T = value
        return found

    def objects(self, name: str) -> list[Fields]:
        """Return a list of JSON objects, empty when it is absent."""
        value = self._get(name, list, "an array of objects", [])
        return [Fields(item, f"{name}[{index}]") for index, item in enumerate(value)]

    def moment(self, name: str) -> float:
        """Return a required time as seconds since 1970."""
        return _moment(self.text(name), name)

    def duration(self, name: str) -> float:
        """Return a required duration, such as ``720h`` or ``1h30m``, in seconds."""
        text = self.text(name)
        parts = _DURATION_PART.findall(text)
        if not parts or "".join(map("".join, parts)) != text:
            raise Refusal(400, f"{name} must be a duration such as 720h or 1h30m")
        return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)

    def _get(self, name: str, kind: type, what: str, default: Any) -> Any:
        value = self.value.get(name)
        if value is None:
            if default is _REQUIRED:
                raise Refusal(400, f"{name} is required")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Refusal(400, f"{name} must be {what}")
        return value


class Parameters:
    """Values that come as text: those of a query, or of a path."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)

    def texts(self, name: str) -> list[str]:
        """Return the items of a comma-separated list."""
        return [item for item in self._values.get(name, "").split(",") if item]

    def integer(
        self, name: str, default: int, *, low: int = 0, high: int | None = None, clamp: bool = False
    ) -> int:
        """Return a whole number within its bounds; ``clamp`` cuts one that is above."""
        given = self._values.get(name)
        if given is None or given == "":
            return default
        if not _WHOLE_NUMBER.fullmatch(given):
            raise Refusal(400, f"{name} must be a whole number")
        value = int(given)
        if value < low:
            raise Refusal(400, f"{name} must be at least {low}")
        if high is not None and value > high:
            if not clamp:
                raise Refusal(400, f"{name} must be at most {high}")
            return high
        return value

    def flag(self, name: str) -> bool:
        given = self._values.get(name, "false").lower()
        if given not in ("true", "false", "1", "0"):
            raise Refusal(400, f"{name} must be true or false")
        return given in ("true", "1")

    def moment(self, name: str) -> float | None:
        """Return a time as seconds since 1970, None when it is not given."""
        given = self._values.get(name)
        return _moment(given, name) if given else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        given = self._values.get(name) or default
        if given not in choices:
            raise Refusal(400, f"{name} must be one of {', '.join(choices)}")
        return given


def timestamp(seconds: float) -> str:
    """Return a time, given in seconds since 1970, as RFC 3339 text in UTC."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds_of(text: str) -> float:
    """Return an RFC 3339 time, or a date alone, as seconds since 1970."""
    found = _TIMESTAMP.fullmatch(text if "T" in text.upper() else f"{text}T00:00:00Z")
    if found is None:
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time")
    day, clock, fraction, zulu, sign, hours, minutes = found.groups()
    seconds = datetime.strptime(f"{day}T{clock}+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
    if not zulu:
        ahead = int(hours) * 3600 + int(minutes) * 60
        seconds += -ahead if sign == "+" else ahead
    return seconds + (float(f"0.{fraction}") if fraction else 0.0)


def _moment(text: str, name: str) -> float:
    try:
        return seconds_of(text)
    except ValueError:
        raise Refusal(400, f"{name} must be an RFC 3339 time") from None


def matches_time(moment: str, first: float | None, last: float | None) -> bool:
    """Tell whether a time lies between two, both included; None is no bound."""
    if first is None and last is None:
        return True
    seconds = seconds_of(moment)
    return (first is None or seconds >= first) and (last is None or seconds <= last)


def matches(pattern: str, name: str) -> bool:
    """Tell whether a dotted name fits a pattern: ``*`` is one part, ``>`` all that remain."""
    wanted, given = pattern.split("."), name.split(".")
    for index, part in enumerate(wanted):
        if part == ">" and index == len(wanted) - 1:
            return len(given) > index
        if index >= len(given) or part not in ("*", given[index]):
            return False
    return len(wanted) == len(given)
