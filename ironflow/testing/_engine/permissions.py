"""Roles and policies: stored, not enforced; conditions (CEL) are not evaluated.

Rules:

1. The roles that come with an organization cannot be changed.
2. Each change of a policy adds a version, a full snapshot. A rollback is a change as well, so no
   version is ever lost.
"""

from __future__ import annotations

import json

from .people import ApiKeys
from .refusals import Refusal, missing
from .state import PLATFORM_ORG, Record, Records, State

BUILT_IN_ROLES = ("admin", "developer", "viewer")
POLICY_CONTENT = ("name", "effect", "actions", "resources", "condition")
_PLATFORM_ADMIN = "platform_admin"
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

    def make(self, org_id: str, name: str, *, is_default: bool = False) -> Record:
        """Create a role without policies."""
        role = self.add(org_id=org_id, name=name, is_default=is_default)
        del role["updated_at"]  # the model has no such member
        self.policies[role["id"]] = []
        return role

    def named(self, org_id: str, name: str) -> Record | None:
        """Return an organization's role by its name."""
        return next((role for role in self.of_org(org_id) if role["name"] == name), None)

    def changeable(self, role: Record) -> Record:
        """Return the role, or refuse to change it because it is built in."""
        if role["is_default"]:
            raise Refusal(409, f"{role['name']} is a built-in role")
        return role

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
        return self.named(PLATFORM_ORG, _PLATFORM_ADMIN) or self.make(
            PLATFORM_ORG, _PLATFORM_ADMIN, is_default=True
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

    def save_version(self, policy: Record, author_id: str, origin: dict[str, str]) -> None:
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
        """Return a version by its number."""
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
    """Policies of the platform; they have no history."""


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
