"""A scripted server of runs: it answers looks, and pushes what happens to runs over ``/ws``."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from urllib.parse import parse_qs, urlsplit

from .frames import CLOSE, PING, PONG, close_frame, frame
from .hostile import PATIENCE, HostileServer, reply
from .live import text, upgraded
from .waits import run, runs
from .websocket_peer import read_frame

OFFER = reply(json.dumps({"transports": ["connectrpc", "websocket"]}).encode())


class RunServer(HostileServer):
    """``with RunServer("run_1") as server``: ``server.url``, ``server.end("run_1")``.

    Args:
        ids: The runs, all of event ``evt_1``; a dict gives the event of each.
        offer: The reply to the question for capabilities.
        refusal: The reply to the handshake, None for one that opens the WebSocket.
        results: Changes of the result of each subscription; None sends no result.
    """

    def __init__(self, *ids, events=None, offer=OFFER, refusal=None, results=()):
        super().__init__(then=(self._converse,))
        events = events or dict.fromkeys(ids, "evt_1")
        self.runs = {id: run(id=id, event_id=event) for id, event in events.items()}
        self.offer = offer
        self.refusal = refusal
        self.results = results
        self.subscribed = []  # patterns, of all connections
        self.opened = 0
        self.looks = []  # ids and, for a list, events
        self.started = {}  # the reply to each POST
        self.drops = False  # whether a connection is closed once its subscriptions are confirmed
        self.lock = self._changed = threading.Condition()
        self.listening = {}  # peers and their subscriptions: ids by pattern

    def asked(self, path):
        """Return how many requests there were for a path."""
        return sum(urlsplit(each.target).path == path for each in self.requests)

    def until(self, condition):
        """Wait until a condition holds; it is looked at whenever something comes or goes."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), "it did not happen"

    def until_settled(self, number=1):
        """Wait until each run that has not ended is subscribed to and was looked at after it."""
        self.until(lambda: self.opened >= number and self._settled())

    def until_looks(self, number):
        """Wait until there were so many looks."""
        self.until(lambda: len(self.looks) >= number)

    def change(self, id, push="", **members):
        """Change a run, and push the event of that name."""
        with self._changed:
            self.runs[id] = {**self.runs[id], **members}
            if push:
                self.push(f"system.run.{id}.{push}", id)

    def end(self, id, status="completed", push=True):
        """End a run, and push it."""
        self.change(id, status if push is True else push or "", status=status)

    def push(self, topic, id):
        """Push an event to whoever has subscribed to a run."""
        with self._changed:
            for peer, patterns in list(self.listening.items()):
                subscription = patterns.get(f"system.run.{id}.>")
                if subscription:
                    event = {"type": "event", "subscriptionId": subscription, "topic": topic}
                    self._send(peer, text({**event, "data": {"runId": id}}))

    def send(self, content):
        """Send bytes to everybody who listens."""
        with self._changed:
            for peer in list(self.listening):
                self._send(peer, content)

    def cut(self):
        """Cut the connections of everybody who listens."""
        with self._changed:
            for peer in list(self.listening):
                with contextlib.suppress(OSError):
                    peer.sock.shutdown(socket.SHUT_RDWR)
            self.listening.clear()

    def _settled(self):
        open_ids = [id for id, found in self.runs.items() if found["status"] == "running"]
        return all(id in self._covered for id in open_ids)

    _covered = frozenset()

    def _send(self, peer, content):
        with contextlib.suppress(OSError):
            peer.send(content)

    def _converse(self, peer):
        while True:
            head = peer.request()
            url = urlsplit(head.target)
            if url.path == "/ws" and self.refusal is None:
                upgraded(peer, head)
                self._listen(peer)
            with self._changed:
                is_call = head.method == "POST"
                content = reply(json.dumps(self.started).encode()) if is_call else self._answer(url)
                peer.send(content)
                self._changed.notify_all()

    def _listen(self, peer):
        patterns = {}
        with self._changed:
            self.opened += 1
            self._covered = set()
            self.listening[peer] = patterns
        while True:
            kind, payload = read_frame(peer)
            if kind == PING:
                peer.send(frame(PONG, payload))
                continue
            if kind == CLOSE:
                peer.send(close_frame(1000))
                with self._changed:
                    self.listening.pop(peer, None)
                    self._changed.notify_all()
                continue
            pattern = json.loads(payload)["subscription"]["pattern"]
            with self._changed:
                self.subscribed.append(pattern)
                patterns[pattern] = f"sub_{len(patterns) + 1}"
                result = {"pattern": pattern, "status": "ok", "subscriptionId": patterns[pattern]}
                if self.results is not None:
                    results = [{**result, **dict(self.results)}]
                    self._send(peer, text({"type": "subscription_result", "results": results}))
                if self.drops:
                    peer.sock.shutdown(socket.SHUT_RDWR)
                self._changed.notify_all()

    def _answer(self, url):
        if url.path == "/ws":
            return self.refusal
        if url.path == "/api/v1/capabilities":
            return self.offer
        patterns = set().union(*self.listening.values()) if self.listening else set()
        if url.path == "/api/v1/runs":
            event = parse_qs(url.query)["event_id"][0]
            self.looks.append(event)
            found = [each for each in self.runs.values() if each["event_id"] == event]
            body = runs(*found)
        else:
            id = url.path.rpartition("/")[2]
            self.looks.append(id)
            found = [self.runs[id]]
            body = self.runs[id]
        if self.listening:
            self._covered |= {
                each["id"] for each in found if f"system.run.{each['id']}.>" in patterns
            }
        return reply(json.dumps(body).encode())
