"""Which RPC methods there are, and which handler answers each.

A row has the members of the request (with the names that the handler has for them), those of the
reply, and the route that is asked. See ``_messages`` for how members are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .._messages import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable


class Method(NamedTuple):
    """An RPC method.

    Attributes:
        request: Members of the request.
        reply: Members of the reply.
        route: Verb and path template of the handler.
        shape: Makes the record of the reply from what the handler gives.
        conflict: Code of what the handler refuses as a conflict.
    """

    request: str
    reply: str
    route: tuple[str, str]
    shape: Callable[[Any], Any] | None = None
    conflict: str = "already_exists"


def _own(name: str) -> tuple[str, str]:
    """Return the route of a method that has no twin in REST."""
    return "POST", f"/ironflow.v1.{name}"


OFFERED: dict[str, Method] = {
    "IronflowService/RegisterFunction": Method(
        FIELDS["RegisterFunction"],
        "function:Function created",
        _own("IronflowService/RegisterFunction"),
    ),
}
