"""Run the README's quick start as a new user would, with the installed package.

Usage: python quickstart.py README.md VERSION
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import ironflow
from ironflow import _base


def main(readme: str, version: str) -> None:
    assert "site-packages" in str(Path(ironflow.__file__)), "not the installed package"
    assert ironflow.__version__ == version, (ironflow.__version__, version)
    assert f"ironflow-python/{version} " in _base._USER_AGENT, _base._USER_AGENT
    section = Path(readme).read_text(encoding="utf-8").partition("## Quick start")[2]
    code = re.findall(r"```python\n(.*?)```", section, re.S)[0]
    command = [sys.executable, "-m", "ironflow.testing", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = None
            while url is None:  # it says where it listens
                line = server.stdout.readline()
                assert line, "the local server said nothing of its address"
                found = re.search(r"http://[\w.]+:\d+", line)
                url = found[0] if found else None
            exec(code.replace("http://localhost:9123", url), {"__name__": "__main__"})
        finally:
            server.terminate()
    print(f"quick start: done, {version} on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
