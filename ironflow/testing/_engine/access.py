"""Who is calling: credentials, and the organization and environment that come with them.

Rules:

1. Without an ``api_key`` the server asks for no credential, like the product in ``--dev`` mode:
   the caller is the administrator of the default organization, unless a known credential says
   otherwise.
2. With an ``api_key``, every request outside of the public routes needs a credential: that key, a
   key made through the API that is still valid, or the token of a login. Anything else is a 401.
3. Every organization except the default one is a tenant. A tenant's credentials (its keys, its
   users) reach that organization only: others are not found. The platform and ``X-Ironflow-Org``
   are a 403.
4. Everyone else reaches all organizations, and acts for one with ``X-Ironflow-Org``, which is
   audited as ``platform.impersonated``.
5. A key that is bound to an environment reaches no other environment.
6. Whoever has the built-in role ``viewer`` and no other may only read. Everything else in roles and
   policies is stored, not enforced.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from .organizations import Organizations
from .people import ApiKeys, PlatformUsers, Users
from .permissions import VIEWER, Roles
from .refusals import Refusal, missing
from .state import DEFAULT_ENVIRONMENT, DEFAULT_ORG, Log, Record, State


class Caller(NamedTuple):
    """Who calls.

    Attributes:
        id: Id of the user or key.
        org_id: The organization.
        environment_id: The environment that a key is bound to.
        reads_only: Whether the caller may not change anything.
    """

    id: str
    org_id: str
    environment_id: str = ""
    reads_only: bool = False


_ADMINISTRATOR = Caller("user_admin", DEFAULT_ORG)


class PlatformAudit(Log[Record, State]):
    """Audit events of the platform."""

    def add(self, caller: Caller, event_type: str, payload: Record) -> None:
        """Record what a caller did."""
        entry: Record = {
            "id": self.owner.new_id("audit"),
            "event_type": event_type,
            "environment_id": DEFAULT_ENVIRONMENT,
            "function_id": "",
            "run_id": "",
            "payload": payload,
            "scope": "platform",
            "created_at": self.owner.clock.text(),
        }
        by_key = caller.id in self.owner.of(ApiKeys)
        entry["platform_key_id" if by_key else "platform_user_id"] = caller.id
        if caller.org_id != DEFAULT_ORG:
            entry["impersonated_org_id"] = caller.org_id
        self.append(entry)


def caller_of(state: State, credential: str, *, public: bool, org_id: str, reads: bool) -> Caller:
    """Return who calls, for the organization ``org_id`` if one is named, or refuse the request."""
    caller = _caller_with(state, credential) if credential else None
    if caller is None:
        if state.api_key is not None and not public:
            raise Refusal(
                401,
                "invalid or expired credential" if credential else "authentication required",
                WWW_Authenticate="Bearer",
            )
        caller = _ADMINISTRATOR
    if public:
        return caller
    if caller.reads_only and not reads:
        raise Refusal(403, "the viewer role may only read")
    if org_id and is_tenant(state, caller):
        raise Refusal(403, "a tenant's credential cannot act for an organization")
    if org_id in ("", caller.org_id):
        return caller
    if caller.environment_id:
        raise Refusal(
            403, "a key that is bound to an environment cannot act for another organization"
        )
    if org_id not in state.of(Organizations):
        raise missing("organization", org_id)
    acting = Caller(caller.id, org_id)
    action = "platform:impersonate:read" if reads else "platform:impersonate"
    state.of(PlatformAudit).add(acting, "platform.impersonated", {"action": action})
    return acting


def is_tenant(state: State, caller: Caller) -> bool:
    """Return whether the credential is a tenant's; it does not matter whom the caller acts for."""
    own = state.of(ApiKeys).get(caller.id) or state.of(Users).get(caller.id)
    return own is not None and own["org_id"] != DEFAULT_ORG


def _caller_with(state: State, credential: str) -> Caller | None:
    if state.api_key is not None and secrets.compare_digest(
        credential.encode(), state.api_key.encode()
    ):
        return _ADMINISTRATOR
    key = state.of(ApiKeys).of_value(credential)
    if key is not None:
        key["last_used_at"] = state.clock.text()
        viewer = state.of(Roles).are_viewers(key["role_ids"])
        return Caller(key["id"], key["org_id"], key.get("environment_id", ""), viewer)
    user = state.of(Users).of_token(credential)
    if user is not None:
        return Caller(user["id"], user["org_id"], reads_only=set(user["roles"]) == {VIEWER})
    user = state.of(PlatformUsers).of_token(credential)
    return Caller(user["id"], DEFAULT_ORG) if user is not None and user["is_active"] else None
