"""How arguments become bytes on the wire, and which arguments are refused.

Rules:

1. Nothing is guessed. What can not be sent as it stands is refused with a ``ValueError`` or
   ``TypeError`` that names the argument and the place in it, before anything is sent.
2. A refusal never shows the value: it may be a secret.
3. A path argument is one string, percent-encoded whole (RFC 3986, 2.1). An empty one, and one that
   holds a ``.`` or ``..`` segment, is refused, for servers decode ``%2F`` before they route.
4. Query: None is left out, booleans are ``true`` and ``false``, lists are joined by commas,
   datetimes carry an offset and are written as RFC 3339.
5. JSON is compact UTF-8. NaN, naive datetimes, keys that are not strings and types that JSON does
   not have are refused with their place; aware datetimes and UUIDs are written as strings.

This module is loaded with the client class and so imports nothing itself; ``json``, ``datetime``
and ``uuid`` are imported by the few functions that need them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from json import JSONEncoder
    from typing import Any

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PERCENT = {byte: f"%{byte:02X}" for byte in range(256) if chr(byte) not in _UNRESERVED}
_TOKEN = frozenset("!#$%&'*+-.^_`|~" + _UNRESERVED)  # RFC 9110, 5.6.2

# The client computes these; a second opinion on the framing is how requests get smuggled.
_FRAMING_HEADERS = frozenset(
    {"connection", "content-length", "expect", "host", "te", "trailer", "transfer-encoding"}
)


def segment(**argument: object) -> str:
    """Percent-encode one path argument, given by its name: ``segment(id=id)``.

    Args:
        argument: One string or integer. None, booleans and bytes are not taken.

    Returns:
        The text for the path, with nothing left that a server could take for a separator.

    Raises:
        TypeError: It is neither a string nor an integer.
        ValueError: It is empty, holds a ``.`` or ``..`` segment, or is not valid Unicode.
    """
    ((name, value),) = argument.items()
    if type(value) is str and value.isascii() and value.isidentifier():
        return value  # letters, digits and underscores: most ids
    text = _text(name, value)
    if not text:
        raise ValueError(f"{name}: must not be empty")
    if "." in text and has_dot_segment(text):
        raise ValueError(f"{name}: must not hold a '.' or '..' path segment")
    return _percent(name, text)


def has_dot_segment(text: str) -> bool:
    """Tell whether a part of ``text`` between slashes or backslashes is ``.`` or ``..``."""
    return any(part in (".", "..") for part in text.replace("\\", "/").split("/"))


def query_string(params: Mapping[str, object] | None) -> str:
    """Encode query parameters.

    Args:
        params: Values by wire name: strings, numbers, booleans, aware datetimes, lists of those,
            or None for one that is left out.

    Returns:
        The query without its ``?``, empty when no parameter is left.
    """
    pairs = []
    for name, value in (params or {}).items():
        if value is None:
            continue
        if not isinstance(name, str):
            raise TypeError(f"query: names must be strings, not {type(name).__name__}")
        text = _query_text(name, value)
        pairs.append(f"{_percent(name, name)}={_percent(name, text)}")
    return "&".join(pairs)


def _query_text(name: str, value: object) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, (str, int)):
        return _text(name, value)
    if isinstance(value, float):
        if not is_finite(value):
            raise ValueError(f"{name}: NaN and infinity can not be sent")
        return float.__repr__(value)
    if isinstance(value, (list, tuple)):
        return ",".join(_list_item(f"{name}[{place}]", item) for place, item in enumerate(value))
    text = _timestamp(name, value)
    if text is None:
        raise TypeError(f"{name}: a query value can not be of type {type(value).__name__}")
    return text


def _list_item(place: str, value: object) -> str:
    if value is None or isinstance(value, (list, tuple)):
        raise TypeError(f"{place}: an item of a list can not be of type {type(value).__name__}")
    text = _query_text(place, value)
    if "," in text:
        raise ValueError(f"{place}: an item must not hold a comma, for lists are joined by commas")
    return text


def header(name: object, value: object) -> str:
    """Check one request header and return its value as text.

    Raises:
        TypeError: The name is not a string, or the value is neither a string nor an integer.
        ValueError: The name is not a token, it belongs to the framing of the message, or the value
            holds CR, LF, NUL or a character outside Latin-1. The value is not shown.
    """
    if not isinstance(name, str):
        raise TypeError(f"headers: names must be strings, not {type(name).__name__}")
    if not name or not _TOKEN.issuperset(name):
        # Not shown: a whole header line given as the name holds its value.
        raise ValueError("headers: a name must be an HTTP token: letters, digits and hyphens")
    if name.lower() in _FRAMING_HEADERS:
        raise ValueError(f"headers: {name} is set by the client and can not be given")
    return header_value(name, value)


def header_value(name: str, value: object) -> str:
    """Check the value of one header; ``name`` is what a refusal calls it."""
    text = _text(name, value)
    if any(character in "\r\n\0" for character in text):
        raise ValueError(f"{name}: must not hold CR, LF or NUL")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        # "from None": the cause prints the text, which may be a credential.
        raise ValueError(f"{name}: holds a character that a header can not carry") from None
    return text


def header_block(fields: Mapping[str, str]) -> bytes:
    """Return checked headers as they stand in a message."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")


def json_body(body: object) -> bytes:
    """Encode a request body as compact UTF-8 JSON.

    Raises:
        TypeError: Something in it is not JSON: a key that is not a string, a set, an object.
        ValueError: NaN, infinity, a naive datetime, broken Unicode, or endless nesting.
    """
    try:
        _check_json(body, None)
        text = (_encoder or _make_encoder()).encode(body)
    except RecursionError:
        raise ValueError("body: nested too deeply, or it contains itself") from None
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError("body: holds text that is not valid Unicode") from None


_encoder: JSONEncoder | None = None


def _make_encoder() -> JSONEncoder:
    """Make the encoder on the first body; ``json.dumps`` would make one for each."""
    global _encoder
    from json import JSONEncoder

    _encoder = JSONEncoder(
        ensure_ascii=False,
        allow_nan=False,
        check_circular=False,  # _check_json has met every cycle
        separators=(",", ":"),
        default=_json_default,
    )
    return _encoder


def encoded_body(body: object, raw: bool) -> tuple[bytes | None, str | None]:
    """Return a body's bytes and content type; None and None where there is no body.

    Args:
        body: What to send.
        raw: Whether the route stores bytes as they are; elsewhere bytes are refused.
    """
    if body is None:
        return None, None
    if raw and isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), "application/octet-stream"
    return json_body(body), "application/json"


def idempotency(
    headers: dict[str, str], body: object, keyed: bool
) -> tuple[dict[str, str], object, bool]:
    """Find the idempotency key of a call, and make one where the caller asks for ``"auto"``.

    Args:
        headers: Headers of the call; ``Idempotency-Key`` may be among them.
        body: Body of the call.
        keyed: Whether the route reads an ``idempotency_key`` from the body.

    Returns:
        Headers and body to send, and whether they hold a key.
    """
    found = False
    if keyed and isinstance(body, dict) and body.get("idempotency_key"):
        found = True
        if body["idempotency_key"] == "auto":
            body = {**body, "idempotency_key": _new_key()}
    for name in headers:
        if name.lower() == "idempotency-key" and headers[name]:
            found = True
            if headers[name] == "auto":
                headers = {**headers, name: _new_key()}
    return headers, body, found


def _new_key() -> str:
    from uuid import uuid4

    return str(uuid4())


def _check_json(value: object, place: tuple[Any, Any] | None) -> None:
    """Refuse what JSON has no form for; ``place`` is (outer place, key), linked to the root."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                where = _path(place)
                raise TypeError(f"{where}: keys must be strings, not {type(key).__name__}")
            if type(item) is not str:
                _check_json(item, (place, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if type(item) is not str:
                _check_json(item, (place, index))
    elif isinstance(value, float):
        if not is_finite(value):
            raise ValueError(f"{_path(place)}: NaN and infinity have no form in JSON")
    elif value is not None and not isinstance(value, (str, int)):
        where = _path(place)
        if _timestamp(where, value) is None and not _is_uuid(value):
            raise TypeError(f"{where}: type {type(value).__name__} has no form in JSON")


def _json_default(value: object) -> str:
    return _timestamp("body", value) or str(value)


def _path(place: tuple[Any, Any] | None) -> str:
    keys = []
    while place is not None:
        place, key = place
        keys.append(f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]")
    return "body" + "".join(reversed(keys))


def _timestamp(name: str, value: object) -> str | None:
    """Return an aware datetime as RFC 3339, None for any other type."""
    from datetime import datetime, timedelta, timezone

    if not isinstance(value, datetime):
        return None
    offset = value.utcoffset()
    if offset is None:
        raise ValueError(f"{name}: a datetime needs a time zone, as in datetime.now(timezone.utc)")
    if not offset or offset % timedelta(minutes=1):  # RFC 3339 has no offsets with seconds
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    return value.isoformat()


def is_finite(value: float) -> bool:
    """Tell whether a number is neither NaN nor infinite, without ``math`` on the way to import."""
    return value - value == 0


def _is_uuid(value: object) -> bool:
    from uuid import UUID

    return isinstance(value, UUID)


def _text(name: str, value: object) -> str:
    # The plain text of a subclass too: str() of an enum differs between Python versions.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    raise TypeError(f"{name}: must be a string or an integer, not {type(value).__name__}")


def _percent(name: str, text: str) -> str:
    try:
        return text.encode().decode("latin-1").translate(_PERCENT)
    except UnicodeEncodeError:
        raise ValueError(f"{name}: is not valid Unicode") from None
