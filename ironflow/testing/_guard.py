"""Keeps web pages out: no page that a developer visits may reach the server.

Rules:

1. ``Host`` must name this machine: ``localhost``, a loopback address, or the host that the server
   was told to listen on. An attacker's DNS can point any other name at 127.0.0.1. A server that
   listens on every address accepts any IP address, because DNS cannot redirect an address.
2. ``Origin``, which only web pages send, must name this machine too.
3. ``Sec-Fetch-Site: cross-site`` is refused: browsers send it even where they send no ``Origin``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ._engine.refusals import Refusal

_EVERY_ADDRESS = ("0.0.0.0", "::")


def refuse_foreign(headers: Mapping[str, str], listens_on: str) -> None:
    """Refuse a request that may come from a web page or is meant for another machine."""
    host = headers.get("host")
    if host is not None and not _is_ours(f"//{host}", listens_on, listens_on in _EVERY_ADDRESS):
        raise Refusal(403, f"Host {host[:100]!r} does not name this machine; use localhost")
    origin = headers.get("origin")
    if origin is not None and not _is_ours(origin, listens_on):
        raise Refusal(403, f"a web page of {origin[:100]!r} may not call the local server")
    if headers.get("sec-fetch-site", "").strip().lower() == "cross-site":
        raise Refusal(403, "a web page of another site may not call the local server")


def _is_ours(url: str, listens_on: str, any_address: bool = False) -> bool:
    try:
        name = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:  # brackets without an IPv6 address
        return False
    if name in ("localhost", "127.0.0.1", "::1") or name == listens_on.lower():
        return bool(name)
    import ipaddress  # slow to import, and rarely needed

    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any_address or address.is_loopback
