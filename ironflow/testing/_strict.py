"""What a strict server refuses although the product ignores it: unknown names and values.

Rules: a query parameter that the manifest does not list for the route is a 400, and so is an
unknown value of a query parameter or of a member of the body that has known values. null counts as
absent, and unknown members are ignored. The message says what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from ironflow._parameters import BODY, QUERY

from ._engine.refusals import Refusal

_LATER = {  # parameters that servers of this version do not have; by route
    "outbox_dead_letter_requeue": ("env_id",),
    "outbox_delete_dead_letter": ("env_id",),
    "outbox_list_dead_letter": ("env_id",),
    "webhooks_create": ("token",),
    "workers_list_jobs": ("wait",),
}


def check(route: str, query: dict[str, str], body: Any) -> None:
    """Refuse unknown query parameters and values of a request; ``route`` is the route's name."""
    parameters = QUERY.get(route, {})
    for name, text in query.items():
        if name in _LATER.get(route, ()):
            continue
        if name not in parameters:
            raise Refusal(
                400, f"unknown query parameter {name[:100]!r}; {_known(name, parameters)}"
            )
        if text:
            _check_value(name, text, tuple(map(str, parameters[name])))
    for place, values in BODY.get(route, {}).items():
        for value in _found(body, place.split(".")):
            _check_value(place, value, values)


def _check_value(name: str, value: Any, values: tuple[Any, ...]) -> None:
    if values and value not in values:
        known = _known(str(value), map(str, values))
        raise Refusal(400, f"unknown value {str(value)[:100]!r} of {name}; {known}")


def _found(value: Any, places: list[str]) -> Iterator[Any]:
    """Yield what is at a place such as ``steps[].status``, of each item of a list."""
    if not places:
        if value is not None:
            yield value
        return
    name, *below = places
    member = value.get(name.replace("[]", "")) if isinstance(value, dict) else None
    for item in member if name.endswith("[]") and isinstance(member, list) else [member]:
        yield from _found(item, below)


def _known(wrong: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(wrong, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if names else "there are none"
