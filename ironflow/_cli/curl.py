"""``--curl``: the request as a command for curl, with nothing sent.

Rules:

1. Run by a shell, it sends the same request: method, URL, headers and body, byte by byte.
2. The credential is written as ``$IRONFLOW_API_KEY``, wherever it stands.
3. A command that makes several requests, that goes over WebSocket, or whose request carries another
   secret cannot be shown as one curl command without leaking it, and is refused.
"""

from __future__ import annotations

from ..client import IronflowClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._options import Options
    from .._wire.messages import Request
    from .._wire.transport import Transport

VARIABLE = '"$IRONFLOW_API_KEY"'

_WITH_BODY = ("POST", "PUT", "PATCH")

# Members of bodies that are credentials, whatever the command is.
_SECRET_MEMBERS = (
    "password",
    "current_password",
    "new_password",
    "new_value",
    "secret",
    "token",
)


class Shown(Exception):
    """Instead of sending a request: the request.

    Args:
        request: The request.
        key: The credential in it, None where there is none.
    """

    def __init__(self, request: Request, key: str | None) -> None:
        super().__init__("a request")
        self.request = request
        self.key = key


class ShowingClient(IronflowClient):
    """A client that raises each request as ``Shown`` instead of sending it."""

    def _send(self, transport: Transport, request: Request, options: Options) -> Any:
        raise Shown(request, options.api_key.value if options.api_key else None)


def command_line(shown: Shown) -> str | None:
    """Return the command, None where the request carries a secret besides the credential."""
    request = shown.request
    content = request.content
    if content is not None and _holds_secret(content, request):
        return None
    has_body = content is not None or request.method in _WITH_BODY
    headers = dict(request.headers.fields)
    if request.kind:
        headers["Content-Type"] = request.kind
    elif "content-type" not in {name.lower() for name in headers} and has_body:
        headers["Content-Type"] = ""  # curl would name one of its own
    words = ["curl", "-sS", "-g", "--path-as-is", "-X", request.method]
    words.append(_quoted(request.origin + request.target, shown.key))
    for name, value in headers.items():
        words += ["-H", _quoted(f"{name}: {value}" if value else f"{name}:", shown.key)]
    if content is None:
        # A POST without a body says that it has none.
        return " ".join([*words, "--data-raw", "''"] if has_body else words)
    typed = _as_argument(content)
    if typed is not None:
        return " ".join([*words, "--data-raw", _quoted(typed, shown.key)])
    octal = "".join(f"\\{byte:03o}" for byte in content)
    return f"printf '{octal}' | {' '.join([*words, '--data-binary', '@-'])}"


def _as_argument(content: bytes) -> str | None:
    """Return a body as text, None where it cannot be an argument of a program."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _quoted(text: str, key: str | None) -> str:
    """Return a text as a shell takes it, the credential in it as a variable."""
    from shlex import quote

    if not key or key not in text:
        return quote(text)
    return VARIABLE.join(quote(part) if part else "" for part in text.split(key))


def _holds_secret(content: bytes, request: Request) -> bool:
    if request.kind != "application/json":
        return False
    import json

    return bool(secrets_in(json.loads(content), is_secret="/api/v1/secrets" in request.target))


def secrets_in(body: Any, *, is_secret: bool) -> list[str]:
    """Return the secrets in a body.

    Args:
        body: The body.
        is_secret: Whether it is a secret of the server, whose ``value`` is one.
    """
    if not isinstance(body, dict):
        return []
    names = (*_SECRET_MEMBERS, "value") if is_secret else _SECRET_MEMBERS
    return [str(body[name]) for name in names if name in body]
