"""The table of routes."""

from __future__ import annotations

from codegen.manifest import check
from codegen.naming import methods
from codegen.render import routes

from ..builders import document, endpoint


def test_a_row_says_where_a_route_is_how_it_is_named_and_where_it_belongs():
    manifest = check(
        document(
            endpoint("GET /api/v1/runs/{id}"),
            endpoint("GET /api/v1/export", "export", stream="ndjson"),
            endpoint("GET /api/v1/roles", "roles", category="enterprise-only"),
        )
    )
    table = {}
    exec(routes.render(manifest, methods(manifest)), table)

    assert table["ROUTES"] == (
        ("GET", "/api/v1/export", "export_list", "export", "supported"),
        ("GET", "/api/v1/roles", "roles_list", "roles", "enterprise-only"),
        ("GET", "/api/v1/runs/{id}", "runs_get", "runs", "supported"),
    )
