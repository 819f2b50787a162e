"""Dashboard users of an organization, and their logins."""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.people import Users
from .._engine.refusals import Refusal
from .._engine.state import Record
from ._table import route


@route("POST", "/api/v1/auth/login", public=True)
def auth_login(call: Call) -> Record:
    body = call.body()
    user, token = call.state.of(Users).log_in(body.text("email"), body.text("password"))
    return {"token": token, "user": user}


@route("GET", "/api/v1/auth/validate", public=True)
def auth_list_validate(call: Call) -> Record:
    user = call.state.of(Users).get(call.caller.id)
    return {"valid": False} if user is None else {"valid": True, "user": user}


@route("GET", "/api/v1/users")
def users_list(call: Call) -> list[Record]:
    return call.state.of(Users).of_org(call.caller.org_id)


@route("POST", "/api/v1/users")
def users_create(call: Call) -> Record:
    body, users, org_id = call.body(), call.state.of(Users), call.caller.org_id
    email, password = body.text("email"), body.text("password")
    name, roles = body.text("name", ""), body.texts("roles", [])
    users.refuse_taken_email(email, org_id)
    user = users.add(org_id=org_id, email=email, name=name, roles=roles)
    users.passwords[user["id"]] = password
    return user


@route("GET", "/api/v1/users/{id}")
def users_get(call: Call, id: str) -> Record:
    return call.own(Users, id)


@route("PATCH", "/api/v1/users/{id}")
def users_patch(call: Call, id: str) -> Record:
    user, body, users = call.own(Users, id), call.optional_body(), call.state.of(Users)
    changes: dict[str, Any] = {
        "name": body.text("name", user["name"]),
        "roles": body.texts("roles", user["roles"]),
    }
    if "email" in body:
        changes["email"] = body.text("email")
        users.refuse_taken_email(changes["email"], user["org_id"], user)
    return users.change(user, **changes)


@route("PATCH", "/api/v1/users/{id}/password")
def users_patch_password(call: Call, id: str) -> None:
    user, body, users = call.own(Users, id), call.body(), call.state.of(Users)
    password = body.text("new_password" if "new_password" in body else "password")
    if body.text("current_password", None) not in (None, users.passwords[id]):
        raise Refusal(403, "current_password is wrong")
    users.passwords[id] = password
    users.change(user)


@route("DELETE", "/api/v1/users/{id}")
def users_delete(call: Call, id: str) -> None:
    call.own(Users, id)
    call.state.of(Users).remove(id)
