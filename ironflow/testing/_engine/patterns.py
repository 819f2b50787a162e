"""Patterns of dotted names: ``*`` matches one part, a final ``>`` matches all remaining parts."""

from __future__ import annotations

from collections.abc import Iterable


def matches(pattern: str, name: str) -> bool:
    """Return whether a dotted name fits a pattern."""
    wanted, given = pattern.split("."), name.split(".")
    for index, part in enumerate(wanted):
        if part == ">" and index == len(wanted) - 1:
            return len(given) > index
        if index >= len(given) or part not in ("*", given[index]):
            return False
    return len(wanted) == len(given)


def matches_any(patterns: Iterable[str], name: str) -> bool:
    """Return whether a dotted name fits one of the patterns."""
    return any(matches(pattern, name) for pattern in patterns)
