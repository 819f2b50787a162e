"""Policies: rules, their versions, and the templates that they come in."""

from __future__ import annotations

from ..data import read_file
from ..errors import UsageError
from ..screen import shown
from ..show import Column, Details, Table, Text
from ..table import BOOL, CHOICE, FILE, JSON, STRING, Argument, Call, Command, Flag, chosen
from ..values import parsed
from ._common import CREATED, ID, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

POLICY = Argument("id", "Id of the policy")
_POLICY_ID = Argument("policy_id", "Id of the policy")
_BYPASS = "bypass_self_lockout_preflight"
_EFFECTS = ("allow", "deny")

_BYPASS_FLAGS = (
    Flag("bypass-self-lockout-preflight", BOOL, "Skip the check that you do not lock yourself out"),
    Flag("bypass-reason", STRING, "Why it is skipped, for the audit trail"),
)

_BYPASS_HELP = (
    "What a server calls the bypass is not documented; it is sent under the names of the flags,"
    " as bypass_self_lockout_preflight and bypass_reason."
)

# Members of the body, and the flags that they come from.
_NAMES = {
    "name": "name",
    "effect": "effect",
    "actions": "actions",
    "resources": "resources",
    "condition": "condition",
    _BYPASS: _BYPASS,
    "bypass_reason": "bypass_reason",
}


def _create(session: Session) -> Any:
    _check_bypass(session)
    return session.call("policies_create", chosen(_NAMES, session.given))


def _update(session: Session) -> Any:
    given = session.given
    _check_bypass(session)
    body = chosen(_NAMES, given)
    if given["clear_condition"]:
        if given["condition"] is not None:
            raise UsageError("--condition and --clear-condition cannot be given together")
        body["condition"] = ""
    if not body.keys() - {_BYPASS, "bypass_reason"}:
        raise UsageError("nothing to change; give --name, --effect, --actions, …")
    return session.call("policies_patch", given["id"], body)


def _check_bypass(session: Session) -> None:
    if bool(session.given[_BYPASS]) != bool(session.given["bypass_reason"]):
        raise UsageError("--bypass-self-lockout-preflight and --bypass-reason go together")


def _test(session: Session) -> Any:
    given = session.given
    if given["policy_id"] is None and given["condition"] is None:
        raise UsageError("needs --policy-id or --condition")
    body = chosen({"policy_id": "policy_id", "condition": "condition"}, given)
    for name in ("request", "subject"):
        value = given[name]
        path = given[f"{name}_file"]
        if value is None and path is not None:
            value = parsed(read_file(path), path)
        if value is not None:
            if not isinstance(value, dict):
                raise UsageError(f"--{name}: must be a JSON object")
            body[name] = value
    reply = session.call("policies_dry_run", body)
    session.exit_code = 1 if reply.get("compile_error") or reply.get("eval_error") else 0
    return reply


def _show_test(session: Session, reply: Any) -> Iterable[str]:
    yield f"Condition: {shown(reply.get('condition_source'))}"
    yield f"Matched: {shown(bool(reply.get('matched')))}"
    for label, member in (("Compile Error", "compile_error"), ("Eval Error", "eval_error")):
        if reply.get(member):
            yield f"{label}: {shown(reply[member])}"


COMMANDS = [
    Command(
        "policy create",
        "Create a policy.",
        Flag("name", STRING, "Name of the policy", required=True),
        Flag("effect", CHOICE, "Effect of the policy", choices=_EFFECTS, required=True),
        Flag("actions", STRING, "Patterns of actions, separated by commas", required=True),
        Flag("resources", STRING, "Patterns of resources, separated by commas", required=True),
        Flag("condition", STRING, "CEL expression that has to hold"),
        *_BYPASS_FLAGS,
        run=_create,
        show=Text("Created policy: {name} (id: {id})"),
        details=_BYPASS_HELP,
    ),
    Command(
        "policy list",
        "List policies.",
        Flag("org", STRING, "Only policies of this organization"),
        call=Call("policies_list", query={"org_id": "org"}),
        show=Table(
            "",
            ID,
            NAME,
            Column("EFFECT", "effect"),
            Column("ACTIONS", "actions"),
            Column("RESOURCES", "resources"),
        ),
    ),
    Command(
        "policy get",
        "Show a policy.",
        POLICY,
        call=Call("policies_get", "id"),
        show=Details(
            Column("ID", "id"),
            Column("Name", "name"),
            Column("Effect", "effect"),
            Column("Actions", "actions"),
            Column("Resources", "resources"),
            Column("Condition", "condition"),
        ),
    ),
    Command(
        "policy update",
        "Change a policy; what is not given stays as it is.",
        POLICY,
        Flag("name", STRING, "New name"),
        Flag("effect", CHOICE, "New effect", choices=_EFFECTS),
        Flag("actions", STRING, "New patterns of actions"),
        Flag("resources", STRING, "New patterns of resources"),
        Flag("condition", STRING, "New CEL expression"),
        Flag("clear-condition", BOOL, "Remove the condition"),
        *_BYPASS_FLAGS,
        run=_update,
        show=Text("Updated policy: {name} (id: {id})"),
        details=_BYPASS_HELP,
    ),
    Command(
        "policy delete",
        "Delete a policy.",
        POLICY,
        call=Call("policies_delete", "id"),
        show=Text("Policy deleted"),
    ),
    Command(
        "policy test",
        "Evaluate a condition; nothing is stored.",
        Flag("policy-id", STRING, "Policy whose condition is evaluated"),
        Flag("condition", STRING, "Condition, instead of the stored one"),
        Flag("request", JSON, "The request, as a JSON object"),
        Flag("subject", JSON, "The subject, as a JSON object"),
        Flag("request-file", FILE, "Path of a file with the request"),
        Flag("subject-file", FILE, "Path of a file with the subject"),
        run=_test,
        show=_show_test,
        details="Values that are given inline win over files.",
    ),
    Command(
        "policy versions list",
        "List the versions of a policy, the newest first.",
        _POLICY_ID,
        call=Call("policies_list_versions", "policy_id"),
        show=Table(
            "",
            Column("VERSION", "version_num"),
            NAME,
            Column("EFFECT", "effect"),
            Column("ACTIONS", "actions"),
            Column("RESOURCES", "resources"),
            Column("CONDITION", "condition"),
            CREATED,
        ),
    ),
    Command(
        "policy rollback",
        "Save an earlier version of a policy as its newest.",
        _POLICY_ID,
        Argument("version", "Version to go back to"),
        call=Call("policies_rollback", "policy_id", "version"),
        show=Text("Rolled back policy: {name} (id: {id})"),
    ),
    Command(
        "policy template list",
        "List the templates that can be installed.",
        call=Call("policy_templates_list"),
        show=Table(
            "",
            Column("ID", "id"),
            Column("TEMPLATE_ID", "template_id"),
            NAME,
            Column("VERSION", "version"),
            Column("DESCRIPTION", "description"),
        ),
    ),
    Command(
        "policy template install",
        "Install the policies of a template, all of them or none.",
        Argument("template_id", "Id of the template"),
        call=Call("policy_templates_install", "template_id"),
        show=Text("Installed template {template_id} (policies: {policies_count})"),
    ),
]
