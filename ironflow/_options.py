"""The options of a client: names, defaults, environment variables, and what each accepts.

Rules:

1. An argument wins over its environment variable, which wins over the default.
2. A bad value is refused in the constructor with a ``ValueError`` or ``TypeError`` that names the
   option. Values are not shown: a URL may hold a password, and an API key is one.
3. Options never change. ``with_options`` makes a new set.
"""

from __future__ import annotations

import os

from ._encoding import has_dot_segment, header, header_value, is_finite

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


def from_environment(option: str, value: str | None) -> str | None:
    """Return ``value``, or that of the option's environment variable where it is None."""
    return os.environ.get(ENVIRONMENT_VARIABLES[option]) or None if value is None else value


def _server_url(name: str, value: object) -> str:
    from urllib.parse import urlsplit

    if value is None:
        return DEFAULT_SERVER_URL
    if not isinstance(value, str):
        raise TypeError(f"{name}: must be a string, not {type(value).__name__}")
    if not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        raise ValueError(
            f"{name}: must be plain ASCII without spaces or control characters;"
            " write an international host name in its xn-- form"
        )
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:  # "from None": the cause may print the URL, and a password in it
        raise ValueError(f"{name}: the host or the port is not valid") from None
    if parts.scheme not in ("http", "https") or "://" not in value:
        raise ValueError(f"{name}: needs a scheme, http or https, as in {DEFAULT_SERVER_URL!r}")
    if "@" in parts.netloc:
        raise ValueError(f"{name}: must not hold credentials; give api_key instead")
    if not host or port == 0:
        raise ValueError(f"{name}: the host or the port is missing")
    if "?" in value or "#" in value:
        raise ValueError(f"{name}: must not hold a query or a fragment")
    path = parts.path.rstrip("/")
    if path.endswith("/api/v1"):
        raise ValueError(f"{name}: leave out '/api/v1', the client adds it")
    if has_dot_segment(path):
        raise ValueError(f"{name}: must not hold a '.' or '..' path segment")
    return f"{parts.scheme}://{parts.netloc.rstrip(':')}{path}"


def _api_key(name: str, value: object) -> str | None:
    if not _optional_text(name, value):
        return None
    text = header_value(name, value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"{name}: holds a space or a character that no key has; strip it?")
    return text


def _optional_text(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: must be a string, not {type(value).__name__}")
    return value


def _header_text(name: str, value: object) -> str | None:
    return header_value(name, value) if _optional_text(name, value) else None


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name}: must be a number, not {type(value).__name__}")
    if not is_finite(value):
        raise ValueError(f"{name}: must be a finite number")
    return value


def _seconds(name: str, value: object) -> float:
    seconds = _number(name, value)
    if seconds < 0:
        raise ValueError(f"{name}: must not be negative")
    return seconds


def _patience(name: str, value: object) -> float:
    seconds = _number(name, value)
    if seconds <= 0:
        raise ValueError(f"{name}: must be more than 0 seconds")
    return seconds


def _optional_patience(name: str, value: object) -> float | None:
    return None if value is None else _patience(name, value)


def _factor(name: str, value: object) -> float:
    factor = _number(name, value)
    if factor < 1:
        raise ValueError(f"{name}: must be at least 1")
    return factor


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}: must be a whole number, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name}: must be at least 1")
    return value


def _methods(name: str, value: Any) -> frozenset[str]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}: must be a collection of HTTP methods")
    return frozenset(http_method(name, method) for method in value)


def http_method(name: str, value: object) -> str:
    """Check an HTTP method and return it in upper case."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: a method must be a string, not {type(value).__name__}")
    if value.upper() not in METHODS:
        raise ValueError(f"{name}: must be one of {', '.join(sorted(METHODS))}")
    return value.upper()


def checked_headers(name: str, value: Any) -> dict[str, str]:
    """Check a mapping of request headers and return it as text; None values are left out."""
    if value is None:
        return {}
    if not hasattr(value, "items"):
        raise TypeError(f"{name}: must be a mapping, not {type(value).__name__}")
    return {key: header(key, text) for key, text in value.items() if text is not None}


def _client_headers(name: str, value: Any) -> dict[str, str]:
    headers = checked_headers(name, value)
    if any(given.lower() == "content-type" for given in headers):
        raise ValueError(f"{name}: Content-Type belongs to a body, not to every request")
    return headers


def _callable(name: str, value: object) -> object:
    if value is not None and not callable(value):
        raise TypeError(f"{name}: must be callable, not {type(value).__name__}")
    return value


def _ssl_context(name: str, value: object) -> object:
    if value is not None and not hasattr(value, "wrap_socket"):
        raise TypeError(f"{name}: must be an ssl.SSLContext, not {type(value).__name__}")
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "server_url": _server_url,
    "api_key": _api_key,
    "timeout": _patience,
    "total_timeout": _optional_patience,
    "max_attempts": _count,
    "retry_methods": _methods,
    "initial_backoff": _seconds,
    "max_backoff": _seconds,
    "backoff_factor": _factor,
    "max_retry_after": _seconds,
    "environment": _header_text,
    "org": _header_text,
    "headers": _client_headers,
    "ssl_context": _ssl_context,
    "max_response_bytes": _count,
    "user_agent_suffix": _header_text,
    "on_response": _callable,
}

_NOT_SHOWN = frozenset({"api_key", "headers", "on_response", "ssl_context"})


class Options:
    """The checked options of one client; read as attributes, never changed.

    Args:
        given: A value for every option, by name.
    """

    server_url: str
    api_key: str | None
    timeout: float
    total_timeout: float | None
    max_attempts: int
    retry_methods: frozenset[str]
    initial_backoff: float
    max_backoff: float
    backoff_factor: float
    max_retry_after: float
    environment: str | None
    org: str | None
    headers: Mapping[str, str]
    ssl_context: Any
    max_response_bytes: int
    user_agent_suffix: str | None
    on_response: Callable[[ResponseInfo], object] | None

    def __init__(self, **given: Any) -> None:
        self.__dict__.update((name, check(name, given[name])) for name, check in _CHECKS.items())

    def replace(self, **changes: Any) -> Options:
        """Return a copy with some options changed; an unknown name is a ``TypeError``."""
        for name in changes:
            if name not in _CHECKS:
                raise TypeError(f"{name!r} is not an option; there are: {', '.join(_CHECKS)}")
        return Options(**{**vars(self), **changes})

    def __repr__(self) -> str:
        """Show what may be shown: no key, no header values, and no option left empty."""
        shown = [
            f"{name}={sorted(value) if isinstance(value, frozenset) else value!r}"
            for name, value in vars(self).items()
            if value is not None and name not in _NOT_SHOWN
        ]
        shown.insert(1, f"api_key={'set' if self.api_key else None}")
        if self.headers:
            shown.append(f"headers={sorted(self.headers)}")
        return ", ".join(shown)
