"""How a call reaches the server: connections kept open, attempts, redirects, and the one boundary.

Rules:

1. Whatever goes wrong after the arguments were accepted leaves this module as an ``IronflowError``.
   What is not ours passes through: KeyboardInterrupt, and whatever the caller's signal handlers
   raise.
2. A call is over, one way or the other, when its deadline has passed.
3. A connection serves one call at a time. It goes back to the pool only after a reply that ended
   cleanly, and is used again only if nothing has happened on it since. An exception of any kind in
   the middle of an exchange closes it.
4. A reused connection that ends before the first byte of a reply was closed while it was idle. A
   call of which nothing has left, or that is safe to repeat, is sent once more on a fresh
   connection, which counts as an attempt. Any other call is not sent again.
5. Redirects are followed for GET and HEAD, within the same origin, five at most. Any other would be
   sent twice, or would carry the credential elsewhere.

Design: ``call`` makes attempts and asks ``retry`` what follows a failed one. An attempt is an
exchange on a pooled connection and the redirects it leads to. ``connection`` moves the bytes,
``replies`` reads them, ``content`` decodes them, ``failures`` says what went wrong. A ``Transport``
belongs to one server and is shared by copies of a client and by threads; what changes from call to
call comes in with the call. A reply whose body is wanted in pieces takes its connection with it, as
a ``Stream``.
"""

from __future__ import annotations

import os
import time
import weakref
from time import monotonic
from urllib.parse import urljoin, urlsplit

from .._errors import IronflowError
from .connection import TIMEOUTS, Connection, wraps_in_its_own_way
from .content import decode, inflate
from .failures import NoTLS, failed_exchange, failed_reply, unusable_reply
from .loading import loading
from .messages import Request
from .proxies import ProxySettingError, proxy_for
from .replies import BadReply, Reply
from .retry import BUDGET, Budget, cost_of, wait_before_next
from .signals import is_from_signal_handler
from .streams import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

    from .limits import Limits
    from .proxies import Proxy

MAX_IDLE_SECONDS = 55.0  # less than the 60 after which common balancers close silently
MAX_IDLE_CONNECTIONS = 64
MAX_REDIRECTS = 5

_PORTS = {"http": 80, "https": 443}

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FOLLOWED = frozenset({"GET", "HEAD"})
_BODY_METHODS = frozenset({"PATCH", "POST", "PUT"})

_GZIP = b"Accept-Encoding: gzip\r\n"
_IDENTITY = b"Accept-Encoding: identity\r\n"  # of a stream, whose messages are wanted at once


class Transport:
    """Sends requests to one server.

    Args:
        server_url: Checked URL of the server.
        ssl_context: TLS settings of the caller, None for the system's with verification.
        watch: Called after each attempt with the request, its outcome in a word, and when it began
            on the monotonic clock.
    """

    def __init__(
        self,
        server_url: str,
        ssl_context: ssl.SSLContext | None,
        watch: Callable[[Request, str, float], object],
    ) -> None:
        parts = urlsplit(server_url)
        self._scheme = parts.scheme
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._where = f"{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"
        self.netloc = parts.netloc
        self._ssl_context = ssl_context
        self._watch = watch
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path
        self._route: _Route | None = None
        self._idle: list[Connection] = []
        # A client that nobody closed must not warn of its sockets when it goes.
        weakref.finalize(self, _close_all, self._idle)
        self.closings = 0  # how often it was closed; a connection outlives none of them
        self._budget = Budget()
        self.sleep = time.sleep  # a test puts its own here

    request = Request

    def call(
        self,
        request: Request,
        limits: Limits,
        attempt: Callable[[Request, float, Limits], Reply | IronflowError] | None = None,
    ) -> Any:
        """Send a request, again where that is safe and sensible, and return its decoded reply.

        Args:
            request: What to ask.
            limits: Limits on time, size and attempts.
            attempt: Makes one attempt, given the end of the call on the monotonic clock; the
                default asks for a reply, and a WebSocket's asks for another protocol.

        Raises:
            IronflowError: There was no usable reply, or its status is not 2xx.
        """
        end = monotonic() + limits.total_timeout
        answer: Any = None
        attempt = attempt or self._attempt
        while True:
            failure: Any = attempt(request, end, limits)
            if type(failure) is Reply:
                return failure.value
            if failure.status_code:
                answer = failure
            wait = self.wait_after(failure, request, end - monotonic(), limits)
            if wait is None:
                break
            self.sleep(wait)
        failure = verdict(failure, answer, request, limits)
        failure.attempts = request.attempts
        try:
            raise failure
        finally:
            # Or its traceback, this frame, and the bodies in it would keep each other alive.
            failure = answer = None

    def close(self) -> None:
        """Close the idle connections; one that is in use closes when its call ends."""
        self.closings += 1
        _close_all(self._idle)

    def wait_after(
        self, failure: IronflowError, request: Request, seconds_left: float, limits: Limits
    ) -> float | None:
        """Return how long to wait before the next attempt, None when there is none.

        A wait is paid for from the budget; it is refilled when the call succeeds in the end.
        """
        if request.retry is False:
            return None
        wait = wait_before_next(
            request.attempts,
            failure,
            repeatable=request.repeatable,
            limits=limits,
            seconds_left=seconds_left,
            random=_random,
        )
        cost = cost_of(failure)
        if wait is None or not self._budget.spend(cost):
            return None
        request.cost = cost
        return wait

    def _attempt(self, request: Request, end: float, limits: Limits) -> Reply | IronflowError:
        """Make one attempt; the exception boundary of an exchange."""
        started = monotonic()
        deadline = min(end, started + limits.timeout)
        request.attempts += 1
        request.sent_before = request.sent
        try:
            reply = self._exchange(request, request.target, deadline, limits)
            if reply.status in REDIRECTS:
                reply = self._follow(reply, request, deadline, limits)
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            problem = error
        else:
            return self.outcome(reply, request, limits, started, deadline)
        return self.failure(problem, request, limits, started)

    def outcome(
        self, reply: Reply, request: Request, limits: Limits, started: float, deadline: float
    ) -> Reply | IronflowError:
        """Return what a whole reply means: itself with its value, or the error that it stands for.

        Args:
            reply: The reply to the latest attempt.
            request: The call.
            limits: Its limits.
            started: When the attempt began, on the monotonic clock.
            deadline: When it has to be over.
        """
        try:
            if "content-encoding" in reply.headers:
                inflate(reply, limits.max_response_bytes, deadline)
            if 200 <= reply.status <= 299:
                if not request.stream:
                    reply.value = decode(reply, limits.max_response_bytes, request.text)
                if request.read is not None:
                    reply.value = request.read(reply)
                request.reply = reply
                if request.cost or self._budget.tokens < BUDGET:
                    self._budget.refill(request.cost or 1)
                self._watch(request, str(reply.status), started)
                return reply
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            problem: Exception | Reply = error
        else:
            problem = reply
        return self.failure(problem, request, limits, started)

    def failure(
        self, problem: Exception | Reply, request: Request, limits: Limits, started: float
    ) -> IronflowError:
        """Return the error that ended an attempt: an exception, or a reply that says so."""
        if isinstance(problem, Reply):
            request.reply = problem
            if problem.status in limits.refusal_statuses:
                request.sent = request.sent_before  # the server has carried nothing out
            error = failed_reply(problem, request)
        else:
            problem.__traceback__ = problem.__context__ = problem.__cause__ = None
            reply = problem.reply if isinstance(problem, BadReply) else None
            if isinstance(problem, BadReply) and reply is not None:
                request.reply = reply
                error = unusable_reply(problem, reply, request)
            else:
                proxy = self._route.proxy if self._route else None
                error = failed_exchange(problem, request, limits, self._where, proxy)
        self._watch(
            request, str(error.status_code) if error.status_code else type(error).__name__, started
        )
        return error

    def _exchange(self, request: Request, target: str, deadline: float, limits: Limits) -> Reply:
        """Send a request and read its reply on a connection of the pool, or on a new one."""
        message = self.message(request, target)
        closings = self.closings
        fresh = False
        while True:
            connection = None if fresh else self.take_idle()
            if connection is None:
                connection = self.open(deadline)
            try:
                reply = connection.converse(
                    message,
                    request.method,
                    limits.max_response_bytes,
                    deadline,
                    stream=request.stream,
                )
            except BaseException as error:
                connection.close()
                if not goes_again(error, connection, request, limits):
                    request.sent = request.sent or connection.sent
                    raise
            else:
                request.sent = True
                if request.stream and reply.status <= 299:
                    reply.value = Stream(self, connection, request, limits, reply)
                    return reply
                connection.idle_since = monotonic()
                self.put_idle(connection, closings)
                return reply
            request.attempts += 1
            request.sent_before = request.sent = request.sent or connection.sent
            fresh = True

    def message(self, request: Request, target: str) -> memoryview:
        """Return a request as it is sent, in a view: whose ``repr`` shows nothing of it."""
        route = self._route or self._find_route()
        if route.proxy is not None:
            request.proxy_secrets = route.proxy.secrets
        line = f"{request.method} {route.target_prefix}{target} HTTP/1.1\r\n".encode("ascii")
        coding = _IDENTITY if request.stream else _GZIP
        content = request.content
        if content is None:
            framing = b"Content-Length: 0\r\n\r\n" if request.method in _BODY_METHODS else b"\r\n"
            return memoryview(b"".join((line, route.head, coding, request.headers.block, framing)))
        kind = request.kind
        framing = b"" if kind is None else b"Content-Type: %s\r\n" % kind.encode("ascii")
        framing += b"Content-Length: %d\r\n\r\n" % len(content)
        parts = (line, route.head, coding, request.headers.block, framing, content)
        return memoryview(b"".join(parts))

    def _follow(self, reply: Reply, request: Request, deadline: float, limits: Limits) -> Reply:
        """Follow redirects as far as they may be; return the last reply."""
        target: str | None = request.target
        for _ in range(MAX_REDIRECTS if request.method in FOLLOWED else 0):
            target = self.redirect_target(target or "", reply)
            if target is None:
                break
            reply = self._exchange(request, target, deadline, limits)
            if reply.status not in REDIRECTS:
                break
        return reply

    def redirect_target(self, target: str, reply: Reply) -> str | None:
        """Return the path and query that a redirect points to, None when it is elsewhere."""
        location = reply.headers.get("location", "")
        try:
            url = urlsplit(urljoin(self.origin + target, location))
            origin = url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)
        except ValueError as error:
            if is_from_signal_handler(error):
                raise
            return None
        inside = location and origin == (self._scheme, self._host, self._port)
        path = f"{url.path or '/'}{'?' if url.query else ''}{url.query}"
        if not inside or "@" in url.netloc or not path.isascii() or not path.isprintable():
            return None
        return path.replace(" ", "%20")

    def take_idle(self) -> Connection | None:
        """Return the connection that was used last, if it may be used again."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError as error:
                if is_from_signal_handler(error):
                    raise
                return None  # another thread was faster
            if is_usable(connection):
                return connection
            connection.close()
        return None

    def put_idle(self, connection: Connection, closings: int) -> None:
        """Keep a connection for a later call, if it may carry one.

        Args:
            connection: One whose latest reply is whole, and came at ``idle_since``.
            closings: How often the client had been closed when the connection was taken.
        """
        is_welcome = closings == self.closings and len(self._idle) < MAX_IDLE_CONNECTIONS
        if not is_welcome or not connection.parser.is_idle:
            connection.close()
            return
        connection.used = True
        self._idle.append(connection)

    def upgrade(
        self, request: Request, message: memoryview, deadline: float, limits: Limits
    ) -> tuple[Connection, Reply]:
        """Ask for another protocol on a connection of its own; return that and the reply.

        Proxies switch no protocols, so the way through one is a tunnel, without TLS too.

        Args:
            request: The call.
            message: The whole request as it is sent.
            deadline: When to give up, on the monotonic clock.
            limits: Limits of the call.
        """
        proxy = (self._route or self._find_route()).proxy
        if proxy is not None:
            request.proxy_secrets = proxy.secrets
        connection = self.open(deadline, tunnel=True)
        try:
            reply = connection.converse(
                message, request.method, limits.max_response_bytes, deadline, upgrade=True
            )
        except BaseException:
            connection.close()
            raise
        finally:
            request.sent = request.sent or connection.sent
        return connection, reply

    def open(self, deadline: float, *, tunnel: bool = False) -> Connection:
        """Open a connection to the server, by its proxy where it has one.

        Args:
            deadline: When to give up, on the monotonic clock.
            tunnel: Whether to ask a proxy for a tunnel where there is no TLS that needs one.
        """
        proxy = self._route.proxy if self._route else None
        context = self._context() if self._tls or (proxy and proxy.tls) else None
        peer = (proxy.host, proxy.port) if proxy else (self._host, self._port)
        connection = self.dial(*peer, deadline)
        try:
            if context and proxy and proxy.tls:
                connection = connection.start_tls(context, proxy.host, deadline)
            if proxy and (self._tls or tunnel):
                connection.tunnel(self._where, proxy, deadline)
            if context and self._tls:
                connection = connection.start_tls(context, self._host, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    def dial(self, host: str, port: int, deadline: float) -> Connection:
        """Connect to a host by TCP."""
        return Connection.open(host, port, deadline)

    def steps(self) -> tuple[ssl.SSLContext | None, str] | None:
        """Return what TLS needs to open a connection in steps; None where that cannot be.

        A tunnel through a proxy and TLS to a proxy are opened in one go, and so is TLS by a context
        that wraps sockets in its own way.
        """
        proxy = (self._route or self._find_route()).proxy
        if proxy is not None and (proxy.tls or self._tls):
            return None
        context = self._context() if self._tls else None
        if context is not None and wraps_in_its_own_way(context):
            return None
        return context, self._host

    def find_way(self) -> ProxySettingError | None:
        """Find out how the server is reached; return why the environment does not say so."""
        try:
            if self._route is None:
                self._find_route()
        except ProxySettingError as error:
            return error.with_traceback(None)
        return None

    def _find_route(self) -> _Route:
        scheme = "https" if self._tls else "http"
        proxy = proxy_for(scheme, self._host, self._port, os.environ)
        # Assigned whole: another thread sees all of it or nothing.
        self._route = route = _Route(proxy, self._tls, self.origin, self.netloc)
        return route

    def _context(self) -> ssl.SSLContext:
        """Return the TLS settings; the default ones are made once, which takes some 20 ms."""
        with loading:
            if self._ssl_context is None:
                try:
                    import ssl
                except ImportError:
                    ssl = None  # type: ignore[assignment]
                if ssl is None:
                    raise NoTLS("this Python has no ssl module, which https needs")
                context = ssl.create_default_context()
                context.set_alpn_protocols(["http/1.1"])
                # Python 3.9 sets it, and then any end of a stream looks like an announced one.
                context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
                self._ssl_context = context
            return self._ssl_context


class _Route:
    """How requests get to the server: directly, through a proxy, or in a tunnel through one.

    Args:
        proxy: The proxy, None without one.
        tls: Whether the server is spoken to over TLS.
        origin: Scheme, host and port of the server.
        netloc: Its host and port.

    Attributes:
        head: Headers that every message carries on this way.
        target_prefix: What stands before the path in a message: a proxy has to be told the origin.
    """

    __slots__ = ("head", "proxy", "target_prefix")

    def __init__(self, proxy: Proxy | None, tls: bool, origin: str, netloc: str) -> None:
        self.proxy = proxy
        self.target_prefix = ""
        self.head = f"Host: {netloc}\r\n".encode("ascii")
        if proxy is not None and not tls:
            self.target_prefix = origin
            if proxy.authorization:
                self.head += f"Proxy-Authorization: {proxy.authorization}\r\n".encode("ascii")


def is_usable(connection: Connection) -> bool:
    """Tell whether a connection that has been idle may carry another call."""
    limit = connection.parser.idle_limit
    # Some room for the way: the server counts from when it sent its reply.
    seconds = MAX_IDLE_SECONDS if limit is None else min(MAX_IDLE_SECONDS, 0.8 * limit)
    return monotonic() < connection.idle_since + seconds and connection.is_alive()


def verdict(
    failure: IronflowError, answer: IronflowError | None, request: Request, limits: Limits
) -> IronflowError:
    """Return the error of a call: of its last attempt, or the last that the server answered.

    What the server said tells more than a connection that failed since. But a refused write of
    which nobody knows what came of its repeat must not look like one that was carried out nowhere.
    """
    if answer is None:
        return failure
    is_refusal = answer.status_code in limits.refusal_statuses and not request.repeatable
    return failure if is_refusal and failure.delivered is None else answer


def goes_again(
    error: BaseException, connection: Connection, request: Request, limits: Limits
) -> bool:
    """Tell whether a call goes again, at once, on a fresh connection (rule 4)."""
    is_loss = isinstance(error, OSError) and not isinstance(error, TIMEOUTS)
    if not is_loss or not connection.used or connection.heard or is_from_signal_handler(error):
        return False
    if request.retry is False or request.attempts >= limits.max_attempts:
        return False
    return request.repeatable or not connection.sent


def _close_all(idle: list[Connection]) -> None:
    while idle:
        try:
            idle.pop().close()
        except IndexError:  # another thread was faster
            return


def _random() -> float:
    """Return a number from 0 to 1; ``random`` takes some milliseconds to import."""
    return int.from_bytes(os.urandom(4), "big") / 2**32
