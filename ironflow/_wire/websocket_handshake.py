"""The opening handshake of a WebSocket (RFC 6455, section 4) without any I/O, for both sides.

Rules:

1. We offer and accept no extension and no subprotocol. What a client offers is ignored; a server
   that chooses one anyway is refused.
2. A server must prove that it read the request: its reply holds an answer made from our key.
3. A head is read strictly: CRLF, tokens as names, no folded lines, a bounded size (RFC 9112, 5).
4. Headers may hold a credential, so no error and no ``repr`` shows a value.

A client sends ``request_head`` and passes the parsed reply to ``check_reply``. A server passes the
parsed request to ``reply_head`` and sends what that returns. ``read_head`` parses either where the
caller has no parser of its own. Bytes behind the head are the first for the ``WebSocket``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_HEAD = 16 * 1024
VERSION = "13"

_SWITCHING_PROTOCOLS = 101
_BAD_REQUEST = 400
_UPGRADE_REQUIRED = 426
_UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")


class HandshakeError(Exception):
    """The handshake failed.

    Args:
        status: On a client, the status of the reply; on a server, the one to answer with.
        problem: What is wrong.
        headers: On a server, headers that the answer needs.
    """

    def __init__(self, status: int, problem: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem)
        self.status = status
        self.headers = dict(headers or {})


class Head:
    """The head of a request or a reply.

    Attributes:
        start: The three parts of its first line: method, target and version of a request; version,
            status and reason of a reply.
        headers: Values by name in lower case; those of a repeated name are comma-joined.
        rest: The bytes behind it.
    """

    __slots__ = ("headers", "rest", "start")

    def __init__(self, start: tuple[str, str, str], headers: dict[str, str], rest: bytes) -> None:
        self.start = start
        self.headers = headers
        self.rest = rest


def new_key(random: Callable[[int], bytes] = os.urandom) -> str:
    """Return a key for one handshake, made of 16 random bytes."""
    return base64.b64encode(random(16)).decode("ascii")


def request_head(target: str, host: str, key: str, headers: Mapping[str, str]) -> bytes:
    """Return the request that a client sends (section 4.1).

    Args:
        target: Path and query, encoded.
        host: Host and port as the ``Host`` header has them.
        key: What ``new_key`` returned.
        headers: Further headers, such as the credential, already checked for CR and LF.
    """
    fields = {
        "Host": host,
        **_UPGRADE,
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": VERSION,
        **headers,
    }
    return _head(f"GET {target} HTTP/1.1", fields)


def check_reply(status: int, headers: Mapping[str, str], key: str) -> None:
    """Check the reply to a client's request (section 4.1).

    Args:
        status: Status of the reply.
        headers: Its headers, names in lower case.
        key: The key that was sent.

    Raises:
        HandshakeError: It does not open a WebSocket.
    """
    if status != _SWITCHING_PROTOCOLS:
        raise HandshakeError(status, f"the server answered {status} to the WebSocket handshake")
    if headers.get("upgrade", "").lower() != "websocket":
        raise HandshakeError(status, "the server did not switch to WebSocket")
    if "upgrade" not in _tokens(headers, "connection"):
        raise HandshakeError(status, "the server's Connection header does not name the upgrade")
    if headers.get("sec-websocket-accept") != _accept_key(key):
        raise HandshakeError(status, "the server's Sec-WebSocket-Accept does not match the key")
    for name, what in (("extensions", "an extension"), ("protocol", "a subprotocol")):
        if f"sec-websocket-{name}" in headers:
            raise HandshakeError(status, f"the server chose {what} that was not offered")


def reply_head(method: str, version: str, headers: Mapping[str, str]) -> bytes:
    """Check a client's request, and return the reply that opens the WebSocket (section 4.2).

    Arguments and errors are those of ``reply_fields``.
    """
    return _head("HTTP/1.1 101 Switching Protocols", reply_fields(method, version, headers))


def reply_fields(method: str, version: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Check a client's request, and return the headers of the reply that opens the WebSocket.

    Args:
        method: HTTP method.
        version: HTTP version as the request states it, such as ``HTTP/1.1``.
        headers: Headers of the request, names in lower case.

    Raises:
        HandshakeError: It does not open a WebSocket. The error has the status and headers to
            answer with.
    """
    if "websocket" not in _tokens(headers, "upgrade"):
        raise HandshakeError(
            _UPGRADE_REQUIRED, "this route is served over WebSocket only", _UPGRADE
        )
    if method != "GET" or version != "HTTP/1.1":
        raise HandshakeError(_BAD_REQUEST, "a WebSocket is opened by GET over HTTP/1.1")
    if "upgrade" not in _tokens(headers, "connection"):
        raise HandshakeError(_BAD_REQUEST, "the Connection header does not name the upgrade")
    if "host" not in headers:
        raise HandshakeError(_BAD_REQUEST, "there is no Host header")
    if headers.get("sec-websocket-version") != VERSION:
        raise HandshakeError(
            _UPGRADE_REQUIRED,
            f"only WebSocket version {VERSION} is supported",
            {**_UPGRADE, "Sec-WebSocket-Version": VERSION},
        )
    key = headers.get("sec-websocket-key", "")
    if not _is_key(key):
        raise HandshakeError(_BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64")
    return {**_UPGRADE, "Sec-WebSocket-Accept": _accept_key(key)}


def read_head(data: bytes) -> Head | None:
    """Return the head that ``data`` begins with, None while it is incomplete.

    Raises:
        HandshakeError: It is not HTTP, or it is too large.
    """
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD)
    if end < 0:
        if len(data) >= MAX_HEAD:
            raise HandshakeError(_BAD_REQUEST, f"a head is larger than {MAX_HEAD} bytes")
        return None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    start = first.split(" ", 2)
    if len(start) != 3:
        raise HandshakeError(_BAD_REQUEST, "the head is not HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise HandshakeError(_BAD_REQUEST, "a header line is malformed")
        name, value = field[1].lower(), field[2].strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Head((start[0], start[1], start[2]), headers, data[end + 4 :])


def _head(first: str, fields: Mapping[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _tokens(headers: Mapping[str, str], name: str) -> set[str]:
    return {token.strip(" \t").lower() for token in headers.get(name, "").split(",")}


def _accept_key(key: str) -> str:
    digest = hashlib.sha1((key + _GUID).encode("latin-1"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
