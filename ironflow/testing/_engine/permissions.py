"""Roles and policies: stored, not enforced; conditions (CEL) are not evaluated.

Rules:

1. A role's name is unique within its organization. The roles that come with an organization cannot
   be changed, and no other role can have their names.
2. Each change of a policy adds a version, a full snapshot. A rollback is a change as well, so no
   version is ever lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .people import ApiKeys
from .refusals import Refusal, missing
from .state import DEFAULT_ORG, PLATFORM_ORG, Record, Records, State

VIEWER = "viewer"
BUILT_IN_ROLES = ("admin", "developer", VIEWER)
_ORIGIN = ("template_id", "template_version", "change_reason")  # of a version
POLICY_CONTENT = ("name", "effect", "actions", "resources", "condition")
PLATFORM_ADMIN = "platform_admin"
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


class Roles(Records):
    """Roles of all organizations.

    Attributes:
        policies: Ids of the attached policies by role id, in the order of attachment.
    """

    what = "role"
    prefix = "role"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.policies: dict[str, list[str]] = {}

    def add(self, *, id: str = "", policy_ids: Iterable[str] = (), **members: Any) -> Record:
        """Add a role with policies."""
        role = super().add(id=id, **{"is_default": False, **members})
        del role["updated_at"]  # the model has no such member
        self.policies[role["id"]] = list(dict.fromkeys(policy_ids))
        return role

    def change(self, record: Record, **members: Any) -> Record:
        record.update(members)
        return record

    def built_in(self, org_id: str, name: str) -> Record:
        """Add a built-in role; those of the default organization are named by their ids."""
        id = f"role_{name}" if org_id in (DEFAULT_ORG, PLATFORM_ORG) else ""
        return self.add(id=id, org_id=org_id, name=name, is_default=True)

    def named(self, org_id: str, name: str) -> Record | None:
        """Return an organization's role by its name."""
        return next((role for role in self.of_org(org_id) if role["name"] == name), None)

    def check_name(self, org_id: str, name: str, own: Record | None) -> None:
        """Refuse a name for a new or an old role that built-in roles or another role have."""
        if own is not None:
            self.refuse_built_in(own)
        if name in (*BUILT_IN_ROLES, PLATFORM_ADMIN):
            raise Refusal(400, f"{name} is the name of a built-in role")
        if self.named(org_id, name) not in (None, own):
            raise Refusal(409, f"role already exists: {name}")

    def refuse_built_in(self, role: Record) -> None:
        """Refuse to change a role that is built in."""
        if role["is_default"]:
            raise Refusal(400, f"{role['name']} is a built-in role, which cannot be changed")

    def are_viewers(self, role_ids: list[str]) -> bool:
        """Return whether a caller with these roles may only read."""
        found = [self[id] for id in role_ids if id in self]
        return bool(found) and all(role["name"] == VIEWER for role in found)

    def remove(self, key: str) -> None:
        super().remove(key)
        del self.policies[key]
        self.owner.of(ApiKeys).forget_role(key)

    def detach(self, policy_id: str) -> None:
        """Remove a deleted policy from the roles that have it."""
        for attached in self.policies.values():
            if policy_id in attached:
                attached.remove(policy_id)


class PlatformRoles(Roles):
    """Roles of the platform."""

    def admin(self) -> Record:
        """Return the administrators' role, which is created on first use."""
        return self.named(PLATFORM_ORG, PLATFORM_ADMIN) or self.built_in(
            PLATFORM_ORG, PLATFORM_ADMIN
        )


class Policies(Records):
    """Policies of all organizations.

    Attributes:
        versions: Their versions by policy id, oldest first.
    """

    what = "policy"
    prefix = "pol"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.versions: dict[str, list[Record]] = {}

    def add(self, *, id: str = "", author_id: str = "", **members: Any) -> Record:
        origin = {name: members.pop(name) for name in _ORIGIN if name in members}
        policy = super().add(id=id, **members)
        self._save_version(policy, author_id, origin)
        return policy

    def change(self, record: Record, *, author_id: str = "", **members: Any) -> Record:
        origin = {name: members.pop(name) for name in _ORIGIN if name in members}
        super().change(record, **members)
        self._save_version(record, author_id, origin)
        return record

    def _save_version(self, policy: Record, author_id: str, origin: dict[str, str]) -> None:
        """Add the policy as it is now to its history."""
        versions = self.versions.setdefault(policy["id"], [])
        versions.append(
            {
                "id": self.owner.new_id("polver"),
                "policy_id": policy["id"],
                "version_num": len(versions) + 1,
                **{member: policy[member] for member in POLICY_CONTENT},
                "enabled": True,
                "author_id": author_id,
                "created_at": policy["updated_at"],
                **origin,
            }
        )

    def version(self, policy_id: str, number: str) -> Record:
        if not (number.isascii() and number.isdecimal()):
            raise Refusal(400, "version must be a whole number")
        for version in self.versions[policy_id]:
            if str(version["version_num"]) == number.lstrip("0"):
                return version
        raise missing("policy version")

    def remove(self, key: str) -> None:
        super().remove(key)
        self.versions.pop(key, None)
        for kind in (Roles, PlatformRoles):
            self.owner.of(kind).detach(key)


class PlatformPolicies(Policies):
    """Policies of the platform; nobody asks for their history."""


class PolicyTemplates(Records):
    """Bundles that policies can be installed from; there is one."""

    what = "policy template"
    prefix = "ptpl"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.add(
            template_id="tpl_admin_basics",
            name="Admin basics",
            description="Keeps writes out of production.",
            version="1",
            bundle_json=json.dumps(_BUNDLE),
        )
