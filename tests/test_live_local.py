"""Live streams of our client from the local server, through restarts and cut connections."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading

import pytest

from ironflow import IronflowClient
from ironflow.testing._engine import subscriptions
from ironflow.testing._websocket import WebSockets

from .local import until

DISCONNECTS = 1000 if os.environ.get("CI") else 100
WRITES = 5  # for each disconnect
CUTS = 200 if os.environ.get("CI") else 20
PATIENCE = 30


class Writer(threading.Thread):
    """Writes to a bucket at random, and disconnects who watches it at random moments."""

    def __init__(self, server, gaps, seed):
        super().__init__()
        self.server = server
        self.gaps = gaps
        self.disconnects = 0
        self.least_gaps = 0  # that have to be told: those that were waited for
        self.error = None
        self._cut = set()
        self._random = random.Random(seed)
        self._client = IronflowClient(server.url, timeout=PATIENCE, initial_backoff=0.001)

    def run(self):
        try:
            with self._client:
                for _ in range(DISCONNECTS):
                    self._write(WRITES)
                    self._disconnect()
                until(lambda: self._watching() and self.gaps and self._are_told())
                self._client.kv_put("b", "end", b"")
        except BaseException as error:
            self.error = error

    def _write(self, count):
        for _ in range(count):
            key = f"user.{self._random.randrange(8)}"
            if self._random.random() < 0.3:
                self._client.kv_delete("b", key)
            else:
                self._client.kv_put("b", key, self._random.randbytes(20))

    def _watching(self):
        """The connection of the watch, unless it was cut."""
        with self.server._application.locked() as state:
            return next(iter(state.of(WebSockets)._open - self._cut), None)

    def _are_told(self):
        """Whether each loss until now has been told: nothing is being mended."""
        told = len(self.gaps)
        self._client.kv_put("b", f"probe.{told}", b"")
        until(lambda: f"probe.{told}" in self.gaps.mirror)
        return len(self.gaps) == told

    def _disconnect(self):
        connection = until(self._watching)
        self._cut.add(connection)
        told = len(self.gaps)
        self.disconnects += 1
        how = self._random.randrange(4)
        if how == 0:
            self.server.stop()
            self.server.start()
        elif how == 1:
            connection.close(self._random.choice([1001, 1011, 1012, 4000]), "for a test")
        else:
            with contextlib.suppress(OSError):  # it has ended by itself
                connection._sock.shutdown(socket.SHUT_RDWR)
        if self._random.random() < 0.5:  # otherwise, the next one comes while this one is mended
            until(lambda: len(self.gaps) > told)
            self.least_gaps += 1


class Gaps(list):
    """The gaps that were told, and the mirror of the bucket that is kept meanwhile."""

    def __init__(self):
        super().__init__()
        self.mirror = {}


@pytest.fixture
def opened(monkeypatch):
    """The WebSockets that servers have opened."""
    found, serve = [], WebSockets.serve

    def noting(self, sock, rest, session):
        found.append(session)
        serve(self, sock, rest, session)

    monkeypatch.setattr(WebSockets, "serve", noting)
    return found


def test_a_mirror_of_the_local_server_stays_right_through_disconnects(local, local_client, opened):
    local_client.kv_buckets(body={"name": "b", "history": 5})
    gaps, last = Gaps(), {}
    client = local_client.with_options(initial_backoff=0.001, max_backoff=0.05)
    updates = client.kv_watch("b", on_gap=gaps.append, timeout=PATIENCE)
    writer = Writer(local, gaps, seed=5)
    writer.start()
    with updates:
        for update in updates:
            key, newer = update["key"], (update["revision"], update["operation"] == "delete")
            assert newer > last.get(key, (0, False)), "nothing twice, nothing older"
            last[key] = newer
            if update["operation"] == "delete":
                gaps.mirror.pop(key, None)
            else:
                gaps.mirror[key] = client.kv_value(update)
            if key == "end" or writer.error:
                break
    writer.join(PATIENCE)
    assert writer.error is None
    keys = client.kv_keys("b")["keys"]
    assert gaps.mirror == {key: client.kv_value(client.kv_get("b", key)) for key in keys}
    assert writer.disconnects == DISCONNECTS
    assert writer.least_gaps <= len(gaps) < len(opened)
    assert all(gap["healed"] for gap in gaps)


def test_a_group_loses_no_message_although_its_members_are_cut_off(
    local, local_client, monkeypatch
):
    monkeypatch.setattr(subscriptions, "MAX_REDELIVERIES", 1_000_000)
    count, chosen, done = 10 * CUTS, random.Random(9), []
    client = local_client.with_options(initial_backoff=0.001, max_backoff=0.02)
    options = {"consumer_group": "g", "ack": "manual", "timeout": PATIENCE}
    members = [client.subscribe("topic:jobs", on_gap=lambda gap: None, **options) for _ in range(3)]

    def work(member):
        for job in member:
            done.append(job["data"])
            member.ack(job)

    threads = [threading.Thread(target=work, args=(member,)) for member in members]
    for thread in threads:
        thread.start()
    for number in range(count):
        local_client.pub_sub_publish(body={"topic": "jobs", "data": number})
        if number % 10 == 9:
            cut_one(local, chosen)
    until(lambda: set(done) == set(range(count)))
    for member in members:
        member.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)


def cut_one(server, chosen):
    """Cut one of the open WebSockets, if there is any."""
    with server._application.locked() as state:
        found = sorted(state.of(WebSockets)._open, key=id)
        if found:
            with contextlib.suppress(OSError):  # it has ended by itself
                chosen.choice(found)._sock.shutdown(socket.SHUT_RDWR)
