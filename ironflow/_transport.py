"""How a call reaches the server: connections kept open, attempts, redirects, and the one boundary.

Rules:

1. Nothing that ``socket``, ``ssl`` or the parsing of a reply raises leaves this module: it becomes
   an ``IronflowError`` that names host and port, with the original as its cause unless that repeats
   a credential.
2. A call is over, one way or the other, when its deadline has passed.
3. A connection serves one call at a time. It goes back to the pool only after a reply that ended
   cleanly, and is used again only if nothing has happened on it since.
4. A reused connection that ends before the first byte of a reply was closed while it waited: a call
   that is safe to repeat is sent once more, on a fresh connection. Any other is not.
5. Redirects are followed for GET and HEAD, within the same origin, five at most; what else would be
   sent twice, or would carry the credential elsewhere.

Design: ``call`` makes attempts and asks ``_retry`` what follows a failed one; an attempt is an
exchange on a pooled connection and the redirects it leads to; ``_connection`` knows the wire. A
``Transport`` belongs to one server and is shared by copies of a client and by threads; what changes
from call to call comes in with the call.
"""

from __future__ import annotations

import os
import socket
import sys
import time
import weakref
from time import monotonic
from urllib.parse import urljoin, urlsplit

from ._connection import TIMEOUTS, Connection, TunnelRefused, connect
from ._errors import (
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
)
from ._messages import BadReply, Reply, Request, clean, inflate, unusable, value_of
from ._observe import log_attempt
from ._proxies import ProxySettingError, proxy_for
from ._retry import BUDGET, Budget, cost_of, wait_before_next

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from ._options import Options
    from ._proxies import Proxy

MAX_IDLE_SECONDS = 55.0  # less than the 60 after which common balancers close silently
MAX_IDLE_CONNECTIONS = 64
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FAILURES = (BadReply, OSError, ValueError)


class Transport:
    """Sends requests to one server.

    Args:
        server_url: Checked URL of the server.
        ssl_context: TLS settings of the caller, None for the system's with verification.
    """

    def __init__(self, server_url: str, ssl_context: ssl.SSLContext | None) -> None:
        parts = urlsplit(server_url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._where = f"{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"
        self._ssl_context = ssl_context
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path
        self._head = f"Host: {parts.netloc}\r\nAccept-Encoding: gzip\r\n".encode("ascii")
        self._target_prefix = ""  # the origin, where a proxy has to be told it
        self._proxy: Proxy | None = None
        self._proxy_known = False
        self._idle: list[Connection] = []
        # A client that nobody closed must not warn of its sockets when it goes.
        weakref.finalize(self, _close_all, self._idle)
        self._closings = 0
        self._budget = Budget()
        self.sleep = time.sleep  # a test puts its own here

    request = Request

    def call(self, request: Request, options: Options) -> Any:
        """Send a request, again where that is safe and sensible, and return its decoded reply.

        Args:
            request: What to ask.
            options: Limits on time, size and attempts.

        Raises:
            IronflowError: There was no usable reply, or its status is not 2xx.
        """
        end = monotonic() + (options.total_timeout or options.timeout)
        cost = 0
        answer: IronflowError | None = None
        while True:
            request.attempts += 1
            try:
                value = self._attempt(request, end, options)
            except IronflowError as error:
                failure = error
            else:
                if cost or self._budget.tokens < BUDGET:
                    self._budget.refill(cost or 1)
                return value
            if failure.status_code:
                answer = failure
            wait = self._wait_after(failure, request, end, options)
            cost = cost_of(failure)
            if wait is None or not self._budget.spend(cost):
                # What the server said last tells more than a connection that failed since.
                failure = answer or failure
                failure.attempts = request.attempts
                raise failure
            self.sleep(wait)

    def close(self) -> None:
        """Close the idle connections; one that is in use closes when its call ends."""
        self._closings += 1
        _close_all(self._idle)

    def _wait_after(
        self, failure: IronflowError, request: Request, end: float, options: Options
    ) -> float | None:
        """Return how long to wait before the next attempt, None when there is none."""
        if request.retry is False:
            return None
        return wait_before_next(
            request.attempts,
            failure,
            unsent=request.unsent,
            repeatable=request.repeatable,
            options=options,
            seconds_left=end - monotonic(),
            random=_random,
        )

    def _attempt(self, request: Request, end: float, options: Options) -> Any:
        """Make one attempt and return its value; the exception boundary."""
        started = monotonic()
        deadline = min(end, started + options.timeout)
        request.unsent = True
        try:
            reply = self._exchange(request, request.target, deadline, options)
            if reply.status in _REDIRECTS:
                reply = self._follow(reply, request, deadline, options)
            if "content-encoding" in reply.headers:
                inflate(reply, options.max_response_bytes)
            request.reply = reply
            value = value_of(reply, request)
        except IronflowError as error:
            failure = error
        except _FAILURES as error:
            failure = self._failure(error, request, options)
        else:
            if "logging" in sys.modules:
                log_attempt(request, str(reply.status), started)
            return value
        log_attempt(request, f"{failure.status_code or type(failure).__name__}", started)
        raise failure  # outside of the handler, so that no context repeats what the cause may not

    def _exchange(self, request: Request, target: str, deadline: float, options: Options) -> Reply:
        """Send a request and read its reply on a connection of the pool, or on a new one."""
        if not self._proxy_known:
            self._find_proxy()
        if self._proxy is not None:
            request.borrowed_secrets = self._proxy.secrets
        line = f"{request.method} {self._target_prefix}{target} HTTP/1.1\r\n".encode("ascii")
        message = b"".join((line, self._head, request.block, b"\r\n", request.content or b""))
        closings = self._closings
        stale = False
        while True:
            connection = None if stale else self._take_idle()
            if connection is None:
                connection = self._open(deadline)
            request.unsent = False
            try:
                reply = connection.converse(
                    message, request.method, options.max_response_bytes, deadline
                )
            except BaseException as error:
                connection.close()
                ended_idle = connection.used and not connection.heard and _is_loss(error)
                stale = ended_idle and request.repeatable
                if not stale:
                    raise
                continue
            if connection.reusable and closings == self._closings:
                self._put_idle(connection)
            else:
                connection.close()
            return reply

    def _follow(self, reply: Reply, request: Request, deadline: float, options: Options) -> Reply:
        """Follow redirects as far as they may be; return the last reply."""
        target: str | None = request.target
        for _ in range(MAX_REDIRECTS if request.method in ("GET", "HEAD") else 0):
            target = self._redirect_target(target or "", reply.headers.get("location", ""))
            if target is None:
                break
            reply = self._exchange(request, target, deadline, options)
            if reply.status not in _REDIRECTS:
                break
        return reply

    def _redirect_target(self, target: str, location: str) -> str | None:
        """Return the path and query that a redirect points to, None when it is elsewhere."""
        try:
            url = urljoin(self.origin + target, location).partition("#")[0]
        except ValueError:
            return None
        inside = location and url.startswith(self.origin + "/")
        if not inside or not url.isascii() or not url.isprintable():
            return None
        return url[len(self.origin) :].replace(" ", "%20")

    def _take_idle(self) -> Connection | None:
        """Return the connection that was used last, if it may be used again."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if monotonic() - connection.idle_since < MAX_IDLE_SECONDS and connection.is_alive():
                return connection
            connection.close()
        return None

    def _put_idle(self, connection: Connection) -> None:
        if len(self._idle) >= MAX_IDLE_CONNECTIONS:
            connection.close()
            return
        connection.used = True
        connection.idle_since = monotonic()
        self._idle.append(connection)

    def _open(self, deadline: float) -> Connection:
        """Open a connection to the server, by its proxy where it has one."""
        proxy = self._proxy
        peer = (proxy.host, proxy.port) if proxy else (self._host, self._port)
        connection = Connection(connect(*peer, deadline))
        try:
            if proxy and proxy.tls:
                connection.start_tls(self._context(), proxy.host, deadline)
            if self._tls:
                if proxy:
                    connection.tunnel(self._where, proxy.authorization, deadline)
                connection.start_tls(self._context(), self._host, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    def _find_proxy(self) -> None:
        scheme = "https" if self._tls else "http"
        self._proxy = proxy = proxy_for(scheme, self._host, self._port, os.environ)
        if proxy and not self._tls:
            self._target_prefix = self.origin
            if proxy.authorization and b"Proxy-" not in self._head:
                header = f"Proxy-Authorization: {proxy.authorization}\r\n"
                self._head = self._head + header.encode("ascii")
        self._proxy_known = True

    def _context(self) -> ssl.SSLContext:
        """Return the TLS settings; the default ones are made once, for that takes some 20 ms."""
        if self._ssl_context is None:
            import ssl

            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
            self._ssl_context = context
        return self._ssl_context

    def _failure(self, error: Exception, request: Request, options: Options) -> IronflowError:
        """Return the error that a failure below the HTTP status stands for."""
        secrets = request.secrets()
        if isinstance(error, BadReply) and error.reply is not None:
            failure = unusable(error.problem, error.reply, request, error.retryable)
        else:
            kind, code, what, retryable = _classify(error, options)
            where = self._where
            if self._proxy:
                where += f" (by the proxy {self._proxy.host}:{self._proxy.port})"
            message = clean(f"{where}: {what}", request)
            failure = kind(message, code=code, retryable=retryable, **request.facts())
        if not any(secret in f"{error!s} {error!r}" for secret in secrets):
            failure.__cause__ = error
        return failure


def _close_all(idle: list[Connection]) -> None:
    while idle:
        try:
            idle.pop().close()
        except IndexError:  # another thread was faster
            return


def _is_loss(error: BaseException) -> bool:
    """Tell whether an error is the end of a connection; TLS has errors of its own for that."""
    return isinstance(error, OSError) and not isinstance(error, TIMEOUTS)


def _classify(error: Exception, options: Options) -> tuple[type[IronflowError], str, str, bool]:
    """Return class, code, description and retryability of a failure without a reply."""
    import ssl  # here and above, for it takes 10 ms that a call over http does not need

    if isinstance(error, TIMEOUTS):
        return IronflowTimeoutError, "TIMEOUT", f"no reply in time ({_limits(options)})", True
    if isinstance(error, BadReply):
        what = f"the reply {error.problem}"
        return InvalidResponseError, "INVALID_RESPONSE", what, error.retryable
    retryable = True
    if isinstance(error, ssl.SSLCertVerificationError):  # also a ValueError
        what = f"the server's certificate is not accepted: {error.verify_message}"
        retryable = False
    elif isinstance(error, ProxySettingError):
        what, retryable = str(error), False
    elif isinstance(error, TunnelRefused):
        what, retryable = str(error), error.retryable
    elif isinstance(error, (socket.gaierror, UnicodeError)):
        what = f"the host name can not be resolved: {getattr(error, 'strerror', None) or error}"
    elif isinstance(error, ValueError):
        what = f"the reply is not HTTP ({type(error).__name__})"
        return InvalidResponseError, "INVALID_RESPONSE", what, False
    elif isinstance(error, ssl.SSLError):
        what = f"TLS failed: {getattr(error, 'reason', None) or error}"
    elif isinstance(error, ConnectionRefusedError):
        what = "connection refused; is the server running there?"
    else:
        what = f"the connection failed: {getattr(error, 'strerror', None) or error}"
    return IronflowConnectionError, "CONNECTION_FAILED", what, retryable


def _limits(options: Options) -> str:
    total = f", total_timeout={options.total_timeout:g}" if options.total_timeout else ""
    return f"timeout={options.timeout:g}{total}"


def _random() -> float:
    from random import random  # some milliseconds to import, and only a retry needs it

    return random()
