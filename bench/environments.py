"""The virtual environments of the contenders, made under ``.venvs`` and kept between runs.

``.venvs/bench`` holds this project as it stands (installed, not linked: the hook of a linked
install would count as import time) and the libraries of its ``bench`` extra. ``.venvs/published``
holds the published client, whose import name is the same as ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("aiohttp", "httpx", "pycurl", "requests", "urllib3")
PUBLISHED = "ironflow-py"

_LIST = """\
import json
from importlib.metadata import distributions
names = {d.metadata["Name"].lower(): d.version for d in distributions()}
print(json.dumps(names))
"""


class NotInstalled(Exception):
    """This project cannot be installed; the message is one line."""


class Environments:
    """The two environments: their interpreters, and what is installed in them."""

    def __init__(self) -> None:
        folder = ROOT / ".venvs"
        self.python = _environment(folder / "bench")
        self.published_python = _environment(folder / "published")
        self._install(folder)
        here, there = _installed(self.python), _installed(self.published_python)
        self.versions: dict[str, str | None] = {name: here.get(name) for name in LIBRARIES}
        self.versions["published"] = there.get(PUBLISHED)
        self.versions["ours"] = here.get("ironflow")

    def python_of(self, contender: str) -> str | None:
        """Return the interpreter that has a contender, None where it could not be installed.

        Args:
            contender: Its library, and maybe, after a comma, how that is used.
        """
        library = contender.partition(",")[0]
        if library in self.versions and self.versions[library] is None:
            return None
        return str(self.published_python if library == "published" else self.python)

    def _install(self, folder: Path) -> None:
        """Install what has changed since the last run; only our own failure is an error."""
        digest = _digest()
        stamp = folder / "bench" / "installed"
        if not stamp.exists() or stamp.read_text() != digest:
            print("installing this project and its contenders ...", file=sys.stderr)
            with tempfile.TemporaryDirectory() as copy:
                self._install_project(Path(copy))
            stamp.write_text(digest)
        if PUBLISHED not in _installed(self.published_python):
            _pip(self.published_python, PUBLISHED)
        for python in (self.python, self.published_python):
            packages = next((python.parent.parent / "lib").glob("python*/site-packages"))
            subprocess.run(
                [python, "-m", "compileall", "-q", packages],
                stdout=subprocess.DEVNULL,
                env=environ(),
            )

    def _install_project(self, copy: Path) -> None:
        # From a copy: building leaves folders behind, and takes in what they hold.
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, copy)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "ironflow", copy / "ironflow", ignore=ignored)
        failure = _pip(self.python, "--force-reinstall", "--no-deps", str(copy))
        if failure:
            raise NotInstalled(f"this project cannot be installed: {failure}")
        if _pip(self.python, f"{copy}[bench]"):
            for library in LIBRARIES:
                _pip(self.python, library)


def environ() -> dict[str, str]:
    """Return the environment for what is measured: no proxies, no settings of Python or ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith(("_PROXY", "_CA_BUNDLE"))
        and not name.startswith(("IRONFLOW_", "PYTHON", "SSL_CERT_"))
    }


def _environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return python


def _pip(python: Path, *what: str) -> str | None:
    """Install; return the last line of what went wrong, None when nothing did."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.returncode:
        return None
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return (errors or ["pip fails"])[-1]


def _installed(python: Path) -> dict[str, str]:
    command = [python, "-I", "-c", _LIST]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names: dict[str, str] = json.loads(said)
    return names


def _digest() -> str:
    """Return a digest of what is installed from this project."""
    found = hashlib.sha256()
    for path in (ROOT / "pyproject.toml", *sorted((ROOT / "ironflow").rglob("*.py"))):
        found.update(str(path.relative_to(ROOT)).encode("utf-8") + path.read_bytes())
    return found.hexdigest()
