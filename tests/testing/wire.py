"""The frames of the local server's WebSockets, read and written as they are."""

from __future__ import annotations

import json

from ironflow._wire.websocket import Closed, Message

from ..websocket_sides import dial


class Wire:
    """A WebSocket of a server; ``with Wire(server, "/ws") as wire``."""

    def __init__(self, server, path, headers=None):
        self._peer = dial(server.url.replace("http", "ws", 1) + path, headers=headers)
        self._events = self._peer.events()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._events.close()
        self._peer.sock.close()

    def send(self, frame):
        """Send a frame: text as it is, anything else as JSON."""
        self._peer.websocket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))
        self._peer.flush()

    def receive(self):
        """The next frame as JSON."""
        event = next(self._events)
        assert isinstance(event, Message), event
        return json.loads(event.data)

    def end(self):
        """The code of the close frame, once no other frame is left."""
        event = next(self._events)
        assert isinstance(event, Closed), event
        return event.code

    def close(self):
        """Close the WebSocket and wait for the answer."""
        self._peer.websocket.close()
        self._peer.flush()
        assert self.end() == 1000

    def subscribe(self, pattern, **options):
        """Subscribe, and return the id of the subscription."""
        result = self.result_of(pattern, **options)
        assert (result["pattern"], result["status"]) == (pattern, "ok"), result
        return result["subscriptionId"]

    def result_of(self, pattern, **options):
        """What comes of subscribing."""
        subscription = {"pattern": pattern, "options": options}
        self.send({"type": "subscribe", "subscription": subscription})
        reply = self.receive()
        assert reply["type"] == "subscription_result"
        [result] = reply["results"]
        return result
