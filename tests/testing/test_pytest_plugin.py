"""The pytest fixture, as a user's project meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from ..conftest import KEY, ROOT


@pytest.fixture
def run_tests(tmp_path):
    """Run a file of tests as a user's project would; what pytest printed."""
    if sys.version_info >= (3, 10):
        plugins = entry_points(group="pytest11")
    else:
        plugins = entry_points().get("pytest11", ())
    if not any(found.value == "ironflow.testing.pytest_plugin" for found in plugins):
        pytest.skip("the package is not installed: pip install --editable .")

    def run(source, fails=False, **settings):
        (tmp_path / "test_users.py").write_text(source, encoding="utf-8")
        options = ("-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **settings},
        )
        assert done.returncode == fails, done.stdout + done.stderr
        return done.stdout

    return run


USERS_TEST = """
from ironflow import IronflowClient


def test_a_server_of_its_own(ironflow_server):
    client = IronflowClient(ironflow_server.url)
    assert client.events_create(body={"name": "order.placed", "data": {}})["run_ids"] == []
    assert client.events_list()["count"] == 1


def test_another_one(ironflow_server):
    assert IronflowClient(ironflow_server.url).events_list()["count"] == 0
    assert len(ironflow_server.requests) == 1
"""


def test_the_fixture_is_there_for_users_without_a_line_of_theirs(run_tests):
    assert "2 passed" in run_tests(USERS_TEST)


USERS_MARKERS = """
import pytest


@pytest.mark.ironflow(clock="virtual", api_key="ifkey_00000000000000000000000000000001")
class TestTime:
    def test_it_can_be_moved(self, ironflow_server):
        ironflow_server.advance(60)

    @pytest.mark.ironflow(clock="real", api_key=None)
    def test_the_closest_marker_wins(self, ironflow_server):
        with pytest.raises(RuntimeError, match="only a virtual clock"):
            ironflow_server.advance(60)


@pytest.mark.ironflow(time="virtual")
def test_an_unknown_option(ironflow_server):
    pass


@pytest.mark.ironflow("virtual")
def test_an_option_without_a_name(ironflow_server):
    pass
"""


def test_a_marker_has_the_servers_options_and_an_unknown_one_is_an_error(run_tests):
    printed = run_tests(USERS_MARKERS, fails=True)
    assert "2 passed, 2 errors" in printed
    for given in ("time", "'virtual'"):
        assert f"by name; it was given {given}" in printed


USERS_SETTINGS = """
import os
from ironflow import IronflowClient


def test_the_developers_own_settings_stay_out(ironflow_server):
    IronflowClient(ironflow_server.url).runs_list()
    headers = ironflow_server.requests[0].headers
    assert "authorization" not in headers and "x-ironflow-environment" not in headers
    assert os.environ["NO_PROXY"] == "127.0.0.1,internal.example"
"""


def test_a_real_key_or_a_proxy_of_the_developer_does_not_reach_the_test(run_tests):
    printed = run_tests(
        USERS_SETTINGS,
        IRONFLOW_API_KEY=KEY,
        IRONFLOW_ENV="production",
        HTTP_PROXY="http://127.0.0.1:1",
        NO_PROXY="internal.example",
    )
    assert "1 passed" in printed


USERS_EXPECTATIONS = """
from ironflow import IronflowClient


def test_that_passes(ironflow_server):
    ironflow_server.expect("GET", "/api/v1/runs")
    IronflowClient(ironflow_server.url).runs_list()


def test_in_vain(request):
    server = request.getfixturevalue("ironflow_server")
    server.expect("GET", "/api/v1/runs")


def test_that_fails_itself(ironflow_server):
    ironflow_server.expect("GET", "/api/v1/runs")
    assert "its own words" == ""
"""


def test_an_expectation_fails_its_own_test_and_does_not_hide_another_failure(run_tests):
    printed = run_tests(USERS_EXPECTATIONS, fails=True)
    assert "2 failed, 1 passed" in printed
    assert "GET /api/v1/runs: expected 1, got 0" in printed
    assert "its own words" in printed


USERS_STRICT_TEST = """
import pytest


@pytest.mark.ironflow(strict=True)
def test_with_a_fault_in_vain(ironflow_server):
    ironflow_server.fail("GET", "/api/v1/runs")
"""


def test_a_fault_that_no_request_met_fails_a_strict_test(run_tests):
    printed = run_tests(USERS_STRICT_TEST, fails=True)
    assert "GET /api/v1/runs: no request met this fail" in printed
    assert "1 failed" in printed and "error" not in printed.splitlines()[-1]


def test_loading_the_fixture_does_not_load_the_server():
    code = (
        "import sys, ironflow.testing.pytest_plugin\n"
        "print('ironflow.testing._server' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
