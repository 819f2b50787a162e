"""Roles of an organization and the policies attached to them; built-in roles cannot be changed."""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.people import ApiKeys
from .._engine.permissions import Policies, Roles
from .._engine.refusals import Refusal
from .._engine.state import Record
from .._reading import Fields
from ._records import Group, given
from ._table import route


class _Roles(Group):
    kind = Roles

    def listed(self, call: Call) -> Any:
        org_id = call.organization_id(call.query.text("org_id"))
        roles, keys = call.state.of(Roles), list(call.state.of(ApiKeys).values())
        return [
            {
                **role,
                "policy_count": len(roles.policies[role["id"]]),
                "api_key_count": sum(role["id"] in key["role_ids"] for key in keys),
            }
            for role in roles.of_org(org_id)
        ]

    def one(self, call: Call, id: str) -> Record:
        return call.visible(Roles, id)

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        members = given(body, old, "name")
        if old is None:
            members["org_id"] = call.organization_id(body.text("org_id", ""))
        if old is None or "name" in body:
            org_id = (old or members)["org_id"]
            call.state.of(Roles).check_name(org_id, members["name"], old)
        return members

    def remove(self, call: Call, record: Record) -> None:
        call.state.of(Roles).refuse_built_in(record)
        super().remove(call, record)


_Roles("/api/v1/roles")


@route("GET", "/api/v1/roles/{id}/policies")
def roles_list_policies(call: Call, id: str) -> Record:
    policies = call.state.of(Policies)
    return {"policies": [policies[policy_id] for policy_id in _attached(call, id)]}


@route("POST", "/api/v1/roles/{id}/policies")
def roles_policies(call: Call, id: str) -> None:
    """Attach a policy."""
    attached = _attached(call, id)
    policy_id = call.visible(Policies, call.body().text("policy_id"))["id"]
    if policy_id not in attached:
        attached.append(policy_id)


@route("DELETE", "/api/v1/roles/{id}/policies/{policy_id}")
def roles_delete_policies(call: Call, id: str, policy_id: str) -> None:
    attached = _attached(call, id)
    if policy_id not in attached:
        raise Refusal(404, "the policy is not attached to the role")
    attached.remove(policy_id)


def _attached(call: Call, role_id: str) -> list[str]:
    """Return the list of a role's policy ids; changing it changes the role."""
    return call.state.of(Roles).policies[call.visible(Roles, role_id)["id"]]
