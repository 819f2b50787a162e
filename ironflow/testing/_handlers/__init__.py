"""What each route answers: one module per group of the API. What happens is in ``_engine``."""

from . import (  # noqa: F401 - importing a module registers its handlers
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
    rpc,
    rpc_streams,
    runs,
    schemas,
    secrets,
    sql,
    streams,
    system,
    triggering,
    users,
    webhooks,
    workers,
)
from ._table import HANDLERS as HANDLERS
from ._table import Handler as Handler
