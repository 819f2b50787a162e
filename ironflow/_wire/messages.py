"""One call as the wire sees it: the request, and the bytes that it is sent as."""

from __future__ import annotations

from .redaction import Redactor, secrets_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .headers import Headers
    from .replies import Reply


class Request:
    """One call: what it asks of the server, and how far it has come.

    Its ``repr`` is the default one, which shows nothing of it; the message is made where it is sent
    and held by no variable. So no crash report that prints local variables prints a credential.

    Args:
        origin: Scheme, host and port of the server.
        method: HTTP method in upper case.
        target: Encoded path and query.
        headers: Headers of the client and of this call.
        kind: Content type of the body, None without one.
        content: Body, None for none.
        text: Whether the reply is to be text, not JSON.
        retry: Whether the caller wants repeats: True, False, or None for what is safe.
        repeatable: Whether the call may be sent again although it may have been delivered.
        secret: Whether the reply holds a credential, so that nothing of it may be shown.
        read: Makes the value of a successful reply, after it was decoded; None where it is that.
        stream: Whether the body of a success is wanted in pieces: the value is a ``Stream`` then.

    Attributes:
        attempts: How many times it was sent or tried to be sent.
        sent: Whether any of these may have reached the server and was not refused there.
        sent_before: The same before the latest of them.
        cost: What the latest wait has taken from the budget of retries.
        proxy_secrets: What of the proxy's URL must not be shown.
        reply: The latest reply.
    """

    __slots__ = (
        "attempts",
        "content",
        "cost",
        "headers",
        "kind",
        "method",
        "origin",
        "proxy_secrets",
        "read",
        "repeatable",
        "reply",
        "retry",
        "secret",
        "sent",
        "sent_before",
        "stream",
        "target",
        "text",
    )

    def __init__(
        self,
        origin: str,
        method: str,
        target: str,
        headers: Headers,
        kind: str | None,
        content: bytes | None,
        text: bool,
        retry: bool | None,
        repeatable: bool,
        secret: bool,
        read: Callable[[Reply], Any] | None = None,
        stream: bool = False,
    ) -> None:
        self.origin = origin
        self.method = method
        self.target = target
        self.headers = headers
        self.kind = kind
        self.content = content
        self.text = text
        self.retry = retry
        self.repeatable = repeatable
        self.secret = secret
        self.read = read
        self.stream = stream
        self.attempts = 0
        self.cost = 0
        self.sent = self.sent_before = False
        self.proxy_secrets: tuple[str, ...] = ()
        self.reply: Reply | None = None

    def redactor(self) -> Redactor:
        """Return what masks the credentials of this request."""
        secrets = [*self.headers.secrets(), *self.proxy_secrets, *secrets_in(self.target)]
        return Redactor(secrets)

    @property
    def url(self) -> str:
        """The URL of the call, credentials masked."""
        return self.redactor().url(self.origin + self.target)
