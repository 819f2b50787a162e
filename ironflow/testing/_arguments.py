"""Checking what the user's own code gives: a wrong argument is an error at once, and is named."""

from __future__ import annotations

import inspect
from threading import TIMEOUT_MAX
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def check_whole(given: Any, name: str, low: int, high: int | None = None) -> None:
    """Refuse what is no whole number within bounds."""
    whole = isinstance(given, int) and not isinstance(given, bool)
    if not whole or given < low or (high is not None and given > high):
        bounds = f"from {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} must be a whole number {bounds}, not {given!r}")


def check_seconds(given: object, name: str) -> None:
    """Refuse what is no length of time, or longer than Python can wait."""
    if not isinstance(given, (int, float)) or not 0 <= given <= TIMEOUT_MAX:
        raise ValueError(f"{name} must be a number of seconds from 0, not {given!r}")


def check_text(given: object, name: str) -> None:
    """Refuse what is no text, or empty."""
    if not isinstance(given, str) or not given:
        raise TypeError(f"{name} must be a string that is not empty, not {given!r}")


def check_callable(given: object, what: str) -> None:
    """Refuse what can not be called."""
    if not callable(given):
        raise TypeError(f"{what} must be callable, not {given!r}")


def check_key(given: object) -> None:
    """Refuse what can not be a credential; the message does not show it."""
    fits = isinstance(given, str) and given.isascii() and given.isprintable() and " " not in given
    if not fits or not given:
        raise ValueError("api_key must be text without spaces, or None to ask for none")


def takes_step(handler: Callable[..., Any]) -> bool:
    """Tell whether a handler takes ``step`` beside the event; refuse one that takes neither.

    An argument with a default of its own is left alone, unless it is called ``step``.
    """
    if inspect.iscoroutinefunction(handler):
        raise TypeError("a function's handler must be a plain function, not an async one")
    try:
        signature = inspect.signature(handler)
    except ValueError:  # a builtin that does not say what it takes
        return False
    if _takes(signature, "event"):
        second = list(signature.parameters.values())[1:2]
        return any(p.name == "step" and p.kind is not p.KEYWORD_ONLY for p in second)
    if _takes(signature, "event", "step"):
        return True
    raise TypeError(f"a function's handler takes an event and maybe a step, not {signature}")


def _takes(signature: inspect.Signature, *given: str) -> bool:
    try:
        signature.bind(*given)
    except TypeError:
        return False
    return True


def checked_headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers of a reply; what can not be one would end or split it."""
    headers = dict(given or {})
    for name, value in headers.items():
        text = f"{name}{value}" if isinstance(name, str) and isinstance(value, str) else "\n"
        if not name or not text.isprintable() or not text.isascii():
            raise ValueError(f"headers must be printable ASCII text, not {name!r}: {value!r}")
    return headers


def patterns(given: Iterable[str], name: str) -> tuple[str, ...]:
    """Return patterns of event names; text alone is refused, as it would be a list of letters."""
    found: tuple[Any, ...] = (None,) if isinstance(given, (str, bytes)) else tuple(given)
    if not all(isinstance(pattern, str) and pattern for pattern in found):
        raise TypeError(f"{name} must be a list of patterns, such as ['order.*'], not {given!r}")
    return found
