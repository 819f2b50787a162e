"""Set up a tenant: organization and key, project, staging environment, role with policy, secret.

Start it with ``IRONFLOW_SERVER_URL=… IRONFLOW_API_KEY=… python examples/bootstrap_tenant.py NAME``.
The key must be allowed to create tenants, and the server needs an enterprise license. The tenant's
own key, which the server shows only once, goes into the file ``NAME.key``; only its beginning is
printed. A second run takes the key from there and creates only what is missing.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ironflow import ConflictError, IronflowClient, IronflowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ironflow import models

POLICY: models.CreatePolicyRequest = {
    "name": "no-starts-by-hand",
    "effect": "deny",
    "actions": "functions:invoke",
    "resources": "irn:ironflow:*:*:production:*",
}


def known(what: str, name: str, records: Iterable[Mapping[str, object]]) -> str:
    """Return the id of the record with this name, empty if there is none, and say which it is."""
    found = next((str(r.get("id", name)) for r in records if r["name"] == name), "")
    print(f"{what} {name}: {'already there' if found else 'new'}")
    return found


def tenant_key(client: IronflowClient, name: str, file: Path) -> str:
    """Return the tenant's key from its file; create the tenant if there is none."""
    key = file.read_text() if file.exists() else ""
    exists = known("tenant", name, client.tenants_list())
    if bool(exists) != bool(key):
        raise ConflictError(f"the tenant and its key in {file} go together; one is missing")
    if not key:
        file.touch(mode=0o600)  # first of all: a key that cannot be kept would be lost
        # A server reads "name" or "org_name", depending on its release.
        made = client.tenants_provision(body={"name": name, "org_name": name})
        key = made["api_key"]["key"]
        file.write_text(key)
    print(f"key {key[:14]}... in {file}")
    return key


def set_up(tenant: IronflowClient) -> None:
    """Create what is missing in the tenant's organization."""
    project_id = (
        known("project", "shop", tenant.projects_list())
        or tenant.projects_create(body={"name": "shop"})["id"]
    )
    if not known("environment", "staging", tenant.environments_list(project_id=project_id)):
        tenant.environments_create(body={"name": "staging", "project_id": project_id})
    policy_id = (
        known("policy", POLICY["name"], tenant.policies_list())
        or tenant.policies_create(body=POLICY)["id"]
    )
    role_id = (
        known("role", "support", tenant.roles_list())
        or tenant.roles_create(body={"name": "support"})["id"]
    )
    if not known("its policy", POLICY["name"], tenant.roles_list_policies(role_id)["policies"]):
        tenant.roles_policies(role_id, body={"policy_id": policy_id})
    if not known("secret", "webhook-signing", tenant.secrets_list()):
        value = secrets.token_urlsafe(32)
        tenant.secrets_create(body={"name": "webhook-signing", "value": value})


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "acme"
    try:
        with IronflowClient() as client:
            key = tenant_key(client, name, Path(f"{name}.key"))
            # The key is bound to the tenant's first environment, which it brings along.
            set_up(client.with_options(api_key=key, environment=None))
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
