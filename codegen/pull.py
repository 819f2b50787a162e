"""Following the server: merging its listing of routes into the manifest.

Rules:

1. What people wrote about a route stays. Of a known route only the group and the category are taken
   from the server. A renamed placeholder is the same route.
2. A new route is added bare, with what the server says of it and nothing else.
3. A route that the server no longer lists is reported. It is removed only when asked to, and never
   more than half of them at once: that would be the wrong server. Entries of the category ``rpc``
   are not part of the listing and are left alone.
4. The manifest keeps its layout. A new route goes where it belongs by group, path and method.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .endpoints import shape
from .layout import Layout
from .naming import method_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .listing import ListedRoute
    from .model import Endpoint, Manifest


class PullError(Exception):
    """The listing cannot be merged; the message is one line that says what to do."""


@dataclass(frozen=True)
class Merge:
    """What the server's listing means for a manifest.

    Attributes:
        added: The routes that the manifest does not have.
        changed: The known routes whose group or category is another now, each with what the server
            says of it.
        gone: The known routes that the server does not list.
        known: How many routes the manifest has that the server may list.
    """

    added: tuple[ListedRoute, ...]
    changed: tuple[tuple[Endpoint, ListedRoute], ...]
    gone: tuple[Endpoint, ...]
    known: int


def merge(manifest: Manifest, listing: Sequence[ListedRoute]) -> Merge:
    """Compare a manifest with the server's listing."""
    known = {shape(e.route): e for e in manifest.endpoints if e.category != "rpc"}
    listed = {shape(route.route): route for route in listing}
    changed = [
        (known[key], route)
        for key, route in listed.items()
        if key in known and (known[key].group, known[key].category) != (route.group, route.category)
    ]
    added = [route for key, route in listed.items() if key not in known]
    return Merge(
        added=tuple(sorted(added, key=lambda route: (route.group, route.path, route.method))),
        changed=tuple(sorted(changed, key=lambda pair: pair[0].route)),
        gone=tuple(endpoint for key, endpoint in known.items() if key not in listed),
        known=len(known),
    )


def apply(found: Merge, text: str, prune: bool) -> str:
    """Return the text of a manifest after a merge.

    Args:
        found: What is to be done.
        text: The text of the manifest, which has passed every check.
        prune: Whether the routes that are gone are removed.

    Raises:
        PullError: More than half of the routes would be removed.
    """
    if prune and 2 * len(found.gone) > found.known:
        raise PullError(
            f"{len(found.gone)} of {found.known} routes are gone, which is more than half; nothing"
            " is removed. Is it the right server?"
        )
    layout = Layout(text)
    entries = [json.loads(item.text) for item in layout.items]
    places = {f"{entry['method']} {entry['path']}": i for i, entry in enumerate(entries)}
    for endpoint, route in found.changed:
        for key in ("group", "category"):
            layout.change(places[endpoint.route], key, getattr(route, key))
    for endpoint in sorted(found.gone, key=lambda e: places[e.route], reverse=True):
        if prune:
            layout.remove(places[endpoint.route])
    for route in found.added:
        _insert(layout, route)
    return str(layout)


def _insert(layout: Layout, route: ListedRoute) -> None:
    """Add a bare route before the first one that comes after it."""
    entry = {
        "method": route.method,
        "path": route.path,
        "group": route.group,
        "category": route.category,
    }
    later = (
        i for i, item in enumerate(layout.items) if _order(json.loads(item.text)) > _order(entry)
    )
    layout.insert(next(later, len(layout.items)), entry)


def _order(entry: Mapping[str, str]) -> tuple[str, str, str]:
    return entry["group"], entry["path"], entry["method"]


def lines(found: Merge, after: Manifest, prune: bool) -> list[str]:
    """Return what a merge does: one line per route, with the names of its method.

    Args:
        found: What is done.
        after: The manifest as it is then.
        prune: Whether the routes that are gone are removed.
    """
    new = {shape(endpoint.route): endpoint for endpoint in after.endpoints}
    told = []
    for route in found.added:
        name = _name(new[shape(route.route)])
        told.append(f"added    {route.route}: {name} ({route.group}, {route.category})")
    for endpoint, route in found.changed:
        changes = [
            f"{key} {getattr(endpoint, key)} -> {getattr(route, key)}"
            for key in ("group", "category")
            if getattr(endpoint, key) != getattr(route, key)
        ]
        names = (_name(endpoint), _name(new[shape(endpoint.route)]))
        changes.append(f"{names[0]} -> {names[1]}" if names[0] != names[1] else f"still {names[0]}")
        told.append(f"changed  {endpoint.route}: {', '.join(changes)}")
    fate = "removed" if prune else "kept; --prune removes it"
    told += [f"gone     {e.route}: {_name(e)} ({fate})" for e in found.gone]
    return told


def _name(endpoint: Endpoint) -> str:
    return "no method" if endpoint.left_out else method_name(endpoint)
