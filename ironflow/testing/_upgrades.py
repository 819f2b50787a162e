"""Routes that speak WebSocket; this is the place where an upgrade will be handled.

Rule: whoever asks for such a route with a plain request is told to upgrade (RFC 9110, section
15.5.22). Upgrades are not spoken yet, so a handshake gets the same reply.
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
