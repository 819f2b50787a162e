"""Seeing what happened: ``capture()``, the ``on_response`` hook, and the ``ironflow`` logger.

Rules:

1. All three show the same facts, and none shows a credential: URLs are masked, cookies dropped.
2. Watching never changes a call: if a hook raises, the logger hears of it, if a log filter raises,
   nobody does, and the call goes on.
3. Calls that a hook, a log filter or a log handler makes are reported to no hook and no logger, or
   each of them would cause another.
4. Whoever does not watch pays nothing: ``logging`` is used if the program has loaded it, and is
   never loaded from here.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from time import monotonic

from ._errors import IronflowError
from ._wire.signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger
    from typing import Any

    from ._options import Options
    from ._wire.messages import Request
    from ._wire.transport import Transport

LOGGER = "ironflow"
_DEBUG = 10

# The open captures of this thread or task, each with the client that it watches.
_captures: ContextVar[tuple[Capture, ...]] = ContextVar("ironflow_captures", default=())
_telling: ContextVar[bool] = ContextVar("ironflow_telling", default=False)
_was_used = False  # whether anybody in this process has ever asked for a capture


class ResponseInfo:
    """What happened to one call.

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
        self.method: str = method
        self.url: str = url
        self.status_code: int = status_code
        self.headers: dict[str, str] = headers
        self.request_id: str | None = request_id
        self.attempts: int = attempts
        self.elapsed: float = elapsed
        self.error: IronflowError | None = error

    def __repr__(self) -> str:
        return (
            f"ResponseInfo({self.method} {self.url}: status_code={self.status_code},"
            f" request_id={self.request_id!r}, attempts={self.attempts},"
            f" elapsed={self.elapsed:.6f}, error={self.error!r})"
        )


class Capture:
    """The block of ``client.capture()``: a list that fills with what comes of each call in it.

    Args:
        owner: What the client and its copies are known by.
    """

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.seen: list[ResponseInfo] = []

    def __enter__(self) -> list[ResponseInfo]:
        global _was_used
        _was_used = True
        self.seen = []
        _captures.set((*_captures.get(), self))
        return self.seen

    def __exit__(self, *_: object) -> None:
        # Not by a token: captures may end in another order than they began in.
        _captures.set(tuple(capture for capture in _captures.get() if capture is not self))


def is_capturing() -> bool:
    """Tell whether anybody in this process has ever asked for a capture."""
    return _was_used


def watched_call(transport: Transport, request: Request, options: Options, owner: object) -> Any:
    """Make a call and report what happened to it, if anybody wants to know."""
    watching = [capture for capture in _captures.get() if capture.owner is owner]
    if not watching and options.on_response is None:
        return transport.call(request, options.limits)
    started = monotonic()
    failure: IronflowError | None = None
    try:
        return transport.call(request, options.limits)
    except IronflowError as error:
        failure = error
        raise
    finally:
        _report(_info(request, monotonic() - started, failure), watching, options.on_response)
        # Or the error's traceback, this frame, and the list would keep each other alive.
        failure = watching = None  # type: ignore[assignment]


def report_call(
    request: Request,
    elapsed: float,
    failure: IronflowError | None,
    options: Options,
    owner: object,
) -> None:
    """Report what happened to a call that was not made by ``watched_call``."""
    if _was_used or options.on_response is not None:
        watching = [capture for capture in _captures.get() if capture.owner is owner]
        if watching or options.on_response is not None:
            _report(_info(request, elapsed, failure), watching, options.on_response)


def _info(request: Request, elapsed: float, failure: IronflowError | None) -> ResponseInfo:
    """Return what there is to know of a call that is over."""
    if failure is not None:
        url, facts = failure.url, {name: getattr(failure, name) for name in _REPLY_FACTS}
    else:
        from ._wire.failures import reply_facts

        redactor = request.redactor()
        url = redactor.url(request.origin + request.target)
        facts = {"status_code": 0, "headers": {}, "request_id": None}
        if request.reply is not None:
            facts = reply_facts(request.reply, redactor)
    return ResponseInfo(
        method=request.method,
        url=url,
        attempts=request.attempts,
        elapsed=elapsed,
        error=failure,
        **facts,
    )


_REPLY_FACTS = ("status_code", "headers", "request_id")


def _report(
    info: ResponseInfo,
    watching: list[Capture],
    hook: Callable[[ResponseInfo], object] | None,
) -> None:
    for capture in watching:
        capture.seen.append(info)
    if hook is not None:
        problem = _tell(hook, info)
        logger = _logger()
        if problem and logger is not None:
            _tell(logger.warning, "on_response raised %s; the call goes on", problem)


def log_attempt(request: Request, outcome: str, started: float) -> None:
    """Write the DEBUG line of one attempt, which began at ``started`` on the monotonic clock."""
    if "logging" not in sys.modules:
        return
    logger = _logger()
    if logger is None or not logger.isEnabledFor(_DEBUG):
        return
    elapsed = monotonic() - started
    line = "%s %s: %s in %.3f s, attempt %d"
    _tell(logger.debug, line, request.method, request.url, outcome, elapsed, request.attempts)


def _tell(listener: Callable[..., object], *facts: object) -> str:
    """Call a hook or a logger, whose filters and handlers are the program's.

    Returns:
        The type of what it raised, empty when it raised nothing.
    """
    if _telling.get():
        return ""
    token = _telling.set(True)
    try:
        listener(*facts)
    except Exception as error:
        if is_from_signal_handler(error):
            raise
        return type(error).__name__
    finally:
        _telling.reset(token)
    return ""


def _logger() -> Logger | None:
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLogger(LOGGER)
