"""The part of ``LocalServer`` that waits for runs, and moves virtual time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ._dispatch import Application
from ._engine.runs import Run, all_runs
from ._engine.state import State
from ._engine.times import timestamp
from ._engine.virtual import END, VirtualClock
from ._user_arguments import check_seconds


class Waiting:
    """A server's runs and its time. Timeouts are seconds by the computer's own clock."""

    _application: Application

    def wait_until_idle(self, timeout: float = 5.0) -> None:
        """Wait until no run of a registered function is working; paused runs do not count.

        Args:
            timeout: How many seconds to wait at most.

        Raises:
            TimeoutError: Runs are still working; the message names them and their steps.
        """
        with self._application.locked() as state:

            def is_idle() -> bool:
                return not _at_work(state)

            if not state.clock.wait_for(is_idle, patience=timeout):
                raise _still_working(state, timeout)

    def wait_for_run(self, run_id: str, timeout: float = 5.0) -> dict[str, Any]:
        """Wait until a run is completed, failed or cancelled, through its sleeps and waits.

        Args:
            run_id: Id of the run, as ``events_create`` gives it.
            timeout: How many seconds to wait at most.

        Returns:
            The run, with the members of ``models.Run``: ``status``, ``output``, ``error``, …

        Raises:
            KeyError: There is no such run.
            TimeoutError: The run has not ended; the message has its status and what is at work.
        """
        with self._application.locked() as state:
            run = next((run for run in all_runs(state) if run.id == run_id), None)
            if run is None:
                raise KeyError(f"no run {run_id}")
            if not state.clock.wait_for(lambda: run.finished, patience=timeout):
                what = f"{run_id} is still {run.status} after {timeout:g} s: {_name_of(run)}"
                others = [name for name in _at_work(state) if name != _name_of(run)]
                raise TimeoutError("; also at work: ".join([what, *others]))
            return dict(run.record)

    def advance(self, seconds: float, timeout: float = 5.0) -> None:
        """Let virtual time pass, and return when everything it started has come to rest.

        Timers on the way fire in order, each at its own time.

        Args:
            seconds: How much time passes, in seconds.
            timeout: How many seconds to wait at most.

        Raises:
            RuntimeError: The server's clock is the computer's.
            ValueError: ``seconds`` is negative, or leads beyond the calendar.
            TimeoutError: Something is still working; the message names it.
        """
        check_seconds(seconds, "seconds")
        with self._application.locked() as state:
            _move(state, state.clock.now() + seconds, timeout)

    def set_time(self, moment: datetime, timeout: float = 5.0) -> None:
        """Let virtual time pass until a moment, as ``advance`` does; time never goes back.

        Args:
            moment: An aware datetime, not before ``now``.
            timeout: How many seconds to wait at most.

        Raises:
            RuntimeError: The server's clock is the computer's.
            TypeError: It is not a datetime.
            ValueError: It is naive, or has passed.
            TimeoutError: Something is still working; the message names it.
        """
        if not isinstance(moment, datetime):
            raise TypeError(f"moment must be a datetime, not {moment!r}")
        if moment.utcoffset() is None:
            raise ValueError(f"moment must have a time zone; {moment.isoformat()} has none")
        with self._application.locked() as state:
            _move(state, moment.timestamp(), timeout)


def _at_work(state: State) -> list[str]:
    """Return the names of the runs that a thread executes; a stopped server has none."""
    return [
        _name_of(run)
        for run in all_runs(state)
        if run.status == "running" and run.has_thread and not state.closed
    ]


def _name_of(run: Run) -> str:
    """Return how messages name a run, with the steps that it is in."""
    steps = [f" in step {step['step_id']}" for step in run.steps if step["status"] == "running"]
    return f"{run.id} ({run.function.id}){''.join(steps)}"


def _still_working(state: State, timeout: float) -> TimeoutError:
    clock = state.clock
    outside = clock.at_work() if isinstance(clock, VirtualClock) else []
    names = _at_work(state) or outside or ["timers that never end"]
    return TimeoutError(f"still working after {timeout:g} s: {', '.join(names)}")


def _move(state: State, moment: float, timeout: float) -> None:
    clock = state.clock
    if not isinstance(clock, VirtualClock):
        raise RuntimeError('only a virtual clock can be moved: LocalServer(clock="virtual")')
    if not clock.now() <= moment <= END:
        raise ValueError(
            f"the time must be from {clock.text()} to {timestamp(END)}; it does not go back"
        )
    if not clock.move_to(moment, timeout):
        raise _still_working(state, timeout)
