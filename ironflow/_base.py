"""What every client can do, whatever endpoints it has: options, one call, any route.

The generated ``IronflowClient`` adds one method per endpoint, each a single ``_call``. The network
is loaded by the first of them (``_open``), so importing the package costs next to nothing.
"""

from __future__ import annotations

import sys

from ._encoding import encoded_body, has_dot_segment, idempotency, query_string
from ._observe import Capture, is_capturing, log_attempt, watched_call
from ._options import (
    DEFAULT_MAX_RESPONSE_BYTES,
    DEFAULT_RETRY_METHODS,
    DEFAULT_TIMEOUT,
    MOST_AT_ONCE,
    Held,
    Options,
    held,
    http_method,
    optional_flag,
    unknown_option,
    whole_number,
)
from ._version import __version__
from ._wire.headers import Fields, Given, Headers
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Any, NoReturn, TypeVar

    from ._observe import ResponseInfo
    from ._outcome import Outcome
    from ._wire.messages import Request
    from ._wire.replies import Reply
    from ._wire.transport import Transport

    ClientT = TypeVar("ClientT", bound="BaseClient")
    T = TypeVar("T")

# What a client itself consists of; a subclass may add to it.
_OWN = frozenset({"_headers", "_options", "_owner", "_transport"})

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNITS = {"ms": 0.001, "s": 1.0}
_USER_AGENT = f"ironflow-python/{__version__} Python/{'.'.join(map(str, sys.version_info[:2]))}"


class BaseClient:
    """Client of an Ironflow server: a method for each endpoint, and ``request`` for any route.

    Safe to share between threads. ``with`` or ``close()`` closes it; the next call opens it again.

    Args:
        server_url: Scheme, host and port of the server, with a path prefix where a gateway has
            one. Default: ``IRONFLOW_SERVER_URL``, else ``http://localhost:9123``.
        api_key: Tenant key, platform key or login token, sent as a bearer credential. Default:
            ``IRONFLOW_API_KEY``, else none; an empty string means none.
        timeout: Seconds for a whole call: connecting, sending, reading, retries and waits. Only
            the resolution of a host name cannot be bounded.
        total_timeout: Seconds for a whole call with its retries; then ``timeout`` bounds each
            attempt. Default: ``timeout`` bounds it all.
        max_attempts: How often a call is tried at most; 1 turns retries off.
        retry_methods: HTTP methods whose calls are safe to repeat after they may have been
            delivered. Others are tried again only if nothing of them left.
        initial_backoff: Longest wait in seconds before the second attempt; each wait is random
            between half of its bound and the bound.
        max_backoff: Longest wait in seconds before any attempt.
        backoff_factor: How much longer the bound grows from one attempt to the next.
        max_retry_after: Longest ``Retry-After`` in seconds that is waited for; above it, the error
            is raised at once.
        refusal_statuses: Statuses by which the server says that it did nothing; a write
            that got one of them may be sent again. ``(429,)`` makes rate-limited writes
            repeatable, for those who trust their server's word.
        environment: Environment name, sent as ``X-Ironflow-Environment``. Default:
            ``IRONFLOW_ENV``, else none.
        org: Organization id to act as, sent as ``X-Ironflow-Org``; needs platform credentials.
        headers: Further headers for every request.
        ssl_context: TLS settings for https; by default the system's, with verification.
        max_response_bytes: Largest reply that is read; 64 MiB by default. JSON that may take more
            than 3.3 times as much memory is not decoded either: at the default, from some 14 MB.
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
        refusal_statuses: Iterable[int] = (),
        environment: str | None = None,
        org: str | None = None,
        headers: Mapping[str, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        user_agent_suffix: str | None = None,
        on_response: Callable[[ResponseInfo], object] | None = None,
        **unknown: NoReturn,
    ) -> None:
        # Before anything can fail: a traceback may be printed with its local variables.
        server_url = held("server_url", server_url)  # type: ignore[assignment]
        api_key = held("api_key", api_key)  # type: ignore[assignment]
        headers = Given("headers", headers)  # type: ignore[assignment]
        names, unknown = list(unknown), {}
        for name in names:
            raise unknown_option(name)
        self._take(
            Options(
                server_url=server_url,
                api_key=api_key,
                timeout=timeout,
                total_timeout=total_timeout,
                max_attempts=max_attempts,
                retry_methods=retry_methods,
                initial_backoff=initial_backoff,
                max_backoff=max_backoff,
                backoff_factor=backoff_factor,
                max_retry_after=max_retry_after,
                refusal_statuses=refusal_statuses,
                environment=held("environment", environment),
                org=org,
                headers=headers,
                ssl_context=ssl_context,
                max_response_bytes=max_response_bytes,
                user_agent_suffix=user_agent_suffix,
                on_response=on_response,
            )
        )
        self._owner = object()  # what captures know the client and its copies by

    def _take(self, options: Options) -> None:
        self._options = options
        self._headers = _standing_headers(options)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        body: Any = None,
        retry: bool | None = None,
        text: bool = False,
    ) -> Any:
        """Call any route, even one that has no method of its own.

        Args:
            method: HTTP method, in either case.
            path: Path from the root of the server, as in ``/api/v1/runs/run_1``, its parts
                percent-encoded. It may carry a query, which ``params`` adds to.
            params: Query parameters; None values are left out, lists are joined by commas.
            headers: Headers of this request; they win over those of the client.
            body: Anything that JSON can express, or bytes, sent as they are; None sends no
                body.
            retry: True repeats the call after a failure even if it may have been delivered, False
                never repeats it; None repeats what is safe, as the client's options say. A header
                ``Idempotency-Key`` makes any call safe.
            text: Whether the reply is text, not JSON.

        Returns:
            The decoded JSON of the reply, its text if ``text`` is set, None if it is empty.

        Raises:
            ValueError: An argument cannot be sent as it is.
            TypeError: An argument is of the wrong type.
            IronflowError: The call failed.
        """
        headers = Given("headers", headers)  # type: ignore[assignment]
        optional_flag("retry", retry)
        if params is not None and not hasattr(params, "items"):
            raise TypeError(f"params: must be a mapping, not {type(params).__name__}")
        return self._call(
            http_method("method", method),
            _checked_path(path),
            query=params,
            lists=None,
            headers=headers,
            body=body,
            raw=body is not None,
            text=bool(text),
            retry=retry,
        )

    def with_options(self: ClientT, **changes: Any) -> ClientT:
        """Return a copy of this client with some options changed; this one stays as it is.

        The copy shares the connections of this client where server and TLS settings are the same.

        Args:
            changes: Options of the constructor by name. None for ``api_key``, ``environment`` or
                ``org`` means none; the environment variables are not read again.
        """
        changes = {name: Held(value, name) for name, value in changes.items()}
        options = self._options.replace(changes)
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._take(options)
        if (options.server_url, options.ssl_context) == (
            self._options.server_url,
            self._options.ssl_context,
        ):
            copy._transport = self._open()
        else:
            copy.__dict__.pop("_transport", None)
        return copy

    def capture(self) -> Capture:
        """Collect what happens to the calls in a block: ``with client.capture() as seen:``.

        It sees the calls of this client and its copies, in this thread or task only.

        Returns:
            A context manager whose value is a list; each call adds a ``ResponseInfo`` to it.
        """
        return Capture(self._owner)

    def map(
        self,
        method: Callable[..., T],
        *iterables: Iterable[Any],
        concurrency: int = 16,
        pipeline: int = 1,
        ordered: bool = True,
        on_progress: Callable[[int], object] | None = None,
        **common: Any,
    ) -> Iterator[Outcome[T]]:
        """Make many calls at once, as the builtin ``map`` makes them one after another.

        ::

            for outcome in client.map(client.runs_get, ids):
                print(outcome.args, outcome.value if outcome.error is None else outcome.error)

        Each call has the timeouts, limits and retries of a single one. Inputs are taken as they
        are needed, so memory does not grow with their number. Nothing starts before the first
        outcome is asked for, and leaving the loop ends the calls that are under way.

        Args:
            method: Method of this client, or of a copy of it, with the options of that copy.
            iterables: One for each positional argument; the shortest ends the map.
            concurrency: How many connections are used at most.
            pipeline: How many calls that are safe to repeat may be under way on each of them.
                More than one is faster, but not every proxy can be trusted with it.
            ordered: Whether outcomes come in the order of the inputs, not in that of the replies.
            on_progress: Called with the number of outcomes so far, as each of them is given.
            common: Arguments by name, the same for every call.

        Returns:
            An iterator over an ``Outcome`` for each input: ``args``, ``value``, ``error`` and
            ``result()``. A failed call is one of them, not an exception.

        Raises:
            TypeError: The method is not one of this client that makes a single call, or there is no
                iterable.
            ValueError: ``concurrency`` or ``pipeline`` is below 1.
        """
        with loading:
            from ._map import outcomes
            from ._map_calls import bound_client

        owner = bound_client(self, method)
        if not iterables:
            raise TypeError("map: needs an iterable for each positional argument of the method")
        for name, value in (("concurrency", concurrency), ("pipeline", pipeline)):
            whole_number(name, value, MOST_AT_ONCE)
        if on_progress is not None and not callable(on_progress):
            raise TypeError(f"on_progress: must be callable, not {type(on_progress).__name__}")
        inputs = zip(*iterables)
        return outcomes(owner, method, inputs, common, concurrency, pipeline, ordered, on_progress)

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
        options = self.__dict__.get("_options", "not made")  # while the constructor runs
        return f"{type(self).__name__}({options})"

    def __reduce__(self) -> Any:
        """Pickle the options, never the connections; the copy opens its own."""
        added = {name: value for name, value in vars(self).items() if name not in _OWN}
        return _restored, (type(self), self._options), added or None

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        lists: Collection[str] | None = (),
        headers: Mapping[str, object] | Given | None = None,
        body: object = None,
        raw: bool = False,
        text: bool = False,
        idempotent: bool = False,
        keyed: bool = False,
        retry: bool | None = None,
        secret: bool = False,
        read: Callable[[Reply], Any] | None = None,
        stream: bool = False,
        server_wait: tuple[str, str, str, int] | None = None,
        deprecated: str | None = None,
    ) -> Any:
        """Send one request and return its decoded reply; what every endpoint method is made of.

        Args:
            method: HTTP method in upper case.
            path: Encoded path, without the prefix that ``server_url`` may have.
            query: Query parameters by wire name.
            lists: Those of them that take a list; None when that is not known.
            headers: Headers by wire name; None values are left out.
            body: Request body; None sends none.
            raw: Whether the route stores the body as it is, so that bytes may be given.
            text: Whether the reply is text, not JSON.
            idempotent: Whether a repeat is harmless although the verb is POST or PATCH.
            keyed: Whether the body may hold an ``idempotency_key``.
            retry: Whether the call may be repeated; None for what is safe.
            secret: Whether the reply holds a credential, so that nothing of it may be shown.
            read: Makes the value of a successful reply; None where it is what was decoded.
            stream: Whether to return a ``Stream`` of the reply's body, as it comes.
            server_wait: How the server is asked to hold the call: ``query`` or ``body``, the name
                there, its unit, and the server's default.
            deprecated: What to tell the caller of a deprecated method.
        """
        if deprecated is not None:
            import warnings

            warnings.warn(deprecated, DeprecationWarning, stacklevel=3)
        if query:
            asked = query_string(query, lists)
            if asked:
                path = f"{path}{'&' if '?' in path else '?'}{asked}"
        sent, content, kind = self._headers, None, None
        if headers is not None or text or body is not None:
            sent, content, kind, keyed = self._composed(headers, body, raw, text, keyed)
        else:
            keyed = False
        if raw and content is None:
            raise TypeError('body: must not be None; b"" stores nothing and b"null" a JSON null')
        options = self._options
        if retry is None:
            repeatable = idempotent or keyed or method in options.retry_methods
            if repeatable and not keyed and method not in _SAFE_METHODS:
                repeatable = not sent.is_conditional
        else:
            repeatable = retry
        transport = self._transport or self._open()
        request = transport.request(
            transport.origin,
            method,
            transport.prefix + path,
            sent,
            kind,
            content,
            text,
            retry,
            repeatable,
            secret,
            read,
            stream,
        )
        if server_wait is not None:
            options = options.held_for(_wait_of(server_wait, query, body))
        return self._send(transport, request, options)

    def _send(self, transport: Transport, request: Request, options: Options) -> Any:
        """Make the call of a request; the one place that does."""
        if options.on_response is None and not is_capturing():
            return transport.call(request, options.limits)
        return watched_call(transport, request, options, self._owner)

    def _composed(
        self,
        headers: Mapping[str, object] | Given | None,
        body: object,
        raw: bool,
        text: bool,
        keyed: bool,
    ) -> tuple[Headers, bytes | None, str | None, bool]:
        """Return headers, content, its type, and whether there is an idempotency key."""
        fields = Fields({})
        if headers is not None:
            given = headers if isinstance(headers, Given) else Given("headers", headers)
            fields = given.checked()
        if keyed or fields.values:
            fields, body, keyed = idempotency(fields, body, keyed)
        content, kind = (None, None) if body is None else encoded_body(body, raw)
        if not fields.values and not text:
            return self._headers, content, kind, keyed
        names = fields.names()
        if text and "accept" not in names:
            fields = fields.with_value("Accept", "text/plain, */*")
        if "content-type" in names:
            kind = None
        return self._headers.merged(fields), content, kind, keyed

    def _open(self) -> Transport:
        """Return the transport; the one place that loads the network (sockets, JSON)."""
        with loading:
            if self._transport is None:
                from ._wire.transport import Transport

                options = self._options
                self._transport = Transport(options.server_url, options.ssl_context, log_attempt)
            return self._transport


def _restored(kind: type[BaseClient], options: Options) -> BaseClient:
    """Return a client with the options of one that was pickled."""
    client = object.__new__(kind)
    client._take(options)
    client._owner = object()
    return client


def _wait_of(
    server_wait: tuple[str, str, str, int], query: Mapping[str, object] | None, body: object
) -> float:
    """Return how many seconds the server was asked to hold a call."""
    where, name, unit, default = server_wait
    source = query if where == "query" else body
    asked = source.get(name) if isinstance(source, dict) else None
    wait = asked if isinstance(asked, (int, float)) and not isinstance(asked, bool) else default
    return max(0.0, wait * _UNITS[unit])


def _standing_headers(options: Options) -> Headers:
    """Return the headers that every request of a client carries."""
    suffix = f" {options.user_agent_suffix}" if options.user_agent_suffix else ""
    standing = Headers({"Accept": "application/json", "User-Agent": _USER_AGENT + suffix})
    if options.api_key:
        standing = standing.merged(Fields({"Authorization": f"Bearer {options.api_key.value}"}))
    more = {"X-Ironflow-Environment": options.environment, "X-Ironflow-Org": options.org}
    standing = standing.merged(Fields({name: value for name, value in more.items() if value}))
    return standing.merged(options.headers)


def _checked_path(path: object) -> str:
    """Refuse a path that would not reach this server, or not the route that it names."""
    with loading:
        from urllib.parse import unquote

    if not isinstance(path, str):
        raise TypeError(f"path: must be a string, not {type(path).__name__}")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("path: must start with one '/', as in '/api/v1/runs'")
    if not path.isascii() or not path.isprintable() or any(mark in path for mark in ' "#<>\\^`{|}'):
        raise ValueError("path: holds a character that must be percent-encoded")
    plain = unquote(path.partition("?")[0])
    if has_dot_segment(plain):
        raise ValueError("path: must not hold a '.' or '..' segment")
    if "//" in plain.replace("\\", "/"):
        raise ValueError("path: must not hold an empty part between slashes")
    return path
