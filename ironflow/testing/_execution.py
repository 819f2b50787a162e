"""Carrying runs out: Python handlers in threads of their own, step by step.

Rules:

1. A run of a Python function has a thread of its own. Its handler runs without the state's lock, so
   that it may call the server; every change of the run's record is made with it.
2. A step that is completed is never carried out again: when a run is tried again or resumed, it
   gives its recorded output, also one that was patched.
3. A run that was cancelled or started over leaves its old thread behind: the next thing that the
   handler asks of ``step`` ends it, and what it returns is dropped. ``execution`` tells them apart.
4. While a run sleeps or waits for an event it is ``paused``; resuming it ends the wait.
5. A run that a stop of the server interrupted is carried on when the server starts again.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from ._checks import Refusal, matches, missing, timestamp
from ._log import logger
from ._runs import (
    FINISHED,
    Run,
    Waiter,
    audit,
    change,
    complete,
    end_step,
    error_record,
    fail,
    new_step,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from ._runs import Function
    from ._state import Environment, Record, State

    Result = TypeVar("Result")


class _Abandoned(BaseException):
    """The run goes on without this thread; no handler should catch it."""


def start(state: State, environment: Environment, function: Function, event: Record) -> str:
    """Start a run of a function for an event and return its id."""
    moment = state.now()
    record = {
        "id": state.new_id("run"),
        "environment_id": environment.id,
        "function_id": function.id,
        "function_version": 1,
        "event_id": event["id"],
        "execution_mode": function.record["execution_mode"],
        "status": "pending",
        "attempt": 1,
        "max_attempts": function.max_attempts,
        "pause_requested": False,
        "version": 1,
        "input": event["data"],
        "created_at": moment,
        "updated_at": moment,
    }
    run = Run(record, function, event, environment)
    environment.runs[run.id] = run
    audit(state, run, "run.created", {"functionId": function.id})
    if function.handler is not None:
        _launch(state, run)
    return run.id


def cancel(state: State, run: Run, reason: str) -> None:
    """Cancel a run that is not finished."""
    if run.status in FINISHED:
        raise Refusal(409, f"run is already {run.status}")
    _abandon(run)
    for step in run.steps:
        if step["status"] == "running":
            moment = state.now()
            step.update(status="cancelled", ended_at=moment, updated_at=moment)
    members = {"cancellation_cause": reason} if reason else {}
    payload = {"reason": reason} if reason else {}
    change(state, run, "run.cancelled", payload, status="cancelled", **members)


def resume(state: State, run: Run, from_step: str) -> None:
    """Resume a failed or paused run, from one of its steps where one is named."""
    if run.status not in ("failed", "paused"):
        raise Refusal(409, f"run is {run.status}; only a failed or paused run can be resumed")
    payload = {"fromStep": from_step} if from_step else {}
    if from_step:
        _forget_from(run, from_step)
        run.record["resume_from_step"] = from_step
    if run.status == "paused" and run.function.handler is not None and not from_step:
        _wake(state, run, payload)
        return
    _abandon(run)
    attempt = run.record["attempt"] + (run.status == "failed")
    handled = run.function.handler is not None
    status = "running" if handled else "pending"
    change(state, run, "run.resumed", payload, status=status, attempt=attempt)
    if handled:
        _launch(state, run)


def carry_on(state: State) -> None:
    """Carry on the runs that are not finished, after a stop has ended their threads."""
    for environment in state.environments.values():
        for run in environment.runs.values():
            if run.function.handler is not None and run.status not in FINISHED:
                _abandon(run)
                _launch(state, run)


def _wake(state: State, run: Run, payload: Record) -> None:
    """End a run's wait; it counts as running before its thread has noticed."""
    run.resumed = True
    run.wake.set()
    change(state, run, "run.resumed", payload, status="running")


def _forget_from(run: Run, wanted: str) -> None:
    for index, step in enumerate(run.steps):
        if wanted in (step["id"], step["step_id"]):
            for later in run.steps[index:]:
                del run.environment.steps[later["id"]]
            del run.steps[index:]
            return
    raise missing("step", wanted)


def _abandon(run: Run) -> None:
    """Leave the run's present thread or job behind."""
    run.execution += 1
    run.wake.set()
    run.wake = threading.Event()
    waiters = run.environment.waiters
    waiters[:] = [waiter for waiter in waiters if waiter.run is not run]


def wake_waiters(state: State, environment: Environment, event: Record) -> None:
    """Wake the runs that wait for this event."""
    for waiter in list(environment.waiters):
        data = event["data"] if isinstance(event["data"], dict) else {}
        fits = all(name in data and data[name] == value for name, value in waiter.match.items())
        if fits and matches(waiter.pattern, event["name"]):
            waiter.event = event
            environment.waiters.remove(waiter)
            _wake(state, waiter.run, {"eventId": event["id"]})


def _launch(state: State, run: Run) -> None:
    change(state, run, "run.started", {"attempt": run.record["attempt"]}, status="running")
    threading.Thread(
        target=_execute, args=(state, run, run.execution), name=f"ironflow-{run.id}", daemon=True
    ).start()


def _execute(state: State, run: Run, execution: int) -> None:
    """Carry a run out until it ends or goes on without this thread."""
    tools = StepTools(state, run, execution)
    try:
        while not _attempt(state, run, tools):
            tools._pause(run.function.retry_delay)
            tools = StepTools(state, run, execution)
    except _Abandoned:
        pass


def _attempt(state: State, run: Run, tools: StepTools) -> bool:
    """Call the handler once; False when it failed and is to be tried again."""
    handler = run.function.handler
    assert handler is not None
    try:
        event = _given(run.event)
        result = handler(event, tools) if run.function.takes_step else handler(event)
        output = _plain(result, "the output")
    except _Abandoned:
        raise
    except BaseException as error:
        logger.error("%s of %s failed", run.id, run.function.id, exc_info=True)
        with state.lock:
            tools._check()
            attempt = run.record["attempt"]
            if attempt < run.record["max_attempts"]:
                payload = {"attempt": attempt, "error": error_record(error)}
                change(state, run, "run.retrying", payload, attempt=attempt + 1)
                return False
            fail(state, run, error_record(error))
        return True
    with state.lock:
        tools._check()
        complete(state, run, output)
    return True


_EVENT_MEMBERS = (
    "id", "name", "data", "metadata", "version", "source", "timestamp", "entity_id", "entity_type",
    "entity_version",
)  # fmt: skip


def _given(event: Record) -> Any:
    """Return a handler's copy of an event."""
    return _plain({name: event[name] for name in _EVENT_MEMBERS if name in event})


def _plain(value: Any, what: str = "the event") -> Any:
    """Return a copy of a JSON value; anything else is a ``TypeError`` that says what it is."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} is not a JSON value: {error}") from error


class StepTools:
    """What a handler does step by step; its second argument.

    A completed step is recorded under its name. When the run is tried again or resumed, the step
    gives its recorded output and is not carried out again. A name that comes twice in one run is
    counted: ``charge``, ``charge#2``.

    Attributes:
        run_id: Id of the run.
        attempt: Number of the attempt, from 1.
    """

    def __init__(self, state: State, run: Run, execution: int) -> None:
        self._state = state
        self._run = run
        self._execution = execution
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
        with self._state.lock:
            step_id = self._next_id(name)
            done = self._completed(step_id)
            if done is not None:
                recorded: Result = _plain(done.get("output"))
                return recorded
            step = new_step(self._state, self._run, step_id, "invoke")
        began = time.monotonic()
        try:
            output = _plain(action(), "the output of the step")
        except BaseException as error:
            self._end(step, "failed", began, error=error_record(error))
            raise
        self._end(step, "completed", began, output=output)
        given: Result = _plain(output)
        return given

    def sleep(self, name: str, seconds: float) -> None:
        """Pause the run for a time; cancelling or resuming the run ends it early.

        Args:
            name: Name of the step.
            seconds: How long; a run that has slept already does not sleep again.
        """
        with self._state.lock:
            step_id = self._next_id(name)
            if self._completed(step_id) is not None:
                return
            until = timestamp(time.time() + seconds)
            step = new_step(self._state, self._run, step_id, "sleep", sleep_until=until)
            wake = self._suspend(step_id)
        self._run_on_after(wake, seconds, step)

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
        with self._state.lock:
            step_id = self._next_id(name)
            done = self._completed(step_id)
            if done is not None:
                return _plain(done.get("output"))
            wanted = _plain(dict(match or {}), "match")
            waiter = Waiter(self._run, event, wanted)
            members: Record = {"wait_event_name": event}
            if timeout is not None:
                members["wait_timeout"] = timestamp(time.time() + timeout)
            if wanted:
                members["wait_event_match"] = wanted
            step = new_step(self._state, self._run, step_id, "wait_for_event", **members)
            self._run.environment.waiters.append(waiter)
            wake = self._suspend(step_id)
        return self._run_on_after(wake, timeout, step, waiter)

    def _pause(self, seconds: float) -> None:
        """Wait between two attempts."""
        with self._state.lock:
            self._check()
            wake = self._run.wake
            wake.clear()  # an earlier wait may have left it set
        wake.wait(seconds)
        with self._state.lock:
            self._check()

    def _check(self) -> None:
        """End this thread when the run goes on without it."""
        if self._state.closed or self._run.execution != self._execution:
            raise _Abandoned

    def _next_id(self, name: str) -> str:
        self._check()
        count = self._counts[name] = self._counts.get(name, 0) + 1
        return name if count == 1 else f"{name}#{count}"

    def _completed(self, step_id: str) -> Record | None:
        steps = self._run.steps
        return next(
            (s for s in steps if s["step_id"] == step_id and s["status"] == "completed"), None
        )

    def _end(self, step: Record, status: str, began: float, **members: Any) -> None:
        with self._state.lock:
            self._check()
            end_step(self._state, self._run, step, status, began, **members)

    def _suspend(self, step_id: str) -> threading.Event:
        """Pause the run; return what wakes it, which is another one once it is abandoned."""
        self._run.resumed = False
        self._run.wake.clear()
        change(self._state, self._run, "run.paused", {"name": step_id}, status="paused")
        return self._run.wake

    def _run_on_after(
        self,
        wake: threading.Event,
        seconds: float | None,
        step: Record,
        waiter: Waiter | None = None,
    ) -> Any:
        """Wait, then let the run go on; return the event that was waited for."""
        began = time.monotonic()
        wake.wait(seconds)
        state, run = self._state, self._run
        with state.lock:
            self._check()
            event = None
            if waiter is not None:
                if waiter in run.environment.waiters:
                    run.environment.waiters.remove(waiter)
                if waiter.event is not None:
                    event = _given(waiter.event)
                    step["wait_event_id"] = event["id"]
            if not run.resumed:
                change(state, run, "run.resumed", {}, status="running")
            end_step(state, run, step, "completed", began, output=event)
        return _plain(event)
