"""``python -m tests.autobahn``: Autobahn's test suite against both sides of our WebSocket.

Every case but 9 (performance), 12 and 13 (compression, which is not negotiated) must end OK or
INFORMATIONAL; NON-STRICT is a failure. The suite needs Python 2.7: without one, this says so and
succeeds. The suite is installed into ``build/autobahn`` on first use and leaves its reports there.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "autobahn"
SUITE = "autobahntestsuite==25.10.1"
VIRTUALENV = "virtualenv==20.15.1"  # the last release that runs on Python 2.7
EXCLUDED = ["9.*", "12.*", "13.*"]
CASES = 247
GOOD = {"OK", "INFORMATIONAL"}
AGENT = "ironflow"
START_SECONDS = 30
RUN_SECONDS = 600


def main():
    """Run the suite in both directions and return the exit code."""
    python = find_python()
    if python is None:
        print("autobahn: no Python 2.7 on this machine, skipped")
        return 0
    wstest = prepare(python)
    failures = [*judge("client", run_client(wstest)), *judge("server", run_server(wstest))]
    print("\n".join(failures), end="\n" if failures else "")
    return 1 if failures else 0


def find_python():
    """Return the path of a Python 2.7 that starts, None where there is none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    managed = sorted(root.glob("versions/2.7.*/bin/python2.7"))
    for candidate in [shutil.which("python2.7"), *managed]:
        # An interpreter manager may put a stub on the PATH for a version that it cannot start.
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return str(candidate)
    return None


def prepare(python):
    """Install the suite, unless it is there, and return the path of its command."""
    wstest = BUILD / "venv" / "bin" / "wstest"
    if not wstest.exists():
        # virtualenv goes into a folder of ours, so that the interpreter is left as it is.
        bootstrap = BUILD / "bootstrap"
        _run(python, "-m", "pip", "install", "--quiet", "--target", bootstrap, VIRTUALENV)
        environment = {**os.environ, "PYTHONPATH": str(bootstrap)}
        _run(python, "-m", "virtualenv", "--quiet", BUILD / "venv", env=environment)
        _run(BUILD / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", SUITE)
    return wstest


def run_client(wstest):
    """Run our client against the suite's server, and return the results by case."""
    port = _free_port()
    spec = {"url": f"ws://127.0.0.1:{port}"}
    with _running(*_suite(wstest, "fuzzingserver", "client", spec)) as suite:
        _wait_until_listening(port, suite)
        _run(sys.executable, "-m", "tests.websocket_echo", "client", spec["url"], AGENT)
    return _results("client")


def run_server(wstest):
    """Run the suite's client against our server, and return the results by case."""
    port = _free_port()
    spec = {"servers": [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}"}]}
    with _running(sys.executable, "-m", "tests.websocket_echo", "server", port) as server:
        _wait_until_listening(port, server)
        _run(*_suite(wstest, "fuzzingclient", "server", spec))
    return _results("server")


def judge(side, results):
    """Print how one side did, and return a line for each failure."""
    failures = [
        f"autobahn: {side}: case {case}: {result['behavior']}, close {result['behaviorClose']}"
        for case, result in results.items()
        if not GOOD.issuperset({result["behavior"], result["behaviorClose"]})
    ]
    if len(results) != CASES:
        failures.append(f"autobahn: {side}: {len(results)} cases ran, {CASES} were expected")
    good = len(results) - sum(": case " in failure for failure in failures)
    print(f"autobahn: {side}: {good} of {CASES} cases OK or INFORMATIONAL", flush=True)
    return failures


def _suite(wstest, mode, side, spec):
    report = BUILD / side
    shutil.rmtree(report, ignore_errors=True)  # an old report must not pass for a new one
    shared = {"outdir": str(report), "cases": ["*"], "exclude-cases": EXCLUDED}
    path = BUILD / f"{side}.json"
    path.write_text(json.dumps({**shared, "exclude-agent-cases": {}, **spec}), encoding="utf-8")
    return [wstest, "-m", mode, "-u", 0, "-s", path]


def _results(side):
    return json.loads((BUILD / side / "index.json").read_text(encoding="utf-8"))[AGENT]


def _run(*command, env=None):
    """Run a command to its end; its output is shown only if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=RUN_SECONDS,
    )
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(f"autobahn: {Path(command[0]).name} failed with exit code {done.returncode}")


@contextmanager
def _running(*command):
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _free_port():
    # The suite cannot tell which port it was given, so one is chosen for it.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait_until_listening(port, process):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"autobahn: nothing listens on port {port}")
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
