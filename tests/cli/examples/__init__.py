"""Each example line of the product's command line reference that is a client command.

A line stands as it does there, but for its line breaks. The URL of its ``--server`` is replaced by
the local server's when it runs.
"""

from __future__ import annotations

from . import access, audit, data, events, live, operations, organizations, projections, runs

ROWS = [
    *access.API_KEYS,
    *access.ROLES,
    *access.POLICIES,
    *audit.TRAILS,
    *data.SECRETS,
    *data.SQL,
    *data.STREAMS,
    *data.TOPICS,
    *events.EMIT,
    *events.SCHEMAS,
    *events.INVOKE,
    *operations.BREAKERS,
    *operations.DEBOUNCED,
    *operations.OUTBOX,
    *operations.WEBHOOKS,
    *operations.SERVER,
    *organizations.ORGANIZATIONS,
    *organizations.PROJECTS,
    *organizations.ENVIRONMENTS,
    *organizations.TENANTS,
    *organizations.PLATFORM,
    *projections.PROJECTIONS,
    *runs.FUNCTIONS,
    *runs.RUNS,
    *runs.INJECTION,
]
FOLLOWING = live.ROWS
