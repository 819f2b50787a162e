"""Which proxy a server is reached through, from the environment.

Rules:

1. ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``ALL_PROXY`` name it, in lower case first; ``NO_PROXY``
   lists what is reached without one. Under CGI, ``HTTP_PROXY`` is a request header in disguise and
   is not read.
2. Credentials in a proxy's URL become ``Proxy-Authorization`` and are shown nowhere.
3. ``NO_PROXY`` takes ``*``, host names (with their subdomains, with or without a leading dot or
   ``*.``), addresses and networks such as ``10.0.0.0/8``, each with an optional port, separated by
   commas or spaces.
"""

from __future__ import annotations

from binascii import b2a_base64
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from .loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class ProxySettingError(ValueError):
    """The environment names a proxy that cannot be used; the message shows no value."""


class Proxy:
    """A proxy to connect to.

    Args:
        host: Its host name or address.
        port: Its port.
        tls: Whether it is spoken to over TLS.
        authorization: Value of ``Proxy-Authorization``, None for none.
        secrets: What of its URL must be shown to nobody.
    """

    __slots__ = ("authorization", "host", "port", "secrets", "tls")

    def __init__(
        self,
        host: str,
        port: int,
        tls: bool,
        authorization: str | None,
        secrets: tuple[str, ...],
    ) -> None:
        self.host = host
        self.port = port
        self.tls = tls
        self.authorization = authorization
        self.secrets = secrets


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy for a server, None when it is reached directly.

    Raises:
        ProxySettingError: The proxy's URL is not usable; the message names the variable alone.
    """
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            url = environ.get(variable, "").strip()
            if url and not (variable == "HTTP_PROXY" and "REQUEST_METHOD" in environ):
                if bypassed(host, port, environ.get("no_proxy") or environ.get("NO_PROXY", "")):
                    return None
                proxy = _parse(variable, url)
                if proxy.tls and scheme == "https":
                    raise ProxySettingError(f"{variable}: TLS inside of TLS is not supported")
                return proxy
    return None


def bypassed(host: str, port: int, no_proxy: str) -> bool:
    """Tell whether ``NO_PROXY`` says that a server is reached without a proxy."""
    host = host.rstrip(".").lower()
    for entry in no_proxy.lower().replace(",", " ").split():
        if entry == "*":
            return True
        name, wanted = _split_port(entry)
        if wanted in (None, port) and _covers(name, host):
            return True
    return False


def _split_port(entry: str) -> tuple[str, int | None]:
    name, colon, digits = entry.rpartition(":")
    if colon and digits.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(digits)
    return entry.strip("[]"), None


def _covers(entry: str, host: str) -> bool:
    if host[-1:].isdecimal() or ":" in host:
        with loading:
            from ipaddress import ip_address, ip_network

        try:
            return ip_address(host) in ip_network(entry, strict=False)
        except ValueError:
            return False
    name = entry[1:] if entry.startswith("*.") else entry
    return host == name.strip(".") or host.endswith("." + name.strip("."))


def _parse(variable: str, url: str) -> Proxy:
    parsed = None
    with suppress(ValueError):  # not chained: it may print the URL, and a password in it
        parts = urlsplit(url if "://" in url else f"http://{url}")
        parsed = parts, parts.hostname, parts.port
    if parsed is None:
        raise ProxySettingError(f"{variable}: the host or the port is not valid")
    parts, host, port = parsed
    if parts.scheme not in ("http", "https"):
        raise ProxySettingError(f"{variable}: only http and https proxies are supported")
    if not host:
        raise ProxySettingError(f"{variable}: the host is missing")
    authorization = None
    secrets: tuple[str, ...] = ()
    if parts.username is not None:
        password = unquote(parts.password or "")
        pair = f"{unquote(parts.username)}:{password}"
        # What was not UTF-8 in the environment goes out as it was there.
        token = b2a_base64(pair.encode("utf-8", "surrogateescape"), newline=False).decode("ascii")
        authorization = f"Basic {token}"
        secrets = (token, password, parts.password or "")
    tls = parts.scheme == "https"
    return Proxy(host, port or (443 if tls else 80), tls, authorization, secrets)
