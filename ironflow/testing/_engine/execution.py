"""Executing runs: Python handlers in threads of their own, step by step.

Rules:

1. A run of a Python function has its own thread. Its handler runs without the state's lock, so it
   may call the server. Every change of the run's record is made with the lock held.
2. A completed step is never executed again: when a run is retried or resumed, the step returns its
   recorded output, or the output it was patched with.
3. A run that is cancelled or started over leaves its old thread behind. The next use of ``step``
   ends that thread, and what its handler returns is dropped. The run's ``execution`` number tells
   which thread is the current one.
4. A run that was interrupted by ``stop`` continues when the server starts again. One that waits
   needs no thread for that: it is parked, and gets one when its wait ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from .._log import logger
from . import injection, runs
from .patterns import matches
from .refusals import Refusal, missing
from .runs import Function, Run, Runs, Wait
from .state import Environment, Record, State, only
from .times import timestamp

Result = TypeVar("Result")

_EVENT_MEMBERS = (
    "id", "name", "data", "metadata", "version", "source", "timestamp", "entity_id", "entity_type",
    "entity_version",
)  # fmt: skip


class _Abandoned(BaseException):
    """The run goes on without this thread. Not an ``Exception``: no handler should catch it."""


def start(environment: Environment, function: Function, event: Record) -> Run:
    """Start a run of a function; a run of a worker's function waits until the worker fetches it."""
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
    elif run.held is not None and not from_step:
        held, run.held = run.held, None
        runs.begin_wait(run, held)


def carry_on(state: State) -> None:
    """Continue the unfinished runs after a stop, which ended their threads and timers."""
    state.clock.is_held = partial(state.any_says, "holds_time")
    state.clock.is_wanted = partial(state.any_says, "wants_time")
    for run in runs.all_runs(state):
        if run.finished or injection.is_paused(run):
            continue
        if run.wait is not None:
            run.execution += run.has_thread  # a thread of before goes on with nothing
            run.go_on = partial(_spawn, run) if run.has_thread else None
            runs.set_timer(run)
        elif run.has_thread and run.status != "paused":
            _abandon(run)
            _launch(run)


def wake(environment: Environment, event: Record) -> None:
    """Let the runs go on that wait for an event, unless their time is over."""
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
            and wait.has_value(data)
        ):
            found = {"output": _event_for_user(event), "wait_event_id": event["id"]}
            runs.end_wait(run, {"eventId": event["id"]}, **found)


def _forget_from(run: Run, wanted: str) -> None:
    for index, step in enumerate(run.steps):
        if wanted in (step["id"], step["step_id"]):
            for later in run.steps[index:]:
                del run.environment.of(Runs).steps[later["id"]]
            del run.steps[index:]
            return
    raise missing("step", wanted)


def _abandon(run: Run) -> None:
    """Take the run away from its current thread or job."""
    run.execution += 1
    run.go_on = None
    runs.drop_wait(run)


def _launch(run: Run) -> None:
    runs.change(run, "run.started", {"attempt": run.record["attempt"]}, status="running")
    _spawn(run)


def _spawn(run: Run) -> None:
    run.go_on = None
    run.environment.clock.spawn(f"ironflow-{run.id}", _execute, run, run.execution)


def _execute(run: Run, execution: int) -> None:
    """Execute a run until it ends or goes on without this thread."""
    try:
        while not _attempt(run, tools := StepTools(run, execution)):
            tools._pause(run.function.retry_delay)
    except _Abandoned:
        pass


def _attempt(run: Run, tools: StepTools) -> bool:
    """Call the handler once; return False when it failed and has attempts left."""
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
    """Record a failed attempt; return whether it was the last one."""
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
        TypeError: It is not a JSON value; ``what`` names it in the message.
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

    A completed step is recorded under its name. When the run is retried or resumed, the step
    returns its recorded output and is not executed again. A name that is used twice in one run is
    numbered: ``charge``, ``charge#2``.

    Attributes:
        run_id: Id of the run.
        attempt: Number of the attempt, from 1.
    """

    def __init__(self, run: Run, execution: int) -> None:
        self._run = run
        self._at_work = _AtWork(run, execution)
        self._counts: dict[str, int] = {}
        self.run_id: str = run.id
        self.attempt: int = run.record["attempt"]

    def run(self, name: str, action: Callable[[], Result]) -> Result:
        """Execute ``action`` as a step and return its result, which must be a JSON value.

        Args:
            name: Name of the step.
            action: Called without arguments, once.

        Raises:
            Exception: Whatever ``action`` raises; the step has then failed.
            TypeError: The result is not a JSON value.
        """
        with self._at_work:
            step_id = self._next_id(name)
            done = runs.completed_step(self._run, step_id)
            if done is not None:
                recorded: Result = _json_copy(done.get("output"), "the output")
                return recorded
            step = self._begin(step_id, "invoke")
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
            seconds: How long to sleep. A retried run that has already slept does not sleep again.
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
            timeout: How many seconds to wait at most, None for no limit.

        Returns:
            The event, or None when none came in time or the run was resumed.
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
        """Wait in a step, unless an earlier attempt did; return the event that ended the wait."""
        run = self._run
        wanted = _json_copy(dict(match or {}), "match")
        with self._at_work:
            step_id = self._next_id(name)
            step = runs.completed_step(run, step_id)
            if step is None:
                until = None if seconds is None else run.environment.clock.now() + seconds
                if until is not None:
                    timestamp(until)  # raises if no calendar has that time
                step = self._begin(step_id, step_type)
                held, run.held = run.held, None
                if held is not None and held.step is step:
                    until = held.until
                if wanted:
                    step["wait_event_match"] = wanted
                wait = Wait(step, until, pattern, wanted)
                runs.begin_wait(run, wait)
                self._until(lambda: run.wait is not wait)
            return _json_copy(step.get("output"), "the output")

    def _begin(self, step_id: str, step_type: str) -> Record:
        """Begin a step, unless the run is to pause before it."""
        if self._run.record["pause_requested"]:
            injection.hold(self._run, step_id)
            raise _Abandoned
        return runs.begin_step(self._run, step_id, step_type)

    def _pause(self, seconds: float) -> None:
        """Wait between two attempts."""
        with self._at_work:
            self._until(lambda: False, seconds)

    def _until(self, is_over: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until ``is_over`` returns true, or end this thread if the run goes on without it."""
        gone = self._at_work.is_over
        clock = self._run.environment.clock
        clock.wait_for(lambda: gone() or is_over(), seconds, told_by=self._run.ready)
        if gone():
            raise _Abandoned

    def _next_id(self, name: str) -> str:
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"
