"""Live streams in a forked child: what it inherits belongs to its parent."""

from __future__ import annotations

import os
import threading
from time import monotonic

import pytest

from ironflow import _pushes

from .frames import close_frame
from .hostile import HostileServer, drain
from .live import connected, put, text, upgrade
from .websocket_peer import read_frame

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

END = close_frame(1000)
EVENT = {"type": "event", "subscriptionId": "s", "topic": "events:a", "data": {}, "eventId": "e"}
TAKEN = {"results": [{"pattern": "events:a", "status": "ok", "subscriptionId": "s"}]}


def in_child(function):
    """Call a function in a forked child; fail unless it returns True there."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 17 if function() else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 17


def refused(action, *arguments):
    try:
        action(*arguments)
    except RuntimeError as error:
        return "belongs to the process that opened it" in str(error)
    return False


def test_a_child_takes_no_message_of_its_parent_and_closes_nothing():
    child_is_done = threading.Event()

    def later(peer):
        assert child_is_done.wait(30)
        peer.send(put("b", b"2", 2) + END)

    def child():
        is_refused = refused(next, stream)
        stream.close()
        return is_refused and "closed" in repr(stream)

    with HostileServer([upgrade, put("a", b"1", 1), later, drain]) as server:
        with connected(server) as client, client.kv_watch("b") as stream:
            assert next(stream)["key"] == "a"
            in_child(child)
            child_is_done.set()
            assert [update["key"] for update in stream] == ["b"]


def test_a_child_of_a_thread_that_waits_can_drop_the_stream_and_open_its_own():
    child_is_done = threading.Event()

    def later(peer):
        assert child_is_done.wait(30)
        peer.send(END)

    def child():
        stream.close()
        return [update["key"] for update in client.kv_watch("b")] == ["c"]

    first = [upgrade, put("a", b"1", 1), later, drain]
    second = [upgrade, put("c", b"3", 3) + END, drain]
    with HostileServer(first, second) as server, connected(server) as client:
        stream = client.kv_watch("b")
        assert next(stream)["key"] == "a"
        waiting = threading.Thread(target=list, args=(stream,))
        waiting.start()
        in_child(child)
        child_is_done.set()
        waiting.join(30)
        assert not waiting.is_alive()


def test_a_child_acknowledges_nothing_for_its_parent():
    received = []

    def acknowledged(peer):
        received.append(read_frame(peer))
        peer.send(END)

    script = [upgrade, read_frame, text({"type": "subscription_result", **TAKEN}), text(EVENT)]
    with HostileServer([*script, acknowledged, drain]) as server, connected(server) as client:
        with client.subscribe("events:a", ack="manual") as stream:
            event = next(stream)
            in_child(lambda: refused(stream.ack, event))
            stream.ack(event)
            assert list(stream) == []
    assert [opcode for opcode, _ in received] == [1]


def test_a_wait_in_a_child_polls_and_leaves_its_parents_pushes_alone():
    script = [upgrade, read_frame, text(EVENT), END, drain]
    with HostileServer(script) as server, connected(server) as client:
        stream = _pushes.RunStream(client, lambda: ["run_1"])
        in_child(lambda: stream.take(monotonic() + 30) is None and stream.is_over)
        while not stream.is_over:
            stream.take(monotonic() + 30)
        stream.close()
