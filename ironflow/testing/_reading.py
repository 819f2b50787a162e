"""Reading requests: JSON, the members of a body, the values of a query.

Rules: a member that is missing or of the wrong type is a 400 that names it and says what it must
be. Members that nobody asks for are ignored, as a server of another version would do. null counts
as absent.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from ._engine.refusals import Refusal
from ._engine.times import duration_of, seconds_of

T = TypeVar("T")

_REQUIRED: Any = object()
_LARGEST = 2**63 - 1
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_MAX_DEPTH = 100
_LONGEST_KEY = 255  # bytes


class Fields:
    """The members of a JSON object. A member without a default is required."""

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

    def key(self, name: str) -> str:
        """Return an idempotency key, empty when it is absent."""
        return checked_key(self.text(name, ""), name)

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
        value: dict[str, Any] | T = self._get(name, dict, "a JSON object", default)
        return value

    def any(self, name: str, default: T = _REQUIRED) -> Any | T:
        return self._get(name, object, "present", default)

    def texts(self, name: str, default: T = _REQUIRED) -> list[str] | T:
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
        return _time(self.text(name), name)

    def duration(self, name: str) -> float:
        """Return a required duration, such as ``720h`` or ``1h30m``, in seconds."""
        try:
            return duration_of(self.text(name))
        except ValueError:
            pass
        raise Refusal(400, f"{name} must be a duration such as 720h or 1h30m")

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
    """Values that come as text: of a query, or of a path."""

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
        """Return a whole number within its bounds; ``clamp`` lowers one that is too high."""
        text = self._values.get(name)
        if text is None or text == "":
            return default
        if not _WHOLE_NUMBER.fullmatch(text):
            raise Refusal(400, f"{name} must be a whole number")
        value = int(text)
        if value < low:
            raise Refusal(400, f"{name} must be at least {low}")
        if high is not None and value > high:
            if not clamp:
                raise Refusal(400, f"{name} must be at most {high}")
            return high
        return value

    def flag(self, name: str) -> bool:
        text = self._values.get(name, "false").lower()
        if text not in ("true", "false", "1", "0"):
            raise Refusal(400, f"{name} must be true or false")
        return text in ("true", "1")

    def moment(self, name: str) -> float | None:
        """Return a time as seconds since 1970, None when it is absent."""
        text = self._values.get(name)
        return _time(text, name) if text else None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self._values.get(name) or default
        if value not in choices:
            raise Refusal(400, f"{name} must be one of {', '.join(choices)}")
        return value


def _time(text: str, name: str) -> float:
    try:
        return seconds_of(text)
    except ValueError:
        pass
    raise Refusal(400, f"{name} must be an RFC 3339 time")


def checked_key(key: str, name: str) -> str:
    """Return an idempotency key, or refuse what cannot be one."""
    if len(key.encode("utf-8", "replace")) > _LONGEST_KEY or not key.isprintable() or " " in key:
        raise Refusal(400, f"{name} must be {_LONGEST_KEY} bytes at most, without blanks")
    return key


def decoded(body: bytes) -> Any:
    """Decode JSON; the result can be copied and encoded again.

    Raises:
        ValueError: The text is not JSON, or it is nested too deeply.
    """
    if not body:
        return None
    value = json.loads(body, parse_constant=_refuse, parse_float=_finite)
    if body.count(b"[") + body.count(b"{") > _MAX_DEPTH:  # otherwise it cannot be that deep
        _check_depth(value)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            member
            for container in level
            for member in (container.values() if isinstance(container, dict) else container)
            if isinstance(member, (dict, list))
        ]
        if not level:
            return
    raise ValueError("the nesting is too deep")
