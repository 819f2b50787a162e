"""``--curl``: the request as a line of shell, which sends what the command would have sent."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ironflow.testing import LocalServer

from ..conftest import KEY
from .running import run, settings

COMPARED = (
    "accept",
    "authorization",
    "content-type",
    "x-ironflow-environment",
    "x-ironflow-org",
)

COMMANDS = [
    ["org", "list"],
    ["run", "list", "--status", "failed", "--limit", "7"],
    ["run", "get", "run with/odd?chars'\"&"],
    ["run", "cancel", "run_1", "--reason", 'it\'s "over" $HOME `id` \\ %'],
    ["emit", "order.placed", "--data", '{"text": "é 日本 \\n \' \\" @file <x> $HOME"}'],
    ["emit", "order.placed"],
    ["sql", "SELECT 'a' || \"b\" FROM events WHERE x > 1;"],
    ["stream", "append", "order-1", "--type", "O", "--event", "e", "--data", '{"@": "@a.json"}'],
    ["stream", "read", "order 1", "--limit", "5"],
    ["--env", "staging", "event", "schema", "list", "--event", "a b"],
    ["apikey", "list", "--platform", "--as-org", "org_default"],
    ["env", "delete", "env_1"],
    ["policy", "update", "pol_1", "--clear-condition"],
    ["topic", "stats", "order.processed"],
    ["webhook", "test", "--provider", "stripe", "--payload", '{"type": "a"}'],
    ["projection", "wait", "p", "--min-seq", "1", "--timeout", "1s"],
    ["call", "runs_list", "--search", "100%"],
    ["call", "kv_delete_buckets_keys", "b", "a/b c"],
]

REFUSED = [
    ["secret", "set", "API_KEY", "sk-abc123"],
    ["debounce", "cancel", "my-fn-id", "user-42"],
    ["circuit-breaker", "reset", "my-fn-id"],
    ["server", "info"],
    ["subscribe", "events:>"],
    ["stream", "subscribe", "order-1"],
    ["projection", "watch", "p"],
    ["projection", "wait", "p", "--min-seq", "1", "--stream"],
    ["projection", "rebuild", "p", "--wait"],
    ["kv", "watch", "b"],
    ["config", "watch", "flags"],
    ["version"],
]


@pytest.fixture(scope="module")
def recorder():
    with LocalServer(api_key=KEY) as server:
        yield server


def _seen(server):
    """What the one request was that arrived since the last look."""
    (request,) = server.requests
    headers = {name: request.headers.get(name) for name in COMPARED}
    server.reset()
    return request.method, request.path, request.query, request.body, headers


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_curl_sends_what_the_command_sends(recorder, tmp_path, arguments):
    variables = {"IRONFLOW_SERVER_URL": recorder.url, "IRONFLOW_API_KEY": KEY}
    recorder.reset()
    run(arguments, tmp_path, **variables)
    sent = _seen(recorder)

    shown = run(["--curl", *arguments], tmp_path, **variables)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("curl ")
    assert KEY not in shown.out
    assert recorder.requests == []

    subprocess.run(
        ["/bin/sh", "-c", shown.out],
        cwd=tmp_path,
        env=settings(tmp_path, **variables),
        check=True,
        capture_output=True,
        timeout=30,
    )
    assert _seen(recorder) == sent


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_has_no_single_safe_curl_says_so(recorder, tmp_path, arguments):
    recorder.reset()
    done = run(
        [*arguments, "--curl"],
        tmp_path,
        IRONFLOW_SERVER_URL=recorder.url,
        IRONFLOW_API_KEY=KEY,
    )
    assert (done.code, done.out) == (2 if arguments[:2] == ["projection", "wait"] else 1, "")
    assert len(done.err.splitlines()) == 1
    assert "curl" in done.err
    assert "sk-abc123" not in done.err
    assert recorder.requests == []
