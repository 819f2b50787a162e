"""From what went wrong to the error that says so.

Rules:

1. A status other than 2xx is an ``IronflowError`` of its class, whatever the body holds. Message
   and code are those of the body if it has them. Otherwise the message says what came instead.
2. A server's text is masked, stripped of control characters and bounded. What a server says is
   never trusted to be well-formed.
3. Nothing is shown of a reply that holds a credential (``Request.secret``). Of the error reply of
   such a route, only the message and the code are shown, masked.
4. An error has a cause only if that is an exception of the system. The cause loses its traceback,
   whose frames hold requests and replies, and is left out if its text shows a credential.
5. Errors are built outside of ``except`` blocks, so that no ``__context__`` keeps what a cause must
   not show.
"""

from __future__ import annotations

import re
import socket
import sys

from .._errors import (
    CODE_BY_STATUS,
    RETRYABLE_STATUSES,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    class_for,
    code_for,
)
from .connection import TIMEOUTS, TunnelRefused
from .content import parse
from .loading import loading
from .proxies import ProxySettingError
from .replies import ERROR_BODY_LIMIT, BadReply
from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .limits import Limits
    from .messages import Request
    from .proxies import Proxy
    from .redaction import Redactor
    from .replies import Reply

MESSAGE_LIMIT = 1000
CODE_LIMIT = 100
ID_LIMIT = 200
EXCERPT_LIMIT = 200

_NOT_FOLLOWED = (
    "which is not followed (only GET and HEAD are, within the same origin, five times at most)"
)
_PHRASES = {status: code.replace("_", " ").title() for status, code in CODE_BY_STATUS.items()}
_PAGE = re.compile(
    r"[\s\ufeff]*<(?:!--|(?:!doctype html|html|head|title|body|center|h[1-6]|p|pre|div)\b)", re.I
)
_TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^<>]*>", re.I | re.S)
_UNKNOWN_ISSUERS = ("self-signed", "self signed", "local issuer")
_COOKIE_HEADERS = frozenset({"set-cookie", "set-cookie2"})


class NoTLS(Exception):
    """This Python was built without the ``ssl`` module."""


class Silence(TimeoutError):
    """A stream that was open went silent."""


def failed_reply(reply: Reply, request: Request) -> IronflowError:
    """Return the error that a reply with a status other than 2xx stands for."""
    redactor = request.redactor()
    body = _body_of(reply, redactor)
    found = body if isinstance(body, dict) else {}
    if isinstance(found.get("error"), dict):  # {"error": {"code": …, "message": …}}
        found = {**found["error"], **{k: v for k, v in found.items() if k != "error"}}
    message = _first_text(found, "message", "error", "detail", "title")  # the latter: RFC 9457
    if 300 <= reply.status <= 399 and "location" in reply.headers:
        location = clean(redactor.url(reply.headers["location"]))
        message = f"redirected to {location}, {_NOT_FOLLOWED}"
    elif not message:
        message = _without_message(reply, body, redactor, request.secret)
    retryable = found.get("retryable")
    error = class_for(reply.status)(
        clean(message),
        code=clean(_first_text(found, "code"), CODE_LIMIT) or code_for(reply.status),
        retryable=retryable if isinstance(retryable, bool) else reply.status in RETRYABLE_STATUSES,
        retry_after=_retry_after(reply.headers.get("retry-after"), found.get("retry_after")),
        body=None if request.secret else body,
        details=None if request.secret else found.get("details"),
        delivered=True,
        **reply_facts(reply, redactor),
        **request_facts(request, redactor),
    )
    return _noted(error)


def unusable_reply(problem: BadReply, reply: Reply, request: Request) -> IronflowError:
    """Return the error of a reply that came but cannot be used."""
    redactor = request.redactor()
    kind = clean(redactor.text(reply.headers.get("content-type", "no content type")), CODE_LIMIT)
    message = f"the reply {clean(redactor.text(problem.problem))} (status {reply.status}, {kind})"
    body = None
    if not request.secret:
        body = redactor.text(_text_of(reply), is_cut=True)
        if body:
            message += f", it begins: {clean(body, EXCERPT_LIMIT)!r}"
    error = InvalidResponseError(
        message,
        code="INVALID_RESPONSE",
        retryable=problem.retryable,
        body=body,
        delivered=True,
        **reply_facts(reply, redactor),
        **request_facts(request, redactor),
    )
    return _noted(error)


def failed_exchange(
    error: Exception, request: Request, limits: Limits, where: str, proxy: Proxy | None
) -> IronflowError:
    """Return the error that an exception without a reply stands for.

    Args:
        error: What was raised; it loses its traceback.
        request: The call.
        limits: Its limits, which a timeout names.
        where: Host and port of the server.
        proxy: The proxy to it, None without one.
    """
    error.__traceback__ = None
    redactor = request.redactor()
    kind, code, what, retryable = _classify(error, limits, proxy)
    if request.secret and isinstance(error, BadReply):
        what = what.partition(":")[0]  # behind it bytes of the reply may be quoted
    if proxy is not None:
        where += f" (by the proxy {proxy.host}:{proxy.port})"
    failure = kind(
        clean(redactor.text(f"{where}: {what}")),
        code=code,
        retryable=retryable,
        delivered=None if request.sent else False,
        **request_facts(request, redactor),
    )
    shown = f"{error!s} {error!r}"
    if not isinstance(error, BadReply) and redactor.text(shown) == shown:
        failure.__cause__ = error
    return _noted(failure)


def request_facts(request: Request, redactor: Redactor) -> dict[str, Any]:
    """Return what every error of a call carries: method, masked URL, attempts."""
    url = redactor.url(request.origin + request.target)
    return {"method": request.method, "url": url, "attempts": request.attempts}


def reply_facts(reply: Reply, redactor: Redactor) -> dict[str, Any]:
    """Return what every error of a reply carries: status, request id, headers."""
    headers = {
        redactor.text(name): redactor.text(value)
        for name, value in reply.headers.items()
        if name not in _COOKIE_HEADERS
    }
    request_id = clean(headers.get("x-request-id", ""), ID_LIMIT)
    return {
        "status_code": reply.status,
        "request_id": request_id or None,
        "headers": headers,
    }


def clean(text: str, limit: int = MESSAGE_LIMIT) -> str:
    """Replace control characters, fold white space and bound a text that is masked already."""
    text = text[: 8 * limit]
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _noted(error: IronflowError) -> IronflowError:
    """Add what a traceback should say besides the message (PEP 678, Python 3.11 and newer)."""
    if sys.version_info >= (3, 11):
        path = error.url.partition("://")[2].partition("/")[2]
        facts = [f"{error.method} /{path}"]
        if error.status_code:
            facts.append(f"HTTP {error.status_code}")
        if error.request_id:
            facts.append(f"request id {error.request_id}")
        error.add_note(", ".join(facts))
    return error


def _text_of(reply: Reply) -> str:
    return reply.content[:ERROR_BODY_LIMIT].decode("utf-8", "replace")


def _body_of(reply: Reply, redactor: Redactor) -> Any:
    """Return the masked body of an error reply: JSON where it is some, else text, else None."""
    text = _text_of(reply)
    if not text:
        return None
    try:
        return redactor.value(parse(text))
    except (ValueError, RecursionError) as error:
        if is_from_signal_handler(error):
            raise
        return redactor.text(text, is_cut=True)


def _first_text(found: dict[str, Any], *names: str) -> str:
    candidates = [found.get(name) for name in names]
    return next((text for text in candidates if isinstance(text, str) and clean(text)), "")


def _without_message(reply: Reply, body: Any, redactor: Redactor, secret: bool) -> str:
    """Return the message for a body that has none of its own."""
    is_page = _is_page(body)
    text = redactor.text(_text_of(reply), is_cut=True)
    shown = body if isinstance(body, str) else text
    if clean(shown) and not is_page and not secret and body not in ({}, None):
        return shown
    reason = clean(redactor.text(reply.reason)) or _PHRASES.get(reply.status, "")
    status = f"HTTP {reply.status} {reason}".rstrip()
    if secret:
        return status
    if is_page:
        words = _words_of(text, redactor)
        return f"{status}, a web page, not Ironflow's reply" + (words and f": {words}")
    return f"{status}, a reply without a message" if text.strip() else f"{status}, an empty reply"


def _is_page(body: Any) -> bool:
    return isinstance(body, str) and _PAGE.match(body) is not None


def _words_of(page: str, redactor: Redactor) -> str:
    """Return what a web page says, without its tags."""
    with loading:
        from html import unescape

    text = unescape(_TAGS.sub(" ", page[:8192]))
    # Masked again: a character that was written as its number could not be found before.
    return clean(redactor.text(text).strip("\ufeff"), EXCERPT_LIMIT)


def _retry_after(header: str | None, member: object) -> float | None:
    """Return the seconds to wait that a reply asks for: seconds or a date (RFC 9110, 10.2.3)."""
    if header is not None:
        try:
            return _sane(float(header))
        except ValueError as error:
            if is_from_signal_handler(error):
                raise
            return _seconds_until(header)
    if isinstance(member, (int, float)) and not isinstance(member, bool):
        return _sane(member)
    return None


def _seconds_until(date: str) -> float | None:
    with loading:
        import calendar  # noqa: F401 (mktime_tz imports it itself on Python 3.13, which is too late)
        from email.utils import mktime_tz, parsedate_tz
    from time import time

    try:
        parsed = parsedate_tz(date)
        return None if parsed is None else max(0.0, mktime_tz(parsed) - time())
    except (IndexError, OverflowError, TypeError, ValueError) as error:
        if is_from_signal_handler(error):
            raise
        return None  # Python 3.9 raises any of these on what is not a date


def _sane(seconds: float) -> float | None:
    """Return a number of seconds as it is, None for one that no clock can count."""
    return float(seconds) if 0 <= seconds < 1e15 else None


def _classify(
    error: Exception, limits: Limits, proxy: Proxy | None
) -> tuple[type[IronflowError], str, str, bool]:
    """Return class, code, description and retryability of a failure without a reply."""
    if isinstance(error, Silence):
        what = f"nothing more came in time (timeout={limits.timeout:g})"
        return IronflowTimeoutError, "TIMEOUT", what, True
    if isinstance(error, TIMEOUTS):
        return IronflowTimeoutError, "TIMEOUT", f"no reply in time ({_times(limits)})", True
    if isinstance(error, BadReply):
        what = f"the reply {error.problem}"
        return InvalidResponseError, "INVALID_RESPONSE", what, error.retryable
    if not isinstance(error, (OSError, UnicodeError, NoTLS, ProxySettingError)):
        what = f"the reply cannot be read ({type(error).__name__})"
        return InvalidResponseError, "INVALID_RESPONSE", what, False
    what, retryable = _connection_problem(error, proxy)
    return IronflowConnectionError, "CONNECTION_FAILED", what, retryable


def _connection_problem(error: Exception, proxy: Proxy | None) -> tuple[str, bool]:
    """Return what to say of a connection that failed, and whether another try may help."""
    said = getattr(error, "strerror", None) or error
    ssl: Any = sys.modules.get("ssl")  # not loaded: then no error is its own
    if isinstance(error, TunnelRefused):
        return str(error), error.retryable
    if isinstance(error, (NoTLS, ProxySettingError)):
        return str(error), False
    if ssl and isinstance(error, ssl.SSLCertVerificationError):
        why = str(getattr(error, "verify_message", ""))
        is_unknown = any(reason in why for reason in _UNKNOWN_ISSUERS)
        advice = "; to trust it, give an ssl_context that has loaded it" if is_unknown else ""
        whose = "proxy" if proxy and proxy.tls else "server"
        return f"the {whose}'s certificate is not accepted: {why}{advice}", False
    if isinstance(error, (socket.gaierror, UnicodeError)):
        whose = " of the proxy" if proxy else ""
        return f"the host name{whose} cannot be resolved: {said}", True
    if ssl and isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None) or said
        plain = reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        advice = "; does the server speak plain http://?" if plain else ""
        return f"TLS failed: {reason}{advice}", True
    if isinstance(error, ConnectionRefusedError):
        what = "proxy" if proxy else "server"
        return f"connection refused; is the {what} running there?", True
    return f"the connection failed: {said}", True


def _times(limits: Limits) -> str:
    total = f", total_timeout={limits.total_timeout:g}"
    return f"timeout={limits.timeout:g}" + total * (limits.total_timeout != limits.timeout)
