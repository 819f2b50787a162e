"""Checks of the arguments that users pass: a wrong one is refused at once, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from threading import TIMEOUT_MAX
from typing import Any


def check_whole(value: Any, name: str, low: int, high: int | None = None) -> None:
    """Refuse what is not a whole number within bounds."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        bounds = f"from {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be a whole number {bounds}, not {value!r}")


def check_seconds(value: object, name: str) -> None:
    """Refuse what is not a length of time, or is longer than Python can wait."""
    if not isinstance(value, (int, float)) or not 0 <= value <= TIMEOUT_MAX:
        raise ValueError(f"{name} must be a number of seconds from 0, not {value!r}")


def check_text(value: object, name: str) -> None:
    """Refuse what is not text, or is empty."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a string that is not empty, not {value!r}")


def check_callable(value: object, what: str) -> None:
    """Refuse what cannot be called."""
    if not callable(value):
        raise TypeError(f"{what} must be callable, not {value!r}")


def check_key(value: object) -> None:
    """Refuse what cannot be a credential; the message does not show it."""
    fits = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    if not fits or not value:
        raise ValueError("api_key must be text without spaces, or None to ask for none")


def takes_step(handler: Callable[..., Any]) -> bool:
    """Return whether a handler takes ``step`` as well as the event; refuse one that takes neither.

    An argument with a default is left alone, unless it is called ``step``.
    """
    if inspect.iscoroutinefunction(handler):
        raise TypeError("a function's handler must be a plain function, not an async one")
    try:
        signature = inspect.signature(handler)
    except ValueError:  # a builtin without a signature
        return False
    if _takes(signature, "event"):
        second = list(signature.parameters.values())[1:2]
        return any(p.name == "step" and p.kind is not p.KEYWORD_ONLY for p in second)
    if _takes(signature, "event", "step"):
        return True
    raise TypeError(f"a function's handler takes an event and maybe a step, not {signature}")


def _takes(signature: inspect.Signature, *arguments: str) -> bool:
    try:
        signature.bind(*arguments)
    except TypeError:
        return False
    return True


def check_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers of a reply; refuse what would end the head or split it."""
    checked = dict(headers or {})
    for name, value in checked.items():
        text = f"{name}{value}" if isinstance(name, str) and isinstance(value, str) else "\n"
        if not name or not text.isprintable() or not text.isascii():
            raise ValueError(f"headers must be printable ASCII text, not {name!r}: {value!r}")
    return checked


def check_patterns(patterns: Iterable[str], name: str) -> tuple[str, ...]:
    """Return patterns of event names; a string is refused: it would be a list of letters."""
    found: tuple[Any, ...] = (None,) if isinstance(patterns, (str, bytes)) else tuple(patterns)
    if not all(isinstance(pattern, str) and pattern for pattern in found):
        raise TypeError(f"{name} must be a list of patterns, such as ['order.*'], not {patterns!r}")
    return found
