"""Keeping web pages out: no page that a developer visits may reach the server.

Rules:

1. ``Host`` names this machine: ``localhost``, a loopback address, or the host that the server was
   told to listen on. Another name may be one that an attacker's DNS points here. A server that
   listens on every address takes any address, as an address cannot be pointed elsewhere.
2. ``Origin`` names this machine too, where there is one: only web pages send it.
3. ``Sec-Fetch-Site: cross-site`` is refused: a browser says so of requests without ``Origin``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ._engine.refusals import Refusal

_EVERY_ADDRESS = ("0.0.0.0", "::")


def refuse_foreign(headers: Mapping[str, str], listens_on: str) -> None:
    """Refuse a request that may come from a web page, or that is meant for another machine.

    Args:
        headers: Header values by name in lower case.
        listens_on: Host that the server was told to listen on.
    """
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
    except ValueError:  # brackets that hold no IPv6 address
        return False
    if name in ("localhost", "127.0.0.1", "::1") or name == listens_on.lower():
        return bool(name)
    import ipaddress  # rarely needed, and slow to load

    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any_address or address.is_loopback
