"""A live stream of events, with what tells the server how each of them went."""

from __future__ import annotations

import json
import logging
from time import monotonic

from ._errors import IronflowConnectionError
from ._live_messages import Event
from ._live_stream import LiveStream
from ._options import seconds

_log = logging.getLogger("ironflow")


class Subscription(LiveStream[Event]):
    """A live stream of events; with ``ack="manual"`` each of them is to be acknowledged."""

    _is_manual = False

    def ack(self, event: Event) -> None:
        """Tell the server that an event is done, so that it does not come again.

        Where the connection is lost meanwhile, the server will send the event again, so this is no
        error unless the stream was made with ``reconnect=False``.

        Args:
            event: An event of this stream.

        Raises:
            ValueError: The stream acknowledges by itself, or the event has no ``eventId``.
        """
        self._acknowledge(event, "ack")

    def nak(self, event: Event, delay: float | None = None) -> None:
        """Tell the server that an event failed and is to come again.

        Args:
            event: An event of this stream.
            delay: Seconds until it comes again. Default: the server's.

        Raises:
            ValueError: The stream acknowledges by itself, or the event has no ``eventId``.
        """
        more = {} if delay is None else {"redeliverDelay": round(seconds("delay", delay) * 1000)}
        self._acknowledge(event, "nak", more)

    def term(self, event: Event) -> None:
        """Tell the server that an event is never to come again, although it was not done.

        Args:
            event: An event of this stream.

        Raises:
            ValueError: The stream acknowledges by itself, or the event has no ``eventId``.
        """
        self._acknowledge(event, "term")

    def _acknowledge(self, event: Event, kind: str, more: dict[str, int] | None = None) -> None:
        if not self._is_manual:
            raise ValueError('event: is acknowledged already; subscribe with ack="manual"')
        id = event.get("eventId") if isinstance(event, dict) else None
        if not id:
            raise ValueError("event: has no eventId to acknowledge it by")
        self._check_process()
        frame = {"type": "ack", "eventId": id, "ackType": kind, **(more or {})}
        socket = self._socket
        try:
            if socket is None:
                raise self._failure(
                    IronflowConnectionError, "the connection is lost", "CONNECTION_FAILED"
                )
            socket.send(json.dumps(frame), monotonic() + self._client._options.limits.timeout)
        except IronflowConnectionError as error:
            if not self._reconnects:
                raise
            _log.warning("an event was not acknowledged and may come again: %s", error)
