"""The rules for ``server_wait``: how long the server is asked to hold a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .entries import Entry, shown
from .model import ServerWait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Endpoint, Model

PLACES = ("body", "query")
UNITS = ("ms", "s")


def read_server_wait(entry: Entry) -> ServerWait | None:
    """Return the server's wait of a route, None where the server does not hold it."""
    value = entry.get("server_wait", dict, None)
    if value is None:
        return None
    found = entry.inside(value, entry.at("server_wait"))
    wait = ServerWait(
        param=found.get("param", str, "", required=True),
        where=found.choice("in", PLACES, required=True),
        unit=found.choice("unit", UNITS, required=True),
        default=found.get("default", int, 0, required=True),
    )
    if wait.default < 0:
        found.say("default", "must not be negative")
    found.done()
    return wait


def report_server_wait(entry: Entry, endpoint: Endpoint, models: Mapping[str, Model]) -> None:
    """Report a parameter that does not exist or does not hold a number."""
    wait = endpoint.server_wait
    if wait is None:
        return
    if wait.where == "query":
        types = {parameter.name: parameter.type for parameter in endpoint.query}
    else:
        model = models.get(endpoint.body.type.name) if endpoint.body else None
        types = {field.name: field.type for field in model.fields} if model else {}
    place = f"{entry.at('server_wait')}.param"
    if wait.param not in types:
        entry.report(place, f"{shown(wait.param)} does not stand in the {wait.where} of the route")
    elif types[wait.param].kind not in ("integer", "number"):
        entry.report(place, f"{wait.param} must be of type integer or number")
