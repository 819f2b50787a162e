"""Late imports and forks: a child of a thread's first call does not wait forever."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from ..conftest import ROOT
from ..hostile import HostileServer, behave, reply

END_OF_CHILD = """
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    if os.waitpid(child, os.WNOHANG)[0]:
        break
    time.sleep(0.01)
else:
    os.kill(child, 9)
    os.waitpid(child, 0)
    print("the child hangs")
thread.join()
"""

FORKING = (
    """
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
"""
    + END_OF_CHILD
)


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


# A finder that is asked for every import, as each program of these tests has it.
FINDER = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, sys.argv[1])
from ironflow import IronflowClient, IronflowError
from ironflow._wire.loading import loading

class Finder:
    def find_spec(self, name, path=None, target=None):
        asked_for(name)

sys.meta_path.insert(0, Finder())

def call(client, method, path, **arguments):
    try:
        return client.request(method, path, **arguments)
    except IronflowError as error:
        return type(error).__name__
"""

STALLING = (
    FINDER
    + """
url, module, action = sys.argv[2:]
assert module not in sys.modules, "it is too late to stall"
begun = threading.Event()

def asked_for(name):
    if name == module and not begun.is_set():
        begun.set()
        time.sleep(0.5)  # the lock of the module is held

client = IronflowClient(url, timeout=20, max_attempts=1)
actions = {
    "call": lambda: call(client, "GET", "/x?id=1"),
    "body": lambda: call(client, "POST", "/x", body={"id": "1"}),
    "key": lambda: call(client, "POST", "/x", headers={"Idempotency-Key": "auto"}),
    "tls": lambda: call(client.with_options(server_url=url.replace("http:", "https:")), "GET", "/"),
    "busy": lambda: call(client, "GET", "/busy"),
    "page": lambda: call(client, "GET", "/page"),
}
thread = threading.Thread(target=actions[action])
thread.start()
assert begun.wait(20), "the module was not imported"
child = os.fork()
if not child:
    result = actions[action]()
    print(result, flush=True)
    os._exit(0)
"""
    + END_OF_CHILD
)

LATE = [
    # module, what imports it, and what that gives
    ("ironflow._wire.transport", "call", "{'id': '1'}"),
    ("socket", "call", "{'id': '1'}"),
    ("encodings.idna", "call", "{'id': '1'}"),
    ("json", "body", "{'id': '1'}"),
    ("uuid", "key", "{'id': None}"),
    ("ssl", "tls", "IronflowConnectionError"),
    ("email.utils", "busy", "ServerError"),
    ("html", "page", "ServerError"),
]


BUSY = reply(b"{}", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", status="503 Busy")
PAGE = reply(b"<html>no &amp; no</html>", status="502 Bad Gateway")


def serve(peer):
    """Answer each request by its path, and hang up on TLS."""
    while peer.sock.recv(1, socket.MSG_PEEK) != b"\x16":
        received = peer.request()
        path = received.target.partition("?")[0]
        if path in ("/busy", "/page"):
            peer.send(BUSY if path == "/busy" else PAGE)
        elif path == "/api/v1/runs":
            peer.answer({"runs": [{"id": "1"}]})
        else:
            peer.answer({"id": received.id})


def run(program, *arguments):
    """Run a program; return the lines it printed."""
    command = [sys.executable, "-c", program, str(ROOT), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize(("module", "action", "result"), LATE, ids=[case[0] for case in LATE])
def test_a_child_forked_in_the_middle_of_a_late_import_does_not_wait_for_it(module, action, result):
    with HostileServer(then=[serve]) as server:
        assert run(STALLING, server.url, module, action) == [result]


UNDER_THE_LOCK = (
    FINDER
    + """
url = sys.argv[2]
outside = []

def asked_for(name):
    if not loading._is_owned():
        outside.append(name)

with IronflowClient(url, timeout=20, max_attempts=1) as client:
    call(client, "GET", "/x?id=1")
    call(client, "POST", "/x", body={"id": "1"}, headers={"Idempotency-Key": "auto"})
    call(client, "GET", "/busy")
    call(client, "GET", "/page")
    list(client.map(client.runs_get, ["1", "2"]))
    list(client.runs_iterate(max_items=1))
    with client.capture():
        call(client, "GET", "/x?id=1")
    call(client.with_options(server_url=url.replace("http:", "https:")), "GET", "/x")
    os.environ.update(http_proxy="http://127.0.0.1:1", no_proxy="10.0.0.0/8")
    call(IronflowClient(url, timeout=20, max_attempts=1), "GET", "/x")
    try:
        client.runs_wait("1", timeout=0.01)
    except IronflowError:
        pass
    try:
        IronflowClient(serverurl=url)
    except TypeError:
        pass
print(outside)
"""
)


def test_whatever_a_call_imports_late_it_imports_under_the_lock():
    with HostileServer(then=[serve]) as server:
        assert run(UNDER_THE_LOCK, server.url) == ["[]"]


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
