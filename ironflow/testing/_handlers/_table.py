"""Which function answers which route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound="Callable[..., Any]")


class Handler(NamedTuple):
    """What answers a route.

    Attributes:
        act: Called with the call and the values of the path's parameters.
        public: Whether the route needs no credential.
        raw: Whether the body may be something else than JSON.
        reads: Whether it changes nothing, whatever its method.
    """

    act: Callable[..., Any]
    public: bool = False
    raw: bool = False
    reads: bool = False


HANDLERS: dict[tuple[str, str], Handler] = {}  # by method and path template


def route(
    method: str, path: str, *, public: bool = False, raw: bool = False, reads: bool = False
) -> Callable[[F], F]:
    """Return a decorator that makes a function the handler of a route.

    Raises:
        ValueError: The route has a handler already.
    """

    def register(act: F) -> F:
        if (method, path) in HANDLERS:
            raise ValueError(f"{method} {path} has two handlers")
        HANDLERS[method, path] = Handler(act, public, raw, reads)
        return act

    return register
