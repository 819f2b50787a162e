"""Seeing what happened: ``capture()``, the ``on_response`` hook, and the ``ironflow`` logger.

Rules:

1. All three show the same facts, and none shows a credential: URLs are masked, cookies dropped.
2. Watching never changes a call: a hook that raises is told to the logger, and the call goes on.
3. Whoever does not watch pays nothing: ``logging`` is used where the program has loaded it and is
   never loaded from here.
"""

from __future__ import annotations

import sys
from time import monotonic

from ._errors import IronflowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar
    from logging import Logger
    from typing import Any

    from ._messages import Request
    from ._options import Options
    from ._transport import Transport

LOGGER = "ironflow"
_DEBUG = 10

_captures: ContextVar[tuple[tuple[object, list[ResponseInfo]], ...]] | None = None


class ResponseInfo:
    """What came of one call.

    Args:
        method: HTTP method.
        url: URL, credentials masked.
        status_code: HTTP status of the last reply, 0 when there was none.
        headers: Headers of the last reply, names in lower case, without cookies.
        request_id: ``X-Request-Id`` of the last reply, None when there was none.
        attempts: How many times the call was tried.
        elapsed: Seconds from the start of the call to its end, waits included.
        error: What the call raised, None when it succeeded.
    """

    __slots__ = (
        "attempts",
        "elapsed",
        "error",
        "headers",
        "method",
        "request_id",
        "status_code",
        "url",
    )

    def __init__(
        self,
        method: str,
        url: str,
        status_code: int,
        headers: dict[str, str],
        request_id: str | None,
        attempts: int,
        elapsed: float,
        error: IronflowError | None,
    ) -> None:
        self.method = method
        self.url = url
        self.status_code = status_code
        self.headers = headers
        self.request_id = request_id
        self.attempts = attempts
        self.elapsed = elapsed
        self.error = error

    def __repr__(self) -> str:
        return (
            f"ResponseInfo({self.method} {self.url}: status_code={self.status_code},"
            f" request_id={self.request_id!r}, attempts={self.attempts},"
            f" elapsed={self.elapsed:.6f}, error={self.error!r})"
        )


class Capture:
    """The block of ``client.capture()``: a list that fills with what comes of each call in it."""

    def __init__(self, owner: object) -> None:
        self._owner = owner
        self._token: Any = None

    def __enter__(self) -> list[ResponseInfo]:
        global _captures
        if _captures is None:
            from contextvars import ContextVar

            _captures = ContextVar("ironflow_captures", default=())
        seen: list[ResponseInfo] = []
        self._token = _captures.set((*_captures.get(), (self._owner, seen)))
        return seen

    def __exit__(self, *_: object) -> None:
        if _captures is not None:
            _captures.reset(self._token)


def is_capturing() -> bool:
    """Tell whether anybody in this process has ever asked for a capture."""
    return _captures is not None


def captures_of(owner: object) -> list[list[ResponseInfo]]:
    """Return the lists that the calls of a client go to in this thread or task."""
    if _captures is None:
        return []
    return [seen for watched, seen in _captures.get() if watched is owner]


def watched_call(transport: Transport, request: Request, options: Options, owner: object) -> Any:
    """Make a call and hand on what came of it, if anybody wants to know."""
    seen = captures_of(owner)
    if not seen and options.on_response is None:
        return transport.call(request, options)
    started = monotonic()
    failure: IronflowError | None = None
    try:
        return transport.call(request, options)
    except IronflowError as error:
        failure = error
        raise
    finally:
        _report(_info(request, monotonic() - started, failure), seen, options.on_response)


def _info(request: Request, elapsed: float, failure: IronflowError | None) -> ResponseInfo:
    facts: dict[str, Any] = {"status_code": 0, "headers": {}, "request_id": None}
    if failure is not None:
        facts = {name: getattr(failure, name) for name in facts}
    elif request.reply is not None:
        facts = request.reply.facts(request.secrets())
    return ResponseInfo(**request.facts(), **facts, elapsed=elapsed, error=failure)


def _report(
    info: ResponseInfo,
    seen: list[list[ResponseInfo]],
    hook: Callable[[ResponseInfo], object] | None,
) -> None:
    for calls in seen:
        calls.append(info)
    if hook is not None:
        try:
            hook(info)
        except Exception as error:
            logger = _logger()
            if logger is not None:
                logger.warning("on_response raised %s; the call goes on", type(error).__name__)


def log_attempt(request: Request, outcome: str, started: float) -> None:
    """Write the DEBUG line of one attempt, which began at ``started`` on the monotonic clock."""
    logger = _logger()
    if logger is not None and logger.isEnabledFor(_DEBUG):
        elapsed = monotonic() - started
        url = request.facts()["url"]
        line = "%s %s: %s in %.3f s, attempt %d"
        logger.debug(line, request.method, url, outcome, elapsed, request.attempts)


def _logger() -> Logger | None:
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLogger(LOGGER)
