"""Reading the values of flags: whole numbers, durations, JSON, pairs."""

from __future__ import annotations

from .errors import UsageError
from .table import (
    BODY,
    BOOL,
    CHOICE,
    DURATION,
    FILE,
    INT,
    JSON,
    LIST,
    MILLISECONDS,
    NUMBER,
    PAIRS,
    RAW,
    STRING,
    TRUTH,
    Flag,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TRUE = ("1", "t", "true", "yes")
_FALSE = ("0", "f", "false", "no")

# Seconds by unit, as in the product's durations.
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_LONGEST_NUMBER = 20  # digits of the largest number of 64 bits


def convert(flag: Flag, text: str) -> Any:
    """Return the value of a flag.

    Raises:
        UsageError: The text is not such a value; the message does not repeat it.
    """
    return _READERS[flag.kind](flag, text)


def switch(flag: Flag, text: str) -> bool:
    """Return what a switch is set to: ``--json=false``."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise UsageError(f"--{flag.name}: must be true or false")


def seconds(text: str) -> float | None:
    """Return a duration such as ``1h30m`` in seconds, None if the text is not one."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if text == "0":
        return 0.0
    total, rest = 0.0, text
    while rest:
        length = len(rest) - len(rest.lstrip("0123456789."))
        digits, rest = rest[:length], rest[length:]
        length = len(rest) - len(rest.lstrip("nuµmsh"))
        unit, rest = rest[:length], rest[length:]
        if unit not in _UNITS or digits.count(".") > 1 or not digits.strip("."):
            return None
        if not digits.isascii():
            return None
        total += float(digits) * _UNITS[unit]
    return sign * total if text else None


def parsed(text: str, name: str) -> Any:
    """Return the value of JSON text.

    Args:
        text: The JSON.
        name: What a refusal calls it: a flag, a file, or stdin.

    Raises:
        UsageError: It is not JSON; the message has line and column.
    """
    import json

    try:
        return json.loads(text, parse_constant=_refused_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        problem = error.msg[:1].lower() + error.msg[1:]
    except RecursionError:
        place, problem = "", "nested too deeply"
    except ValueError as error:
        place, problem = "", str(error)
    raise UsageError(f"{name}: not JSON: {problem}" + (f" ({place})" if place else ""))


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is not allowed in JSON")


def is_text(text: str) -> bool:
    """Return whether an argument is text; other bytes arrive as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _string(flag: Flag, text: str) -> str:
    if not is_text(text):
        raise UsageError(f"--{flag.name}: is not valid UTF-8")
    return text


def _integer(flag: Flag, text: str) -> int:
    digits = text[1:] if text[:1] in "+-" else text
    if not digits.isascii() or not digits.isdecimal() or len(digits) > _LONGEST_NUMBER:
        raise UsageError(f"--{flag.name}: must be a whole number")
    number = int(text)
    if flag.within is not None and not flag.within[0] <= number <= flag.within[1]:
        raise UsageError(f"--{flag.name}: must be from {flag.within[0]} to {flag.within[1]}")
    return number


def _milliseconds(flag: Flag, text: str) -> int:
    if seconds(text) is not None and text != "0":
        raise UsageError(f"--{flag.name}: must be in milliseconds, without a unit, such as 5000")
    return _integer(flag, text)


def _duration(flag: Flag, text: str) -> float | str:
    value = seconds(text)
    if value is None:
        hint = "; a number needs a unit" if text.replace(".", "", 1).isdecimal() else ""
        raise UsageError(f"--{flag.name}: must be a duration such as 30s, 5m or 1h30m{hint}")
    if value < 0 or (value == 0 and not flag.zero):
        raise UsageError(f"--{flag.name}: must be more than 0")
    return text if flag.verbatim else value


def _pairs(flag: Flag, text: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--{flag.name}: must be written as key=value")
    return {name: _string(flag, value)}


def _list(flag: Flag, text: str) -> list[str]:
    return [part for part in _string(flag, text).split(",") if part]


def _choice(flag: Flag, text: str) -> str:
    if text not in flag.choices:
        raise UsageError(f"--{flag.name}: must be one of {', '.join(flag.choices)}")
    return text


def _number(flag: Flag, text: str) -> float:
    """Return a number; seconds may also be written as a duration."""
    value = seconds(text)
    if value is None:
        try:
            value = float(text)
        except ValueError:
            raise UsageError(f"--{flag.name}: must be a number") from None
    return value


def _body(flag: Flag, text: str) -> Any:
    """Return a body: JSON as it is typed, from a file, or from stdin."""
    from .data import decoded

    content, name = _content(flag, text)
    return parsed(decoded(content, name), name)


def _raw(flag: Flag, text: str) -> bytes:
    """Return a body that is stored byte by byte."""
    return _content(flag, text)[0]


def _content(flag: Flag, text: str) -> tuple[bytes, str]:
    from .data import file_bytes, stdin_bytes

    if text == "-":
        return stdin_bytes(), "stdin"
    if text.startswith("@"):
        return file_bytes(text[1:]), text[1:]
    return _string(flag, text).encode(), f"--{flag.name}"


_READERS: dict[str, Callable[[Flag, str], Any]] = {
    BODY: _body,
    BOOL: switch,
    CHOICE: _choice,
    DURATION: _duration,
    FILE: _string,
    INT: _integer,
    JSON: lambda flag, text: parsed(_string(flag, text), f"--{flag.name}"),
    LIST: _list,
    MILLISECONDS: _milliseconds,
    NUMBER: _number,
    PAIRS: _pairs,
    RAW: _raw,
    STRING: _string,
    TRUTH: switch,
}
