"""Commands that send nothing."""

from __future__ import annotations

import os
import sys

from ..table import LOCAL, Argument, Command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

# What the machines are called in the product's own output.
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "AMD64": "amd64"}

SHELLS = ("bash", "zsh", "fish")


def version_line() -> str:
    """Return the line that ``--version`` prints."""
    from ..._version import __version__

    return f"ironflow version v{__version__}"


def _version(session: Session) -> dict[str, Any]:
    from ..._version import __version__

    machine = os.uname().machine if hasattr(os, "uname") else "unknown"
    return {
        "version": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "os": sys.platform,
        "arch": _MACHINES.get(machine, machine),
    }


def _show_version(session: Session, found: Any) -> Iterable[str]:
    yield version_line()
    yield f"  python: python{found['python']}"
    yield f"  os/arch: {found['os']}/{found['arch']}"


def _completion(session: Session) -> None:
    from ..completion import script

    shell = session.given["shell"]
    if shell not in SHELLS:
        from ..errors import UsageError

        raise UsageError(f"the shells are {', '.join(SHELLS)}")
    session.screen.line(script(shell))


COMMANDS = [
    Command(
        "version",
        "Print the version of this client, of Python and of the system.",
        run=_version,
        show=_show_version,
        no_curl=LOCAL,
    ),
    Command(
        "completion",
        "Print a script that completes commands and flags in a shell.",
        Argument("shell", "bash, zsh or fish"),
        run=_completion,
        no_curl=LOCAL,
        output=True,
        details="For bash: source <(ironflow-py completion bash)",
    ),
]
