"""Policies with their history, and the bundles they can be installed from.

Rule: a template is installed as a whole or not at all.
"""

from __future__ import annotations

import json
from typing import Any

from .._call import Call
from .._engine.permissions import POLICY_CONTENT, Policies, PolicyTemplates, Roles
from .._engine.refusals import Refusal, missing
from .._engine.state import Record
from .._reading import Fields
from ._records import Group, given
from ._table import route

_EFFECTS = ("allow", "deny")


class _Policies(Group):
    kind = Policies

    def listed(self, call: Call) -> Any:
        org_id = call.organization_id(call.query.text("org_id"))
        attached = list(call.state.of(Roles).policies.values())
        return [
            {**policy, "role_count": sum(policy["id"] in ids for ids in attached)}
            for policy in call.state.of(Policies).of_org(org_id)
        ]

    def one(self, call: Call, id: str) -> Record:
        return call.visible(Policies, id)

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        members = {**content(body, old), "author_id": call.caller.id}
        if old is None:
            members["org_id"] = call.organization_id(body.text("org_id", ""))
        return members


_Policies("/api/v1/policies")


@route("GET", "/api/v1/policies/{id}/versions")
def policies_list_versions(call: Call, id: str) -> list[Record]:
    policy = call.visible(Policies, id)
    return call.state.of(Policies).versions[policy["id"]][::-1]


@route("POST", "/api/v1/policies/{id}/rollback/{version}")
def policies_rollback(call: Call, id: str, version: str) -> Record:
    policy = call.visible(Policies, id)
    old = call.state.of(Policies).version(id, version)
    return call.state.of(Policies).change(
        policy,
        author_id=call.caller.id,
        change_reason=f"rollback to version {old['version_num']}",
        **{member: old[member] for member in POLICY_CONTENT},
    )


@route("POST", "/api/v1/policies/dry-run", reads=True)
def policies_dry_run(call: Call) -> Record:
    body = call.optional_body()
    condition, policy_id = body.text("condition", ""), body.text("policy_id", "")
    body.members("request", {})
    body.members("subject", {})
    if not condition:
        if not policy_id:
            raise Refusal(400, "condition or policy_id is required")
        condition = call.visible(Policies, policy_id)["condition"]
    return {
        "matched": False,
        "condition_source": condition,
        "eval_error": "CEL is not evaluated by the local server",
    }


@route("GET", "/api/v1/policy-templates")
def policy_templates_list(call: Call) -> list[Record]:
    return list(call.state.of(PolicyTemplates).values())


@route("POST", "/api/v1/policy-templates/{id}/install")
def policy_templates_install(call: Call, id: str) -> Record:
    found = call.state.of(PolicyTemplates).values()
    template = next((template for template in found if template["template_id"] == id), None)
    if template is None:
        raise missing("policy template")
    org_id = call.caller.org_id
    specs = [content(Fields(spec)) for spec in json.loads(template["bundle_json"])["policies"]]
    names = {policy["name"] for policy in call.state.of(Policies).of_org(org_id)}
    for spec in specs:
        if spec["name"] in names:
            raise Refusal(409, f"policy already exists: {spec['name']}")
    version = template["version"]
    origin = {"template_id": id, "template_version": version, "author_id": call.caller.id}
    made = [call.state.of(Policies).add(org_id=org_id, **origin, **spec) for spec in specs]
    return {"template_id": id, "version": version, "policies_count": len(made), "policies": made}


def content(body: Fields, old: Record | None = None) -> Record:
    """Return what a policy says. An absent member is as in the old policy, or required."""
    members = given(body, old, *(name for name in POLICY_CONTENT if name != "condition"))
    members["condition"] = body.text("condition", old["condition"] if old else "")
    if members["effect"] not in _EFFECTS:
        raise Refusal(400, "effect must be allow or deny")
    return members
