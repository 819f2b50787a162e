"""What is generated: one module an output, each with a pure ``render``, and the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import client, models, readme

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
        "ironflow/client.py": client.render(manifest),
        "ironflow/models.py": models.render(manifest),
    }
    for path, content in files.items():
        compile(content, path, "exec")
    page = root / readme.PATH
    if page.exists():
        files[readme.PATH] = readme.render(manifest, page.read_text(encoding="utf-8"))
    return files
