"""The handlers, one module a group of the API; each handler is named as its route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ironflow._routes import ROUTES

from . import (
    api_keys,
    audit,
    config,
    events,
    functions,
    kv,
    operations,
    organizations,
    platform,
    policies,
    projections,
    pub_sub,
    roles,
    runs,
    schemas,
    secrets,
    sql,
    streams,
    system,
    users,
    webhooks,
    workers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULES = (
    api_keys,
    audit,
    config,
    events,
    functions,
    kv,
    operations,
    organizations,
    platform,
    policies,
    projections,
    pub_sub,
    roles,
    runs,
    schemas,
    secrets,
    sql,
    streams,
    system,
    users,
    webhooks,
    workers,
)

HANDLERS: dict[str, Callable[..., Any]] = {
    name: vars(module)[name] for _, _, name in ROUTES for module in _MODULES if name in vars(module)
}
