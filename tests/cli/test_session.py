"""Which credential, server and environment a command uses, and what it asks for."""

from __future__ import annotations

import pytest

from ironflow._cli import credentials
from ironflow._cli.main import main
from ironflow._cli.session import http_url

from ..conftest import KEY


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IRONFLOW_CONFIG_DIR", str(tmp_path))


def bearer(server):
    return server.last.headers.get("authorization")


def test_platform_commands_use_the_stored_token_and_the_others_the_key(server, monkeypatch):
    monkeypatch.setenv("IRONFLOW_API_KEY", KEY)
    credentials.store_token(server.url, "platform-token", "a@example.com")
    for arguments, expected in (
        (["platform", "users", "list"], "Bearer platform-token"),
        (["call", "platform_users_list"], "Bearer platform-token"),
        (["org", "list", "--as-org", "org_1"], "Bearer platform-token"),
        (["org", "list"], f"Bearer {KEY}"),
    ):
        server.reply([])
        assert main([*arguments, "--server", server.url]) == 0
        assert bearer(server) == expected
    assert [request.headers.get("x-ironflow-org") for request in server.requests][2] == "org_1"


def test_the_token_of_another_server_is_not_sent(server, monkeypatch):
    credentials.store_token("http://127.0.0.1:1", "platform-token", "a@example.com")
    server.reply([])
    assert main(["platform", "users", "list", "--server", server.url]) == 0
    assert bearer(server) is None


def test_a_token_that_is_not_taken_any_more_says_to_log_in_again(server, capsys):
    credentials.store_token(server.url, "platform-token", "a@example.com")
    server.reply({"error": "token expired"}, status=401)
    assert main(["platform", "users", "list", "--server", server.url]) == 1
    expected = "error: token expired; log in again: platform login (UNAUTHORIZED, HTTP 401)\n"
    assert capsys.readouterr().err == expected


def test_a_key_that_is_not_taken_says_what_the_server_says(server, capsys, monkeypatch):
    monkeypatch.setenv("IRONFLOW_API_KEY", KEY)
    server.reply({"error": f"no such key: {KEY}"}, status=401)
    assert main(["run", "list", "--server", server.url]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: no such key: ") and KEY not in shown


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("ws://localhost:9123/ws", "http://localhost:9123"),
        ("wss://host/prefix/ws/", "https://host/prefix"),
        ("WS://host", "http://host"),
        ("http://host/ws", "http://host/ws"),
        ("localhost:9123", "localhost:9123"),
    ],
)
def test_a_server_may_be_named_by_its_websocket(given, expected):
    assert http_url(given) == expected


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["--server", "localhost:9123"], "--server: needs a scheme"),
        (["--env", "a\nb"], "--env: must not hold a line break"),
        (["--as-org", "a\nb"], "--as-org: must not hold a line break"),
        (["--timeout", "9999999h"], "--timeout: must be at most"),
    ],
)
def test_refusals_of_options_have_the_names_of_the_flags(capsys, arguments, refusal):
    assert main([*arguments, "run", "list"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {refusal}")


def test_secrets_are_for_the_default_environment_unless_another_is_named(server, monkeypatch):
    for arguments, expected in (
        (["secret", "list"], "default"),
        (["secret", "list", "-e", "a"], "a"),
        (["--env", "b", "secret", "list"], "b"),
    ):
        server.reply([])
        assert main([*arguments, "--server", server.url]) == 0
        assert server.last.headers["x-ironflow-environment"] == expected
    monkeypatch.setenv("IRONFLOW_ENV", "c")
    server.reply([])
    assert main(["secret", "list", "--server", server.url]) == 0
    assert server.last.headers["x-ironflow-environment"] == "c"


def test_the_outbox_has_no_default_environment(server, capsys):
    assert main(["outbox", "dlq", "list", "--server", server.url]) == 1
    assert "needs --env, or IRONFLOW_ENV" in capsys.readouterr().err
    assert server.requests == []


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        (["secret", "set", "NAME", "sk-12345"], "sk-12345"),
        (["secret", "set", "NAME", "two\nlines"], "two\nlines"),
        (["call", "secrets_create", "--body", '{"name":"a","value":"sk-12345"}'], "sk-12345"),
        (["call", "users_patch_password", "u", "--body", '{"new_password":"pw-1"}'], "pw-1"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_secret_that_the_server_repeats_is_not_shown(server, capsys, arguments, secret, flags):
    server.reply({"error": f"cannot store {secret}"}, status=400)
    assert main([*arguments, *flags, "--server", server.url]) == 1
    shown = capsys.readouterr()
    assert "cannot store ***" in shown.err
    assert secret.split()[-1] not in shown.err + shown.out


def test_a_refused_option_is_named_as_one_types_it(capsys):
    assert main(["run", "list", "--server", "http://user:hunter2@localhost"]) == 1
    assert capsys.readouterr().err == (
        "error: --server: must not hold credentials; give IRONFLOW_API_KEY instead\n"
    )
