"""Accounts as tests build them."""

from __future__ import annotations


def role_named(client, name, **where):
    return next(role["id"] for role in client.roles_list(**where) if role["name"] == name)


def policy(**changes):
    return {
        "name": "allow-emit",
        "effect": "allow",
        "actions": "emit:*",
        "resources": "*",
        **changes,
    }


def log_in_user(client, body):
    """Log in to the dashboard, for which the client has no method of its own."""
    return client.request("POST", "/api/v1/auth/login", body=body)


OPS = {"email": "ops@example.com", "name": "Olivia", "password": "s3cret"}
RULE = {"name": "read", "effect": "allow", "actions": "platform:impersonate:read", "resources": "*"}


def names(records):
    return [record["name"] for record in records]


def log_in(client, user=OPS):
    login = client.platform_auth_login(body={k: user[k] for k in ("email", "password")})
    return login, client.with_options(api_key=login["token"])
