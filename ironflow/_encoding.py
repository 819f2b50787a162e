"""How arguments become bytes on the wire, and which arguments are refused.

Rules:

1. Nothing is guessed. What cannot be sent as it is gets refused with a ``ValueError`` or
   ``TypeError`` that names the argument and the place in it, before anything is sent.
2. A refusal never shows the value: it may be a secret. Nor does its context: what encoders raise
   holds the whole text.
3. A path argument is one string, percent-encoded whole (RFC 3986, 2.1). An empty one is refused,
   and one in which a part between slashes or backslashes is empty, ``.`` or ``..``: servers and
   proxies decode ``%2F`` and fold slashes before they route.
4. Query: None is left out, booleans are ``true`` and ``false``, datetimes carry an offset and are
   written as RFC 3339. Lists are joined by commas where the parameter is a list and refused where
   it is not. An empty list is refused everywhere: a filter that turns out empty must not mean
   "all".
5. JSON is compact UTF-8. NaN, naive datetimes, keys that are not strings and types that JSON does
   not have are refused with their place. Aware datetimes and UUIDs are written as their text, enum
   members as their values.

This module is loaded with the client class, so it imports nothing that takes time.
"""

from __future__ import annotations

import sys

from ._wire.headers import LETTERS, is_a, text_of
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from json import JSONEncoder
    from typing import Any

    from ._wire.headers import Fields

_UNRESERVED = LETTERS + "0123456789-._~"
_PERCENT = {byte: f"%{byte:02X}" for byte in range(256) if chr(byte) not in _UNRESERVED}

# Between slashes, a part that is one of these leads elsewhere.
_NO_PARTS = frozenset({"", ".", ".."})


def segment(**argument: object) -> str:
    """Percent-encode one path argument, given by its name: ``segment(id=id)``.

    Args:
        argument: One string, integer or UUID. None, booleans and bytes are not taken.

    Returns:
        The text for the path, with nothing left that a server could take for a separator.

    Raises:
        TypeError: It is of another type.
        ValueError: It is empty, a part of it is empty, ``.`` or ``..``, or it is not valid Unicode.
    """
    ((name, value),) = argument.items()
    if type(value) is str and value.isascii() and value.isidentifier():
        return value  # letters, digits and underscores: most ids
    text = _text(name, value)
    if not text:
        raise ValueError(f"{name}: must not be empty")
    if not _NO_PARTS.isdisjoint(text.replace("\\", "/").split("/")):
        raise ValueError(f"{name}: must not hold an empty, '.' or '..' part between slashes")
    return _percent(name, text)


def has_dot_segment(text: str) -> bool:
    """Tell whether a part of ``text`` between slashes or backslashes is ``.`` or ``..``."""
    return any(part in (".", "..") for part in text.replace("\\", "/").split("/"))


def query_string(params: Mapping[str, object], lists: Collection[str] | None = None) -> str:
    """Encode query parameters.

    Args:
        params: Values by wire name: strings, numbers, booleans, aware datetimes, UUIDs, lists of
            those, or None for one that is left out.
        lists: Names of the parameters that take a list; None when that is not known.

    Returns:
        The query without its ``?``, empty when no parameter is left.
    """
    pairs = []
    for name, value in params.items():
        if value is None:
            continue
        if not isinstance(name, str):
            raise TypeError(f"query: names must be strings, not {type(name).__name__}")
        if isinstance(value, (list, tuple)):
            if lists is not None and name not in lists:
                raise TypeError(f"{name}: takes one value, not a {type(value).__name__}")
            text = _joined(name, value)
        else:
            text = _query_text(name, value)
        pairs.append(f"{_percent(name, name)}={_percent(name, text)}")
    return "&".join(pairs)


def _joined(name: str, values: Any) -> str:
    if not values:
        raise ValueError(f"{name}: must not be an empty list; None leaves the filter out")
    return ",".join(_list_item(f"{name}[{place}]", item) for place, item in enumerate(values))


def _query_text(name: str, value: object) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    text: str | None = text_of(value)
    if text is None and isinstance(value, float):
        if not is_finite(value):
            raise ValueError(f"{name}: NaN and infinity cannot be sent")
        text = float.__repr__(value)
    if text is None:
        text = _timestamp(name, value)
    if text is None and is_a("enum", "Enum", value):
        return _query_text(name, value.value)  # type: ignore[attr-defined]
    if text is None:
        kind = type(value).__name__
        raise TypeError(f"{name}: a query value cannot be of type {kind}{_advice(value)}")
    return text


def _list_item(place: str, value: object) -> str:
    if value is None or isinstance(value, (list, tuple)):
        raise TypeError(f"{place}: an item of a list cannot be of type {type(value).__name__}")
    text = _query_text(place, value)
    if "," in text:
        raise ValueError(f"{place}: an item must not hold a comma, for lists are joined by commas")
    return text


def json_body(body: object) -> bytes:
    """Encode a request body as compact UTF-8 JSON.

    Raises:
        TypeError: Something in it is not JSON: a key that is not a string, a set, an object.
        ValueError: NaN, infinity, a naive datetime, broken Unicode, or endless nesting.
    """
    problem = "nested too deeply, or it contains itself"
    try:
        _check_json(body, None)
        text = (_encoder or _make_encoder()).encode(body)
        problem = "holds text that is not valid Unicode"
        return text.encode()
    except (RecursionError, UnicodeEncodeError):
        text = ""
    raise ValueError(f"body: {problem}")


_encoder: JSONEncoder | None = None


def _make_encoder() -> JSONEncoder:
    """Make the encoder on the first body; ``json.dumps`` would make one for each."""
    global _encoder
    with loading:
        from json import JSONEncoder

    _encoder = JSONEncoder(
        ensure_ascii=False,
        allow_nan=False,
        check_circular=False,  # _check_json has met every cycle
        separators=(",", ":"),
        default=_json_default,
    )
    return _encoder


def encoded_body(body: object, raw: bool) -> tuple[bytes, str]:
    """Return a body's bytes and content type.

    Args:
        body: What to send.
        raw: Whether bytes are sent as they are; elsewhere they are refused.
    """
    if raw and isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), "application/octet-stream"
    return json_body(body), "application/json"


def idempotency(headers: Fields, body: object, keyed: bool) -> tuple[Fields, object, bool]:
    """Find the idempotency key of a call, and make one where the caller asks for ``"auto"``.

    Args:
        headers: Headers of the call; ``Idempotency-Key`` may be among them.
        body: Body of the call.
        keyed: Whether the route reads an ``idempotency_key`` from the body.

    Returns:
        Headers and body to send, and whether they hold a key.

    Raises:
        ValueError: A key is blank: the server would take every such call for the same one, or for
            one without a key.
    """
    found = False
    if keyed and isinstance(body, dict):
        given = body.get("idempotency_key")
        text = None if isinstance(given, int) else text_of(given)
        if text is not None:  # the server refuses what is not text
            found = True
            if _checked_key("body.idempotency_key", text) == "auto":
                body = {**body, "idempotency_key": _new_key()}
    for name, value in headers.values.items():
        if name.lower() == "idempotency-key":
            found = True
            if _checked_key("Idempotency-Key", value) == "auto":
                headers = headers.with_value(name, _new_key())
    return headers, body, found


def _checked_key(name: str, key: str) -> str:
    if not key.strip():
        raise ValueError(f'{name}: must not be blank; "auto" makes a key')
    return key


def _new_key() -> str:
    with loading:
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
            raise ValueError(f"{_path(place)}: NaN and infinity cannot be written as JSON")
    elif value is not None and not isinstance(value, (str, int)):
        _check_convertible(value, place)


def _check_convertible(value: object, place: tuple[Any, Any] | None) -> None:
    """Refuse what is no JSON and cannot be written as any."""
    if is_a("enum", "Enum", value):
        _check_json(value.value, place)  # type: ignore[attr-defined]
        return
    where = _path(place)
    if _timestamp(where, value) is None and text_of(value) is None:
        kind = type(value).__name__
        raise TypeError(f"{where}: type {kind} cannot be written as JSON{_advice(value)}")


def _json_default(value: object) -> Any:
    if is_a("enum", "Enum", value):
        return value.value  # type: ignore[attr-defined]
    return _timestamp("body", value) or text_of(value)


def _path(place: tuple[Any, Any] | None) -> str:
    keys = []
    while place is not None:
        place, key = place
        keys.append(f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]")
    return "body" + "".join(reversed(keys))


def _timestamp(name: str, value: object) -> str | None:
    """Return an aware datetime as RFC 3339, None for any other type."""
    if not is_a("datetime", "datetime", value):
        return None
    moment: Any = value
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"{name}: a datetime needs a time zone, as in datetime.now(timezone.utc)")
    if not offset or offset.total_seconds() % 60:  # RFC 3339 has no offsets with seconds
        utc = moment.astimezone(sys.modules["datetime"].timezone.utc)
        return str(utc.isoformat()).replace("+00:00", "Z")
    return str(moment.isoformat())


def _advice(value: object) -> str:
    """Return what to give instead of a value that cannot be sent, empty where nobody can tell."""
    if not is_a("datetime", "date", value):
        return ""
    return (
        ": it has no time of day; give a datetime with a time zone,"
        " as in datetime(2026, 1, 15, tzinfo=timezone.utc)"
    )


def is_finite(value: float) -> bool:
    """Tell whether a number is neither NaN nor infinite, without ``math`` on the way to import."""
    return value - value == 0


def _text(name: str, value: object) -> str:
    text: str | None = text_of(value)
    if text is None:
        raise TypeError(f"{name}: must be a string or an integer, not {type(value).__name__}")
    return text


def _percent(name: str, text: str) -> str:
    try:
        return text.encode().decode("latin-1").translate(_PERCENT)
    except UnicodeEncodeError:
        pass
    raise ValueError(f"{name}: is not valid Unicode")
