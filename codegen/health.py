"""The coverage report: how much of the API has methods, types, documents and tests.

Rules:

1. It compares, it does not assume: methods and the routes they call are read from the source of the
   generated client, and "tested" from the record of requests that a test run saw on the wire.
2. The client is healthy if nothing has drifted, every documented route has its method, and every
   route without a method says why.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .endpoints import shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .model import Body, Endpoint, Manifest, Method

CLIENT = "ironflow/client.py"
DOCUMENTED_METHODS = 103  # what the SDK document counts
DOCUMENTED_GROUPS = 22


class HealthError(Exception):
    """The report cannot be made: there is no client, or no record of a test run."""


@dataclass(frozen=True)
class Report:
    """What was found; ``text`` and ``json`` say the same."""

    manifest: Manifest
    methods: Sequence[Method]
    calls: dict[str, str]
    tested: frozenset[str]

    def has_method(self, method: Method) -> bool:
        """Tell whether the client has this method, and the method calls its route."""
        return self.calls.get(method.name) == shape(method.endpoint.route)

    def rows(self) -> list[dict[str, Any]]:
        """Return the figures of each group, in alphabetical order."""
        groups: dict[str, list[Method]] = {}
        for method in self.methods:
            groups.setdefault(method.endpoint.group, []).append(method)
        return [self._figures(group, groups[group]) for group in sorted(groups)]

    def totals(self) -> dict[str, Any]:
        """Return the figures of the whole API."""
        return self._figures("total", self.methods)

    def untested(self) -> list[str]:
        """Return the methods whose route no test put on the wire."""
        return sorted(
            method.name
            for method in self.methods
            if self.has_method(method) and method.endpoint.route not in self.tested
        )

    def documented(self) -> str:
        """Return the line that compares the client with the count of the SDK document."""
        found = [m.endpoint for m in self.methods if m.endpoint.documented and self.has_method(m)]
        groups = len({endpoint.group for endpoint in found})
        return (
            f"documented: {len(found)}/{DOCUMENTED_METHODS} methods"
            f" in {groups}/{DOCUMENTED_GROUPS} groups"
        )

    def problems(self, drift: list[str]) -> list[str]:
        """Return what makes the report unhealthy."""
        found = [f"{name} is not current" for name in drift]
        for method in self.methods:
            endpoint = method.endpoint
            if endpoint.left_out and not endpoint.omit_reason:
                found.append(f"{endpoint.route} has no method and no omit_reason")
            elif not endpoint.left_out and not self.has_method(method):
                found.append(f"{endpoint.route} lacks its method {method.name}")
        count = sum(endpoint.documented for endpoint in self.manifest.endpoints)
        if count != DOCUMENTED_METHODS:
            found.append(f"{count} routes are marked documented, not {DOCUMENTED_METHODS}")
        return found

    def pins(self) -> dict[str, str]:
        """Return the pinned names and why each is pinned."""
        return {e.name: e.name_reason for e in self.manifest.endpoints if e.name}

    def reconstructed(self) -> list[str]:
        """Return the documented names that the SDK document counts but does not show."""
        return sorted(m.name for m in self.methods if m.endpoint.reconstructed)

    def left_out(self) -> dict[str, str]:
        """Return the routes without a method and why each has none."""
        return {e.route: e.omit_reason for e in self.manifest.endpoints if e.left_out}

    def json(self, drift: list[str]) -> str:
        """Return the report for programs."""
        document = {
            "manifest": self.manifest.digest,
            "server_version": self.manifest.server_version,
            "documented": self.documented(),
            "groups": self.rows(),
            "total": self.totals(),
            "untested": self.untested(),
            "pins": self.pins(),
            "reconstructed": self.reconstructed(),
            "left_out": self.left_out(),
            "drift": drift,
            "problems": self.problems(drift),
        }
        return json.dumps(document, indent=2) + "\n"

    def text(self, drift: list[str]) -> str:
        """Return the report for people."""
        untested = self.untested()
        problems = self.problems(drift)
        lines = [
            *_table([*self.rows(), self.totals()]),
            "",
            self.documented(),
            f"untested: {len(untested)}{': ' if untested else ''}{', '.join(untested)}",
            "",
            f"reconstructed names: {', '.join(self.reconstructed()) or 'none'}",
            "",
            "pinned names:",
            *(f"  {name}: {reason}" for name, reason in self.pins().items()),
            "routes without a method:",
            *(f"  {route}: {reason or 'NO REASON'}" for route, reason in self.left_out().items()),
            "",
            f"manifest: {self.manifest.digest}, drift: {', '.join(drift) or 'none'}",
            *(f"PROBLEM: {problem}" for problem in problems),
        ]
        return "\n".join(lines)

    def _figures(self, group: str, methods: Sequence[Method]) -> dict[str, Any]:
        present = [method.endpoint for method in methods if self.has_method(method)]
        bodies = [endpoint.body for endpoint in present if endpoint.body is not None]
        return {
            "group": group,
            "endpoints": len(methods),
            "methods": len(present),
            "documented": sum(endpoint.documented for endpoint in present),
            "typed_bodies": sum(map(_is_typed, bodies)),
            "bodies": len(bodies),
            "typed_replies": sum(map(_is_typed_reply, present)),
            "tested": sum(endpoint.route in self.tested for endpoint in present),
        }


def report(manifest: Manifest, methods: Sequence[Method], root: Path, record: Path) -> Report:
    """Gather the facts.

    Args:
        manifest: What the server offers.
        methods: The methods that there should be.
        root: Root of the generated files.
        record: What a test run saw: a JSON array of [method, path] pairs.

    Raises:
        HealthError: The client or the record is missing or cannot be read.
    """
    try:
        calls = _calls(ast.parse((root / CLIENT).read_text(encoding="utf-8")))
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        raise HealthError(f"{CLIENT} cannot be read: {error}") from error
    try:
        seen = [(str(method), str(path)) for method, path in json.loads(record.read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise HealthError(f"no record of a test run, run `make test` first: {error}") from error
    return Report(manifest, methods, calls, _routes_seen(manifest, seen))


def _calls(tree: ast.Module) -> dict[str, str]:
    """Return the route that each method of the client's class calls, by its name."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "self._call":
                    if len(call.args) < 2:
                        raise ValueError(f"{node.name} calls no route")
                    method, path = call.args[:2]
                    found[node.name] = f"{ast.literal_eval(method)} {_template(path)}"
    return found


def _template(path: ast.expr) -> str:
    """Return a path expression with ``{}`` for each argument."""
    if isinstance(path, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in path.values)
        return "".join(map(str, parts))
    return str(ast.literal_eval(path))


def _routes_seen(manifest: Manifest, seen: list[tuple[str, str]]) -> frozenset[str]:
    """Return the routes that the recorded calls reached; the most static pattern wins, as in Go."""
    patterns = [
        (endpoint.method, _pattern(endpoint.path), endpoint.route)
        for endpoint in sorted(manifest.endpoints, key=lambda e: (e.path.count("{"), e.path))
    ]
    found = set()
    for method, path in set(seen):
        for wanted, pattern, route in patterns:
            if method == wanted and pattern.fullmatch(path.partition("?")[0]):
                found.add(route)
                break
    return frozenset(found)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", path)
    return re.compile("".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in parts))


def _is_typed(body: Body) -> bool:
    # A stored document has no fixed shape: "any JSON" is all that can be said of it.
    return body.raw or body.type.kind in ("model", "object")


def _is_typed_reply(endpoint: Endpoint) -> bool:
    return endpoint.response is None or endpoint.response.kind not in ("any", "object")


def _table(rows: list[dict[str, Any]]) -> list[str]:
    cells = [["group", "endpoints", "methods", "documented", "typed body", "typed reply", "tested"]]
    for row in rows:
        body = f"{row['typed_bodies']}/{row['bodies']}"
        reply = f"{row['typed_replies']}/{row['methods']}"
        figures = [row["endpoints"], row["methods"], row["documented"], body, reply, row["tested"]]
        cells.append([row["group"], *map(str, figures)])
    widths = [max(map(len, column)) for column in zip(*cells)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths))
        )
        for line in cells
    ]
