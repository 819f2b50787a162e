"""The coverage report as one self-contained web page, light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .changes import Change
    from .health import Report

# What each bar is a share of: its column, its figure, and what it counts.
_BARS = (
    ("methods", "methods", "endpoints"),
    ("typed bodies", "typed_bodies", "bodies"),
    ("typed replies", "typed_replies", "methods"),
    ("tested", "tested", "methods"),
    ("documented", "documented", "methods"),
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2128; --soft: #59636e; --line: #d8dee4; --page: #fff;
  --good: #2da44e; --part: #bf8700; --none: #d0d7de; --track: #eef1f4; --card: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #30363d;
  --page: #0d1117; --good: #3fb950; --part: #d29922; --none: #30363d; --track: #21262d;
  --card: #161b22; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem;
  margin-top: 1.5rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; } .card b { display: block; font-size: 1.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem .35rem 0; vertical-align: top; }
th { color: var(--soft); font-weight: 500; white-space: nowrap; }
tr + tr td { border-top: 1px solid var(--line); }
td.bar { min-width: 7rem; } .count { font-size: .8rem; color: var(--soft); }
.track { height: .5rem; border-radius: .25rem; background: var(--track); overflow: hidden; }
.fill { height: 100%; background: var(--good); } .fill.part { background: var(--part); }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.problem { border-left: .25rem solid #cf222e; padding-left: .75rem; }
"""


def render(report: Report, drift: list[str], changes: Sequence[Change] | None, since: str) -> str:
    """Return the page.

    Args:
        report: What was found.
        drift: Generated files that are not current.
        changes: What changed since the last release, None when there was none.
        since: The tag of that release.
    """
    problems = report.problems(drift)
    totals = report.totals()
    version = report.manifest.server_version or "unknown"
    parts = [
        "<h1>Coverage of the Ironflow API</h1>",
        f'<p class="soft">Manifest <code>{report.manifest.digest}</code>, server {_text(version)}.'
        f" {_text(report.documented().capitalize())}.</p>",
        *(f'<p class="problem">{_text(problem)}</p>' for problem in problems),
        '<div class="cards">',
        *(_card(title, totals[figure], totals[of]) for title, figure, of in _BARS),
        "</div>",
        "<h2>Groups</h2>",
        *_groups(report.rows()),
        *_listed("Gaps: methods that no test has put on the wire", report.untested()),
        *_pairs("Pinned names", report.pins(), "No name is pinned."),
        *_listed("Names that are reconstructed", report.reconstructed()),
        *_pairs("Routes without a method", report.left_out(), "Every route has a method."),
        *_changes(changes, since),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Coverage of the Ironflow API</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _card(title: str, figure: int, of: int) -> str:
    return f'<div class="card"><span class="soft">{title}</span><b>{figure} of {of}</b></div>'


def _groups(rows: Iterable[dict[str, Any]]) -> list[str]:
    heads = "".join(f"<th>{title}</th>" for title, _, _ in _BARS)
    lines = ['<div class="scroll"><table>', f"<tr><th>group</th>{heads}</tr>"]
    for row in rows:
        cells = "".join(_bar(row[figure], row[of]) for _, figure, of in _BARS)
        lines.append(f"<tr><td><code>{_text(row['group'])}</code></td>{cells}</tr>")
    return [*lines, "</table></div>"]


def _bar(figure: int, of: int) -> str:
    if not of:
        return '<td class="bar"><span class="count">none</span></td>'
    share = 100 * figure / of
    kind = "fill" if figure == of else "fill part"
    return (
        f'<td class="bar"><span class="count">{figure} of {of}</span><div class="track">'
        f'<div class="{kind}" style="width:{share:.0f}%"></div></div></td>'
    )


def _listed(title: str, names: Sequence[str]) -> list[str]:
    shown = ", ".join(f"<code>{_text(name)}</code>" for name in names) or "None."
    return [f"<h2>{title}</h2>", f"<p>{shown}</p>"]


def _pairs(title: str, pairs: dict[str, str], nothing: str) -> list[str]:
    if not pairs:
        return [f"<h2>{title}</h2>", f"<p>{nothing}</p>"]
    rows = [
        f"<tr><td><code>{_text(name)}</code></td><td>{_text(why or 'no reason given')}</td></tr>"
        for name, why in pairs.items()
    ]
    return [f"<h2>{title}</h2>", '<div class="scroll"><table>', *rows, "</table></div>"]


def _changes(changes: Sequence[Change] | None, since: str) -> list[str]:
    title = "<h2>Changes since the last release</h2>"
    if changes is None:
        return [title, "<p>There is no tag to compare with.</p>"]
    if not changes:
        return [title, f"<p>Nothing changed since <code>{_text(since)}</code>.</p>"]
    rows = [
        f"<tr><td><code>{_text(change.place)}</code></td><td>{_text(change.text)}</td>"
        f"<td>{_text(', '.join(change.breaks)) or 'nothing'}</td></tr>"
        for change in changes
    ]
    head = f"<tr><th>since {_text(since)}</th><th>what</th><th>breaks</th></tr>"
    return [title, '<div class="scroll"><table>', head, *rows, "</table></div>"]


def _text(value: str) -> str:
    return escape(value.replace("``", ""))
