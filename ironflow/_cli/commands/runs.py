"""Runs: looking at them, stopping them, waiting for them, and changing what a step returned."""

from __future__ import annotations

from ..screen import json_cell, shown
from ..show import Column, Details, Table, Text, table_lines
from ..table import DURATION, INT, SEVERAL, STRING, Argument, Call, Command, Flag
from ..times import between
from ..values import parsed
from ._common import ID, decoded, moment, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

RUN = Argument("run-id", "Id of the run")

_RUN = Details(
    Column("ID", "id"),
    Column("Function", "function_id"),
    state("Status", "status"),
    Column("Mode", "execution_mode"),
    Column("Event", "event_id"),
    Column("Started", "started_at"),
    Column("Ended", "ended_at"),
    Column("Duration", "", lambda run: between(run.get("started_at"), run.get("ended_at"))),
)


def _wait(session: Session) -> Any:
    """Wait for a run; the exit code is 1 unless it completed."""
    from ..._errors import IronflowTimeoutError

    id = session.given["run_id"]
    screen = session.screen
    try:
        run: Any = session.client.runs_wait(
            id,
            timeout=session.given["timeout"] or 0.0,
            on_progress=lambda run: screen.progress(f"run {id}: {run['status']}"),
        )
    except IronflowTimeoutError as error:
        return session.unfinished(error)
    finally:
        screen.clear()
    session.exit_code = 0 if run["status"] == "completed" else 1
    return run


def _inject(session: Session) -> Any:
    import base64

    given = session.given
    parsed(given["output"], "--output")
    body = {
        "run_id": given["run_id"],
        "step_id": given["step_id"],
        "new_output": base64.b64encode(given["output"].encode()).decode(),
    }
    if given["reason"]:
        body["reason"] = given["reason"]
    return session.call("runs_inject_step_output", body)


def _show_injected(session: Session, reply: Any) -> Iterable[str]:
    yield f"Injected step {shown(reply.get('step_id') or session.given['step_id'])}"
    yield f"Previous output: {json_cell(decoded(reply.get('previous_output')))}"


def _show_paused(session: Session, reply: Any) -> Iterable[str]:
    if reply.get("pause_reason"):
        yield f"Pause reason: {shown(reply['pause_reason'])}"
    if reply.get("next_step_hint"):
        yield f"Next step: {shown(reply['next_step_hint'])}"
    yield ""
    rows = [
        [
            shown(step.get("id")),
            shown(step.get("name")),
            shown(step.get("injected") or None),
            json_cell(decoded(step.get("output"))),
        ]
        for step in reply.get("steps") or []
    ]
    yield from table_lines(["ID", "NAME", "INJECTED", "OUTPUT"], rows, session.screen)


COMMANDS = [
    Command(
        "run list",
        "List runs, the newest first.",
        Flag("function", STRING, "Only runs of this function"),
        Flag("status", STRING, "Only runs with this status, such as completed or failed"),
        Flag("limit", INT, "Maximum number of runs", default=50),
        call=Call(
            "runs_list", query={"function_id": "function", "status": "status", "limit": "limit"}
        ),
        show=Table(
            "runs",
            ID,
            Column("FUNCTION", "function_id"),
            state("STATUS", "status"),
            moment("STARTED", "started_at"),
        ),
    ),
    Command("run get", "Show a run.", RUN, call=Call("runs_get", "run_id"), show=_RUN),
    Command(
        "run cancel",
        "Cancel a run that has not ended.",
        RUN,
        Flag("reason", STRING, "Why it is cancelled"),
        call=Call("runs_cancel", "run_id", body={"reason": "reason"}),
        show=Text("Canceled run {run_id} (status: {status})"),
    ),
    Command(
        "run pause",
        "Pause a run before its next step.",
        RUN,
        call=Call("runs_pause", body={"run_id": "run_id"}),
        show=Text("Run {run_id}: {status}"),
    ),
    Command(
        "run paused-state",
        "Show the completed steps of a paused run and their outputs.",
        RUN,
        call=Call("runs_get_paused_state", body={"run_id": "run_id"}),
        show=_show_paused,
    ),
    Command(
        "run inject",
        "Replace the output of a completed step while its run is paused.",
        RUN,
        Argument("step-id", "Id of the completed step"),
        Flag("output", STRING, "New output of the step, as JSON", required=True),
        Flag("reason", STRING, "Why it is replaced, for the audit trail"),
        run=_inject,
        show=_show_injected,
    ),
    Command(
        "run resume",
        "Resume a paused or failed run.",
        RUN,
        Flag("from-step", STRING, "Id of the step to resume from"),
        call=Call("runs_resume", body={"run_id": "run_id", "from_step": "from_step"}),
        show=Text("Resumed run {run_id} (status: {status})"),
    ),
    Command(
        "run wait",
        "Wait until a run has ended, and show it.",
        RUN,
        Flag(
            "timeout", DURATION, "How long to wait", short="t", default=300.0, shown="5m", zero=True
        ),
        run=_wait,
        show=_RUN,
        no_curl=SEVERAL,
        details="Exit code 0: it completed. 1: it failed, was cancelled, or has not ended in time.",
    ),
]
