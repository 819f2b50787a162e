"""What can go wrong with a call, drawn once.

Rules:

1. Whatever fails after the arguments were accepted is an ``IronflowError``. Arguments that are
   refused raise ``ValueError`` or ``TypeError`` before anything is sent.
2. ``str(error)`` is the message alone; ``repr`` adds where and what. Neither holds a credential.
3. Every argument but the message has a default, so that errors pickle and copy.

The tree::

    IronflowError                    base; also a status without a class of its own (402, 3xx, …)
    ├── ValidationError              400, 422
    ├── AuthenticationError          401
    ├── PermissionDeniedError        403
    ├── NotFoundError                404
    ├── ConflictError                409, 412
    ├── RateLimitError               429
    ├── ServerError                  5xx
    ├── InvalidResponseError         a reply that cannot be used: not JSON, cut short, too large
    ├── IronflowConnectionError      no reply: refused, reset, DNS, TLS; also a ConnectionError
    ├── IronflowTimeoutError         no reply in time; also a TimeoutError
    └── RunFailedError               a run that was waited for failed or was cancelled
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import models


class IronflowError(Exception):
    """A call failed.

    Args:
        message: What happened, in the server's words where it replied; ``str(error)`` is this.
        status_code: HTTP status of the reply, 0 when there was none.
        code: Machine-readable code: the body's own, or one made from the status (``NOT_FOUND``).
            Without a usable reply: ``CONNECTION_FAILED``, ``TIMEOUT`` or ``INVALID_RESPONSE``.
        retryable: Whether the same call may well succeed later. It does not say that repeating it
            is safe: ``delivered`` does.
        delivered: Whether the call reached the server. False: nothing of it has left, so repeating
            it is safe. True: the server answered. None: nobody can know.
        retry_after: Seconds the server asked to wait, None when it did not say.
        request_id: ``X-Request-Id`` of the reply, None when there was none.
        headers: Headers of the reply, names in lower case, without cookies.
        body: The reply's body: parsed JSON, or text; at most 64 KiB of it. None for a reply that
            may hold a credential.
        details: The member ``details`` of the body, None when it has none.
        method: HTTP method of the call.
        url: URL of the call, credentials masked.
        attempts: How many times the call was sent or tried to be sent.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int = 0,
        code: str = "",
        retryable: bool = False,
        delivered: bool | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        headers: dict[str, str] | None = None,
        body: Any = None,
        details: Any = None,
        method: str = "",
        url: str = "",
        attempts: int = 0,
    ) -> None:
        super().__init__(message)
        self.message: str = message
        self.status_code = status_code
        self.code = code
        self.retryable = retryable
        self.delivered = delivered
        self.retry_after = retry_after
        self.request_id = request_id
        self.headers: dict[str, str] = {} if headers is None else headers
        self.body = body
        self.details = details
        self.method = method
        self.url = url
        self.attempts = attempts

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        shown = ("status_code", "code", "method", "url", "request_id", "attempts")
        facts = "".join(f", {name}={value!r}" for name in shown if (value := getattr(self, name)))
        return f"{type(self).__name__}({self.message!r}{facts})"


class ValidationError(IronflowError):
    """The server refused the input (400, 422)."""


class AuthenticationError(IronflowError):
    """No credential was given, or the server does not accept it (401)."""


class PermissionDeniedError(IronflowError):
    """The credential is known, but it may not do this (403)."""


class NotFoundError(IronflowError):
    """The server has no such thing, or no such route (404)."""


class ConflictError(IronflowError):
    """The state on the server is not the one the call expects (409, 412)."""


class RateLimitError(IronflowError):
    """Too many calls; ``retry_after`` says how long to wait, if the server does (429)."""


class ServerError(IronflowError):
    """The server, or something in front of it, failed (5xx)."""


class InvalidResponseError(IronflowError):
    """A reply came that cannot be used: not JSON, not UTF-8, cut short, or too large."""


class IronflowConnectionError(IronflowError, ConnectionError):
    """No reply came: the connection was refused or lost, or name resolution or TLS failed."""


class IronflowTimeoutError(IronflowError, TimeoutError):
    """No reply came in time, or what was waited for did not happen in time."""


class RunFailedError(IronflowError):
    """A run failed or was cancelled; raised by waits with ``raise_on_failure=True`` only.

    Args:
        message: Which run it is, and its error.
        run: The run, as ``runs_get`` returns it.
        facts: As for ``IronflowError``.
    """

    def __init__(
        self, message: str = "", *, run: models.RunResponse | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        # None only in an error that a caller made: every wait gives the run.
        self.run: models.RunResponse = run  # type: ignore[assignment]


BY_STATUS: dict[int, type[IronflowError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}

RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

# Written out, because the names in http.HTTPStatus differ between Python versions.
CODE_BY_STATUS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "PAYMENT_REQUIRED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    410: "GONE",
    411: "LENGTH_REQUIRED",
    412: "PRECONDITION_FAILED",
    413: "CONTENT_TOO_LARGE",
    414: "URI_TOO_LONG",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_CONTENT",
    425: "TOO_EARLY",
    426: "UPGRADE_REQUIRED",
    428: "PRECONDITION_REQUIRED",
    429: "TOO_MANY_REQUESTS",
    431: "REQUEST_HEADER_FIELDS_TOO_LARGE",
    500: "INTERNAL_SERVER_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


def class_for(status: int) -> type[IronflowError]:
    """Return the error class of an HTTP status."""
    return BY_STATUS.get(status) or (ServerError if 500 <= status <= 599 else IronflowError)


def code_for(status: int) -> str:
    """Return the code of an HTTP status whose body names none, ``HTTP_418`` for an uncommon one."""
    return CODE_BY_STATUS.get(status, f"HTTP_{status}")
