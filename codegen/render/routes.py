"""ironflow/_routes.py: the table of routes, for the local server and for looking a route up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import banner, bracketed, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.model import Manifest, Method

_HEADER = '''"""Every route of the server: HTTP method, path template, name, group, category.

The name is that of the client's method. A route without a method is named by the same rule.
"""

from __future__ import annotations

ROUTES: tuple[tuple[str, str, str, str, str], ...] = (
'''


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the source of the table, in the manifest's order: by group, then by path."""
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    for method in methods:
        endpoint = method.endpoint
        cells = (
            endpoint.method,
            endpoint.path,
            method.name,
            endpoint.group,
            endpoint.category,
        )
        lines += bracketed("(", [literal(cell) for cell in cells], "),", "    ")
    return "\n".join([*lines, ")"]) + "\n"
