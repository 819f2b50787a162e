"""Waiting for what a call has started: runs, rebuilds, projections that have to catch up.

Rules:

1. ``timeout`` is how long the caller waits, in seconds; 0 is one look. The client's own ``timeout``
   bounds each look, and so does the time that is left: no look outlasts the wait.
2. Without ``poll_interval`` the pauses between looks grow from 0.1 s to 2 s, half of each fixed and
   half of it random, which makes at most T + 5 looks in T seconds. With it, each pause is that
   long. A ``Retry-After`` makes a pause longer, never shorter.
3. A look says ``Prefer: wait`` (RFC 7240, 4.3), so that a server may hold it until something has
   changed; the local server with a virtual clock does.
4. A look is one attempt, because the wait repeats it anyway. If it fails without a reply, or with
   408, 425, 429 or 5xx, the wait goes on. Any other failure ends the wait at once.
5. ``on_progress`` gets every state that differs from the one before, the first and the last
   included. What it raises ends the wait.
6. If runs have not ended after three looks, and the server offers subscriptions, the wait
   subscribes to their events. It then looks at a run as soon as that has ended, and makes few other
   looks. With ``poll_interval`` it only polls. A subscription never makes a wait fail and never
   changes its result; the rules are in ``_pushes``.
7. A run that failed is a result like any other, unless the caller asks for an exception. Time that
   is up is an ``IronflowTimeoutError`` whose ``body`` is the last state.

Design: the methods say what is waited for; ``_polling`` has the clock, makes the looks and decides
what follows each of them; ``_run_looks`` decides which looks several runs take.
"""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowTimeoutError, RunFailedError
from ._page_styles import unusable
from ._polling import (
    ENDED_REBUILD,
    RunWait,
    Wait,
    generated,
    has_ended,
    members,
    status_of,
)
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from . import models
    from ._polling import Clock
    from .client import IronflowClient
else:
    from ._hints import Any, Callable, Iterable, Iterator, models

_REASON_LIMIT = 300  # characters of a run's error in a message


class Waits(BaseClient):
    """The methods of a client that wait."""

    _clock: Clock | None = None  # a test puts its own here

    def runs_wait(
        self,
        id: str,
        *,
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.RunResponse], object] | None = None,
        raise_on_failure: bool = False,
    ) -> models.RunResponse:
        """Wait until a run has ended, whoever started it.

        A run has ended when its status is completed, failed or cancelled. It is looked up by
        ``GET /api/v1/runs/{id}``, at most T + 5 times in T seconds unless ``poll_interval`` is
        given. A look that fails without a reply, or with 408, 425, 429 or 5xx, is repeated. Where
        the server offers subscriptions, a longer wait opens one, notices the end at once and needs
        far fewer looks.

        Args:
            id: Run id.
            timeout: Seconds to wait at most; 0 is one look. It is not the timeout of a request:
                that stays the client's own.
            poll_interval: Seconds between two looks, and no subscription. By default they are
                random and grow from 0.1 to 2, and the wait may subscribe.
            on_progress: Called with the run at first and whenever it has changed.
            raise_on_failure: Raise ``RunFailedError`` for a run that failed or was cancelled,
                instead of returning it.

        Returns:
            The run, as ``runs_get`` returns it.

        Raises:
            IronflowTimeoutError: The run has not ended in time; ``body`` is its last state.
            RunFailedError: It failed or was cancelled, with ``raise_on_failure``.
            IronflowError: It cannot be looked up, as with status 401, 403 or 404.
        """
        wait = RunWait(self, timeout, poll_interval, on_progress)
        wait.ids = (id,)
        try:
            for found in wait.states(lambda client: {id: client.runs_get(id)}):
                run = found[id]
                wait.report(run)
                if has_ended(run):
                    return _outcome(run, raise_on_failure)
        finally:
            wait.close()
        raise wait.timed_out(f"run {id} has not ended", wait.seen.get(""))

    def runs_wait_many(
        self,
        ids: Iterable[str],
        *,
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.RunResponse], object] | None = None,
        raise_on_failure: bool = False,
    ) -> Iterator[models.RunResponse]:
        """Wait for several runs, and yield each as it ends.

        A run is first looked up by its id, which tells its event. From then on one list request a
        poll covers all runs of one event, so many runs of few events cost little: where the first
        two share theirs, the others are found by its list. Where the server offers subscriptions,
        one connection covers all runs, and only those that may have ended are looked at. Nothing is
        sent before the first run is asked for.

        Args:
            ids: Run ids; one that is given twice counts once.
            timeout: Seconds to wait at most for all of them; 0 is one look at each. The time that
                the caller spends between two runs does not count.
            poll_interval: Seconds between two polls, and no subscription. By default they are
                random and grow from 0.1 to 2, and the wait may subscribe.
            on_progress: Called with each run at first and whenever it has changed.
            raise_on_failure: Raise ``RunFailedError`` at the first run that failed or was
                cancelled, instead of yielding it.

        Yields:
            The runs, as ``runs_get`` returns them, in the order in which they end.

        Raises:
            TypeError: ``ids`` is a single string.
            IronflowTimeoutError: Some have not ended in time; ``body`` is the list of their last
                states.
            RunFailedError: One failed or was cancelled, with ``raise_on_failure``.
            IronflowError: One cannot be looked up, as with status 401, 403 or 404.
        """
        if isinstance(ids, (str, bytes)) or not hasattr(ids, "__iter__"):
            raise TypeError("ids: must be several ids, as in [id]; runs_wait takes a single one")
        known = [str(id) for id in ids if segment(ids=id)]
        wait = RunWait(self, timeout, poll_interval, on_progress)
        return _outcomes(wait, known, raise_on_failure)

    def events_create_and_wait(
        self,
        body: models.TriggerEventRequest,
        *,
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.RunResponse], object] | None = None,
        raise_on_failure: bool = False,
    ) -> list[models.RunResponse]:
        """Emit an event and wait until every run that it started has ended.

        ``POST /api/v1/events``, then as ``runs_wait_many``.

        Args:
            body: The event, as for ``events_create``.
            timeout: Seconds to wait at most once the event is accepted; 0 is one look at each run.
            poll_interval: Seconds between two polls, and no subscription. By default they are
                random and grow from 0.1 to 2, and the wait may subscribe.
            on_progress: Called with each run at first and whenever it has changed.
            raise_on_failure: Raise ``RunFailedError`` at the first run that failed or was
                cancelled.

        Returns:
            The runs in the order of ``run_ids``, empty when no function listens to the event.

        Raises:
            IronflowTimeoutError: Some have not ended in time; ``body`` is the list of the last
                states of all of them.
            RunFailedError: One failed or was cancelled, with ``raise_on_failure``.
            IronflowError: The event was not accepted, or a run cannot be looked up.
        """
        wait = RunWait(self, timeout, poll_interval, on_progress)
        reply = members(generated(self).events_create(body))
        ids: list[str] = reply.get("run_ids") or []
        ended: dict[str, models.RunResponse] = {}
        with loading:
            from ._run_looks import ended_runs

        try:
            for id, run in ended_runs(wait, ids):
                ended[id] = _outcome(run, raise_on_failure)
        except IronflowTimeoutError as error:
            states = {**wait.seen, **ended}
            error.body = [states[id] for id in ids if id in states]
            raise
        finally:
            wait.close()
        return [ended[id] for id in ids]

    def functions_invoke_and_wait(
        self,
        id: str,
        body: models.InvokeFunctionRequest | None = None,
        *,
        idempotency_key: str = "auto",
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.RunResponse], object] | None = None,
        raise_on_failure: bool = False,
    ) -> models.RunResponse:
        """Start a run of a function and wait until it has ended.

        ``POST /api/v1/functions/{id}/invoke``, then as ``runs_wait``.

        Args:
            id: Id of the function.
            body: Its input, as for ``functions_invoke``.
            idempotency_key: Makes the call safe to repeat, so it is retried like a GET; "auto"
                makes a key.
            timeout: Seconds to wait at most once the run is started; 0 is one look.
            poll_interval: Seconds between two looks, and no subscription. By default they are
                random and grow from 0.1 to 2, and the wait may subscribe.
            on_progress: Called with the run at first and whenever it has changed.
            raise_on_failure: Raise ``RunFailedError`` for a run that failed or was cancelled,
                instead of returning it.

        Returns:
            The run, as ``runs_get`` returns it.

        Raises:
            IronflowTimeoutError: The run has not ended in time; ``body`` is its last state.
            RunFailedError: It failed or was cancelled, with ``raise_on_failure``.
            IronflowError: It could not be started, or cannot be looked up.
        """
        Wait(self, timeout, poll_interval, on_progress)  # refuses bad arguments before the call
        started = generated(self).functions_invoke(id, body, idempotency_key=idempotency_key)
        run_id = members(started).get("run_id")
        if not run_id:
            raise unusable("has no run_id")
        return self.runs_wait(
            run_id,
            timeout=timeout,
            poll_interval=poll_interval,
            on_progress=on_progress,
            raise_on_failure=raise_on_failure,
        )

    def projections_rebuild_and_wait(
        self,
        name: str,
        body: models.RebuildProjectionRequest | None = None,
        *,
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.RebuildJobInfo], object] | None = None,
    ) -> models.RebuildJobInfo:
        """Rebuild a projection and wait until the job has ended.

        ``POST /api/v1/projections/{name}/rebuild``, then GETs of the same path.

        Args:
            name: Name of the projection.
            body: What to rebuild, as for ``projections_rebuild``.
            timeout: Seconds to wait at most once the rebuild is started; 0 is one look.
            poll_interval: Seconds between two looks. Default: growing from 0.1 to 2, and random.
            on_progress: Called with the job at first and whenever it has changed.

        Returns:
            The job: its ``status`` is completed, failed, cancelled or dry_run. Where the server
            forgets a job that is done, the job as it was seen last.

        Raises:
            IronflowTimeoutError: It has not ended in time; ``body`` is the last state of the job.
            IronflowError: The rebuild could not be started, or cannot be looked up.
        """
        wait = Wait(self, timeout, poll_interval, on_progress)
        started = members(generated(self).projections_rebuild(name, body))
        job: models.RebuildJobInfo | None = started.get("job")
        if job is not None:
            wait.report(job)
            if status_of(job) in ENDED_REBUILD:
                return job
        for reply in wait.states(lambda client: client.projections_list_rebuild(name)):
            latest = members(reply).get("job")
            job = latest or job
            if job is None:
                raise unusable("names no job for the rebuild")
            wait.report(job)
            if not latest or status_of(job) in ENDED_REBUILD:
                return job
        raise wait.timed_out(f"the rebuild of {name} has not ended", job)

    def projections_wait_for(
        self,
        name: str,
        min_seq: int,
        *,
        partition: str | None = None,
        timeout: float = 300.0,
        poll_interval: float | None = None,
        on_progress: Callable[[models.ProjectionCatchupResponse], object] | None = None,
    ) -> models.ProjectionCatchupResponse:
        """Wait until a projection has processed the events up to a sequence.

        Repeats ``GET /api/v1/projections/{name}/catchup``, which the server holds for up to 30
        seconds each time.

        Args:
            name: Name of the projection.
            min_seq: Sequence that it has to reach.
            partition: Partition to wait for; managed projections only.
            timeout: Seconds to wait at most; 0 is one look.
            poll_interval: Seconds between the starts of two looks where the server does not hold
                them. Default: growing from 0.1 to 2, and random.
            on_progress: Called with the reply at first and whenever it has changed.

        Returns:
            The reply that says ``caughtUp``.

        Raises:
            IronflowTimeoutError: It has not got there in time; ``body`` is the last reply.
            IronflowError: It cannot be waited for, as with status 404, or 409 for a projection that
                is paused.
        """
        wait = Wait(self, timeout, poll_interval, on_progress, held=True)
        _check_sequence("min_seq", min_seq)
        path = f"/api/v1/projections/{segment(name=name)}/catchup"

        def look(client: IronflowClient) -> models.ProjectionCatchupResponse:
            # Not by projections_list_catchup: its deadline is the server's, and may outlast ours.
            query = {"minSeq": min_seq, "partition": partition, "timeout": wait.hold_ms()}
            reply: models.ProjectionCatchupResponse = client._call("GET", path, query=query)
            return reply

        for reply in wait.states(look):
            wait.report(reply)
            if members(reply).get("caughtUp") is True:
                return reply
        raise wait.timed_out(f"projection {name} has not reached {min_seq}", wait.seen.get(""))


def _check_sequence(name: str, value: object) -> None:
    """Check a sequence: a number, or the text that events and replies have it as."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"{name}: must be a whole number, not {type(value).__name__}")
    if not (str(value).isascii() and str(value).isdigit()):
        raise ValueError(f"{name}: must be a whole number, at least 0")


def _outcomes(
    wait: RunWait, ids: Iterable[str], raise_on_failure: bool
) -> Iterator[models.RunResponse]:
    with loading:
        from ._run_looks import ended_runs

    try:
        for _, run in ended_runs(wait, ids):
            yield _outcome(run, raise_on_failure)
    finally:
        wait.close()


def _outcome(run: models.RunResponse, raise_on_failure: bool) -> models.RunResponse:
    """Return a run that has ended, or raise what stands for its failure."""
    status = run["status"]
    if not raise_on_failure or status == "completed":
        return run
    what = "was cancelled" if status == "cancelled" else status
    reason = _reason(run.get("error"))
    raise RunFailedError(
        f"run {run.get('id')} {what}{f': {reason}' if reason else ''}",
        run=run,
        code=f"RUN_{status.upper()}",
        delivered=True,
        body=run,
    )


def _reason(error: Any) -> str:
    """Return the error of a run as one line: its message where it has one, else all of it."""
    if isinstance(error, dict) and error.get("message"):
        error = error["message"]
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error or "")).split())
    return text if len(text) <= _REASON_LIMIT else text[: _REASON_LIMIT - 1] + "…"
