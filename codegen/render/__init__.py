"""What is generated: one module per output, each with a pure ``render``, and the list of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codegen.naming import methods

from . import client, models, openapi, parameters, readme, reference, routes, rpc

if TYPE_CHECKING:
    from pathlib import Path

    from codegen.model import Manifest


class RenderError(Exception):
    """A file that people write as well cannot be renewed; the message is one line."""


def render_all(manifest: Manifest, root: Path) -> dict[str, str]:
    """Return the content of every generated file by its path from the root of the project.

    Python is compiled here, so that nothing is written that does not parse. The README's table is
    part of a file that people write: the rest of the file is read from ``root``. Without a README
    there is no table.

    Raises:
        ManifestError: A name cannot be used, or a line would be too long.
        RenderError: The README cannot be read or is not UTF-8.
    """
    records = methods(manifest)
    files = {
        "ironflow/_routes.py": routes.render(manifest, records),
        "ironflow/_parameters.py": parameters.render(manifest, records),
        "ironflow/_rpc_methods.py": rpc.render(manifest),
        "ironflow/client.py": client.render(manifest, records),
        "ironflow/models.py": models.render(manifest, records),
    }
    for path, content in files.items():
        _check_syntax(path, content)
    files[openapi.PATH] = openapi.render(manifest, records)
    files[reference.PATH] = reference.render(manifest, records)
    page = _page(root / readme.PATH)
    if page is not None:
        files[readme.PATH] = readme.render(records, page)
    return files


def _check_syntax(path: str, content: str) -> None:
    """Compile a file one class or method at a time; a large one as a whole takes 100 MB more."""
    head, *blocks = re.split(r"\n\n(?=    def |class )", content)
    compile(head, path, "exec")
    for block in blocks:
        compile(block if block.startswith("class") else f"class _:\n{block}", path, "exec")


def _page(path: Path) -> str | None:
    """Return the text of a file that is only partly generated, None where there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RenderError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RenderError(f"{path} is not UTF-8") from error
