"""Projections as tests build them."""

from __future__ import annotations

import threading

from ..local import PATIENCE, until

FOREVER = 600.0  # seconds for an event of a rebuild that the test ends


def emit(client, name="order.placed", **data):
    return client.events_create(body={"name": name, "data": data})["event_id"]


def numbers(server, name="numbers", **options):
    """Register a projection that lists the ``n`` of the events, in their order."""

    @server.projection(name, events=["order.*"], initial={"n": []}, **options)
    def reduce(state, event):
        state["n"].append(event["data"].get("n"))

    return reduce


def state_of(client, name="numbers", **query):
    return client.projections_get(name, **query)["state"]["state"]


def status_of(client, name="numbers"):
    return client.projections_list_status(name)["status"]


def sequence_of(client, name="numbers"):
    return client.projections_list_status(name)["last_event_seq"]


def job_of(client, name="numbers"):
    return client.projections_list_rebuild(name)["job"]


def over(client, name="numbers"):
    """Wait until no rebuild is running and return the job of the latest."""
    until(lambda: status_of(client, name) != "rebuilding")
    return job_of(client, name)


def threads_of(job_id):
    return [found for found in threading.enumerate() if found.name == f"ironflow-{job_id}"]


class Patience(threading.Thread):
    """A call in a thread of its own, and what it returned or raised."""

    def __init__(self, call):
        super().__init__()
        self._call = call
        self.outcome = None
        self.start()

    def run(self):
        try:
            self.outcome = self._call()
        except Exception as error:
            self.outcome = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def arrived(server, path):
    """Wait until a request of this path has reached the server."""
    until(lambda: any(request.path == path for request in server.requests))


def rebuilding(server, client, count=3, **options):
    """Register ``numbers``, emit events and start a rebuild that does not end by itself."""
    numbers(server, rebuild_pace=FOREVER, **options)
    event_ids = [emit(client, n=n) for n in range(count)]
    client.projections_rebuild("numbers")
    return event_ids


def caught_up(current, target, *, reached):
    return {
        "caughtUp": reached,
        "timedOut": not reached,
        "currentSeq": current,
        "targetSeq": target,
        "behindByEvents": max(0, target - current),
        "rebuilding": False,
        "mode": "managed",
    }
