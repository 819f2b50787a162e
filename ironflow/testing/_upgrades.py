"""Routes that speak WebSocket, which the local server does not.

Rule: whoever asks for such a route with a plain request is told to upgrade (RFC 9110, section
15.5.22), and so is a handshake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._http import json_reply

if TYPE_CHECKING:
    from ._calls import Call
    from ._http import Reply


def upgrade_required(call: Call) -> Reply:
    """Return the reply to a plain request for a route that speaks WebSocket."""
    what = f"{call.request.path}: this route speaks WebSocket; a plain GET can not follow it"
    return json_reply(426, {"error": what}, {"Upgrade": "websocket", "Connection": "Upgrade"})
