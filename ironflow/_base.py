"""What every client can do, whatever endpoints it has: options, one call, any route.

The generated ``IronflowClient`` adds one method an endpoint, each a single ``_call``. The network
is loaded by the first of them (``_open``), so that importing the package costs next to nothing.
"""

from __future__ import annotations

import sys

from ._encoding import encoded_body, has_dot_segment, header_block, idempotency, query_string
from ._observe import Capture, is_capturing, watched_call
from ._options import (
    DEFAULT_MAX_RESPONSE_BYTES,
    DEFAULT_RETRY_METHODS,
    DEFAULT_TIMEOUT,
    Options,
    checked_headers,
    from_environment,
    http_method,
)
from ._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType
    from typing import Any, TypeVar

    from ._observe import ResponseInfo
    from ._transport import Transport

    ClientT = TypeVar("ClientT", bound="BaseClient")

_BODY_METHODS = frozenset({"PATCH", "POST", "PUT"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CONDITIONS = frozenset({"if-match", "if-none-match"})
_USER_AGENT = f"ironflow-python/{__version__} Python/{'.'.join(map(str, sys.version_info[:2]))}"


class BaseClient:
    """Client of an Ironflow server: a method for each endpoint, and ``request`` for any route.

    Safe to share between threads; closes in ``with`` or by ``close()``, and opens again by itself.

    Args:
        server_url: Scheme, host and port of the server, with a path prefix where a gateway has
            one. Default: ``IRONFLOW_SERVER_URL``, else ``http://localhost:9123``.
        api_key: Tenant key, platform key or login token, sent as a bearer credential. Default:
            ``IRONFLOW_API_KEY``, else none; an empty string means none.
        timeout: Seconds for a whole call: connecting, sending, reading, retries and waits. Only
            the resolution of a host name can not be bounded.
        total_timeout: Seconds for a whole call with its retries; then ``timeout`` bounds each
            attempt. Default: ``timeout`` bounds it all.
        max_attempts: How often a call is tried at most; 1 switches retries off.
        retry_methods: HTTP methods whose calls are safe to repeat after they may have been
            delivered. Others are tried again only if nothing of them left.
        initial_backoff: Longest wait in seconds before the second attempt; each wait is random
            between nothing and its bound.
        max_backoff: Longest wait in seconds before any attempt.
        backoff_factor: How much longer the bound grows from one attempt to the next.
        max_retry_after: Longest ``Retry-After`` in seconds that is waited for; above it, the error
            is raised at once.
        environment: Environment name, sent as ``X-Ironflow-Environment``. Default:
            ``IRONFLOW_ENV``, else none.
        org: Organization id to act as, sent as ``X-Ironflow-Org``; needs platform credentials.
        headers: Further headers for every request.
        ssl_context: TLS settings for https; by default the system's, with verification.
        max_response_bytes: Largest reply that is read; 64 MiB by default.
        user_agent_suffix: Text after the SDK's own ``User-Agent``.
        on_response: Called with a ``ResponseInfo`` after each call, also after a failed one.

    Raises:
        ValueError: An option has an impossible value; the message names it and shows no secret.
        TypeError: An option is of the wrong type.
    """

    _transport: Transport | None = None

    def __init__(
        self,
        server_url: str | None = None,
        api_key: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        *,
        total_timeout: float | None = None,
        max_attempts: int = 3,
        retry_methods: Iterable[str] = DEFAULT_RETRY_METHODS,
        initial_backoff: float = 0.1,
        max_backoff: float = 10.0,
        backoff_factor: float = 2.0,
        max_retry_after: float = 60.0,
        environment: str | None = None,
        org: str | None = None,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        user_agent_suffix: str | None = None,
        on_response: Callable[[ResponseInfo], object] | None = None,
    ) -> None:
        self._options = Options(
            server_url=from_environment("server_url", server_url),
            api_key=from_environment("api_key", api_key),
            timeout=timeout,
            total_timeout=total_timeout,
            max_attempts=max_attempts,
            retry_methods=retry_methods,
            initial_backoff=initial_backoff,
            max_backoff=max_backoff,
            backoff_factor=backoff_factor,
            max_retry_after=max_retry_after,
            environment=from_environment("environment", environment),
            org=org,
            headers=headers,
            ssl_context=ssl_context,
            max_response_bytes=max_response_bytes,
            user_agent_suffix=user_agent_suffix,
            on_response=on_response,
        )
        self._fields = _standing_headers(self._options)
        self._block = header_block(self._fields)
        self._owner = object()  # what captures know the client and its copies by

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        body: Any = None,
        retry: bool | None = None,
    ) -> Any:
        """Call any route, also one that has no method of its own.

        Args:
            method: HTTP method, in either case.
            path: Path from the root of the server, as in ``/api/v1/runs/run_1``, its parts
                percent-encoded. It may carry a query, which ``params`` adds to.
            params: Query parameters; None values are left out.
            headers: Headers of this request; they win over those of the client.
            body: Anything JSON has a form for; None sends no body.
            retry: True repeats the call after a failure even if it may have been delivered, False
                never repeats it; None repeats what is safe, as the client's options say. A header
                ``Idempotency-Key`` makes any call safe.

        Returns:
            The decoded JSON of the reply, None when it is empty.

        Raises:
            ValueError: An argument can not be sent as it stands.
            TypeError: An argument is of the wrong type.
            IronflowError: The call failed.
        """
        if retry is not None and not isinstance(retry, bool):
            raise TypeError(f"retry: must be True, False or None, not {type(retry).__name__}")
        return self._call(
            http_method("method", method),
            _checked_path(path),
            query=params,
            headers=headers,
            body=body,
            retry=retry,
        )

    def with_options(self: ClientT, **changes: Any) -> ClientT:
        """Return a copy of this client with some options changed; this one stays as it is.

        The copy shares the connections of this client where server and TLS settings are the same.

        Args:
            changes: Options of the constructor by name. None for ``api_key``, ``environment`` or
                ``org`` means none; the environment variables are not read again.
        """
        options = self._options.replace(**changes)
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._options = options
        copy._fields = _standing_headers(options)
        copy._block = header_block(copy._fields)
        if (options.server_url, options.ssl_context) == (
            self._options.server_url,
            self._options.ssl_context,
        ):
            copy._transport = self._open()
        else:
            copy.__dict__.pop("_transport", None)
        return copy

    def capture(self) -> Capture:
        """Collect what comes of the calls in a block: ``with client.capture() as seen:``.

        Calls of this client and its copies count, of this thread or task only.

        Returns:
            A context manager whose value is a list; each call adds a ``ResponseInfo`` to it.
        """
        return Capture(self._owner)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._transport is not None:
            self._transport.close()

    def __enter__(self: ClientT) -> ClientT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options!r})"

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, object] | None = None,
        body: object = None,
        raw: bool = False,
        text: bool = False,
        idempotent: bool = False,
        keyed: bool = False,
        retry: bool | None = None,
        deprecated: str | None = None,
    ) -> Any:
        """Send one request and return its decoded reply; what every endpoint method is made of.

        Args:
            method: HTTP method in upper case.
            path: Encoded path, without the prefix that ``server_url`` may have.
            query: Query parameters by wire name.
            headers: Headers by wire name; None values are left out.
            body: Request body; None sends none.
            raw: Whether the route stores the body as it is, so that bytes may be given.
            text: Whether the reply is text, not JSON.
            idempotent: Whether a repeat is harmless although the verb is POST or PATCH.
            keyed: Whether the body may hold an ``idempotency_key``.
            retry: Whether the call may be repeated; None for what is safe.
            deprecated: What to tell the caller of a deprecated method.
        """
        if deprecated is not None:
            import warnings

            warnings.warn(deprecated, DeprecationWarning, stacklevel=3)
        if raw and body is None:
            raise TypeError('body: must not be None; b"" stores nothing and b"null" a JSON null')
        if query:
            asked = query_string(query)
            if asked:
                path = f"{path}{'&' if '?' in path else '?'}{asked}"
        fields, block, content = self._fields, self._block, None
        if headers or text or body is not None:
            fields, block, content, keyed = self._composed(headers, body, raw, text, keyed)
        else:
            keyed = False
        if content is None and method in _BODY_METHODS:
            block += b"Content-Length: 0\r\n"
        options = self._options
        if retry is None:
            repeatable = idempotent or keyed or method in options.retry_methods
            if headers and repeatable and not keyed and method not in _SAFE_METHODS:
                repeatable = not _is_conditional(headers)
        else:
            repeatable = retry
        transport = self._transport or self._open()
        target = transport.prefix + path
        request = transport.request(
            transport.origin, method, target, fields, block, content, text, retry, repeatable
        )
        if options.on_response is None and not is_capturing():
            return transport.call(request, options)
        return watched_call(transport, request, options, self._owner)

    def _composed(
        self,
        headers: Mapping[str, object] | None,
        body: object,
        raw: bool,
        text: bool,
        keyed: bool,
    ) -> tuple[dict[str, str], bytes, bytes | None, bool]:
        """Return headers, their bytes, the content, and whether there is an idempotency key."""
        given = checked_headers("headers", headers)
        given, body, keyed = idempotency(given, body, keyed)
        content, kind = encoded_body(body, raw)
        fields, block = self._fields, self._block
        if given or text:
            fields = {**fields, "Accept": "text/plain, */*"} if text else dict(fields)
            if kind is not None:
                fields["Content-Type"] = kind
            _merge(fields, given)
            block = header_block(fields)
        elif kind is not None:
            block += b"Content-Type: %s\r\n" % kind.encode("ascii")
        if content is not None:
            block += b"Content-Length: %d\r\n" % len(content)
        return fields, block, content, keyed

    def _open(self) -> Transport:
        """Return the transport; the one place that loads the network (sockets, TLS, JSON)."""
        if self._transport is None:
            from ._transport import Transport

            made = Transport(self._options.server_url, self._options.ssl_context)
            # Of threads that come here at once one wins, and all take its pool: atomic, no lock.
            self.__dict__.setdefault("_transport", made)
        transport: Transport = self.__dict__["_transport"]
        return transport


def _standing_headers(options: Options) -> dict[str, str]:
    """Return the headers that every request of a client carries."""
    suffix = f" {options.user_agent_suffix}" if options.user_agent_suffix else ""
    fields = {"Accept": "application/json", "User-Agent": _USER_AGENT + suffix}
    if options.api_key:
        fields["Authorization"] = f"Bearer {options.api_key}"
    if options.environment:
        fields["X-Ironflow-Environment"] = options.environment
    if options.org:
        fields["X-Ironflow-Org"] = options.org
    _merge(fields, options.headers)
    return fields


def _is_conditional(headers: Mapping[str, object]) -> bool:
    """Tell whether a write has a condition, which its repeat would meet as its own first try."""
    given = (name.lower() for name, value in headers.items() if value is not None)
    return not _CONDITIONS.isdisjoint(given)


def _merge(fields: dict[str, str], more: Mapping[str, str]) -> None:
    """Add ``more`` to ``fields``; a name counts as the same in any case, and the newcomer wins."""
    for name, value in more.items():
        for known in [known for known in fields if known.lower() == name.lower()]:
            del fields[known]
        fields[name] = value


def _checked_path(path: object) -> str:
    """Refuse a path that would not reach this server, or not the route that it names."""
    from urllib.parse import unquote

    if not isinstance(path, str):
        raise TypeError(f"path: must be a string, not {type(path).__name__}")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("path: must start with one '/', as in '/api/v1/runs'")
    if not path.isascii() or not path.isprintable() or any(mark in path for mark in ' "#<>\\^`{|}'):
        raise ValueError("path: holds a character that must be percent-encoded")
    if has_dot_segment(unquote(path.partition("?")[0])):
        raise ValueError("path: must not hold a '.' or '..' segment")
    return path
