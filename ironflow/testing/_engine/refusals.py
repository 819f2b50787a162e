"""How a request is refused: one exception, and the messages that many refusals share."""

from __future__ import annotations

STOPPING = "the server is stopping"  # what a call is told that a stop interrupts


class Refusal(Exception):
    """A request is refused, with the status and the message that the caller gets."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def missing(what: str, which: str = "") -> Refusal:
    """Return the refusal of something that does not exist.

    Args:
        what: Kind of thing, such as ``role``.
        which: Its id, where the path does not say it already.
    """
    return Refusal(404, f"{what} not found: {which}" if which else f"{what} not found")
