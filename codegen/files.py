"""Reading files as they are, and replacing them whole or not at all."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileError(Exception):
    """A file cannot be read or written; the message is one line."""


def current(path: Path) -> str | None:
    """Return the text of a file, or None when there is no such file.

    Bytes that are not UTF-8 are replaced: such a file differs from every generated one.

    Raises:
        FileError: It cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from error


def replace(path: Path, content: str) -> None:
    """Write a file under a temporary name, then move it to where the old one was.

    Raises:
        FileError: It cannot be written; the old file is as it was.
    """
    data = content.encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
