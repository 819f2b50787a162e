"""The handlers, one module a group of the API; each handler is named as its route."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ironflow._routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUPS = (
    "api_keys",
    "audit",
    "config",
    "events",
    "functions",
    "kv",
    "operations",
    "organizations",
    "platform",
    "policies",
    "projections",
    "pub_sub",
    "roles",
    "runs",
    "schemas",
    "secrets",
    "sql",
    "streams",
    "system",
    "users",
    "webhooks",
    "workers",
)
_FOUND = {
    name: value
    for group in _GROUPS
    for name, value in vars(import_module(f".{group}", __name__)).items()
}

HANDLERS: dict[str, Callable[..., Any]] = {name: _FOUND[name] for _, _, name, _, _ in ROUTES}
