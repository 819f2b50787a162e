"""``python -m tests.rpc_peer``: make the environment of the peer that the RPC tests talk to.

The published client brings the server stubs that were made from the server's own descriptors. Its
package is named ``ironflow`` too and needs Python 3.11, so it gets an environment of its own, in
``build/rpc-peer``. Where that cannot be made, this says so and succeeds; the tests are skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "rpc-peer"
PYTHON = BUILD / ("Scripts" if os.name == "nt" else "bin") / "python"
READY = BUILD / "ready"
PACKAGES = ["ironflow-py==0.53.0", "uvicorn>=0.30"]
SERVER = Path(__file__).with_name("rpc_peer_interop.py")


def main():
    """Make the environment, unless it is there, and return the exit code."""
    if READY.exists():
        return 0
    python = find_python()
    if python is None:
        print("rpc peer: no Python 3.11 on this machine, skipped")
        return 0
    shutil.rmtree(BUILD, ignore_errors=True)
    subprocess.run([python, "-m", "venv", BUILD], check=True)
    install = [PYTHON, "-m", "pip", "install", "--quiet", *PACKAGES]
    if subprocess.run(install).returncode:
        print("rpc peer: its packages cannot be installed, skipped")
        return 0
    READY.touch()
    return 0


def find_python():
    """Return the path of a Python 3.11 that starts, None where there is none."""
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    managed = sorted(root.glob("versions/3.11.*/bin/python3.11"))
    for candidate in [shutil.which("python3.11"), *managed]:
        # An interpreter manager may put a stub on the PATH for a version that it cannot start.
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return str(candidate)
    return None


@contextlib.contextmanager
def serving():
    """Run the peer; yields its URL."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    # The current folder is no place for it: our own package would be found there.
    command = [str(PYTHON), str(SERVER)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=BUILD
    )
    try:
        port = process.stdout.readline().strip()
        assert port, "the peer does not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
