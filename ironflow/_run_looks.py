"""The looks at several runs: what one poll asks for, in as few requests as possible.

Rules:

1. A run whose event is unknown is looked at by its id. After that, one list per poll shows all
   awaited runs of its event.
2. Runs that are awaited together were often started together. Once two looks have shown the same
   event, it is listed in the same poll, and the runs in the list are not looked at by their ids. A
   list is read for as long as its pages show more runs of unknown event than they cost requests.
3. An early list is a guess and decides nothing: if it fails, the runs are looked at by their ids.
   If it shows nothing new, the next one needs twice as many looks that have shown its event.
4. A run that the list of its event does not show is looked at by its id in the next poll.

``due``, ``due_of`` and ``looks_before_list`` are pure decisions; ``RunLooks`` remembers and asks.
"""

from __future__ import annotations

from ._errors import IronflowError
from ._page_styles import ByOffset
from ._pages import Pages
from ._polling import has_ended, members
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from . import models
    from ._polling import RunWait
    from .client import IronflowClient

_PAGE = 20  # the fewest runs that servers put on a page of the list
_RUNS = ByOffset("runs", param="offset", identity=("id",), total="total_count")
_NAMED_RUNS = 5  # in a message


def ended_runs(wait: RunWait, ids: Iterable[str]) -> Iterator[tuple[str, models.RunResponse]]:
    """Yield runs with their ids, in the order in which they end; the caller closes the wait."""
    looks = RunLooks(wait, ids)
    while looks.events:
        seen = looks.poll()
        for id, run in seen.items():
            wait.report(run, id)
        over = [(id, run) for id, run in seen.items() if has_ended(run)]
        for id, _ in over:
            del looks.events[id], wait.seen[id]
        for id, run in sorted(over, key=_ended_at):
            given = wait.now()
            yield id, run
            wait.not_counting(wait.now() - given)
        if looks.events and not wait.pause():
            states = [wait.seen[id] for id in looks.events if id in wait.seen]
            raise wait.timed_out(_not_ended(list(looks.events)), states)


def _ended_at(ended: tuple[str, models.RunResponse]) -> str:
    # Without its Z, a whole second sorts before its fractions.
    return str(ended[1].get("ended_at") or "").rstrip("Z")


def _not_ended(ids: list[str]) -> str:
    named = ", ".join(ids[:_NAMED_RUNS]) + (", …" if len(ids) > _NAMED_RUNS else "")
    have = "has" if len(ids) == 1 else "have"
    return f"{len(ids)} of the runs {have} not ended ({named})"


class RunLooks:
    """Several runs that have not ended, and the looks at them."""

    def __init__(self, wait: RunWait, ids: Iterable[str]) -> None:
        self.events = dict.fromkeys(ids, "")  # the event of each run, empty while it is unknown
        self._wait = wait
        self._wanted: Collection[str] | None = None
        self._queue: list[tuple[str, str]] = []
        self._shown: dict[str, int] = {}  # by event: how many looks at a single run have shown it
        self._listed: set[str] = set()  # events
        self._in_vain = 0  # early lists that showed no run of unknown event
        wait.ids = self.events.keys()

    def poll(self) -> dict[str, models.RunResponse]:
        """Look once at each run that is due, and return the states by id.

        After a failed look the poll is over, and the next one begins with what is left of it. The
        look that failed comes last then, so that a bad run does not keep the others from being
        seen.
        """
        found: dict[str, models.RunResponse] = {}
        queue = self._queue or self._due()
        self._queue = []
        for number, (kind, key) in enumerate(queue, 1):
            is_run = kind == "run"
            if is_run and key in found:  # an early list has shown it
                continue
            runs = self._wait.look(self._ask_run if is_run else self._ask_event, key)
            if runs is None:
                rest = [look for look in queue[number:] if look[1] not in found]
                self._queue = [*rest, (kind, key)]
                break
            found.update(runs)
            if is_run:
                found.update(self._list_early(self.events[key]))
        return found

    def _due(self) -> list[tuple[str, str]]:
        self._wanted = self._wait.wanted()
        return due(self.events) if self._wanted is None else due_of(self._wanted, self.events)

    def _ask_run(self, client: IronflowClient, id: str) -> dict[str, models.RunResponse]:
        run = client.runs_get(id)
        self.events[id] = str(members(run).get("event_id") or "")
        return {id: run}

    def _list_early(self, event: str) -> dict[str, models.RunResponse]:
        """List an event if that may well spare looks at runs whose event is unknown."""
        self._shown[event] = self._shown.get(event, 0) + 1
        if not event or event in self._listed:
            return {}
        unknown = [id for id, own in self.events.items() if not own]
        if len(unknown) < 2 or self._shown[event] < looks_before_list(self._in_vain):
            return {}
        try:
            found = self._wait.look(self._ask_unknown, event) or {}
        except IronflowError:
            found = {}  # the looks at the runs themselves decide
        self._in_vain += not found
        return found

    def _ask_unknown(self, client: IronflowClient, event: str) -> dict[str, models.RunResponse]:
        """List an event for as long as its pages show more runs of unknown event than they cost."""
        found: dict[str, models.RunResponse] = {}
        for number, page in enumerate(self._runs_of(event).pages(), 1):
            for run in page["runs"] or ():
                id = members(run).get("id")
                if isinstance(id, str) and self.events.get(id) == "":
                    self.events[id] = str(run.get("event_id") or event)
                    found[id] = run
            if len(found) < number or "" not in self.events.values():
                break
        return found

    def _ask_event(self, client: IronflowClient, event: str) -> dict[str, models.RunResponse]:
        awaited = {id for id, own in self.events.items() if own == event}
        missing = awaited.intersection(awaited if self._wanted is None else self._wanted)
        found: dict[str, models.RunResponse] = {}
        for run in self._runs_of(event):
            id = members(run).get("id")
            if isinstance(id, str) and id in awaited:
                found[id] = run
                missing.discard(id)
            if not missing:
                break
        # What the list does not show is looked up by its id at the next poll.
        self.events.update(dict.fromkeys(missing, ""))
        return found

    def _runs_of(self, event: str) -> Pages[models.RunResponse]:
        self._listed.add(event)
        return Pages(
            self._wait.call, "runs_iterate", "/api/v1/runs", _RUNS, query={"event_id": event}
        )


def due(events: Mapping[str, str]) -> list[tuple[str, str]]:
    """Decide which looks a poll of all runs takes.

    Args:
        events: The event of each run that has not ended, empty where it is unknown.

    Returns:
        ``("run", id)`` for a run whose event is unknown, ``("event", event)`` for all others.
    """
    looks = [("event", event) if event else ("run", id) for id, event in events.items()]
    return list(dict.fromkeys(looks))


def due_of(wanted: Collection[str], events: Mapping[str, str]) -> list[tuple[str, str]]:
    """Decide which looks a poll of some of the runs makes, with as few requests as possible.

    Args:
        wanted: Ids of the runs to look at.
        events: As for ``due``.

    Returns:
        As for ``due``. The list of an event is read where that takes fewer requests.
    """
    with loading:
        from collections import Counter

    awaited = Counter(events.values())
    asked = Counter(events[id] for id in wanted)
    listed = {
        event
        for event, count in asked.items()
        if event and count > 1 and awaited[event] < count * _PAGE
    }
    return due(
        {id: event if event in listed else "" for id, event in events.items() if id in wanted}
    )


def looks_before_list(in_vain: int) -> int:
    """Decide how many looks at single runs must have shown an event before it is listed early.

    Two are enough, for runs that are awaited together were often started together. Each list that
    showed nothing new doubles the number, so runs of as many events cost no more than a look each,
    and any mixture little more.

    Args:
        in_vain: How many early lists showed no run whose event was unknown.
    """
    return 2 << in_vain
