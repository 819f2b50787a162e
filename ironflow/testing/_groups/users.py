"""Dashboard users of an organization, and their logins.

Rules: an e-mail address, in whatever case, is taken once an organization; a password is in no
reply; a token of a login ends with its user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import _access
from .._checks import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._calls import Call
    from .._state import Record


def auth_login(call: Call) -> Record:
    body = call.body()
    email, password = body.text("email"), body.text("password")
    state = call.state
    for user in state.users.values():
        if same_email(user, email) and state.passwords[user["id"]] == password:
            user["last_login_at"] = state.now()
            return {"token": _access.new_session(state, user["id"]), "user": user}
    raise Refusal(401, "invalid email or password")


def auth_list_validate(call: Call) -> Record:
    user = call.state.users.get(call.caller.id)
    return {"valid": False} if user is None else {"valid": True, "user": user}


def users_list(call: Call) -> list[Record]:
    return list(_users(call))


def users_create(call: Call) -> Record:
    body, state = call.body(), call.state
    email, password = body.text("email"), body.text("password")
    name, roles = body.text("name", ""), body.texts("roles", [])
    check_email(_users(call), email)
    moment = state.now()
    user: Record = {
        "id": state.new_id("user"),
        "org_id": call.caller.org_id,
        "email": email,
        "name": name,
        "roles": roles,
        "created_at": moment,
        "updated_at": moment,
    }
    state.users[user["id"]] = user
    state.passwords[user["id"]] = password
    return user


def users_get(call: Call, id: str) -> Record:
    return _find(call, id)


def users_patch(call: Call, id: str) -> Record:
    user, body = _find(call, id), call.optional_body()
    changes: dict[str, Any] = {
        "name": body.text("name", user["name"]),
        "roles": body.texts("roles", user["roles"]),
    }
    if "email" in body:
        changes["email"] = body.text("email")
        check_email(_users(call), changes["email"], user)
    user.update(changes, updated_at=call.state.now())
    return user


def users_patch_password(call: Call, id: str) -> None:
    user, body = _find(call, id), call.body()
    password = body.text("new_password" if "new_password" in body else "password")
    if body.text("current_password", None) not in (None, call.state.passwords[id]):
        raise Refusal(403, "current_password is wrong")
    call.state.passwords[id] = password
    user["updated_at"] = call.state.now()


def users_delete(call: Call, id: str) -> None:
    _find(call, id)
    del call.state.users[id]
    _access.forget_users(call.state, [id])


def same_email(user: Record, email: str) -> bool:
    """Tell whether an e-mail address is that of a user."""
    return bool(user["email"].lower() == email.lower())


def check_email(users: Iterable[Record], email: str, own: Record | None = None) -> None:
    """Refuse an e-mail address that another user has."""
    if any(same_email(user, email) for user in users if user is not own):
        raise Refusal(409, "a user with this email already exists")


def _users(call: Call) -> Iterable[Record]:
    org_id = call.caller.org_id
    return (user for user in call.state.users.values() if user["org_id"] == org_id)


def _find(call: Call, user_id: str) -> Record:
    return _access.own(call, call.state.users, user_id, "user")
