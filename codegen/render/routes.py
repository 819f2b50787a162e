"""ironflow/_routes.py: the table of routes, for the local server and whoever looks a route up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.naming import method_name

from .text import WIDTH, banner, literal

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
    rows = [_row(e.method, e.path, method_name(e)) for e in manifest.endpoints]
    return banner(manifest) + _HEADER + "".join(rows) + ")\n"


def _row(*cells: str) -> str:
    items = [literal(cell) for cell in cells]
    line = f"    ({', '.join(items)}),\n"
    if len(line) <= WIDTH + 1:
        return line
    return "    (\n" + "".join(f"        {item},\n" for item in items) + "    ),\n"
