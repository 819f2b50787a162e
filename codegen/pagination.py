"""The rules for ``pagination``: how a list is read page by page.

Everything that it names must exist: parameters among those of the route, members in the reply,
identity in the items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .entries import Entry, shown
from .model import Pagination

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Endpoint, Field, Model

STYLES = ("cursor", "keyset", "offset", "version")
_PARAMETERS = ("param", "prev_param", "size")
_REPLY_MEMBERS = ("has_next", "has_prev", "items", "next", "prev", "total")


def read_pagination(entry: Entry) -> Pagination | None:
    """Return the pagination of a route, None where it has none."""
    value = entry.get("pagination", dict, None)
    if value is None:
        return None
    found = entry.inside(value, entry.at("pagination"))
    texts: dict[str, str] = {
        key: found.get(key, str, "", required=key in ("items", "param", "size"))
        for key in (*_PARAMETERS, *_REPLY_MEMBERS)
    }
    style = found.choice("style", STYLES, required=True)
    pagination = Pagination(style=style, identity=_read_identity(found), **texts)
    found.done()
    return pagination


def _read_identity(found: Entry) -> tuple[str, ...]:
    value: Any = found.get("identity", object, ())
    members = [value] if isinstance(value, str) else value
    if not isinstance(members, (list, tuple)) or not all(isinstance(m, str) for m in members):
        found.say("identity", "must be the name of a member, or an array of names")
        return ()
    if value == [] or len(set(members)) != len(members):
        found.say("identity", "must name each member once")
    return tuple(sorted(members))


def report_pagination(entry: Entry, endpoint: Endpoint, models: Mapping[str, Model]) -> None:
    """Report what a pagination names that does not exist."""
    pagination = endpoint.pagination
    if pagination is None:
        return
    found = entry.inside(entry.value["pagination"], entry.at("pagination"))
    if endpoint.method != "GET":
        entry.say("pagination", "only a GET is read page by page")
    query = {parameter.name for parameter in endpoint.query}
    for key in _PARAMETERS:
        name = getattr(pagination, key)
        if name and name not in query:
            found.say(key, f"{shown(name)} is not a query parameter of the route")
    reply = _members(endpoint.response.name if endpoint.response else "", models)
    for key in _REPLY_MEMBERS:
        name = getattr(pagination, key)
        if name and name not in reply:
            found.say(key, f"{shown(name)} is not a member of the reply")
    items = reply.get(pagination.items)
    if items is not None:
        _report_items(found, pagination, items, models)


def _report_items(
    found: Entry, pagination: Pagination, items: Field, models: Mapping[str, Model]
) -> None:
    if items.type.kind != "array" or items.type.item is None:
        found.say("items", f"{items.name} must be an array")
        return
    members = _members(items.type.item.name, models)
    for name in pagination.identity:
        if name not in members:
            found.say("identity", f"{shown(name)} is not a member of the items")
    kinds = [members[name].type.kind for name in pagination.identity if name in members]
    if pagination.style == "version" and kinds != ["integer"]:
        found.say("identity", "must be the one whole number that style version counts")


def _members(model: str, models: Mapping[str, Model]) -> dict[str, Field]:
    return {field.name: field for field in models[model].fields} if model in models else {}
