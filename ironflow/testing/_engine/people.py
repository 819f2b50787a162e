"""Who may call: dashboard users and their logins, and API keys.

Rules: an e-mail address is unique within an organization, whatever its case. Passwords are kept
apart from the records, so that no reply holds one. A login ends after a day, and when the user is
removed.
"""

from __future__ import annotations

import secrets
from typing import Any

from .refusals import Refusal
from .state import Record, Records, State
from .times import seconds_of, timestamp

_PREFIX_DIGITS = 8
_LOGIN_SECONDS = 24 * 60 * 60.0
# Of a key; not kept on rotating.
_OWN = ("id", "key", "key_prefix", "created_at", "updated_at", "last_used_at")


class Users(Records):
    """Dashboard users of all organizations.

    Attributes:
        passwords: By user id.
        sessions: User id, and the time of the end, by login token.
    """

    what = "user"
    prefix = "user"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.passwords: dict[str, str] = {}
        self.sessions: dict[str, tuple[str, float]] = {}

    def add(self, *, id: str = "", password: str = "", **members: Any) -> Record:
        user = super().add(id=id, **members)
        self.passwords[user["id"]] = password
        return user

    def change(self, record: Record, *, password: str = "", **members: Any) -> Record:
        if password:
            self.passwords[record["id"]] = password
        return super().change(record, **members)

    def refuse_taken_email(self, email: str, org_id: str = "", own: Record | None = None) -> None:
        """Refuse an e-mail address that another user has."""
        for user in self.with_email(email):
            if user is not own and user.get("org_id", "") == org_id:
                raise Refusal(409, "a user with this email already exists")

    def with_email(self, email: str) -> list[Record]:
        return [user for user in self.values() if user["email"].lower() == email.lower()]

    def log_in(self, email: str, password: str) -> tuple[Record, str]:
        """Return a user and a new token."""
        for user in self.with_email(email):
            if self.passwords[user["id"]] == password:
                if not user.get("is_active", True):
                    raise Refusal(403, "the user is not active")
                user["last_login_at"] = self.owner.clock.text()
                token = secrets.token_urlsafe(32)
                self.sessions[token] = user["id"], self.owner.clock.now() + _LOGIN_SECONDS
                return user, token
        raise Refusal(401, "invalid email or password")

    def of_token(self, token: str) -> Record | None:
        """Return the user of a login that has not ended."""
        user_id, ends = self.sessions.get(token, ("", 0.0))
        return self[user_id] if self.owner.clock.now() < ends else None

    def remove(self, key: str) -> None:
        super().remove(key)
        del self.passwords[key]
        for token in [token for token, (user_id, _) in self.sessions.items() if user_id == key]:
            del self.sessions[token]


class PlatformUsers(Users):
    """Users of the platform."""

    prefix = "puser"


class ApiKeys(Records):
    """API keys of all organizations, with their full values."""

    what = "API key"
    prefix = "ak"

    def add(self, *, id: str = "", seconds: float | None = None, **members: Any) -> Record:
        """Create a key; ``seconds`` is how long it is valid."""
        platform = members.setdefault("platform", False)
        value = f"{'ifplatform' if platform else 'ifkey'}_{secrets.token_hex(16)}"
        prefix = value[: value.index("_") + 1 + _PREFIX_DIGITS]
        if seconds is not None:
            members["expires_at"] = timestamp(self.owner.clock.now() + seconds)
        return super().add(id=id, **members, key=value, key_prefix=prefix)

    def rotate(self, record: Record) -> Record:
        """Replace a key by a new one, and return that."""
        self.remove(record["id"])
        return self.add(**{name: record[name] for name in record if name not in _OWN})

    def set_value(self, record: Record, value: str) -> None:
        """Give a key another value, of which it shows as much as before."""
        record.update(key=value, key_prefix=value[: len(record["key_prefix"])])

    def forget_role(self, role_id: str) -> None:
        """Remove a deleted role from the keys that have it."""
        for record in self.values():
            if role_id in record["role_ids"]:
                record["role_ids"].remove(role_id)

    def of_value(self, value: str) -> Record | None:
        """Return the key of a value, unless it has expired."""
        for record in self.values():
            expires = record.get("expires_at")
            if record["key"] == value and (
                expires is None or seconds_of(expires) > self.owner.clock.now()
            ):
                return record
        return None
