"""What is generated: one module an output, each with a pure ``render``, and the list of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.manifest import ManifestError, Problem

from . import client, models, readme, routes
from .text import WIDTH

if TYPE_CHECKING:
    from pathlib import Path

    from codegen.manifest import Manifest


def render_all(manifest: Manifest, root: Path) -> dict[str, str]:
    """Return the content of every generated file by its path from the root of the project.

    Python is compiled here, so that what does not parse is never written. The README's table is
    part of a file that people write: its surroundings are read from ``root``, and it is left out
    where there is no README.
    """
    files = {
        "ironflow/_routes.py": routes.render(manifest),
        "ironflow/client.py": client.render(manifest),
        "ironflow/models.py": models.render(manifest),
    }
    for path, content in files.items():
        _check_syntax(path, content)
        _check_width(path, content)
    page = root / readme.PATH
    if page.exists():
        files[readme.PATH] = readme.render(manifest, page.read_text(encoding="utf-8"))
    return files


def _check_syntax(path: str, content: str) -> None:
    """Compile a file block by block: the whole of a large one at once takes 100 MB."""
    head, *blocks = re.split(r"\n\n(?=    def |class )", content)
    compile(head, path, "exec")
    for block in blocks:
        compile(block if block.startswith("class") else f"class _:\n{block}", path, "exec")


def _check_width(path: str, content: str) -> None:
    """Refuse what names of the greatest length add up to; each alone is within its limit."""
    wide = re.findall(rf"^.{{{WIDTH + 1},}}$", content, re.M)
    if wide:
        raise ManifestError(
            [
                Problem(path, f"a line has at most {WIDTH} columns; shorten {w.strip()[:80]}")
                for w in wide
            ]
        )
