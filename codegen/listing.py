"""The server's own listing of its routes: fetching it, and checking it.

``GET /api/v1/routes`` gives a list of routes, or an object with exactly one list of routes in it. A
route has ``method``, ``path``, ``group`` and ``category``; what else it has is ignored. A group may
be written as people read it (``APIKeys``).

The key goes to the given address and nowhere else: no redirect is followed, and no message quotes
the key or what the server sent. The whole fetch takes at most 30 seconds and 32 MiB.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .endpoints import LISTED_CATEGORIES, METHODS, NAME, is_path, shape
from .entries import shown
from .naming import argument_name

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 30.0
MAX_BYTES = 32 * 1024 * 1024
PATH = "/api/v1/routes"
_KEYS = ("method", "path", "group", "category")


class ListingError(Exception):
    """There is no listing that can be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class ListedRoute:
    """A route as the server lists it, its group in snake_case."""

    method: str
    path: str
    group: str
    category: str

    @property
    def route(self) -> str:
        """The route as people write it: ``GET /api/v1/runs/{id}``."""
        return f"{self.method} {self.path}"


def fetch(server_url: str, api_key: str | None, timeout: float = TIMEOUT) -> bytes:
    """Return what a server answers to ``GET /api/v1/routes``.

    Args:
        server_url: Address of the server; it may have a path prefix.
        api_key: Bearer credential; None or empty sends none.
        timeout: Seconds until the fetch is given up.

    Raises:
        ListingError: The address or the key cannot be used, or the server gave no list.
    """
    url = _checked_url(server_url)
    if api_key and not re.fullmatch(r"[!-~]+", api_key):
        raise ListingError(
            "IRONFLOW_API_KEY has characters that a header cannot carry; set it anew"
        )
    request = urllib.request.Request(url + PATH, headers={"Accept": "application/json"})
    if api_key:
        request.add_unredirected_header("Authorization", f"Bearer {api_key}")
    outcome: list[bytes | str] = []
    # A server that trickles a byte at a time keeps every single read within its timeout.
    worker = threading.Thread(
        target=lambda: outcome.append(_answer(request, timeout)), name="pull", daemon=True
    )
    worker.start()
    worker.join(timeout)
    found = outcome[0] if outcome else _too_slow(timeout)
    if isinstance(found, str):
        raise ListingError(f"{url} {found}")
    return found


def read_listing(content: bytes) -> list[ListedRoute]:
    """Return the routes of a listing.

    Raises:
        ListingError: It is not a listing, or something in it cannot be used.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ListingError(
            f"the answer to {PATH} is not JSON; is the address that of an Ironflow server?"
        ) from None
    place, entries = _route_list(document)
    if not entries:
        raise ListingError("the server lists no routes; is it still starting?")
    routes = [_listed(entry, f"{place}[{i}]") for i, entry in enumerate(entries)]
    first: dict[str, int] = {}
    for index, route in enumerate(routes):
        other = first.setdefault(shape(route.route), index)
        if other != index:
            raise ListingError(
                f"the server lists a route twice: {route.route} is {place}[{other}] and"
                f" {place}[{index}]; report it to whoever runs the server"
            )
    return routes


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Decline, so that the redirect is the answer."""


def _answer(request: urllib.request.Request, timeout: float) -> bytes | str:
    """Return the body of a reply, or as text what was wrong and what to do."""
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=timeout) as reply:
            content: bytes = reply.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        return _refusal(error.code)
    except socket.timeout:
        return _too_slow(timeout)
    except urllib.error.URLError as error:
        if isinstance(error.reason, socket.timeout):
            return _too_slow(timeout)
        return f"cannot be reached ({_reason(error.reason)}); start the server or give --server"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"gave no reply that can be read ({_reason(error)}); check the address"
    return content if len(content) <= MAX_BYTES else "answered with more than 32 MiB; check it"


def _too_slow(timeout: float) -> str:
    return f"did not answer within {timeout:g} seconds; look at the server, or give --server"


def _refusal(status: int) -> str:
    if status in (401, 403):
        return (
            f"wants another key (HTTP {status}); set IRONFLOW_API_KEY to one that may list routes"
        )
    if 300 <= status < 400:
        return f"redirects to another address (HTTP {status}); give that one with --server"
    if status == 404:
        return "has no list of routes (HTTP 404); is it the address of an Ironflow server?"
    return f"answered HTTP {status}; look into its log and try again"


def _reason(error: object) -> str:
    """Return why a connection failed, never what a server sent."""
    known = isinstance(error, OSError) and error.strerror
    return known or type(error).__name__


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    sound = parts.scheme in ("http", "https") and parts.hostname and port != 0
    if not sound or not re.fullmatch(r"[!-~]+", text):
        raise ListingError("the server's address must be as http://localhost:9123; give --server")
    if parts.username is not None or parts.query or parts.fragment:
        raise ListingError(
            "the server's address must have no user, no query and no fragment; the key belongs in"
            " IRONFLOW_API_KEY"
        )
    return text.rstrip("/")


def _route_list(document: Any) -> tuple[str, list[Any]]:
    """Return the place and the entries of the only list of routes in a document."""
    if isinstance(document, list):
        return "", document
    members = document.items() if isinstance(document, dict) else ()
    lists = {key: value for key, value in members if isinstance(value, list)}
    found = {key: value for key, value in lists.items() if value and all(map(_is_route, value))}
    found = found or lists
    if len(found) != 1:
        raise ListingError(
            f"the answer to {PATH} has {len(found) or 'no'} lists of routes instead of one;"
            " is the address that of an Ironflow server?"
        )
    ((key, value),) = found.items()
    return (key if key.isidentifier() and key.isascii() else shown(key)), value


def _is_route(entry: Any) -> bool:
    return isinstance(entry, dict) and "method" in entry and "path" in entry


def _listed(entry: Any, place: str) -> ListedRoute:
    values = entry if isinstance(entry, dict) else {}
    texts: Mapping[str, str] = {
        key: values[key] if isinstance(values.get(key), str) else "" for key in _KEYS
    }
    group = argument_name(texts["group"].replace(" ", "_"))
    problems = {
        "method": texts["method"] not in METHODS,
        "path": not is_path(texts["path"]),
        "group": NAME.fullmatch(group) is None,
        "category": texts["category"] not in LISTED_CATEGORIES,
    }
    for key in _KEYS:
        if problems[key]:
            given = f"{shown(texts[key])} is not one" if texts[key] else "there is none"
            raise ListingError(
                f"the server's route {place} has no {key} that can be used: {given};"
                " is its version newer than this generator?"
            )
    return ListedRoute(texts["method"], texts["path"], group, texts["category"])
