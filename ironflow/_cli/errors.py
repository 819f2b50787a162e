"""Errors, as one line on stderr.

Rules:

1. A failure is one line: ``error: run not found (NOT_FOUND, HTTP 404)``. With ``--json`` it is one
   object: ``{"error": {"message", "code", "status", "request_id"}}``. There is no traceback.
2. The exit code is 1 for any error, usage errors included, 2 for an error while waiting for
   projections, and 130 after Ctrl-C.
3. No message repeats a value that was typed: it may be a secret.
"""

from __future__ import annotations

INTERRUPTED = 130
BROKEN_PIPE = 141  # 128 + SIGPIPE, as for a program that the signal ends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class CommandError(Exception):
    """The command cannot be carried out; nothing was sent, or nothing more will be.

    Args:
        message: What is wrong, in a line.
        code: Machine-readable code.
    """

    def __init__(self, message: str, code: str = "FAILED") -> None:
        super().__init__(message)
        self.code = code


class UsageError(CommandError):
    """What was typed makes no sense, and nothing was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "USAGE")


def near(name: str, known: list[str]) -> str:
    """Return ``; did you mean …?`` with the known names that are similar, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name[:60], known, 3, 0.65)
    # A prefix of a name is near too.
    found += [word for word in known if word not in found and name and word.startswith(name)]
    return f"; did you mean {' or '.join(found[:3])}?" if found else ""


def facts_of(error: BaseException) -> dict[str, Any]:
    """Return message, code, status and request id of a failure."""
    from .._errors import IronflowError

    message = " ".join(str(error).split())
    if isinstance(error, IronflowError):
        return {
            "message": message or type(error).__name__,
            "code": error.code or "FAILED",
            "status": error.status_code,
            "request_id": error.request_id,
        }
    if isinstance(error, CommandError):
        code = error.code
    elif isinstance(error, (TypeError, ValueError)):  # the SDK refuses an argument
        code = "USAGE"
    elif isinstance(error, OSError):  # a disk that is full, a terminal that has gone
        code, message = "OUTPUT", f"cannot write: {error.strerror or message}"
    else:
        code, message = "INTERNAL", f"{type(error).__name__}: {message}"
    return {"message": message, "code": code, "status": 0, "request_id": None}


def without(facts: dict[str, Any], secrets: list[str]) -> dict[str, Any]:
    """Return the facts of a failure, with secrets masked where a server has repeated them."""
    message = facts["message"]
    for secret in sorted(secrets, key=len, reverse=True):
        # The message is one line, however the secret was broken.
        message = message.replace(" ".join(secret.split()), "***") if secret.strip() else message
    return {**facts, "message": message}


def error_line(facts: dict[str, Any]) -> str:
    """Return a failure as a line for people."""
    if facts["code"] == "USAGE":
        return f"error: {facts['message']}"
    status = f", HTTP {facts['status']}" if facts["status"] else ""
    return f"error: {facts['message']} ({facts['code']}{status})"
