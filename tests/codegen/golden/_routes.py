# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2befb7a7e2ece44f, server 0.0.0-golden.
"""Every route of the server: HTTP method, path template, name, group, category.

The name is that of the client's method. A route without a method is named by the same rule.
"""

from __future__ import annotations

ROUTES: tuple[tuple[str, str, str, str, str], ...] = (
    ("POST", "/api/v1/bare/{id}", "bare_create", "bare", "supported"),
    ("POST", "/api/v1/blobs/search", "blobs_search", "blobs", "supported"),
    ("GET", "/api/v1/blobs/{bucket}/keys/{key...}", "blobs_get_keys", "blobs", "supported"),
    ("PUT", "/api/v1/blobs/{bucket}/keys/{key...}", "blobs_update_keys", "blobs", "supported"),
    ("GET", "/api/v1/export", "export_list", "export", "supported"),
    ("GET", "/api/v1/pages", "pages_list", "pages", "supported"),
    ("GET", "/metrics", "metrics", "system", "server-only"),
    (
        "POST",
        "/api/v1/org/{organizationId}/team/{teamId}/member/{memberId}/grant/{grantId}",
        "team_grants_create",
        "team_grants",
        "supported",
    ),
    ("GET", "/api/v1/things", "things_list", "things", "supported"),
    ("POST", "/api/v1/things", "things_create", "things", "supported"),
    ("DELETE", "/api/v1/things/{id}", "things_delete", "things", "supported"),
    ("PATCH", "/api/v1/things/{id}", "things_patch", "things", "enterprise-only"),
    ("GET", "/api/v1/things/{id}/readings", "things_list_readings", "things", "supported"),
    ("PUT", "/api/v1/things/{id}/settings", "things_update_settings", "things", "supported"),
    ("POST", "/ironflow.v1.ThingService/ListThings", "things_list_rpc", "things", "rpc"),
    ("POST", "/ironflow.v1.ThingService/MoveThing", "things_move", "things", "rpc"),
    ("GET", "/ws", "websocket_list", "websocket", "supported"),
)
