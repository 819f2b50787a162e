"""ironflow/_routes.py: the table of routes, for the local server and whoever looks a route up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.naming import method_name

from .text import banner, bracketed, literal

if TYPE_CHECKING:
    from codegen.manifest import Manifest

_HEADER = '''"""Every route of the server: HTTP method, path template, name.

The name is that of the client's method; a route that has none is named by the same rule.
"""

from __future__ import annotations

ROUTES: tuple[tuple[str, str, str], ...] = (
'''


def render(manifest: Manifest) -> str:
    """Return the source of the table, in the manifest's order: by group, then by path."""
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    for endpoint in manifest.endpoints:
        cells = (endpoint.method, endpoint.path, method_name(endpoint))
        lines += bracketed("(", [literal(cell) for cell in cells], "),", "    ")
    return "\n".join([*lines, ")"]) + "\n"
