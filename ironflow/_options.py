"""The options of a client: names, defaults, environment variables, and what each accepts.

Rules:

1. An argument wins over its environment variable, which wins over the default.
2. A bad value is refused in the constructor with a ``ValueError`` or ``TypeError`` that names the
   option, or the environment variable that it came from. An unknown name is refused with the one
   that was probably meant.
3. Values are not shown: a URL may hold a password, and an API key is one. Both travel as ``Held``
   objects, so that no local variable of a traceback shows them either.
4. Options never change. ``with_options`` makes new ones.
"""

from __future__ import annotations

import os

from ._encoding import has_dot_segment, is_finite
from ._wire.headers import Fields, Given, refuse, value_refusal
from ._wire.limits import Limits
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ._observe import ResponseInfo

DEFAULT_SERVER_URL = "http://localhost:9123"
DEFAULT_TIMEOUT = 30.0
DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024
DEFAULT_RETRY_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PUT"})

METHODS = DEFAULT_RETRY_METHODS | {"PATCH", "POST"}

ENVIRONMENT_VARIABLES = {
    "server_url": "IRONFLOW_SERVER_URL",
    "api_key": "IRONFLOW_API_KEY",
    "environment": "IRONFLOW_ENV",
}

# Beyond these no clock, socket or buffer can be relied on.
LONGEST = 366 * 24 * 3600.0
LARGEST = 2**36
MOST_ATTEMPTS = 1000
MOST_AT_ONCE = 1000

# What the same thing is called in other clients.
_MEANT = {
    "auth": "api_key",
    "backoff": "initial_backoff",
    "base_url": "server_url",
    "baseurl": "server_url",
    "bearer": "api_key",
    "ca": "ssl_context",
    "cafile": "ssl_context",
    "cert": "ssl_context",
    "default_headers": "headers",
    "endpoint": "server_url",
    "env": "environment",
    "host": "server_url",
    "insecure": "ssl_context",
    "key": "api_key",
    "max_retries": "max_attempts",
    "max_retry": "max_attempts",
    "org_id": "org",
    "organisation": "org",
    "organization": "org",
    "password": "api_key",
    "retries": "max_attempts",
    "retry": "max_attempts",
    "ssl": "ssl_context",
    "ssl_verify": "ssl_context",
    "tls": "ssl_context",
    "token": "api_key",
    "url": "server_url",
    "user_agent": "user_agent_suffix",
    "verify": "ssl_context",
    "verify_ssl": "ssl_context",
}


class Held:
    """A value that is not shown, and what refusals call it.

    Args:
        value: The value.
        name: The option, or the environment variable that the value came from.
    """

    __slots__ = ("name", "value")

    def __init__(self, value: Any, name: str) -> None:
        self.value = value
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


def held(option: str, value: object) -> Held:
    """Return an option's value, or that of its environment variable where it is None."""
    variable = ENVIRONMENT_VARIABLES[option]
    found = os.environ.get(variable) or None if value is None else None
    return Held(value, option) if found is None else Held(found, variable)


def unknown_option(name: str) -> TypeError:
    """Return the refusal of a name that is not an option."""
    with loading:
        from difflib import get_close_matches

    plain = name.lower()
    meant = _MEANT.get(plain) or next(iter(get_close_matches(plain, _CHECKS, 1)), None)
    text = f"{name!r} is not an option of the client"
    if meant is None:
        return TypeError(f"{text}; the options are: {', '.join(_CHECKS)}")
    also = ", which counts the first try as well" if meant == "max_attempts" else ""
    return TypeError(f"{text}; did you mean {meant!r}{also}?")


def _server_url(name: str, value: Held) -> str:
    refuse(_problem_of_url(value))
    if value.value is None:
        return DEFAULT_SERVER_URL
    scheme, _, rest = value.value.partition("://")
    netloc, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{netloc.rstrip(':')}{slash}{path}".rstrip("/")


def _problem_of_url(held: Held) -> Exception | None:
    """Return why a URL cannot be one of a server; None when it can."""
    with loading:
        from urllib.parse import urlsplit

    url, name = held.value, held.name
    if url is None:
        return None
    if not isinstance(url, str):
        return TypeError(f"{name}: must be a string, not {type(url).__name__}")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return ValueError(
            f"{name}: must be plain ASCII without spaces or control characters;"
            " write an international host name in its xn-- form"
        )
    try:
        parts = urlsplit(url)
        is_missing = not parts.hostname or parts.port == 0
    except ValueError:
        return ValueError(f"{name}: the host or the port is not valid")
    path = parts.path.rstrip("/")
    for is_wrong, what in (
        (
            parts.scheme not in ("http", "https") or "://" not in url,
            f"needs a scheme, http or https, as in {DEFAULT_SERVER_URL!r}",
        ),
        ("@" in parts.netloc, "must not hold credentials; give api_key instead"),
        (is_missing, "the host or the port is missing"),
        ("?" in url or "#" in url, "must not hold a query or a fragment"),
        (path.endswith("/api/v1"), "leave out '/api/v1', the client adds it"),
        (has_dot_segment(path), "must not hold a '.' or '..' path segment"),
    ):
        if is_wrong:
            return ValueError(f"{name}: {what}")
    return None


def _api_key(name: str, value: Held) -> Held | None:
    refuse(_problem_of_key(value))
    return value if value.value else None


def _problem_of_key(held: Held) -> Exception | None:
    key, name = held.value, held.name
    if key is None or key == "":
        return None
    if not isinstance(key, str):
        return TypeError(f"{name}: must be a string, not {type(key).__name__}")
    if not key.isascii() or not key.isprintable() or " " in key:
        return ValueError(f"{name}: holds a space or a character that no key has; strip it?")
    return None


def _environment(name: str, value: Held) -> str | None:
    return _header_text(value.name, value.value)


def _header_text(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name}: must be a string, not {type(value).__name__}")
    refuse(value_refusal(name, value))
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: must be a number, not {type(value).__name__}")
    if not is_finite(value):
        raise ValueError(f"{name}: must be a finite number")
    return value


def _at_most(name: str, value: float, most: float) -> None:
    if value > most:
        raise ValueError(f"{name}: must be at most {most:g}")


def seconds(name: str, value: object) -> float:
    """Check a duration that may be 0 and return it."""
    duration = _number(name, value)
    if duration < 0:
        raise ValueError(f"{name}: must not be negative")
    _at_most(name, duration, LONGEST)
    return duration


def patience(name: str, value: object) -> float:
    """Check a duration that must not be 0 and return it."""
    duration = seconds(name, value)
    if duration == 0:
        raise ValueError(f"{name}: must be more than 0 seconds")
    return duration


def optional_patience(name: str, value: object) -> float | None:
    """Check a duration that must not be 0, or None, and return it."""
    return None if value is None else patience(name, value)


def _factor(name: str, value: object) -> float:
    factor = _number(name, value)
    if factor < 1:
        raise ValueError(f"{name}: must be at least 1")
    _at_most(name, factor, 1000)
    return factor


def whole_number(name: str, value: object, most: int, least: int = 1) -> int:
    """Check a whole number from ``least`` to ``most`` and return it."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: must be a whole number, not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name}: must be at least {least}")
    if value > most:
        raise ValueError(f"{name}: must be at most {most}")
    return value


def _attempts(name: str, value: object) -> int:
    return whole_number(name, value, MOST_ATTEMPTS)


def _bytes(name: str, value: object) -> int:
    return whole_number(name, value, LARGEST)


def _collection(name: str, value: Any, of: str) -> list[Any]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}: must be a collection of {of}")
    return list(value)


def _methods(name: str, value: Any) -> frozenset[str]:
    return frozenset(http_method(name, method) for method in _collection(name, value, "methods"))


def _statuses(name: str, value: Any) -> frozenset[int]:
    statuses = _collection(name, value, "statuses, as in (429,)")
    for status in statuses:
        if isinstance(status, bool) or not isinstance(status, int):
            raise TypeError(f"{name}: a status must be an integer, not {type(status).__name__}")
        if not 400 <= status <= 599:
            raise ValueError(f"{name}: a status must be from 400 to 599")
    return frozenset(statuses)


def http_method(name: str, value: object) -> str:
    """Check an HTTP method and return it in upper case."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: a method must be a string, not {type(value).__name__}")
    if value.upper() not in METHODS:
        raise ValueError(f"{name}: must be one of {', '.join(sorted(METHODS))}")
    return value.upper()


def _client_headers(name: str, value: Given | Fields) -> Fields:
    headers = value if isinstance(value, Fields) else value.checked()
    for of_one_call in ("Content-Type", "Idempotency-Key"):
        if of_one_call.lower() in headers.names():
            raise ValueError(f"{name}: {of_one_call} belongs to one call, not to every request")
    return headers


def optional_callable(name: str, value: object) -> object:
    """Check something to call, or None, and return it."""
    if value is not None and not callable(value):
        raise TypeError(f"{name}: must be callable, not {type(value).__name__}")
    return value


def optional_flag(name: str, value: object) -> None:
    """Check True, False or None."""
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"{name}: must be True, False or None, not {type(value).__name__}")


def _ssl_context(name: str, value: object) -> object:
    if value is not None and not hasattr(value, "wrap_socket"):
        raise TypeError(f"{name}: must be an ssl.SSLContext, not {type(value).__name__}")
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "server_url": _server_url,
    "api_key": _api_key,
    "timeout": patience,
    "total_timeout": optional_patience,
    "max_attempts": _attempts,
    "retry_methods": _methods,
    "initial_backoff": seconds,
    "max_backoff": seconds,
    "backoff_factor": _factor,
    "max_retry_after": seconds,
    "refusal_statuses": _statuses,
    "environment": _environment,
    "org": _header_text,
    "headers": _client_headers,
    "ssl_context": _ssl_context,
    "max_response_bytes": _bytes,
    "user_agent_suffix": _header_text,
    "on_response": optional_callable,
}

# Shown by ``repr`` where they differ from these defaults, so that it fits a line as a rule. The
# others are never shown.
_SHOWN: dict[str, Any] = {
    "total_timeout": None,
    "max_attempts": 3,
    "retry_methods": sorted(DEFAULT_RETRY_METHODS),
    "initial_backoff": 0.1,
    "max_backoff": 10.0,
    "backoff_factor": 2.0,
    "max_retry_after": 60.0,
    "refusal_statuses": [],
    "environment": None,
    "org": None,
    "headers": [],
    "max_response_bytes": DEFAULT_MAX_RESPONSE_BYTES,
    "user_agent_suffix": None,
}


class Options:
    """The checked options of one client; read as attributes, never changed.

    Args:
        given: A value for every option, by name; those that are not to be shown as ``Held`` or
            ``Given``.

    Attributes:
        limits: Those of them that bound a call.
    """

    server_url: str
    api_key: Held | None
    limits: Limits
    timeout: float
    total_timeout: float | None
    max_attempts: int
    retry_methods: frozenset[str]
    initial_backoff: float
    max_backoff: float
    backoff_factor: float
    max_retry_after: float
    refusal_statuses: frozenset[int]
    environment: str | None
    org: str | None
    headers: Fields
    ssl_context: Any
    max_response_bytes: int
    user_agent_suffix: str | None
    on_response: Callable[[ResponseInfo], object] | None

    def __init__(self, **given: Any) -> None:
        self.__dict__.update((name, check(name, given[name])) for name, check in _CHECKS.items())
        self.limits = Limits(
            timeout=self.timeout,
            total_timeout=self.total_timeout or self.timeout,
            max_attempts=self.max_attempts,
            initial_backoff=self.initial_backoff,
            max_backoff=self.max_backoff,
            backoff_factor=self.backoff_factor,
            max_retry_after=self.max_retry_after,
            refusal_statuses=self.refusal_statuses,
            max_response_bytes=self.max_response_bytes,
        )

    def held_for(self, seconds: float) -> Options:
        """Return options whose limits let the server hold a call for a time."""
        copy = object.__new__(Options)
        copy.__dict__.update(self.__dict__, limits=self.limits.held_for(min(seconds, LONGEST)))
        return copy

    def replace(self, changes: Mapping[str, Any]) -> Options:
        """Return a copy with some options changed.

        Args:
            changes: Values as a caller gave them, by name, in ``Held`` objects.

        Raises:
            TypeError: A name is not an option, or a value is of the wrong type.
            ValueError: A value is impossible.
        """
        given = {name: _as_given(name, getattr(self, name)) for name in _CHECKS}
        for name, change in changes.items():
            if name not in _CHECKS:
                raise unknown_option(name)
            given[name] = _as_given(name, change.value)
        return Options(**given)

    def __copy__(self) -> Options:
        return self

    def __deepcopy__(self, memo: object) -> Options:
        return self

    def __reduce__(self) -> Any:
        """Pickle plain values, and name what cannot be pickled."""
        if self.ssl_context is not None:
            raise TypeError(
                "a client with an ssl_context cannot be pickled; create one where it is used"
            )
        if not _can_be_pickled(self.on_response):
            raise TypeError(
                "a client cannot be pickled with this on_response; use one that a module defines"
            )
        plain = {name: getattr(self, name) for name in _CHECKS}
        plain["api_key"] = self.api_key and self.api_key.value
        plain["headers"] = self.headers.values
        return _restored, (plain,)

    def __repr__(self) -> str:
        """Show what may be shown: no key, no header values, and no option left as it is."""
        if "limits" not in vars(self):
            return "not accepted"  # while the constructor refuses them
        shown = [
            f"server_url={self.server_url!r}",
            f"api_key={'set' if self.api_key else None}",
            f"timeout={self.timeout!r}",
        ]
        for name, default in _SHOWN.items():
            value = getattr(self, name)
            value = value.values if isinstance(value, Fields) else value
            value = sorted(value) if isinstance(value, (dict, frozenset)) else value
            if value != default:
                shown.append(f"{name}={value!r}")
        return ", ".join(shown)


def _restored(plain: dict[str, Any]) -> Options:
    """Return options that were pickled."""
    return Options(**{name: _as_given(name, value) for name, value in plain.items()})


def _can_be_pickled(hook: object) -> bool:
    with loading:
        import pickle

    try:
        pickle.dumps(hook)
    except Exception:  # a PicklingError, an AttributeError or a TypeError
        return False
    return True


def _as_given(name: str, value: Any) -> Any:
    """Return an option's value in the form in which it is checked."""
    if name in ENVIRONMENT_VARIABLES:
        return value if isinstance(value, Held) else Held(value, name)
    if name == "headers":
        return value if isinstance(value, Fields) else Given(name, value)
    return value
