"""Carrying runs out: Python handlers in threads of their own, step by step.

Rules:

1. A run of a Python function has a thread of its own. Its handler runs without the state's lock,
   so it may call the server; every change of the run's record is made with the lock held.
2. A step that has completed is never carried out again: when a run is tried again or resumed, the
   step gives its recorded output, also one that was patched.
3. A run that was cancelled or started over leaves its old thread behind: the next thing that the
   handler asks of ``step`` ends that thread, and what it returns is dropped. ``execution`` tells
   the two apart.
4. A run that a stop of the server interrupted is carried on when the server starts again.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from .._log import logger
from . import runs
from .patterns import matches
from .refusals import Refusal, missing
from .runs import Run, Runs, Wait
from .state import only
from .times import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from .runs import Function
    from .state import Environment, Record, State

    Result = TypeVar("Result")

_EVENT_MEMBERS = (
    "id", "name", "data", "metadata", "version", "source", "timestamp", "entity_id", "entity_type",
    "entity_version",
)  # fmt: skip


class _Abandoned(BaseException):
    """The run goes on without this thread; no handler should catch it."""


def start(environment: Environment, function: Function, event: Record) -> Run:
    """Start a run of a function for an event; one of a worker's function waits for its worker."""
    run = runs.create(environment, function, event)
    if run.has_thread:
        _launch(run)
    return run


def cancel(run: Run, reason: str) -> None:
    """Cancel a run that is not finished."""
    if run.finished:
        raise Refusal(409, f"run is already {run.status}")
    _abandon(run)
    moment = run.environment.clock.text()
    for step in run.steps:
        if step["status"] == "running":
            step.update(status="cancelled", ended_at=moment, updated_at=moment)
    members = {"cancellation_cause": reason} if reason else {}
    payload = {"reason": reason} if reason else {}
    runs.change(run, "run.cancelled", payload, status="cancelled", **members)


def resume(run: Run, from_step: str) -> None:
    """Resume a failed or paused run, from one of its steps where one is named."""
    if run.status not in ("failed", "paused"):
        raise Refusal(409, f"run is {run.status}; only a failed or paused run can be resumed")
    if run.wait is not None and not from_step:
        runs.end_wait(run)
        return
    if from_step:
        _forget_from(run, from_step)
        run.record["resume_from_step"] = from_step
    _abandon(run)
    attempt = run.record["attempt"] + (run.status == "failed")
    status = "running" if run.has_thread else "pending"
    payload = {"fromStep": from_step} if from_step else {}
    runs.change(run, "run.resumed", payload, status=status, attempt=attempt)
    if run.has_thread:
        _launch(run)


def carry_on(state: State) -> None:
    """Carry on the runs that are not finished, after a stop has ended threads and timers."""
    for run in runs.all_runs(state):
        if run.finished:
            continue
        if run.has_thread:
            _abandon(run)
            _launch(run)
        else:
            runs.set_timer(run)


def wake(environment: Environment, event: Record) -> None:
    """End the waits for an event, those whose time is over excepted."""
    data = event["data"] if isinstance(event["data"], dict) else {}
    now = environment.clock.now()
    for run in environment.of(Runs).values():
        wait = run.wait
        if (
            wait is not None
            and wait.pattern
            and (wait.until is None or now < wait.until)
            and all(name in data and data[name] == value for name, value in wait.match.items())
            and matches(wait.pattern, event["name"])
        ):
            runs.end_wait(run, _event_for_user(event), {"eventId": event["id"]})


def _forget_from(run: Run, wanted: str) -> None:
    for index, step in enumerate(run.steps):
        if wanted in (step["id"], step["step_id"]):
            for later in run.steps[index:]:
                del run.environment.of(Runs).steps[later["id"]]
            del run.steps[index:]
            return
    raise missing("step", wanted)


def _abandon(run: Run) -> None:
    """Leave the run's present thread or job behind."""
    run.execution += 1
    runs.drop_wait(run)


def _launch(run: Run) -> None:
    runs.change(run, "run.started", {"attempt": run.record["attempt"]}, status="running")
    threading.Thread(
        target=_execute, args=(run, run.execution), name=f"ironflow-{run.id}", daemon=True
    ).start()


def _execute(run: Run, execution: int) -> None:
    """Carry a run out until it ends or goes on without this thread."""
    try:
        while not _attempt(run, tools := StepTools(run, execution)):
            tools._pause(run.function.retry_delay)
    except _Abandoned:
        pass


def _attempt(run: Run, tools: StepTools) -> bool:
    """Call the handler once; return False when it failed and is to be tried again."""
    handler = run.function.handler
    assert handler is not None
    try:
        event = _event_for_user(run.event)
        result = handler(event, tools) if run.function.takes_step else handler(event)
        output = _json_copy(result, "the output")
    except _Abandoned:
        raise
    except BaseException as error:
        logger.error("%s of %s failed", run.id, run.function.id, exc_info=True)
        with tools._at_work:
            return _failed(run, runs.error_record(error))
    with tools._at_work:
        runs.complete(run, output)
    return True


def _failed(run: Run, error: Record) -> bool:
    """Note that an attempt failed; return whether it was the last one."""
    attempt = run.record["attempt"]
    if attempt >= run.record["max_attempts"]:
        runs.fail(run, error)
        return True
    runs.change(run, "run.retrying", {"attempt": attempt, "error": error}, attempt=attempt + 1)
    return False


def _event_for_user(event: Record) -> Any:
    """Return a copy of an event for the user's own code."""
    return _json_copy(only(event, _EVENT_MEMBERS), "the event")


def _json_copy(value: Any, what: str) -> Any:
    """Return a copy of a JSON value.

    Raises:
        TypeError: The value is none, which the message says of ``what``.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} is not a JSON value: {error}") from error


class _AtWork:
    """Holds the state's lock for a thread, unless its run goes on without it."""

    def __init__(self, run: Run, execution: int) -> None:
        self._run = run
        self._execution = execution
        self._lock = run.environment.state.lock

    def is_over(self) -> bool:
        return self._run.environment.state.closed or self._run.execution != self._execution

    def __enter__(self) -> None:
        self._lock.acquire()
        if self.is_over():
            self._lock.release()
            raise _Abandoned

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class StepTools:
    """What a handler does step by step; its second argument.

    A completed step is recorded under its name. When the run is tried again or resumed, the step
    gives its recorded output and is not carried out again. A name that comes twice in one run is
    counted: ``charge``, ``charge#2``.

    Attributes:
        run_id: Id of the run.
        attempt: Number of the attempt, from 1.
    """

    def __init__(self, run: Run, execution: int) -> None:
        self._run = run
        self._at_work = _AtWork(run, execution)
        self._counts: dict[str, int] = {}
        self.run_id = run.id
        self.attempt: int = run.record["attempt"]

    def run(self, name: str, action: Callable[[], Result]) -> Result:
        """Carry out ``action`` as a step and return its result, which has to be a JSON value.

        Args:
            name: Name of the step.
            action: Called without arguments, once.

        Raises:
            Exception: Whatever ``action`` raises; the step has failed then.
            TypeError: The result is not a JSON value.
        """
        with self._at_work:
            step_id = self._next_id(name)
            done = runs.completed_step(self._run, step_id)
            if done is not None:
                recorded: Result = _json_copy(done.get("output"), "the output")
                return recorded
            step = runs.begin_step(self._run, step_id, "invoke")
        try:
            output = _json_copy(action(), "the output of the step")
        except BaseException as error:
            with self._at_work:
                runs.end_step(self._run, step, "failed", error=runs.error_record(error))
            raise
        with self._at_work:
            runs.end_step(self._run, step, "completed", output=output)
        result: Result = _json_copy(output, "the output")
        return result

    def sleep(self, name: str, seconds: float) -> None:
        """Pause the run for a time; cancelling or resuming the run ends it early.

        Args:
            name: Name of the step.
            seconds: How long; a run that has slept already does not sleep again.
        """
        self._wait(name, "sleep", seconds)

    def wait_for_event(
        self,
        name: str,
        event: str,
        *,
        match: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Pause the run until an event arrives, and return it.

        Args:
            name: Name of the step.
            event: Pattern of the event's name: ``*`` is one dotted part, ``>`` the rest.
            match: Members that the event's data must have.
            timeout: Seconds to wait at most, None for no limit.

        Returns:
            The event, None when none came in time or the run was resumed.
        """
        return self._wait(name, "wait_for_event", timeout, event, match)

    def _wait(
        self,
        name: str,
        step_type: str,
        seconds: float | None,
        pattern: str = "",
        match: Mapping[str, Any] | None = None,
    ) -> Any:
        """Wait in a step, unless an earlier attempt has; return the event that was waited for."""
        run = self._run
        wanted = _json_copy(dict(match or {}), "match")
        with self._at_work:
            step_id = self._next_id(name)
            step = runs.completed_step(run, step_id)
            if step is None:
                until = None if seconds is None else run.environment.clock.now() + seconds
                if until is not None:
                    timestamp(until)  # a time beyond the calendar fails the step before it begins
                step = runs.begin_step(run, step_id, step_type)
                if wanted:
                    step["wait_event_match"] = wanted
                wait = Wait(step, until, pattern, wanted)
                runs.begin_wait(run, wait)
                self._until(lambda: run.wait is not wait)
            return _json_copy(step.get("output"), "the output")

    def _pause(self, seconds: float) -> None:
        """Wait between two attempts."""
        with self._at_work:
            self._until(lambda: False, seconds)

    def _until(self, is_over: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait with the lock held until something is so, or end this thread."""
        gone = self._at_work.is_over
        clock = self._run.environment.clock
        clock.wait_for(self._run.ready, lambda: gone() or is_over(), seconds)
        if gone():
            raise _Abandoned

    def _next_id(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"
