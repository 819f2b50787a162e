"""Every story of ``stories`` holds, and together they call every documented method."""

from __future__ import annotations

import json

import pytest

from ironflow import (
    IronflowClient,
)

from .. import test_document
from ..local import CheckedServer
from .stories import accounts, data, runs

CHAPTERS = (
    runs.events_and_runs,
    runs.stopped_and_mended_runs,
    runs.projections,
    runs.rebuilt_projections,
    data.kv,
    data.config,
    data.secrets,
    data.streams,
    data.histories_and_snapshots,
    accounts.api_keys,
    accounts.keys_of_a_guarded_server,
    accounts.projects_and_environments,
    runs.functions,
    data.schemas,
    data.pub_sub_sql_and_audit,
    accounts.users,
    accounts.orgs,
    accounts.roles_and_policies,
    accounts.tenants,
    runs.workers,
    data.watches,
)


DOCUMENTED = {
    "api_keys": [
        "api_keys_create",
        "api_keys_delete",
        "api_keys_get",
        "api_keys_list",
        "api_keys_rotate",
    ],
    "audit": ["audit_list"],
    "config": [
        "config_create",
        "config_delete",
        "config_get",
        "config_list",
        "config_list_watch",
        "config_patch",
    ],
    "environments": [
        "environments_create",
        "environments_delete",
        "environments_list",
        "environments_update",
    ],
    "events": ["events_create", "events_list"],
    "functions": ["functions_invoke", "functions_list"],
    "kv": [
        "kv_buckets",
        "kv_delete_buckets",
        "kv_delete_buckets_keys",
        "kv_get_buckets",
        "kv_get_buckets_keys",
        "kv_list_buckets",
        "kv_list_buckets_keys",
        "kv_list_buckets_watch",
        "kv_update_buckets_keys",
    ],
    "orgs": ["orgs_create", "orgs_delete", "orgs_get", "orgs_list", "orgs_patch"],
    "policies": [
        "policies_create",
        "policies_delete",
        "policies_get",
        "policies_list",
        "policies_patch",
    ],
    "projections": [
        "projections_cancel",
        "projections_delete",
        "projections_get",
        "projections_list",
        "projections_list_rebuild",
        "projections_list_status",
        "projections_pause",
        "projections_rebuild",
        "projections_resume",
    ],
    "projects": ["projects_create", "projects_delete", "projects_list", "projects_update"],
    "pub_sub": ["pub_sub_create"],
    "roles": [
        "roles_create",
        "roles_delete",
        "roles_delete_policies",
        "roles_get",
        "roles_list",
        "roles_patch",
        "roles_policies",
    ],
    "runs": [
        "runs_cancel",
        "runs_create",
        "runs_get",
        "runs_list",
        "runs_list_audit",
        "runs_list_steps",
        "runs_resume",
    ],
    "schemas": [
        "schemas_create",
        "schemas_create_upcast",
        "schemas_delete",
        "schemas_get",
        "schemas_get_by_name",
        "schemas_list",
    ],
    "secrets": [
        "secrets_create",
        "secrets_delete",
        "secrets_get",
        "secrets_list",
        "secrets_patch",
        "secrets_update",
    ],
    "sql": ["sql_create"],
    "streams": [
        "streams_events",
        "streams_get",
        "streams_list",
        "streams_list_events",
        "streams_list_history",
        "streams_list_snapshots",
        "streams_snapshots",
    ],
    "tenants": ["tenants_list", "tenants_provision"],
    "users": [
        "users_create",
        "users_delete",
        "users_get",
        "users_list",
        "users_patch",
        "users_patch_password",
    ],
    "websocket": ["websocket_list"],
    "workers": [
        "workers_heartbeat",
        "workers_list",
        "workers_list_jobs",
        "workers_register",
        "workers_update_heartbeat",
        "workers_update_jobs",
        "workers_update_register",
    ],
}
METHODS = {name for names in DOCUMENTED.values() for name in names}


class RememberingServer(CheckedServer):
    """A checked server that keeps its replies."""

    def __init__(self):
        super().__init__()
        self.replies = []

    def _check(self, route, status, value):
        super()._check(route, status, value)
        self.replies.append(json.dumps(value))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=[chapter.__name__ for chapter in CHAPTERS])
def test_a_chapter_of_the_story_holds(chapter, local_client, local):
    chapter(local_client, local)


def test_the_methods_of_the_story_are_those_of_the_document():
    assert {call.name for call in test_document.CALLS} == METHODS
    assert set(DOCUMENTED) == test_document.GROUPS
    assert (len(METHODS), len(DOCUMENTED)) == (103, 22)


def test_the_story_calls_every_documented_method():
    with RememberingServer() as server, IronflowClient(server.url, max_attempts=1) as client:
        for chapter in CHAPTERS:
            chapter(client, server)
    assert sorted(METHODS - server.used) == []
    assert server.misfits == []
    # Neither secrets nor passwords are in any reply of any route.
    told = [text for text in server.replies if "s3cret" in text or "new-value" in text]
    assert told == []
