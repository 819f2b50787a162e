"""Endpoints of a small manifest, and what is wrong with their names: for the tests of naming."""

from __future__ import annotations

import json

from codegen.manifest import check
from codegen.naming import naming_problems

from ..conftest import ROOT
from .builders import document, endpoint, field


def checked(*endpoints):
    models = {"Run": {"fields": [field("id")]}, "Runs": {"fields": [field("runs", "array<Run>")]}}
    return check(document(*endpoints, models=models)).endpoints


def committed():
    return json.loads((ROOT / "manifest.json").read_bytes())


def problems(*endpoints):
    return naming_problems(sorted(checked(*endpoints), key=lambda found: found.route))


def paged(route="GET /api/v1/runs", group="runs", *, query=(), **changes):
    """A list of runs that is read page by page."""
    return endpoint(
        route,
        group,
        query=[{"name": name, "type": "string"} for name in ("cursor", "limit", *query)],
        response="Runs",
        pagination={"style": "cursor", "param": "cursor", "size": "limit", "items": "runs"},
        **changes,
    )
