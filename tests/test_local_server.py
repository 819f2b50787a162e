"""``LocalServer`` itself: starting, stopping, its options, the command and the pytest fixture."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from ironflow import AuthenticationError, IronflowClient
from ironflow._routes import ROUTES
from ironflow.testing import LocalServer
from ironflow.testing.__main__ import main
from ironflow.testing._dispatch import PUBLIC, RAW
from ironflow.testing._groups import HANDLERS
from ironflow.testing._samples import add_samples

from .conftest import KEY, ROOT
from .local import CheckedServer, until


def test_every_route_has_a_handler_of_its_name_and_no_name_comes_twice():
    names = [row[2] for row in ROUTES]
    assert len(names) == len(set(names)) == 170
    assert set(HANDLERS) == set(names)
    assert set(names) >= PUBLIC | RAW


def test_a_url_before_the_start_says_what_to_do():
    server = LocalServer()
    assert repr(server) == "<LocalServer stopped>"
    with pytest.raises(RuntimeError, match=r"call start\(\)"):
        server.url  # noqa: B018


def test_start_and_stop_may_be_called_twice():
    server = LocalServer().start()
    port = server.port
    assert server.start().port == port
    server.stop()
    server.stop()


def test_a_server_that_starts_again_has_its_port_and_its_data():
    server = LocalServer().start()
    client = IronflowClient(server.url, max_attempts=1)
    client.events_create(body={"name": "order.placed", "data": {}})
    server.stop()
    with pytest.raises(ConnectionError):
        client.events_list()
    with server:
        assert client.events_list()["count"] == 1
    client.close()


def test_servers_do_not_share_anything():
    with LocalServer() as one, LocalServer() as other:
        with IronflowClient(one.url) as client:
            client.events_create(body={"name": "order.placed", "data": {}})
        with IronflowClient(other.url) as client:
            assert client.events_list()["count"] == 0


@pytest.mark.parametrize("host", ["no such host", "a\0b", "é" * 80])
def test_a_host_that_is_none_is_said_in_one_line(host):
    server = LocalServer(host=host)
    with pytest.raises(OSError, match="can not listen on") as failure:
        server.start()
    assert "\n" not in str(failure.value)
    server.stop()


def test_a_start_that_failed_can_be_tried_again():
    with LocalServer() as server:
        other = LocalServer(port=server.port)
        with pytest.raises(OSError):
            other.start()
    with other:
        assert other.port == server.port


def test_starts_and_stops_from_many_threads_end_in_a_server_that_works():
    server = LocalServer()
    failures = []

    def toggle():
        for _ in range(20):
            try:
                server.start()
                server.stop()
            except OSError as error:  # the port of a stop that is not through
                failures.append(error.strerror)

    threads = [threading.Thread(target=toggle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("Address already in use" in failure for failure in failures)
    with server, IronflowClient(server.url) as client:
        assert client.runs_list()["count"] == 0


def test_a_reset_meets_no_call_half_way(local, local_client):
    stop = threading.Event()

    def register():
        number = 0
        while not stop.is_set():
            local.function(f"function-{number % 50}", triggers=["order.*"])(len)
            number += 1

    thread = threading.Thread(target=register)
    thread.start()
    for _ in range(10):
        local_client.events_create(body={"name": "stock.counted", "data": {}})
        local_client.functions_list()
        local.reset()
    stop.set()
    thread.join()
    assert local_client.events_list()["count"] == 0


def test_stopping_ends_a_query_that_is_at_work(local, local_client):
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    outcome = []

    def ask():
        try:
            local_client.sql_create(body={"query": endless, "timeout_ms": 60_000})
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: local.requests)
    time.sleep(0.05)
    began = time.monotonic()
    local.stop()
    thread.join(10)
    assert time.monotonic() - began < 5
    assert len(outcome) == 1


def test_a_server_on_every_address_has_a_url_that_can_be_called():
    with LocalServer(host="0.0.0.0") as server, IronflowClient(server.url) as client:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert client.runs_list()["count"] == 0


CHILD = """
import os, sys
from ironflow import IronflowClient
from ironflow.testing import LocalServer

with LocalServer() as server:
    client = IronflowClient(server.url)
    client.runs_list()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(write)
        os.read(read, 1)  # until the parent is through
        server.stop()
        os._exit(0)
server.start()
assert client.events_create(body={"name": "order.placed", "data": {}})["event_id"] == "evt_1"
server.stop()
os.close(write)
_, status = os.waitpid(child, 0)
sys.exit(status)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can not fork")
def test_a_forked_child_neither_holds_the_port_nor_hangs():
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CHILD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_taken_port_is_said_in_one_line():
    with LocalServer() as server:
        with pytest.raises(OSError) as failure:
            LocalServer(port=server.port).start()
        assert failure.value.strerror == (
            f"can not listen on 127.0.0.1:{server.port}: Address already in use"
        )


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_serves_too():
    try:
        with LocalServer(host="::1") as server, IronflowClient(server.url) as client:
            assert server.url == f"http://[::1]:{server.port}"
            assert client.runs_list()["count"] == 0
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": -1}, "port must be"),
        ({"port": 65536}, "port must be"),
        ({"port": "9123"}, "port must be"),
        ({"port": True}, "port must be"),
        ({"host": ""}, "host must be"),
        ({"api_key": ""}, "api_key must be"),
        ({"api_key": "two words"}, "api_key must be"),
    ],
)
def test_an_option_that_can_not_be_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        LocalServer(**options)


def test_without_a_key_of_its_own_the_server_asks_for_none(local):
    for key in (None, KEY):
        with IronflowClient(local.url, api_key=key) as client:
            assert client.runs_list()["count"] == 0


def test_a_key_that_is_asked_for_is_asked_for():
    with CheckedServer(api_key=KEY) as server:
        with IronflowClient(server.url) as client:
            with pytest.raises(AuthenticationError, match="^authentication required"):
                client.runs_list()
            with pytest.raises(AuthenticationError):
                client.request("GET", "/api/v1/no/such/route")
        with IronflowClient(server.url, api_key=KEY[:-1] + "0") as client:
            with pytest.raises(AuthenticationError, match="^invalid or expired credential"):
                client.runs_list()
        with IronflowClient(server.url, api_key=KEY) as client:
            assert client.runs_list()["count"] == 0
    assert server.misfits == []


def test_what_needs_no_key_needs_none():
    with CheckedServer(api_key=KEY) as server, IronflowClient(server.url) as client:
        assert client.health()["status"] == "healthy"
        assert client.ready()["status"] == "ready"
        assert client.capabilities()["auth_required"] is True
        assert "ironflow" in client.metrics()
    assert server.misfits == []


def test_environments_are_apart_by_name_and_by_id(local, local_client):
    staging = local_client.with_options(environment="staging")
    staging.events_create(body={"name": "order.placed", "data": {}})
    assert local_client.events_list()["count"] == 0
    assert staging.events_list()["count"] == 1
    ids = {found["name"]: found["id"] for found in local_client.environments_list()}
    assert set(ids) == {"default", "staging"}
    by_id = local_client.with_options(environment=ids["staging"])
    assert by_id.events_list()["count"] == 1


def test_a_mistake_in_a_handler_is_a_500_and_the_server_goes_on(local, local_client, monkeypatch):
    def broken(call):
        raise LookupError("a mistake of ours")

    monkeypatch.setitem(HANDLERS, "runs_list", broken)
    with pytest.raises(Exception, match="internal error: LookupError"):
        local_client.runs_list()
    assert local_client.functions_list()["count"] == 0


@pytest.mark.parametrize("wrong", ["order.*", b"order.*"])
def test_a_pattern_that_is_no_list_is_refused(local, wrong):
    with pytest.raises(TypeError, match="must be a list of patterns"):
        local.function("process-order", triggers=wrong)
    with pytest.raises(TypeError, match="must be a list of patterns"):
        local.projection("order_stats", events=wrong)


def test_a_handler_that_can_not_be_called_is_refused(local):
    with pytest.raises(TypeError, match="must be callable"):
        local.function("process-order")("no handler")
    with pytest.raises(TypeError, match="must be callable"):
        local.projection("order_stats", events=["order.*"])("no reducer")
    with pytest.raises(TypeError, match="partition_by must be callable"):
        local.projection("order_stats", events=["order.*"], partition_by="shop")


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda s: s.function(len), TypeError, "id must be a string"),  # @server.function, bare
        (lambda s: s.function(""), TypeError, "id must be a string"),
        (lambda s: s.function("f", retry_delay=1e12), ValueError, "retry_delay must be"),
        (lambda s: s.projection("", events=["a"]), TypeError, "name must be a string"),
        (lambda s: s.upcaster("", 1), TypeError, "event_name must be a string"),
        (lambda s: s.upcaster("order.placed", "1"), ValueError, "from_version must be"),
        (lambda s: s.upcaster("order.placed", True), ValueError, "from_version must be"),
        (lambda s: s.break_circuit("f", "http://x", fails=0), ValueError, "fails must be"),
        (lambda s: s.break_circuit("f", "http://x", environment="env_9"), KeyError, "env_9"),
        (lambda s: s.dead_letter("evt_1", environment="env_9"), KeyError, "env_9"),
    ],
)
def test_what_can_not_be_registered_is_refused_at_once(local, ask, error, message):
    with pytest.raises(error, match=message):
        ask(local)


# The command.


@contextmanager
def start_command(*arguments):
    command = [sys.executable, "-W", "error", "-m", "ironflow.testing", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()  # nothing happens when it has ended


def test_the_command_serves_until_it_is_interrupted():
    with start_command("--port", "0") as process:
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        with IronflowClient(url) as client:
            started = client.events_create(body={"name": "order.placed", "data": {}})
            assert client.runs_get(started["run_ids"][0])["function_id"] == "process-order"
            query = {"query": "SELECT event, orders FROM order_stats LIMIT 10"}
            assert client.sql_create(body=query)["rows"] == [["order.placed", "1"]]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_command_says_in_one_line_that_its_port_is_taken(capsys):
    with LocalServer() as server:
        assert main(["--port", str(server.port)]) == 1
    out, err = capsys.readouterr()
    taken = f"can not listen on 127.0.0.1:{server.port}: Address already in use"
    assert (out, err) == ("", f"ironflow.testing: {taken}\n")


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--api-key", "a b"]])
def test_the_command_refuses_what_can_not_be(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "a b" not in capsys.readouterr().err


def test_the_command_asks_for_the_key_it_was_given():
    with start_command("--port", "0", "--api-key", KEY) as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        with IronflowClient(url) as client, pytest.raises(AuthenticationError):
            client.runs_list()
        process.send_signal(signal.SIGTERM)
        assert KEY not in "".join(process.communicate(timeout=30))
    assert process.returncode == 0


def test_the_samples_are_those_of_the_document(local, local_client):
    add_samples(local)
    local_client.functions_invoke("process-order", body={"data": {"order_id": "123"}})
    local_client.events_create(body={"name": "order.placed", "data": {"order_id": "123"}})
    shown = local_client.projections_get("my-projection")
    assert shown["state"]["state"] == {"total_orders": 1}
    assert local_client.runs_list()["total_count"] == 2


# The fixture.

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


def test_the_fixture_is_there_for_users_without_a_line_of_theirs(tmp_path):
    (tmp_path / "test_users.py").write_text(USERS_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


USERS_SETTINGS = """
import os
from ironflow import IronflowClient


def test_the_developers_own_settings_stay_out(ironflow_server):
    IronflowClient(ironflow_server.url).runs_list()
    headers = ironflow_server.requests[0].headers
    assert "authorization" not in headers and "x-ironflow-environment" not in headers
    assert os.environ["NO_PROXY"] == "127.0.0.1,internal.example"
"""


def test_a_real_key_or_a_proxy_of_the_developer_does_not_reach_the_test(tmp_path):
    (tmp_path / "test_users.py").write_text(USERS_SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    settings = {
        "IRONFLOW_API_KEY": KEY,
        "IRONFLOW_ENV": "production",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "NO_PROXY": "internal.example",
    }
    environment = {**os.environ, **settings}
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_loading_the_fixture_does_not_load_the_server():
    code = (
        "import sys, ironflow.testing.pytest_plugin\n"
        "print('ironflow.testing._server' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_calls_from_many_threads_are_all_handled(local, local_client):
    def emit():
        for _ in range(25):
            local_client.events_create(body={"name": "order.placed", "data": {}})

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = [event["id"] for event in local_client.events_list(limit=200)["events"]]
    assert sorted(events, key=lambda id: int(id[4:])) == [f"evt_{n}" for n in range(1, 201)]


def test_stopping_ends_a_wait_that_a_caller_is_in(local, local_client):
    add_samples(local)
    outcome = []

    def wait():
        try:
            local_client.projections_list_catchup("order_stats", min_seq=9, timeout=30_000)
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: local.requests)
    local.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(outcome) == 1
