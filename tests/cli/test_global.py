"""Global flags and environment variables: where they may stand, and which of them counts."""

from __future__ import annotations

import json

import pytest

from ironflow.testing import LocalServer

from ..conftest import KEY
from .running import NOWHERE, run, run_process

ORGS = "/api/v1/orgs"


def _header(server, name):
    return server.requests[-1].headers.get(name)


@pytest.fixture
def local_key():
    with LocalServer(api_key=KEY) as server:
        yield server


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "org", "list"],
        ["org", "--json", "list"],
        ["org", "list", "--json"],
        ["org", "list", "--json=true"],
    ],
)
def test_a_global_flag_stands_before_between_and_after_the_words(local, tmp_path, arguments):
    done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.err) == (0, "")
    assert [org["id"] for org in json.loads(done.out)] == ["org_default"]


@pytest.mark.parametrize("words", [["-s", "{}", "org", "list"], ["org", "list", "--server={}"]])
def test_the_servers_flag_wins_over_its_variable(local, tmp_path, words):
    arguments = [word.replace("{}", local.url) for word in words]
    assert run(arguments, tmp_path, IRONFLOW_SERVER_URL=NOWHERE).code == 0
    assert local.requests[-1].path == ORGS


def test_the_key_is_that_of_the_variable(local_key, tmp_path):
    url = local_key.url
    assert run(["org", "list"], tmp_path, IRONFLOW_SERVER_URL=url, IRONFLOW_API_KEY=KEY).code == 0
    refused = run(["org", "list"], tmp_path, IRONFLOW_SERVER_URL=url)
    assert refused.code == 1
    assert "HTTP 401" in refused.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--env", "staging", "run", "list"],
        ["run", "list", "--env", "staging"],
    ],
)
def test_the_environments_flag_wins_over_its_variable(local, tmp_path, arguments):
    run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url, IRONFLOW_ENV="other")
    assert _header(local, "x-ironflow-environment") == "staging"


def test_the_environment_is_that_of_the_variable(local, tmp_path):
    run(["run", "list"], tmp_path, IRONFLOW_SERVER_URL=local.url, IRONFLOW_ENV="staging")
    assert _header(local, "x-ironflow-environment") == "staging"


def test_a_flag_of_the_command_is_the_commands_behind_it_and_global_before_it(local, tmp_path):
    arguments = ["--env", "staging", "apikey", "create", "k", "--env", "env_default"]
    run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert local.requests[-1].json["env_id"] == "env_default"
    assert _header(local, "x-ironflow-environment") == "staging"


def test_a_version_in_front_is_the_programs_and_behind_emit_it_is_the_events(local, tmp_path):
    first = run(["--version", "emit", "a"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (first.code, local.requests) == (0, [])
    assert first.out.startswith("ironflow version v")
    run(["emit", "a", "--version", "3"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert local.requests[-1].json["version"] == 3


def test_an_organization_is_acted_for(local, tmp_path):
    run(["org", "create", "acme"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    for arguments in (["--as-org", "org_1", "env", "list"], ["env", "list", "--as-org", "org_1"]):
        assert run(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url).code == 0
        assert _header(local, "x-ironflow-org") == "org_1"


def test_a_timeout_bounds_the_call(local, tmp_path):
    local.delay("GET", ORGS, 30)
    done = run(["org", "list", "--timeout", "50ms"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


# The log is that of a whole process, so these run in one.


def test_it_is_quiet_unless_asked(local, tmp_path):
    done = run_process(["org", "list"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].split() == ["ID", "NAME", "CREATED"]


@pytest.mark.parametrize(
    ("arguments", "level", "is_logged"),
    [
        (["-v", "org", "list"], None, True),
        (["org", "list", "--verbose"], None, True),
        (["org", "list"], "debug", True),
        (["org", "list", "-v"], "error", False),
    ],
)
def test_requests_are_logged_on_stderr_and_log_level_wins(
    local_key, tmp_path, arguments, level, is_logged
):
    done = run_process(
        arguments,
        tmp_path,
        IRONFLOW_SERVER_URL=local_key.url,
        IRONFLOW_API_KEY=KEY,
        LOG_LEVEL=level,
    )
    assert (ORGS in done.err) is is_logged
    assert KEY not in done.err + done.out
    assert done.out.splitlines()[0].split() == ["ID", "NAME", "CREATED"]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run", "--help"], ["emit", "-h"]])
def test_help_goes_to_stdout(tmp_path, arguments):
    done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_version_names_client_python_and_system(tmp_path):
    done = run_process(["version"], tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    first, *rest = done.out.splitlines()
    assert first.startswith("ironflow version v")
    assert rest[-1].strip().startswith("os/arch: ")
