"""What tests of waits share: a clock that stands still, and the states that a server reports."""

from __future__ import annotations

NEVER = 3600.0  # seconds that no test waits for


class FakeClock:
    """Time that passes in sleeps only; ``slept`` says how long each was."""

    def __init__(self):
        self.time = 1000.0
        self.slept = []

    def monotonic(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds

    def random(self):
        return 0.0


def run(status="running", id="run_1", **members):
    return {"id": id, "event_id": "evt_1", "function_id": "f", "status": status, **members}


def runs(*found, total=None):
    return {"runs": list(found), "total_count": len(found) if total is None else total}


def targets(server):
    return [request.target for request in server.requests]
