"""Pages of lists: a window by ``limit`` and ``offset``; and cursors, which must be our own.

Rule: a limit is at least 1. The default is that of the product's command line, or of its document.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from .._engine.refusals import Refusal
from .._reading import Parameters

T = TypeVar("T")


class Window(NamedTuple):
    """The part of a list that a request asks for."""

    limit: int
    offset: int

    def of(self, found: Sequence[T]) -> Sequence[T]:
        """Return the part of a list that is in the window."""
        return found[self.offset : self.offset + self.limit]


def window(query: Parameters, default_limit: int, max_limit: int | None = None) -> Window:
    """Return the window that a query asks for."""
    limit = query.integer("limit", default_limit, low=1, high=max_limit)
    return Window(limit, query.integer("offset", 0))


def unknown_cursor() -> Refusal:
    """Return the refusal of a cursor that this server did not make."""
    return Refusal(400, "the cursor is not one that this server gave")
