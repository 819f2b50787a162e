"""Manifests to compare: a file, or what a git revision has."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .manifest import check, decode
from .model import Manifest, ManifestError
from .naming import methods


class RevisionError(Exception):
    """There is no manifest of that name; the message is one line."""


def load_revision(name: str, root: Path) -> Manifest:
    """Return the manifest that a name stands for.

    Args:
        name: Path of a manifest, or a git revision of the project.
        root: Root of the project, which has ``manifest.json``.

    Raises:
        RevisionError: There is no such file or revision, or it is not a sound manifest.
    """
    content = _read(name, root)
    try:
        document = decode(content)
        version = document.get("manifest_version") if isinstance(document, dict) else None
        if isinstance(version, int) and version > 1:
            raise RevisionError(
                f"{name}: is of manifest version {version}, which is newer than this generator;"
                " update it"
            )
        manifest = check(document)
        methods(manifest)  # refuses names that collide
        return manifest
    except ManifestError as error:
        first, *more = error.problems
        rest = f" (and {len(more)} more problems)" if more else ""
        raise RevisionError(f"{name}: {first}{rest}") from error


def _read(name: str, root: Path) -> bytes:
    path = Path(name)
    try:
        if path.exists():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RevisionError(f"{name}: cannot be read: {reason}") from error
    command = ["git", "-C", str(root), "show", f"{name}:./manifest.json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RevisionError(f"{name}: is not a file, and git cannot be asked for it") from error
    if done.returncode:
        raise RevisionError(f"{name}: is neither a file nor a git revision that has manifest.json")
    return done.stdout


def last_tag(root: Path) -> str:
    """Return the tag of the last release, empty where there is none or no git."""
    command = ["git", "-C", str(root), "describe", "--tags", "--abbrev=0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
