# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 9c6542eaa8f2ceb7, server 0.0.0-golden.
"""Every route of the server: HTTP method, path template, name.

The name is that of the client's method. A route without a method is named by the same rule.
"""

from __future__ import annotations

ROUTES: tuple[tuple[str, str, str], ...] = (
    ("POST", "/api/v1/bare/{id}", "bare_create"),
    ("POST", "/api/v1/blobs/search", "blobs_search"),
    ("GET", "/api/v1/blobs/{bucket}/keys/{key...}", "blobs_get_keys"),
    ("PUT", "/api/v1/blobs/{bucket}/keys/{key...}", "blobs_update_keys"),
    ("GET", "/api/v1/export", "export_list"),
    ("GET", "/api/v1/pages", "pages_list"),
    ("GET", "/metrics", "metrics"),
    (
        "POST",
        "/api/v1/org/{organizationId}/team/{teamId}/member/{memberId}/grant/{grantId}",
        "team_grants_create",
    ),
    ("GET", "/api/v1/things", "things_list"),
    ("POST", "/api/v1/things", "things_create"),
    ("DELETE", "/api/v1/things/{id}", "things_delete"),
    ("PATCH", "/api/v1/things/{id}", "things_patch"),
    ("PUT", "/api/v1/things/{id}/settings", "things_update_settings"),
    ("POST", "/ironflow.v1.ThingService/ListThings", "things_list_rpc"),
    ("POST", "/ironflow.v1.ThingService/MoveThing", "things_move"),
    ("GET", "/ws", "websocket_list"),
)
