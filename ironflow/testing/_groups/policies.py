"""Policies with their history, and the bundles they can be installed from.

Rules:

1. A policy is stored, not enforced: its condition is CEL, which is not evaluated here.
2. Each change adds a version, a full snapshot; a rollback is a change too, so none is ever lost.
3. A template is installed as a whole or not at all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .. import _access
from .._checks import Fields, Refusal, missing, taken

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record, State

_EFFECTS = ("allow", "deny")
_REQUIRED = ("name", "effect", "actions", "resources")
_CONTENT = (*_REQUIRED, "condition")
_BUNDLE = {
    "policies": [
        {
            "name": "deny-prod-writes",
            "effect": "deny",
            "actions": "functions:register,functions:invoke,events:emit",
            "resources": "irn:ironflow:*:*:prod:*",
        }
    ]
}


def policies_list(call: Call) -> list[Record]:
    org_id = _access.organization_id(call, call.query.text("org_id"))
    attached = list(call.state.role_policies.values())
    return [
        {**policy, "role_count": sum(policy["id"] in ids for ids in attached)}
        for policy in call.state.policies.values()
        if policy["org_id"] == org_id
    ]


def policies_create(call: Call) -> Record:
    body = call.body()
    members = content(body)
    return _add(call, _access.organization_id(call, body.text("org_id", "")), members)


def policies_get(call: Call, id: str) -> Record:
    return find(call, id)


def policies_patch(call: Call, id: str) -> Record:
    policy = find(call, id)
    return _change(call, policy, content(call.optional_body(), policy))


def policies_delete(call: Call, id: str) -> None:
    find(call, id)
    del call.state.policies[id], call.state.policy_versions[id]
    detach(call.state, id)


def policies_list_versions(call: Call, id: str) -> list[Record]:
    return call.state.policy_versions[find(call, id)["id"]][::-1]


def policies_rollback(call: Call, id: str, version: str) -> Record:
    policy = find(call, id)
    if not (version.isascii() and version.isdecimal()):
        raise Refusal(400, "version must be a whole number")
    for old in call.state.policy_versions[id]:
        if str(old["version_num"]) == version.lstrip("0"):
            members = {member: old[member] for member in _CONTENT}
            reason = f"rollback to version {old['version_num']}"
            return _change(call, policy, members, change_reason=reason)
    raise missing("policy version")


def policies_dry_run(call: Call) -> Record:
    body = call.optional_body()
    condition, policy_id = body.text("condition", ""), body.text("policy_id", "")
    body.members("request", {})
    body.members("subject", {})
    if not condition:
        if not policy_id:
            raise Refusal(400, "condition or policy_id is required")
        condition = find(call, policy_id)["condition"]
    return {
        "matched": False,
        "condition_source": condition,
        "eval_error": "CEL is not evaluated by the local server",
    }


def policy_templates_list(call: Call) -> list[Record]:
    return list(_templates(call.state).values())


def policy_templates_install(call: Call, id: str) -> Record:
    found = _templates(call.state).values()
    template = next((template for template in found if template["template_id"] == id), None)
    if template is None:
        raise missing("policy template")
    org_id = call.caller.org_id
    specs = [content(Fields(spec)) for spec in json.loads(template["bundle_json"])["policies"]]
    names = {p["name"] for p in call.state.policies.values() if p["org_id"] == org_id}
    for spec in specs:
        if spec["name"] in names:
            raise taken("policy", spec["name"])
    version = template["version"]
    made = [_add(call, org_id, spec, template_id=id, template_version=version) for spec in specs]
    return {
        "template_id": id,
        "version": version,
        "policies_count": len(made),
        "policies": made,
    }


def content(body: Fields, old: Record | None = None) -> Record:
    """Return what a policy says; a member that is absent is required, or as in the old one."""
    members: Record = {
        member: old[member] if old and member not in body else body.text(member)
        for member in _REQUIRED
    }
    members["condition"] = body.text("condition", old["condition"] if old else "")
    if members["effect"] not in _EFFECTS:
        raise Refusal(400, "effect must be allow or deny")
    return members


def new(state: State, org_id: str, members: Record) -> Record:
    """Return a new policy; the caller keeps it."""
    moment = state.now()
    return {
        "id": state.new_id("pol"),
        "org_id": org_id,
        **members,
        "created_at": moment,
        "updated_at": moment,
    }


def find(call: Call, policy_id: str) -> Record:
    """Return a policy that the caller sees."""
    return _access.visible(call, call.state.policies, policy_id, "policy")


def detach(state: State, policy_id: str) -> None:
    """Take a policy from every role that has it."""
    for attached in state.role_policies.values():
        if policy_id in attached:
            attached.remove(policy_id)


def _add(call: Call, org_id: str, members: Record, **origin: str) -> Record:
    policy = new(call.state, org_id, members)
    call.state.policies[policy["id"]] = policy
    _save_version(call, policy, origin)
    return policy


def _change(call: Call, policy: Record, members: Record, **origin: str) -> Record:
    policy.update(members, updated_at=call.state.now())
    _save_version(call, policy, origin)
    return policy


def _save_version(call: Call, policy: Record, origin: dict[str, str]) -> None:
    versions = call.state.policy_versions.setdefault(policy["id"], [])
    versions.append(
        {
            "id": call.state.new_id("polver"),
            "policy_id": policy["id"],
            "version_num": len(versions) + 1,
            **{member: policy[member] for member in _CONTENT},
            "enabled": True,
            "author_id": call.caller.id,
            "created_at": policy["updated_at"],
            **origin,
        }
    )


def _templates(state: State) -> dict[str, Record]:
    if not state.policy_templates:
        moment, template_id = state.now(), state.new_id("ptpl")
        state.policy_templates[template_id] = {
            "id": template_id,
            "template_id": "tpl_admin_basics",
            "name": "Admin basics",
            "description": "Keeps writes out of production.",
            "version": "1",
            "bundle_json": json.dumps(_BUNDLE),
            "created_at": moment,
            "updated_at": moment,
        }
    return state.policy_templates
