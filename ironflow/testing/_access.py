"""Who calls: credentials, the organization and the environment that come with them.

Rules:

1. Without an ``api_key`` of its own the server asks for nothing, as the product's ``--dev`` mode:
   a caller is the administrator of the default organization, or whoever a known credential names.
2. With one, every request outside of the public routes needs it, a key made through the API that
   was not deleted, rotated or outlived, or the token of a login; anything else is a 401.
3. Every organization but the default one is a tenant. What belongs to a tenant (its keys, its
   users) reaches that organization only: others are not found, the platform is a 403.
4. Everyone else reaches all organizations, and acts for one with ``X-Ironflow-Org``, which is
   audited as ``platform.impersonated``.
5. A key that is bound to an environment reaches no other.
6. Roles and policies are stored, not enforced.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from ._calls import Caller
from ._checks import Refusal, find, missing, seconds_of
from ._state import DEFAULT_ENVIRONMENT, DEFAULT_ORG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._calls import Call
    from ._state import Environment, Record, State

_ADMINISTRATOR = Caller("user_admin", DEFAULT_ORG)
_READS = ("GET", "HEAD", "OPTIONS")


def caller_of(state: State, headers: dict[str, str], public: bool, method: str) -> Caller:
    """Return who calls, or refuse the request."""
    credential = _credential(headers)
    caller = _known(state, credential) if credential else None
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
    return _acting_for(state, caller, headers.get("x-ironflow-org", ""), method)


def new_key(platform: bool) -> str:
    """Return a new key: prefix and 32 hexadecimal digits."""
    return f"{'ifplatform' if platform else 'ifkey'}_{secrets.token_hex(16)}"


def new_session(state: State, user_id: str) -> str:
    """Return a token that stands for a user until the user is removed."""
    token = secrets.token_urlsafe(32)
    state.sessions[token] = user_id
    return token


def forget_users(state: State, user_ids: Iterable[str]) -> None:
    """Drop the passwords and end the sessions of users that are removed."""
    gone = set(user_ids)
    for user_id in gone:
        state.passwords.pop(user_id, None)
    for token in [token for token, user_id in state.sessions.items() if user_id in gone]:
        del state.sessions[token]


def sees(caller: Caller, org_id: str) -> bool:
    """Tell whether what belongs to an organization exists for a caller."""
    return caller.org_id in (DEFAULT_ORG, org_id)


def organization_id(call: Call, org_id: str) -> str:
    """Return the id of an organization that the caller sees; empty is the caller's own."""
    wanted = org_id or call.caller.org_id
    if wanted not in call.state.orgs or not sees(call.caller, wanted):
        raise missing("organization")
    return wanted


def own(call: Call, records: dict[str, Record], id: str, what: str) -> Record:
    """Return a record of the caller's organization, or refuse the request."""
    record = find(records, id, what)
    if record["org_id"] != call.caller.org_id:
        raise missing(what)
    return record


def visible(call: Call, records: dict[str, Record], id: str, what: str) -> Record:
    """Return a record of an organization that the caller sees, or refuse the request."""
    record = find(records, id, what)
    if not sees(call.caller, record["org_id"]):
        raise missing(what)
    return record


def own_environment(state: State, org_id: str, environment_id: str) -> Environment:
    """Return an environment of an organization, or refuse the request."""
    environment = find(state.environments, environment_id, "environment")
    if environment.org_id != org_id:
        raise missing("environment")
    return environment


def refuse_tenants(call: Call) -> None:
    """Refuse what takes platform credentials to those of a tenant."""
    if _is_tenant(call.state, call.caller):
        raise Refusal(403, "platform credentials are required")


def audit(state: State, caller: Caller, event_type: str, payload: Record) -> None:
    """Add an event to the platform's audit trail."""
    entry: Record = {
        "id": state.new_id("audit"),
        "event_type": event_type,
        "environment_id": DEFAULT_ENVIRONMENT,
        "function_id": "",
        "run_id": "",
        "payload": payload,
        "scope": "platform",
        "created_at": state.now(),
    }
    entry["platform_key_id" if caller.id in state.api_keys else "platform_user_id"] = caller.id
    if caller.org_id != DEFAULT_ORG:
        entry["impersonated_org_id"] = caller.org_id
    state.platform_audit.append(entry)


def _credential(headers: dict[str, str]) -> str:
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _known(state: State, credential: str) -> Caller | None:
    if state.api_key is not None and secrets.compare_digest(
        credential.encode(), state.api_key.encode()
    ):
        return _ADMINISTRATOR
    for record in state.api_keys.values():
        if record["key"] == credential and not _outlived(record):
            record["last_used_at"] = state.now()
            return Caller(record["id"], record["org_id"], record.get("environment_id") or "")
    user_id = state.sessions.get(credential)
    if user_id in state.users:
        return Caller(user_id, state.users[user_id]["org_id"])
    if user_id in state.platform_users and state.platform_users[user_id]["is_active"]:
        return Caller(user_id, DEFAULT_ORG)
    return None


def _outlived(record: Record) -> bool:
    expires = record.get("expires_at")
    return expires is not None and seconds_of(expires) <= time.time()


def _is_tenant(state: State, caller: Caller) -> bool:
    """Tell by the credential itself, whomever the caller acts for."""
    own = state.api_keys.get(caller.id) or state.users.get(caller.id)
    return own is not None and own["org_id"] != DEFAULT_ORG


def _acting_for(state: State, caller: Caller, org_id: str, method: str) -> Caller:
    if not org_id or org_id == caller.org_id:
        return caller
    if caller.environment_id or _is_tenant(state, caller):
        raise Refusal(403, "the credential can not act for another organization")
    if org_id not in state.orgs:
        raise missing("organization", org_id)
    acting = Caller(caller.id, org_id)
    action = "platform:impersonate:read" if method in _READS else "platform:impersonate"
    audit(state, acting, "platform.impersonated", {"action": action})
    return acting
