"""Late imports and forks: a child of a thread's first call does not wait forever."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ..conftest import ROOT
from ..hostile import HostileServer, behave, clear_proxies


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    clear_proxies(monkeypatch)


FORKING = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
sys.path.insert(0, sys.argv[1])
from ironflow import IronflowClient

client = IronflowClient(sys.argv[2], timeout=20)
started = threading.Event()

def first_call():
    started.set()
    try:
        client.request("POST", "/x", body={"id": "parent"})
    except Exception:
        pass  # no TLS there

thread = threading.Thread(target=first_call)
thread.start()
started.wait()
time.sleep(float(sys.argv[3]))
child = os.fork()
if not child:
    try:
        print(client.with_options(max_attempts=1).request("POST", "/x", body={"id": "child"}))
    except ConnectionError as error:
        print(type(error).__name__)
    sys.stdout.flush()
    os._exit(0)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
    time.sleep(0.01)
else:
    os.kill(child, 9)
    os.waitpid(child, 0)
    print("the child hangs")
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("delay", [0, 0.001, 0.003, 0.006, 0.01, 0.02, 0.03])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_child_forked_during_another_threads_first_call_does_not_hang(scheme, delay):
    with HostileServer(then=[behave] if scheme == "http" else []) as server:
        url = server.url.replace("http:", f"{scheme}:")  # a handshake is hung up on
        done = subprocess.run(
            [sys.executable, "-c", FORKING, str(ROOT), url, str(delay)],
            capture_output=True,
            text=True,
            timeout=60,
        )
    expected = "{'id': 'child'}" if scheme == "http" else "IronflowConnectionError"
    assert (done.stdout.split("\n")[0], done.stderr) == (expected, "")


WITHOUT_SSL = """
import sys
sys.path.insert(0, sys.argv[1])
sys.modules["ssl"] = None  # as in a Python that was built without it
from ironflow import IronflowClient

client = IronflowClient(sys.argv[2], timeout=20)
print(client.request("GET", "/x?id=a"))
try:
    IronflowClient(sys.argv[2].replace("http:", "https:"), timeout=5).request("GET", "/x")
except ConnectionError as error:
    print(type(error).__name__, error)
try:
    IronflowClient("http://127.0.0.1:1", timeout=5, max_attempts=1).request("GET", "/x")
except ConnectionError as error:
    print(error)
"""


def test_without_an_ssl_module_http_works_and_https_says_what_is_missing():
    with HostileServer() as server:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_SSL, str(ROOT), server.url],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.stderr == ""
    reply, missing, refused = done.stdout.splitlines()
    assert reply == "{'id': 'a'}"
    assert missing.startswith("IronflowConnectionError 127.0.0.1:")
    assert missing.endswith("this Python has no ssl module, which https needs")
    assert refused == "127.0.0.1:1: connection refused; is the server running there?"
