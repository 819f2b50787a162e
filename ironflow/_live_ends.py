"""What may end the connection of a live stream, and what follows: decisions without any I/O."""

from __future__ import annotations

from ._errors import InvalidResponseError
from ._polling import is_mendable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import IronflowError

# What may end a connection.
DELIBERATE = "the server closed it with code 1000"
REFUSED = "the server ended the stream by a frame"
UNUSABLE = "a message cannot be used"
DENIED = "the server answered with a status that stays"
LOST = "anything else"

# What follows.
STOP, RAISE, RECONNECT = "stop", "raise", "reconnect"

_AFTER = {
    DELIBERATE: STOP,  # the server is done, so a new connection is not wanted
    REFUSED: RAISE,  # the same request would be refused again
    UNUSABLE: RAISE,  # the peer is broken, and going on would hide that
    DENIED: RAISE,  # a credential, a permission or a route does not come by waiting
    LOST: RECONNECT,  # restarts, networks, proxies: what this is made for
}
_STAYING_STATUSES = frozenset({401, 403, 404, 426})


def after_end(kind: str, *, reconnect: bool) -> str:
    """Decide what follows the end of a connection.

    Args:
        kind: What ended it.
        reconnect: Whether the caller wants a new connection after a loss.

    Returns:
        ``STOP``, ``RAISE`` or ``RECONNECT``.
    """
    action = _AFTER[kind]
    return RAISE if action == RECONNECT and not reconnect else action


def kind_of(failure: IronflowError) -> str:
    """Return which kind of end a failed handshake is."""
    return DENIED if failure.status_code in _STAYING_STATUSES else LOST


def is_final(failure: IronflowError) -> bool:
    """Return whether the state cannot be read after a gap, however often one tries."""
    is_of_server = failure.status_code != 0 or isinstance(failure, InvalidResponseError)
    return is_of_server and not is_mendable(failure)


class Ended(Exception):
    """The connection has ended."""

    def __init__(self, kind: str, error: IronflowError | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.error = error
