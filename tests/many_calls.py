"""What the tests of ``client.map`` make their calls with."""

from __future__ import annotations

from itertools import repeat


def posts(client, ids, **options):
    """Make a write for each id; the good server replies with the id."""
    bodies = ({"name": "x", "data": {}, "id": id} for id in ids)
    return client.map(client.events_create, bodies, **options)


def gets(client, ids, **options):
    """Make a read for each id."""
    paths = (f"/x?id={id}" for id in ids)
    return client.map(client.request, repeat("GET"), paths, **options)


def values(outcomes):
    """Return what the calls returned, as a list; raises what any of them raised."""
    return [outcome.result() for outcome in outcomes]


def in_flight_behind(waiting):
    """Answer requests, and note how many were sent behind each of them by then."""

    def act(peer):
        peer.settled.set()
        while True:
            received = peer.request()
            waiting.append((received.method, peer._buffer.count(b"HTTP/1.1")))
            peer.answer({"id": received.id})

    return act
