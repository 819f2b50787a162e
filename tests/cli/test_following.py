"""Commands that follow events: what they subscribe to, what they print, and how they end."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
import threading

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer

from ..conftest import KEY
from ..hostile import HostileServer
from ..live import closed, text, upgrade
from ..local import until
from ..websocket_peer import read_frame
from .examples import FOLLOWING
from .lines import served, taken_apart
from .running import run, settings

INTERRUPTED = 130
BROKEN_PIPE = 141


def _line(row):
    return row.line


def _subscribed(count, *then):
    """A script that takes subscriptions and remembers them in ``peer.asked``."""

    def confirm(peer):
        peer.asked = []
        for number in range(count):
            _, payload = read_frame(peer)
            peer.asked.append(json.loads(payload)["subscription"])
            pattern = peer.asked[-1]["pattern"]
            result = {"pattern": pattern, "status": "ok", "subscriptionId": f"sub_{number}"}
            peer.send(text({"type": "subscription_result", "results": [result]}))

    return [upgrade, confirm, *then]


def _event(topic, data, **members):
    return {"type": "event", "subscriptionId": "sub_0", "topic": topic, "data": data, **members}


def _follow(folder, arguments, script, **variables):
    """Run a command against a scripted server; returns what came of it, and the server."""
    with HostileServer(script) as server:
        done = run(arguments, folder, **{"IRONFLOW_SERVER_URL": server.url, **variables})
    return done, server


@pytest.mark.parametrize("row", FOLLOWING, ids=_line)
def test_an_example_line_subscribes_and_prints_what_comes(row, tmp_path):
    arguments = taken_apart(row.line).arguments
    script = _subscribed(len(row.patterns), text(_event(row.topic, row.data)), closed())
    done, server = _follow(tmp_path, arguments, script, IRONFLOW_API_KEY=KEY)
    assert (done.code, done.err) == (0, "")
    asked = server.peers[0].asked
    assert [subscription["pattern"] for subscription in asked] == row.patterns
    for subscription in asked:
        options = subscription.get("options") or {}
        assert options.get("replay", 0) == row.replay
        assert not options.get("includeMetadata")
    assert server.requests[0].target.partition("?")[0] == "/ws"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    shown = done.out.splitlines()
    if "--json" in arguments:
        assert [json.loads(line)["data"] for line in shown] == [row.data]
    else:
        assert row.topic in shown[0]
        assert all(word in done.out for word in row.words)


def test_metadata_is_asked_for_and_shown(tmp_path):
    event = _event(
        "events:a",
        {},
        meta={"timestamp": "2026-01-01T10:30:15Z", "sequence": 4711},
    )
    done, server = _follow(
        tmp_path, ["subscribe", "-m", "events:a"], _subscribed(1, text(event), closed())
    )
    assert server.peers[0].asked[0]["options"]["includeMetadata"] is True
    assert "4711" in done.out
    assert "10:30:15" in done.out


@pytest.mark.parametrize("flag", ["-j", "--json"])
def test_json_is_one_object_a_line(tmp_path, flag):
    events = [text(_event("events:a", {"text": f"line\n{number}"})) for number in range(3)]
    done, _ = _follow(
        tmp_path, ["subscribe", flag, "-r", "3", "events:a"], _subscribed(1, *events, closed())
    )
    numbers = [json.loads(line)["data"]["text"][-1] for line in done.out.splitlines()]
    assert numbers == ["0", "1", "2"]


@pytest.mark.parametrize("path", ["/ws", ""])
def test_the_server_may_be_named_by_its_websocket(tmp_path, path):
    script = _subscribed(1, text(_event("events:a", {})), closed())
    with HostileServer(script) as server:
        url = f"ws{server.url[4:]}{path}"
        done = run(["subscribe", "events:a", "--server", url], tmp_path)
    assert done.code == 0
    assert server.requests[0].target == "/ws"


def test_a_refused_subscription_is_an_error(tmp_path):
    result = {"pattern": "events:[", "status": "error", "code": "BAD", "message": "bad pattern"}

    def refuse(peer):
        read_frame(peer)
        peer.send(text({"type": "subscription_result", "results": [result]}))
        peer.drain()

    done, _ = _follow(tmp_path, ["subscribe", "events:["], [upgrade, refuse])
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert "bad pattern" in done.err
    assert len(done.err.splitlines()) == 1


# Against the local server, in a process that is interrupted as by Ctrl-C.


def _read_into(lines, stream):
    for line in stream:
        lines.append(line)


@contextlib.contextmanager
def following(arguments, folder, **variables):
    """A command that runs, and the list of lines that it has printed so far."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", "ironflow", *arguments],
        cwd=folder,
        env=settings(folder, **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        reader = threading.Thread(target=_read_into, args=(lines, process.stdout))
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            reader.join()


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("row", [row for row in FOLLOWING if row.happen], ids=_line)
def test_an_example_line_follows_the_local_server_until_it_is_interrupted(row, tmp_path):
    with LocalServer(api_key=KEY) as server, IronflowClient(server.url, api_key=KEY) as client:
        if row.replay:
            row.happen(server, client)
        arguments, _ = served(taken_apart(row.line).arguments, server.url)
        variables = {"IRONFLOW_SERVER_URL": server.url, "IRONFLOW_API_KEY": KEY}
        with following(arguments, tmp_path, **variables) as (process, lines):

            def shown():
                if not row.replay:
                    row.happen(server, client)  # until it is subscribed, nothing comes of it
                return any(all(word in line for word in row.words) for line in list(lines))

            until(shown)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == INTERRUPTED
            err = process.stderr.read()
        assert err.strip() == ""
        assert KEY not in "".join(lines)


@pytest.mark.skipif(not hasattr(select, "poll"), reason="cannot watch pipes here")
@pytest.mark.parametrize(
    "arguments", [["subscribe", "events:>", "--replay", "1"], ["call", "kv_watch", "bucket"]]
)
def test_following_ends_when_nobody_reads_any_more(arguments, local, tmp_path):
    with IronflowClient(local.url) as client:
        client.events_create(body={"name": "order.placed", "data": {}})
        client.kv_create_bucket(body={"name": "bucket"})
        client.kv_put("bucket", "key", b"value")
    with subprocess.Popen(
        [sys.executable, "-m", "ironflow", *arguments],
        cwd=tmp_path,
        env=settings(tmp_path, IRONFLOW_SERVER_URL=local.url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout.readline()
            process.stdout.close()  # as head -1 does; nothing else happens
            assert process.wait(10) == BROKEN_PIPE
            assert process.stderr.read() == b""
        finally:
            process.kill()
