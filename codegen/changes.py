"""What changed between two manifests, what it breaks, and how it is reported.

A change breaks ``source`` when a caller's code fails as it runs, ``types`` when a type checker
complains of it, and ``wire`` when the same call now sends something else, the server may refuse
what it took, or a promised member of a reply may be missing or of another type. What breaks source
or wire needs a major version, documentation alone a patch, and everything else a minor version.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Every kind, in the order in which a reader wants to know of it.
KINDS = (
    "method_removed",
    "method_renamed",
    "route_changed",
    "argument_removed",
    "argument_required",
    "argument_narrowed",
    "body_member_removed",
    "body_member_required",
    "enum_value_removed",
    "reply_member_removed",
    "reply_member_optional",
    "reply_type_changed",
    "alias_removed",
    "deprecated",
    "method_added",
    "alias_added",
    "argument_added",
    "argument_optional",
    "argument_widened",
    "body_member_added",
    "enum_value_added",
    "reply_member_added",
    "group_changed",
    "category_changed",
    "documentation",
)
_BREAKING = frozenset({"source", "wire"})


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: One of ``KINDS``.
        place: What changed, by the names that callers know: ``runs_list``, ``runs_list.limit``,
            ``events_create.body.version``, ``runs_list.reply.runs[].status``.
        text: The change in a sentence without its end.
        breaks: What it breaks: ``source``, ``types``, ``wire``, in this order.
        old: What was, None for nothing.
        new: What is, None for nothing.
    """

    kind: str
    place: str
    text: str
    breaks: tuple[str, ...] = ()
    old: str | None = None
    new: str | None = None

    @property
    def is_breaking(self) -> bool:
        """Whether a caller has to act: their code fails, or the wire is another."""
        return not _BREAKING.isdisjoint(self.breaks)


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Return the changes in order: breaking ones first, then by kind and place."""
    found = sorted(changes, key=lambda c: (c.place, c.old or "", c.new or ""))
    return sorted(found, key=lambda c: (not c.is_breaking, KINDS.index(c.kind)))


def bump(changes: Sequence[Change]) -> str:
    """Return the version bump that the changes ask for: major, minor, patch or none."""
    if any(change.is_breaking for change in changes):
        return "major"
    if any(change.kind != "documentation" for change in changes):
        return "minor"
    return "patch" if changes else "none"


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes for programs."""
    keys = ("kind", "place", "breaks", "old", "new", "text")
    told = [{key: asdict(change)[key] for key in keys} for change in in_order(changes)]
    return json.dumps({"bump": bump(changes), "changes": told}, indent=2) + "\n"


def as_text(changes: Sequence[Change]) -> str:
    """Return the changes for people, one line each."""
    lines = [
        f"{'BREAKS ' + '+'.join(c.breaks) if c.breaks else 'ok':20} {c.kind:22} {c.text}"
        for c in in_order(changes)
    ]
    breaking = sum(change.is_breaking for change in changes)
    end = f"{len(changes)} change(s), {breaking} breaking; version bump: {bump(changes)}"
    return "\n".join([*lines, end]) + "\n"


def as_markdown(changes: Sequence[Change]) -> str:
    """Return the changes as a section of a changelog, with a table for those who must act."""
    found = in_order(changes)
    breaking = [change for change in found if change.is_breaking]
    sections = {
        "Breaking": breaking,
        "Deprecated": _of(found, "deprecated"),
        "Added": _of(found, "_added"),
        "Changed": [c for c in found if not c.is_breaking and not _is_listed(c)],
        "Documentation": _of(found, "documentation"),
    }
    lines = [f"## Unreleased ({bump(changes)})", ""]
    for title, items in sections.items():
        if items:
            lines += [f"### {title}", "", *(f"* {_escaped(c.text)}." for c in items), ""]
    if breaking:
        lines += ["### Migration", "", "| place | before | now | breaks |", "|---|---|---|---|"]
        for c in breaking:
            cells = (f"`{c.place}`", _cell(c.old), _cell(c.new), ", ".join(c.breaks))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    if not changes:
        lines += ["Nothing changed.", ""]
    return "\n".join(lines)


def _of(changes: Sequence[Change], ending: str) -> list[Change]:
    return [c for c in changes if not c.is_breaking and c.kind.endswith(ending)]


def _is_listed(change: Change) -> bool:
    return change.kind.endswith(("deprecated", "_added", "documentation"))


def _cell(value: str | None) -> str:
    return "nothing" if value is None else f"`{_escaped(value)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
