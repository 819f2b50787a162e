"""How a request is refused."""

from __future__ import annotations

STOPPING = "the server is stopping"  # the message for calls that are interrupted by a stop


class Refusal(Exception):
    """The request is refused; the caller gets this status and message.

    Attributes:
        fence: Word in capitals that a worker looks for, empty for none.
    """

    def __init__(self, status: int, message: str, *, fence: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fence = fence
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Entangled(Refusal, RuntimeError):
    """The user's own code keeps the state's lock; RFC 5842, section 7.2: 508 Loop Detected."""


def missing(what: str, which: str = "") -> Refusal:
    """Return the refusal of something missing; ``which`` is its id, unless the path names it."""
    return Refusal(404, f"{what} not found: {which}" if which else f"{what} not found")
