"""Virtual time: it stands still while anything can run and jumps to the next timer otherwise.

Rules:

1. Runs, rebuilds and requests work in turns. One has the turn at a time, and keeps it until it
   waits or ends. Then the next one gets it: first what the server started, in the order in which it
   began to wait; then requests, in the order in which they came.
2. When nothing can run, time jumps to the next timer, provided that somebody waits: a request that
   the server holds, a call such as ``wait_for_run``, or a subscription to a run that has not ended,
   as ``runs_wait`` makes one. Nobody waits while the test's own thread is busy between two calls,
   so an event that it is about to send comes in time. A worker that has a job counts as running,
   and so does a message on its way to a subscriber; only ``advance`` and ``set_time`` do not wait
   for them.
3. A request is answered, and a call such as ``wait_for_run`` returns, once everything that it set
   off and everything that is due at that moment has come to rest. So a test that makes one call at
   a time gets the same ids, times and order each time.
4. A GET with ``Prefer: wait`` is a wait too, and so is one that gets the same reply as before with
   nothing done in between, so that time passes for a program that polls (``_polls``).
5. A request that comes while the thread of a run is in the middle of a call over the network is
   taken for that call: it acts, and waits, in the turn of the run. So is a request that comes
   while a run keeps the turn, because the handler may have threads of its own.
6. Whatever keeps the turn for too long (a handler that blocks or loops) loses it, and the others
   go on. But it can still run, so time stands still until it waits or ends.

Real time is only a limit here: for the user's patience, and in rules 3, 5 and 6.
"""

from __future__ import annotations

import gc
import sys
import threading
from bisect import insort
from collections.abc import Callable
from itertools import chain, count
from time import monotonic
from types import FrameType
from typing import Any

from .clock import Clock
from .times import seconds_of

START, END = seconds_of("2026-01-01T00:00:00Z"), seconds_of("9999-12-31T00:00:00Z")
_SETTLING = 5.0  # seconds until a request or a call is answered, at rest or not
_GLANCE = 0.005  # seconds between two looks at what a run is doing
# Looks after which rule 5 holds without a sign of a call. Looks are counted rather than seconds,
# because on a busy machine the run is slow too.
_OWN_CALL = 50
_NETWORK = {"http.client", "selectors", "socket", "ssl", "ironflow._wire.transport"}
_LONG_TURN = 1.0  # seconds after which rule 6 holds
_FOREVER = float("inf")
_numbers = count()  # of waits; only their order matters, so all clocks may share it
_no_collection = threading.Lock()  # one at a time may switch it off


class _Work:
    """What can have the turn.

    Attributes:
        name: What it is called in messages.
        since: When it got the turn, by the computer's clock.
        is_done: Whether it has ended.
        thread: The thread that works, where the server started it for that.
        answers: The latest answer to each of its questions; rule 4.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.since = 0.0
        self.is_done = False
        self.thread: int | None = None
        self.answers: dict[Any, bytes] = {}

    def is_calling(self) -> bool:
        """Return whether its thread is in the middle of a call over the network."""
        frame = _frames().get(self.thread) if self.thread else None
        while frame is not None and frame.f_globals.get("__name__") not in _NETWORK:
            frame = frame.f_back
        return frame is not None


def _frames() -> dict[int, FrameType]:
    """Return the frame of each thread.

    Garbage collection waits: in CPython up to 3.11 one that starts within the call may give the
    interpreter to a thread that waits for the call, for ever (python/cpython issue 106883).
    """
    with _no_collection:
        is_enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if is_enabled:
                gc.enable()


class _Wait:
    """A thread that waits: for its turn, for something to happen, or both.

    Attributes:
        number: In the order in which they began.
        is_over: Tells whether what it waits for has happened.
        work: What gets the turn then; None for a thread that only wants to know.
        comes_last: Whether everything else that can run comes first.
        passes_time: Whether time may jump meanwhile; rule 2.
        insists: Whether it may also jump while a worker has a job.
        ends: When patience ends, by the computer's clock.
        thread: The thread to start then; None for a thread that waits.
        is_own: Whether the thread of the work itself waits, rather than a guest in its turn.
        is_open: Whether the thread may go on.
    """

    def __init__(
        self,
        lock: threading.RLock,
        is_over: Callable[[], Any],
        work: _Work | None,
        *,
        comes_last: bool = False,
        passes_time: bool = False,
        insists: bool = False,
        patience: float | None = None,
        thread: threading.Thread | None = None,
        is_own: bool = False,
    ) -> None:
        self.number = next(_numbers)
        self.is_over = is_over
        self.work = work
        self.comes_last = comes_last
        self.passes_time = passes_time
        self.insists = insists
        self.ends = _FOREVER if patience is None else monotonic() + patience
        self.thread = thread
        self.is_own = is_own
        self.is_open = False
        self._gate = threading.Condition(lock)

    def __lt__(self, other: _Wait) -> bool:
        return self.number < other.number

    def open(self) -> None:
        self.is_open = True
        if self.thread is None:
            self._gate.notify_all()
        else:
            self.thread.start()

    def stand(self, seconds: float) -> None:
        """Wait until it is open, at most so long."""
        left = min(seconds, self.ends - monotonic())
        self._gate.wait_for(lambda: self.is_open, None if left == _FOREVER else max(left, 0.0))


class _Mine(threading.local):
    """What a thread knows about itself.

    Attributes:
        work: In whose turn it acts, if in any.
        is_spawned: Whether the server started it.
        is_guest: Whether it is a request in another's turn; rule 5.
        was_guest: Whether a request of this connection was one without a sign of a call.
    """

    work: _Work | None = None
    is_spawned = False
    is_guest = False
    was_guest = False


class VirtualClock(Clock):
    """A clock that starts at ``START`` and is moved by what happens."""

    is_virtual = True

    def __init__(self, lock: threading.RLock) -> None:
        super().__init__(lock)
        self._now = START
        self._turn: _Work | None = None
        self._strays: list[_Work] = []  # they lost the turn; rule 6
        self._waits: list[_Wait] = []  # by their numbers
        # Those that need not be asked until notified: a paused run costs the others no time.
        self._asleep: dict[threading.Condition, list[_Wait]] = {}
        self._mine = _Mine()
        self._outside = _Work("the test")  # whose answers are those to requests from outside
        self._jumps = 0

    def now(self) -> float:
        return self._now

    def go_on_from(self, now: float) -> None:
        self._now = now

    def spawn(self, name: str, act: Callable[..., None], *arguments: Any) -> None:
        """Start a thread of the server's own when its turn comes."""
        work = _Work(name)

        def run() -> None:
            self._mine.work, self._mine.is_spawned = work, True
            work.thread = threading.get_ident()
            try:
                act(*arguments)
            finally:
                with self._lock:
                    self._end(work)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._waits.append(_Wait(self._lock, lambda: True, work, thread=thread))

    def wait_for(
        self,
        is_over: Callable[[], bool],
        seconds: float | None = None,
        *,
        patience: float | None = None,
        passes_time: bool = True,
        told_by: threading.Condition | None = None,
    ) -> bool:
        if is_over() or (seconds is not None and seconds <= 0):
            return is_over()
        expired: list[bool] = []
        timer = None
        if seconds is not None:

            def expire() -> None:
                expired.append(True)
                if told_by is not None:
                    self.tell(told_by)

            timer = self.call_at(self._now + seconds, expire)
        is_call = patience is not None or not self._mine.is_spawned
        was_over = self._park(
            lambda: expired or is_over(),
            None if is_call else told_by,
            passes_time=passes_time and is_call,
            patience=patience,
        )
        if was_over and patience is not None and self._mine.work is None:  # the test's call; rule 3
            self._park(lambda: True, comes_last=True, patience=_SETTLING)
        if timer is not None:
            self.cancel(timer)
        return is_over()

    def tell(self, waiting: threading.Condition) -> None:
        for wait in self._asleep.pop(waiting, []):
            insort(self._waits, wait)

    def move_to(self, due: float, patience: float) -> bool:
        """Let time pass until a moment; return whether all that started came to rest in time."""
        reached: list[bool] = []
        timer = self.call_at(due, lambda: reached.append(True))
        is_over = self._park(
            lambda: reached and not self._strays,
            comes_last=True,
            passes_time=True,
            insists=True,
            patience=patience,
        )
        self.cancel(timer)
        return is_over

    def stop(self) -> None:
        """Drop every timer and every turn, and open every wait."""
        super().stop()
        for told_by in list(self._asleep):
            self.tell(told_by)
        waits, self._waits = self._waits, []
        self._turn = None
        self._strays.clear()
        for wait in waits:
            if wait.thread is None:
                wait.open()

    def enter(self, name: str) -> None:
        """Wait for the turn of a request, or for a sign that it is the call of a run; rule 5."""
        mine, wait = self._mine, _Wait(self._lock, lambda: True, _Work(name), comes_last=True)
        mine.work = wait.work
        self._waits.append(wait)
        self.go_on()
        host, looks = self._turn, 0
        while not wait.is_open:
            if self._turn is not host:
                host, looks = self._turn, 0
            is_kept = host is not None and host.thread is not None and looks > _OWN_CALL
            if host is not None and (is_kept or mine.was_guest or host.is_calling()):
                self._waits.remove(wait)
                mine.work, mine.is_guest, mine.was_guest = host, True, is_kept or mine.was_guest
                return
            wait.stand(_GLANCE)
            looks += 1

    def leave(self) -> None:
        """End the turn of a request, and wait until everything has come to rest; rule 3."""
        mine = self._mine
        work, mine.work = mine.work, None
        if mine.is_guest:
            mine.is_guest = False
            if work and (work.is_done or self._is_parked(work)):  # nobody else would end the turn
                self._give_up(work)
                self.go_on()
        elif work:
            self._end(work)
            if self._turn is not None:
                self._park(lambda: True, comes_last=True, patience=_SETTLING)

    def let_go(self) -> None:
        if self._mine.work is None:
            self._outside.answers.clear()  # the test itself does something
        self.go_on()

    def at_work(self) -> list[str]:
        """Return the names of what keeps time from passing."""
        turns = [self._turn] if self._turn else []
        others = ["somebody outside of the server"] if self.is_held() else []
        return [work.name for work in (*turns, *self._strays)] + others

    # Polls; rule 4.

    @property
    def is_guest(self) -> bool:
        """Whether the request that this thread handles is the call of a run."""
        return self._mine.is_guest

    def forget_answers(self) -> None:
        """Tell that something was done: the next questions are new ones."""
        with self._lock:
            self._asker().answers.clear()

    def is_told_again(self, question: Any, answer: bytes) -> bool:
        """Remember an answer; return whether it is the one that was given before."""
        with self._lock:
            answers = self._asker().answers
            before, answers[question] = answers.get(question), answer
        return before == answer

    def skip(self, patience: float) -> bool:
        """Let time go to the next timer, and what it starts come to rest.

        Returns:
            Whether there may be something new: False when no timer is left.
        """
        with self._lock:
            jumps = self._jumps
            self._park(
                lambda: self._jumps > jumps or not self._timers,
                comes_last=True,
                passes_time=True,
                patience=patience,
            )
            return self._jumps > jumps

    def _asker(self) -> _Work:
        mine = self._mine
        return mine.work if mine.is_guest and mine.work else self._outside

    def _park(
        self, is_over: Callable[[], Any], told_by: threading.Condition | None = None, **options: Any
    ) -> bool:
        """Give up the turn, if this thread has it, and wait; return whether it was over in time."""
        work = self._mine.work
        wait = _Wait(self._lock, is_over, work, is_own=self._mine.is_spawned, **options)
        if work is not None:
            work.answers.clear()
            self._give_up(work)
        if told_by is None:
            self._waits.append(wait)
        else:
            self._asleep.setdefault(told_by, []).append(wait)
        try:
            self.go_on()
            while not wait.is_open and monotonic() < wait.ends:
                wait.stand(_FOREVER if self._mine.is_spawned else _LONG_TURN / 4)
                self._pass_on()
                self.go_on()  # somebody outside of the server may be done
        finally:  # an interrupt too must leave nothing behind
            if told_by is not None:
                self.tell(told_by)
            if wait in self._waits:
                self._waits.remove(wait)
        return wait.is_open

    def go_on(self) -> None:
        """Give the turn to the next, or let time jump; called whenever either may be due."""
        while self._turn is None:
            wait = self._next()
            if wait is not None:
                self._waits.remove(wait)
                if wait.work is not None:
                    self._turn, wait.work.since = wait.work, monotonic()
                wait.open()
            elif self._may_jump():
                timer = self._timers.pop(0)
                self._now = max(self._now, timer.due)
                self._jumps += 1
                timer.fire()
            else:
                return

    def _pass_on(self) -> None:
        """Take the turn away from what has had it for long; rule 6."""
        work = self._turn
        if work is not None and monotonic() - work.since > _LONG_TURN:
            self._strays.append(work)
            self._turn = None
            self.go_on()

    def _is_parked(self, work: _Work) -> bool:
        """Return whether the thread of a run waits for the turn or for something else."""
        waits = chain(self._waits, *self._asleep.values())
        return any(wait.work is work and wait.is_own for wait in waits)

    def _give_up(self, work: _Work) -> None:
        if self._turn is work:
            self._turn = None
        if work in self._strays:
            self._strays.remove(work)

    def _end(self, work: _Work) -> None:
        work.is_done = True
        self._give_up(work)
        self.go_on()

    def _next(self) -> _Wait | None:
        """Return the wait that ends next, if one is over."""
        for last in (False, True):
            if last and self._is_due():
                return None  # what is due at this moment is a part of what has to come to rest
            for wait in self._waits:
                if wait.comes_last is last and wait.is_over():
                    return wait
        return None

    def _is_due(self) -> bool:
        """Return whether a timer can fire without a jump."""
        return bool(self._timers) and not self._strays and self._timers[0].due <= self._now

    def _may_jump(self) -> bool:
        if not self._timers or self._strays:
            return False
        if self._is_due():
            return True
        moment, held = monotonic(), self.is_held()
        waits = (wait for wait in self._waits if wait.passes_time and moment < wait.ends)
        return any(wait.insists or not held for wait in waits) or (not held and self.is_wanted())

    def _first_changed(self) -> None:
        pass  # no thread waits for timers
