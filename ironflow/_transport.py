"""How a request reaches the server: the connection, its limits, and the one exception boundary.

Rules:

1. Nothing that ``socket``, ``ssl`` or ``http.client`` raises leaves this module: it becomes an
   ``IronflowError`` that names host and port, with the original as its cause unless that repeats a
   credential.
2. A reply is whole or it is an error: the body is compared with ``Content-Length``, which
   ``http.client`` does not do for bounded reads.
3. Redirects are not followed: a write must not be sent twice, nor a credential elsewhere.

Design: one connection a call, on ``http.client``. A ``Transport`` belongs to one server; whatever
changes from call to call comes in with the call.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from urllib.parse import urlsplit

from ._errors import (
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    mask,
)
from ._messages import ERROR_BODY_LIMIT, Reply, Request, unusable, value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._options import Options

_PIECE = 64 * 1024


class Transport:
    """Sends requests to one server.

    Args:
        server_url: Checked URL of the server.
        ssl_context: TLS settings of the caller, None for the system's with verification.
    """

    def __init__(self, server_url: str, ssl_context: ssl.SSLContext | None) -> None:
        parts = urlsplit(server_url)
        self._server_url = server_url
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._ssl_context = ssl_context

    def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None,
        text: bool,
        options: Options,
    ) -> Any:
        """Send a request and return its decoded reply.

        Args:
            method: HTTP method in upper case.
            path: Encoded path and query, without the prefix of the server URL.
            headers: Headers as text, without those of the framing.
            content: Body, None for none.
            text: Whether the reply is to be text, not JSON.
            options: Time and size limits.

        Raises:
            IronflowError: There was no usable reply, or its status is not 2xx.
        """
        request = Request(self._server_url, method, path, headers, content, text)
        return value_of(self._exchange(request, options), request)

    def close(self) -> None:
        """Close what is open. Nothing is: each call closes its own connection."""

    def _exchange(self, request: Request, options: Options) -> Reply:
        """Send a request and read its reply; the exception boundary."""
        connection = self._connection(options.timeout)
        try:
            connection.request(request.method, request.target, request.content, request.headers)
            with connection.getresponse() as response:
                return _read(response, request, options.max_response_bytes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failure = self._failure(error, request)
        finally:
            connection.close()
        raise failure  # outside of the handler, so that no context repeats what the cause may not

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        if not self._tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout)
        if self._ssl_context is None:  # made once: it reads the system's certificates, some 20 ms
            self._ssl_context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=timeout, context=self._ssl_context
        )

    def _failure(self, error: Exception, request: Request) -> IronflowError:
        """Return the error of a request that got no usable reply."""
        kind, code, what, retryable = _classify(error)
        where = f"[{self._host}]" if ":" in self._host else self._host
        secrets = request.secrets()
        failure = kind(
            mask(f"{where}:{self._port}: {what}", secrets),
            code=code,
            retryable=retryable,
            **request.facts(),
        )
        if not any(secret in f"{error!s} {error!r}" for secret in secrets):
            failure.__cause__ = error
        return failure


def _read(response: http.client.HTTPResponse, request: Request, limit: int) -> Reply:
    """Read a reply whole; of one with an error status, what there is of it, up to a bound."""
    success = 200 <= response.status <= 299
    headers = {name.lower(): value for name, value in response.getheaders()}
    content, failure = _read_up_to(response, (limit if success else ERROR_BODY_LIMIT) + 1)
    reply = Reply(response.status, response.reason, headers, content)
    if not success:
        return reply
    if isinstance(failure, http.client.IncompleteRead):
        raise unusable("was cut short", reply, request, retryable=True) from failure
    if failure is not None:
        raise failure
    if len(content) > limit:
        raise unusable(f"is larger than max_response_bytes ({limit})", reply, request)
    if response.length:
        missing = f"was cut short, {response.length} bytes are missing"
        raise unusable(missing, reply, request, retryable=True)
    return reply


def _read_up_to(
    response: http.client.HTTPResponse, room: int
) -> tuple[bytes, OSError | http.client.IncompleteRead | None]:
    """Return what there is of a body within ``room`` bytes, and what ended it early, if anything."""
    pieces = []
    try:
        while room:
            # Not all at once: Python 3.9 sets aside the whole of what it is asked for.
            piece = response.read(min(room, response.length or _PIECE))
            if not piece:
                break
            pieces.append(piece)
            room -= len(piece)
    except http.client.IncompleteRead as error:
        return b"".join([*pieces, error.partial]), error
    except OSError as error:
        return b"".join(pieces), error
    return b"".join(pieces), None


def _classify(error: Exception) -> tuple[type[IronflowError], str, str, bool]:
    """Return class, code, description and retryability of a failure below the HTTP status."""
    if isinstance(error, (TimeoutError, socket.timeout)):  # two types on Python 3.9
        return IronflowTimeoutError, "TIMEOUT", "no reply in time", True
    if isinstance(error, ssl.SSLCertVerificationError):  # also a ValueError
        what = f"the server's certificate is not accepted: {error.verify_message}"
        return IronflowConnectionError, "CONNECTION_FAILED", what, False
    if isinstance(error, http.client.RemoteDisconnected):
        what = "the server closed the connection without a reply"
    elif isinstance(error, (socket.gaierror, UnicodeError)):
        what = f"the host name can not be resolved: {getattr(error, 'strerror', None) or error}"
    elif isinstance(error, (http.client.HTTPException, ValueError)):
        what = f"the reply is not HTTP ({type(error).__name__}: {str(error)[:200]!r})"
        return InvalidResponseError, "INVALID_RESPONSE", what, False
    elif isinstance(error, ssl.SSLError):
        what = f"TLS failed: {getattr(error, 'reason', None) or error}"
    elif isinstance(error, ConnectionRefusedError):
        what = "connection refused; is the server running there?"
    else:
        what = f"the connection failed: {getattr(error, 'strerror', None) or error}"
    return IronflowConnectionError, "CONNECTION_FAILED", what, True
