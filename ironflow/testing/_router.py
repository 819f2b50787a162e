"""From a method and a path to a route: a tree of path segments.

Rules: a static segment wins over a parameter (``/runs/resume`` over ``/runs/{id}``); a parameter
holds one segment, percent-decoded, and is never empty; ``{key...}`` holds the rest of the path,
slashes included, whether they were sent plain or as ``%2F``.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import unquote

METHODS = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


class Route(NamedTuple):
    """A route: HTTP method, path template, name."""

    method: str
    template: str
    name: str


class Match(NamedTuple):
    """What a path leads to: routes by method, and the values of the path's parameters."""

    routes: dict[str, Route]
    arguments: tuple[str, ...]


class Target(NamedTuple):
    """Which requests are meant: an HTTP method, ``*`` for any, and a path.

    The path is as sent, a template (``/api/v1/runs/{id}``), or holds ``*`` for any text.
    """

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def fits(self, method: str, path: str, template: str) -> bool:
        if self.method not in ("*", method):
            return False
        return self.path in (path, template) or fnmatchcase(path, self.path)


class _Node:
    __slots__ = ("parameter", "rest", "routes", "statics")

    def __init__(self) -> None:
        self.statics: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.rest: _Node | None = None
        self.routes: dict[str, Route] = {}


class Router:
    """Finds the routes of a path."""

    def __init__(self, routes: Iterable[tuple[str, str, str]]) -> None:
        self._root = _Node()
        self._templates: set[str] = set()
        for row in routes:
            route = Route(*row)
            self._templates.add(route.template)
            node = self._root
            for segment in route.template.split("/")[1:]:
                node = _child(node, segment)
            node.routes[route.method] = route

    def match(self, path: str) -> Match | None:
        """Return what a path leads to, None when no route has it."""
        return _walk(self._root, path.split("/")[1:], ())

    def target(self, method: str, path: str) -> Target:
        """Return which requests are meant.

        Raises:
            ValueError: No request can have this method or path.
        """
        verb = str(method).upper()
        if verb not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {verb!r}")
        is_glob = "*" in path and path.startswith(("/", "*"))
        if not is_glob and path not in self._templates and self.match(path) is None:
            raise ValueError(f"path must be that of a route, or contain a *; {path!r} matches none")
        return Target(verb, path)


def _child(node: _Node, segment: str) -> _Node:
    if segment.endswith("...}"):
        node.rest = node.rest or _Node()
        return node.rest
    if segment.startswith("{"):
        node.parameter = node.parameter or _Node()
        return node.parameter
    return node.statics.setdefault(segment, _Node())


def _walk(node: _Node, segments: list[str], arguments: tuple[str, ...]) -> Match | None:
    if not segments:
        return Match(node.routes, arguments) if node.routes else None
    first, *others = segments
    if first in node.statics:
        found = _walk(node.statics[first], others, arguments)
        if found is not None:
            return found
    if node.parameter is not None and first:
        found = _walk(node.parameter, others, (*arguments, unquote(first)))
        if found is not None:
            return found
    rest = "/".join(segments)
    if node.rest is not None and rest:
        return Match(node.rest.routes, (*arguments, unquote(rest)))
    return None
