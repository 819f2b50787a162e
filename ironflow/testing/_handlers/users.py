"""Dashboard users of an organization, and their logins."""

from __future__ import annotations

from .._call import Call
from .._engine.people import Users
from .._engine.refusals import Refusal
from .._engine.state import Record
from .._reading import Fields
from ._records import Group, given
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


class _Users(Group):
    kind = Users

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        org_id = call.caller.org_id if old is None else old["org_id"]
        members = given(body, old, "email")
        call.state.of(Users).refuse_taken_email(members["email"], org_id, old)
        members["name"] = body.text("name", old["name"] if old else "")
        members["roles"] = body.texts("roles", old["roles"] if old else [])
        if old is None:
            members["password"] = body.text("password")
        return members


_Users("/api/v1/users")


@route("PATCH", "/api/v1/users/{id}/password")
def users_patch_password(call: Call, id: str) -> None:
    user, body, users = call.own(Users, id), call.body(), call.state.of(Users)
    password = body.text("new_password" if "new_password" in body else "password")
    if body.text("current_password", None) not in (None, users.passwords[id]):
        raise Refusal(401, "current_password is wrong")
    users.change(user, password=password)
