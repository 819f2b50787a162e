"""Which requests the looks at several runs take."""

from __future__ import annotations

import json

import pytest

from ironflow._polling import RunWait
from ironflow._run_looks import RunLooks, due, due_of, looks_before_list

from .waits import run, runs, targets


def test_runs_of_one_event_are_looked_at_together():
    assert due({"a": "", "b": "evt_1", "c": "evt_1", "d": "evt_2", "e": ""}) == [
        ("run", "a"),
        ("event", "evt_1"),
        ("event", "evt_2"),
        ("run", "e"),
    ]


class Runs:
    """A server of runs: it answers by what is asked for, 20 runs a page.

    Args:
        server: The stub that it answers for.
        events: The event of each run.
        refusal: What it answers to a list, None to list.
    """

    def __init__(self, server, events, refusal=None):
        self.server = server
        self.runs = {id: run(id=id, event_id=event) for id, event in events.items()}
        self.refusal = refusal
        server.next_reply = self._answer

    def end(self):
        for number, each in enumerate(self.runs.values()):
            each.update(status="completed", ended_at=f"2026-01-15T09:30:00.{number:04}Z")

    def asked(self):
        """Return what was asked for, in short: ids of runs, and events with their offsets."""
        shorts = []
        for request in self.server.requests:
            query = request.query
            is_list = "event_id" in query
            name = query["event_id"] if is_list else request.path.rpartition("/")[2]
            shorts.append(f"{name}+{query.get('offset', 0)}" if is_list else name)
        return shorts

    def _answer(self):
        request = self.server.last
        status, reply = 200, self.runs.get(request.path.rpartition("/")[2])
        if reply is None and self.refusal is not None:
            status, reply = self.refusal
        elif reply is None:
            event, offset = request.query["event_id"], int(request.query.get("offset", 0))
            found = [each for each in self.runs.values() if each["event_id"] == event]
            reply = runs(*found[offset : offset + 20], total=len(found))
        return status, {"Content-Type": "application/json"}, json.dumps(reply).encode()


def of_events(*sizes):
    """Return that many runs of each event: ``a0``, ``a1``, … of ``A``, ``b0`` … of ``B``."""
    return {
        f"{letter}{number}": letter.upper()
        for letter, size in zip("abcdefghij", sizes)
        for number in range(size)
    }


@pytest.mark.parametrize(
    ("events", "asked"),
    [
        (of_events(50), ["a0", "a1", "A+0", "A+20", "A+40"]),
        (of_events(4), ["a0", "a1", "A+0"]),
        (of_events(3), ["a0", "a1", "a2"]),  # a list would spare nothing
        (of_events(1, 1, 1, 1, 1), ["a0", "b0", "c0", "d0", "e0"]),
        (of_events(3, 3), ["a0", "a1", "A+0", "b0", "b1", "b2"]),
        # Of the first two there are no more: the next list waits for four looks, and so on.
        (of_events(2, 2, 2), ["a0", "a1", "A+0", "b0", "b1", "c0", "c1"]),
        (of_events(2, 9), ["a0", "a1", "A+0", "b0", "b1", "b2", "b3", "B+0"]),
        ({**of_events(1, 1), "x": "", "y": "", "z": ""}, ["a0", "b0", "x", "y", "z"]),
        ({"a0": "A", "b0": "B", **of_events(4, 4)}, ["a0", "b0", "a1", "A+0", "b1", "B+0"]),
    ],
)
def test_a_first_poll_takes_few_requests(client, server, clock, events, asked):
    serving = Runs(server, events)
    serving.end()
    found = [each["id"] for each in client.runs_wait_many(events, timeout=0)]
    assert found == list(events)
    assert serving.asked() == asked


def test_a_list_of_many_other_runs_is_not_read_to_its_end(client, server, clock):
    serving = Runs(server, of_events(500))
    serving.end()
    ids = ["a0", "a1", "a25", "a30", "a499"]
    assert [each["id"] for each in client.runs_wait_many(ids, timeout=0)] == ids
    assert serving.asked() == ["a0", "a1", "A+0", "a25", "a30", "a499"]


def test_after_the_first_poll_an_event_takes_one_list(client, server, clock):
    serving = Runs(server, of_events(20))
    clock.sleep = lambda seconds: len(server.requests) > 3 and serving.end()
    seen = []
    found = list(client.runs_wait_many(serving.runs, on_progress=seen.append))
    assert len(found) == 20
    assert serving.asked() == ["a0", "a1", "A+0", "A+0", "A+0"]
    assert [state["status"] for state in seen] == ["running"] * 20 + ["completed"] * 20


@pytest.mark.parametrize(
    "refusal",
    [
        (404, {"error": "no such route"}),
        (403, {"error": "runs:list is missing"}),
        (503, {"error": "try again"}),
        (200, ["no", "list"]),
        (200, {"runs": "none"}),
        (200, {"runs": None}),
        (200, {"runs": [{"id": ["a2"]}, {"id": "a2", "event_id": "A"}], "total_count": 2}),
    ],
)
def test_a_list_that_fails_changes_no_result(client, server, clock, refusal):
    serving = Runs(server, of_events(6), refusal)
    serving.end()
    found = client.runs_wait_many(serving.runs, timeout=0)
    assert list(found) == list(serving.runs.values())
    assert serving.asked() == ["a0", "a1", "A+0", "a2", "a3", "a4", "a5"]


def test_what_an_early_list_has_shown_is_not_looked_at_after_a_failure(client, server, clock):
    events = {"a0": "A", "a1": "A", "bad": "B", **of_events(9)}
    serving = Runs(server, events)
    answer, bad = serving._answer, serving.runs["bad"]

    def fail_once():
        if server.last.path.endswith("bad") and serving.asked().count("bad") == 1:
            return 500, {}, b"{}"
        serving.end()
        return answer()

    server.next_reply = fail_once
    found = client.runs_wait_many(events)
    assert sorted(each["id"] for each in found) == sorted(events)
    assert bad["status"] == "completed"
    assert serving.asked() == ["a0", "a1", "A+0", "bad", "bad"]


@pytest.mark.parametrize(("in_vain", "looks"), [(0, 2), (1, 4), (2, 8), (9, 1024)])
def test_lists_in_vain_become_rare(in_vain, looks):
    assert looks_before_list(in_vain) == looks


@pytest.mark.parametrize(
    ("wanted", "looks"),
    [
        (["r0"], [("run", "r0")]),
        (["alone", "new"], [("run", "alone"), ("run", "new")]),
        (["r0", "r1"], [("run", "r0"), ("run", "r1")]),  # its list may have 50 pages
        ([f"r{n}" for n in range(50)], [("run", f"r{n}") for n in range(50)]),
        ([f"r{n}" for n in range(51)], [("event", "evt_1")]),
        (["p0", "p1", "alone"], [("event", "evt_2"), ("run", "alone")]),
    ],
)
def test_some_runs_are_looked_at_in_the_fewest_requests(wanted, looks):
    events = {f"r{n}": "evt_1" for n in range(1000)}
    events.update(p0="evt_2", p1="evt_2", alone="evt_3", new="")
    assert due_of(wanted, events) == looks


def test_a_list_is_read_until_the_runs_are_found_that_are_looked_for(client, server):
    looks = RunLooks(RunWait(client, 10, None, None), ["a", "b", "c"])
    looks.events.update(a="evt_1", b="evt_1", c="evt_1")
    looks._wanted = {"a", "b"}
    server.reply(runs(run(id="x"), run(id="b"), run(id="a"), total=99))
    assert set(looks._ask_event(client, "evt_1")) == {"a", "b"}
    assert targets(server) == ["/api/v1/runs?event_id=evt_1"]
    assert looks.events["c"] == "evt_1"
