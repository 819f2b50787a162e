"""The results of runs that were waited for, as TriggerSync tells them."""

from __future__ import annotations

from ..show import one_line
from ..times import parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_ENDED = ("completed", "failed", "cancelled")
_PREFIX = "RUN_STATUS_"
_DONE = "completed"


def status_word(result: Any) -> str:
    """Return the status of a result as people write it: ``completed``."""
    status = str(result.get("status") or "unknown")
    return status[len(_PREFIX) :].lower() if status.startswith(_PREFIX) else status.lower()


def has_failed(result: Any) -> bool:
    """Tell whether a run did not complete: it failed, was cancelled, or goes on."""
    return status_word(result) != _DONE


def problem(result: Any) -> str:
    """Return why a run did not complete."""
    error = result.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    if message:
        return one_line(message)
    return "-" if status_word(result) in _ENDED else "it has not ended in time, and goes on"


def triggered(session: Session, event: str, data: Any) -> Any:
    """Emit an event and wait for its runs in one call."""
    given = session.given
    timeout = max(1, round(given["timeout"] * 1000))  # 0 would be the server's default
    body = {"event": event, "data": data, "timeout_ms": timeout}
    if given["metadata"]:
        body["metadata"] = given["metadata"]
    return session.call("events_trigger_sync", body)


def results_of(session: Session, ids: list[str], timeout: float) -> list[dict[str, Any]]:
    """Wait for runs, and return their results in the order of their ids."""
    from ..._errors import IronflowTimeoutError

    runs: dict[str, Any] = {}
    try:
        runs.update((run["id"], run) for run in session.client.runs_wait_many(ids, timeout=timeout))
    except IronflowTimeoutError as error:
        runs.update((run["id"], run) for run in session.unfinished(error))
    return [_result_of(runs[id]) for id in ids if id in runs]


def _result_of(run: Any) -> dict[str, Any]:
    """Return a run as a result of TriggerSync."""
    result = {
        "run_id": run["id"],
        "function_id": run["function_id"],
        "status": _PREFIX + run["status"].upper(),
        **{name: run[name] for name in ("output", "error") if run.get(name) is not None},
    }
    if run["status"] not in _ENDED:
        result["wait_timed_out"] = True
    start, end = parsed(run.get("started_at")), parsed(run.get("ended_at"))
    if start is not None and end is not None:
        result["duration_ms"] = round((end - start).total_seconds() * 1000)
    return result
