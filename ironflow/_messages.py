"""One request, one reply, and what a reply means: a value or an error.

Rules:

1. Any 2xx is success. An empty body is None, else it is JSON, or text on a text route; what can
   not be read so is an ``InvalidResponseError`` that shows how it begins.
2. Any other status is an ``IronflowError`` of its class, whatever its body holds, and also when
   the body was cut short. Code and message are the body's where it has them.
3. Text of a server is bounded, freed of control characters, and masked where it repeats a
   credential. What a server says is never trusted to be well-formed.
4. Masking comes before any cut, for what a cut leaves of a credential is not found any more. Of a
   body whose reading ended inside of one, that part is taken off; where the credentials are not
   known, as in a head that is not HTTP, a text is cut between words.
"""

from __future__ import annotations

import json
import re
import zlib

from ._errors import (
    RETRYABLE_STATUSES,
    InvalidResponseError,
    IronflowError,
    class_for,
    code_for,
    mask,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ERROR_BODY_LIMIT = 64 * 1024
_MESSAGE_LIMIT = 1000
_CODE_LIMIT = 100
_EXCERPT_LIMIT = 200
_OPENING_LIMIT = 80
_SECRET_LENGTH = 4  # a shorter one is no credential, and masking it would garble the text around it

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_SECRET_QUERY = re.compile(r"(?<=[?&])(token|access_token|api_key|password|secret)=([^&]+)", re.I)
_NOT_FOLLOWED = "which is not followed (only GET and HEAD are, in the same origin, five times)"
_COOKIE_HEADERS = frozenset({"set-cookie", "set-cookie2"})
_LAST_WORD = re.compile(r"\S*\Z")
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.I | re.S)


class Request:
    """One call: what it asks of the server, and how far it has come.

    Args:
        origin: Scheme, host and port of the server.
        method: HTTP method in upper case.
        target: Encoded path and query.
        headers: Headers by name, without those of the framing.
        block: The same as bytes of the message, with those of the body.
        content: Body, None for none.
        text: Whether the reply is to be text, not JSON.
        retry: Whether the caller wants repeats: True, False, or None for what is safe.
        repeatable: Whether the call may be sent again although it may have been delivered.
    """

    __slots__ = (
        "attempts",
        "block",
        "borrowed_secrets",
        "content",
        "headers",
        "method",
        "origin",
        "repeatable",
        "reply",
        "retry",
        "target",
        "text",
        "unsent",
    )

    def __init__(
        self,
        origin: str,
        method: str,
        target: str,
        headers: dict[str, str],
        block: bytes,
        content: bytes | None,
        text: bool,
        retry: bool | None,
        repeatable: bool,
    ) -> None:
        self.origin = origin
        self.method = method
        self.target = target
        self.headers = headers
        self.block = block
        self.content = content
        self.text = text
        self.retry = retry
        self.repeatable = repeatable
        self.attempts = 0
        self.unsent = True
        self.borrowed_secrets: tuple[str, ...] = ()  # those of the proxy
        self.reply: Reply | None = None

    def secrets(self) -> list[str]:
        """Return the credentials that the request carries, the longest first."""
        values = [value for name, value in self.headers.items() if name.lower() in _SECRET_HEADERS]
        values += [value.partition(" ")[2] for value in values]
        values += self.borrowed_secrets
        values += [value for _, value in _SECRET_QUERY.findall(self.target)]
        long_enough = {value for value in values if len(value) >= _SECRET_LENGTH}
        return sorted(long_enough, key=len, reverse=True)

    def facts(self) -> dict[str, Any]:
        """Return what every error of this call carries: method, masked URL, attempts."""
        url = mask(self.origin + self.target, self.secrets())
        return {"method": self.method, "url": url, "attempts": self.attempts}


class BadReply(Exception):
    """A reply can not be used; ``reply`` is what there is of it, None without a status line."""

    def __init__(self, problem: str, reply: Reply | None = None, retryable: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.reply = reply
        self.retryable = retryable


class Reply:
    """What came back.

    Args:
        status: HTTP status.
        reason: Reason phrase of the status line, maybe empty.
        headers: Headers, names in lower case.
        content: The body, or the part of it that was read.
    """

    __slots__ = ("content", "headers", "reason", "status")

    def __init__(self, status: int, reason: str, headers: dict[str, str], content: bytes) -> None:
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content

    def facts(self, secrets: list[str]) -> dict[str, Any]:
        """Return what every error of this reply carries: status, request id, headers."""
        headers = {
            name: mask(value, secrets)
            for name, value in self.headers.items()
            if name not in _COOKIE_HEADERS
        }
        return {
            "status_code": self.status,
            "request_id": headers.get("x-request-id"),
            "headers": headers,
        }


def inflate(reply: Reply, limit: int) -> None:
    """Undo the gzip of a reply's body, within ``limit`` bytes; of an error, as far as it goes."""
    coding = reply.headers["content-encoding"]
    success = reply.status <= 299
    if coding.lower() == "identity" or not reply.content:
        return
    if coding.lower() not in ("gzip", "x-gzip"):
        if success:
            raise BadReply(f"is in a coding that nobody asked for ({opening(coding)!r})", reply)
        return
    room = limit + 1 if success else ERROR_BODY_LIMIT
    try:
        content, whole = _gunzip(reply.content, room)
    except zlib.error:
        if success:
            raise BadReply("is not gzip, as it says it is", reply) from None
        return
    if success and len(content) > limit:
        raise BadReply(f"is larger than max_response_bytes ({limit}), inflated", reply)
    if success and not whole:
        raise BadReply("was cut short inside of its gzip", reply, retryable=True)
    reply.content = content


def _gunzip(content: bytes, room: int) -> tuple[bytes, bool]:
    """Return at most ``room`` bytes of a gzip (RFC 1952), and whether that is all of it."""
    members = []
    while content and room:
        inflater = zlib.decompressobj(wbits=31)
        members.append(inflater.decompress(content, room))
        room -= len(members[-1])
        if not inflater.eof:
            return b"".join(members), False
        content = inflater.unused_data
    return b"".join(members), not content


def value_of(reply: Reply, request: Request) -> Any:
    """Return the decoded reply, or raise the error that it stands for."""
    if not 200 <= reply.status <= 299:
        raise error_of(reply, request)
    if not reply.content or reply.status == 204:
        return None
    try:
        text = str(reply.content, "utf-8")
        if len(text) > ERROR_BODY_LIMIT:
            # Bytes, text and values of a large reply need not be held at once; an error shows
            # no more than this, and takes off what the cut leaves of a credential.
            reply.content = reply.content[:ERROR_BODY_LIMIT]
        return text if request.text else _decoded(text)
    except RecursionError:
        problem = "is JSON that is nested too deeply"
    except ValueError:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        problem = "is not UTF-8 text" if request.text else "is not JSON"
    raise unusable(problem, reply, request)


def unusable(
    problem: str, reply: Reply, request: Request, retryable: bool = False
) -> IronflowError:
    """Return the error of a reply that can not be used; ``problem`` completes "the reply …"."""
    problem = clean(problem, request)
    kind = clean(reply.headers.get("content-type", "no content type"), request, 100)
    body = _text_of(reply, request)
    start = clean(body, request, _EXCERPT_LIMIT)
    return InvalidResponseError(
        f"the reply {problem} (status {reply.status}, {kind}), it begins: {start!r}",
        code="INVALID_RESPONSE",
        retryable=retryable,
        body=body,
        **reply.facts(request.secrets()),
        **request.facts(),
    )


def error_of(reply: Reply, request: Request) -> IronflowError:
    """Return the error that a reply with a status other than 2xx stands for."""
    text = _text_of(reply, request)
    body = _value_or_text(text)
    found = body if isinstance(body, dict) else {}
    if isinstance(found.get("error"), dict):  # {"error": {"code": …, "message": …}}
        found = {**found["error"], **{k: v for k, v in found.items() if k != "error"}}
    if 300 <= reply.status <= 399 and "location" in reply.headers:
        message = f"redirected to {reply.headers['location']}, {_NOT_FOLLOWED}"
    else:
        message = _first_text(found.get("message"), found.get("error"))
    if not message and isinstance(body, str):
        message = _TAG.sub(" ", body[:8192]) if body.lstrip().startswith("<") else body
    if not (message and message.strip()) and body and not isinstance(body, str):
        message = text
    message = clean(message or "", request) or clean(reply.reason, request)
    retryable = found.get("retryable")
    return class_for(reply.status)(
        message or f"HTTP status {reply.status}",
        code=clean(_first_text(found.get("code")), request, _CODE_LIMIT) or code_for(reply.status),
        retryable=retryable if isinstance(retryable, bool) else reply.status in RETRYABLE_STATUSES,
        retry_after=_retry_after(reply.headers.get("retry-after"), found.get("retry_after")),
        body=body,
        **reply.facts(request.secrets()),
        **request.facts(),
    )


def _text_of(reply: Reply, request: Request) -> str:
    """Return the start of a body as text, without a credential or what a cut left of one."""
    text = reply.content[:ERROR_BODY_LIMIT].decode("utf-8", "replace")
    for secret in request.secrets():
        text = _without_cut(secret, mask(text, [secret]))
    return text


def _without_cut(secret: str, text: str) -> str:
    """Return ``text`` without the part of ``secret`` that it ends in the middle of, if it does."""
    start = -1
    first = secret[:_SECRET_LENGTH]
    while (start := text.find(first, max(start + 1, len(text) - len(secret)))) >= 0:
        # A cut inside of a character has left a replacement character for the rest of it.
        if secret.startswith(text[start:].rstrip("\ufffd")):
            return text[:start]
    return text


def _value_or_text(text: str) -> Any:
    """Return the body of an error reply: JSON where it is some, else text; None when empty."""
    try:
        return _decoded(text) if text else None
    except (ValueError, RecursionError):
        return text


def _first_text(*candidates: object) -> str:
    return next((text for text in candidates if isinstance(text, str) and text.strip()), "")


def clean(text: str, request: Request, limit: int = _MESSAGE_LIMIT) -> str:
    """Mask, replace control characters, fold white space and bound a text of the server."""
    text = mask(text, request.secrets())[: 8 * limit]
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def opening(text: str) -> str:
    """Return the first words of a text of the server, where its credentials can not be masked."""
    if len(text) <= _OPENING_LIMIT:
        return text
    return _LAST_WORD.sub("…", text[:_OPENING_LIMIT], count=1)


def _retry_after(header: str | None, member: object) -> float | None:
    """Return the seconds to wait that a reply asks for: seconds or a date (RFC 9110, 10.2.3)."""
    if header is not None:
        try:
            return _sane(float(header))
        except ValueError:
            return _seconds_until(header)
    if isinstance(member, (int, float)) and not isinstance(member, bool):
        return _sane(float(member))
    return None


def _seconds_until(date: str) -> float | None:
    from email.utils import mktime_tz, parsedate_tz
    from time import time

    try:
        parsed = parsedate_tz(date)
        return None if parsed is None else max(0.0, mktime_tz(parsed) - time())
    except (IndexError, OverflowError, TypeError, ValueError):  # Python 3.9 on what is no date
        return None


def _sane(seconds: float) -> float | None:
    return seconds if 0 <= seconds < float("inf") else None


def _decoded(text: str) -> Any:
    """Return the value of a JSON text; ``JSONDecoder.decode`` takes half as long again."""
    text = text.strip(" \t\r\n")
    value, end = _DECODER.raw_decode(text)
    if end != len(text):
        raise ValueError("there is more than one JSON value")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
