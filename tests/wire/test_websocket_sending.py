"""Messages to a peer that is stuck in sending: it reads nothing until somebody reads from it."""

from __future__ import annotations

import json

import pytest

from ironflow import IronflowTimeoutError

from ..frames import TEXT, close_frame, frame
from ..hostile import HostileServer, HungUp, drain, trusting_context
from ..live import connected, text, upgrade

PATTERNS = [f"{number}:{'p' * 1_000_000}" for number in range(12)]  # more than sockets buffer
CHATTER = frame(TEXT, json.dumps({"type": "chatter", "text": "x" * 100_000}).encode()) * 120
EVENT = {"type": "event", "subscriptionId": "s", "topic": "events:a", "data": {}}


def read_patterns(peer):
    left = sum(map(len, PATTERNS))
    while left > 0:
        received = peer.sock.recv(1 << 20)
        if not received:
            raise HungUp
        left -= len(received)


def chatter(peer):
    peer.send(CHATTER)


@pytest.mark.parametrize("certificate", [None, "good.pem"])
def test_a_server_that_says_much_before_it_reads_gets_every_subscription(certificate):
    script = [upgrade, chatter, read_patterns, text(EVENT), close_frame(1000), drain]
    server = HostileServer(script, certificate=certificate)
    with server, connected(server, ssl_context=trusting_context()) as client:
        assert list(client.subscribe(*PATTERNS, reconnect=False)) == [EVENT]


def test_what_is_kept_meanwhile_is_bounded():
    with HostileServer([upgrade, chatter, drain]) as server:
        with connected(server, timeout=0.5, max_response_bytes=200_000) as client:
            with pytest.raises(IronflowTimeoutError, match="does not read"):
                client.subscribe(*PATTERNS, reconnect=False)
