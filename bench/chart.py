"""The bar chart of small calls as SVG: four panels, one a verb and scheme.

The scale of a panel ends at a multiple of our own bar. A longer bar is cut there, shown with a gap,
and says its figure like every other; else one that opens a connection for each call would flatten
all the rest.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from .report import LABELS, headline

WIDTH, MARGIN, GAP = 860, 20, 24
PANEL = (WIDTH - 2 * MARGIN - GAP) // 2
NAME, FIGURE = 152, 104
BAR = PANEL - NAME - FIGURE
LINE, THICK, HEAD, TOP = 22, 15, 34, 66
LONGEST = 16  # times our own bar

_SUBTITLE = (
    "Median wall time, connection kept where the client can; in brackets: times a bare socket."
)

INK, MUTED, PAPER = "#1f2430", "#5a6270", "#ffffff"
COLOURS = {"ours": "#0b6e4f", "bare socket": "#8a93a3"}
OTHERS = "#9db8d9"


def draw(results: dict[str, Any]) -> str:
    """Return the chart of the results of one run."""
    panels = list(results["calls"].items())
    lines = max(len(contenders) for _, contenders in panels)
    height = TOP + -(-len(panels) // 2) * (HEAD + lines * LINE + 12) + 52
    title = "Time of one small call (microseconds; shorter is better)"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" role="img" aria-labelledby="title desc" font-size="12"'
        ' font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(_in_words(panels))}</desc>',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{PAPER}" stroke="#d5dae1"/>',
        _text(MARGIN, 32, title, size=17, bold=True),
        _text(MARGIN, 51, _SUBTITLE, MUTED),
    ]
    for number, (measure, contenders) in enumerate(panels):
        x = MARGIN + number % 2 * (PANEL + GAP)
        y = TOP + number // 2 * (HEAD + lines * LINE + 12)
        parts += _panel(x, y, measure, contenders)
    note = (
        f"A cut bar is more than {LONGEST} times ours."
        " urllib.request and the published client open a connection for each call."
    )
    parts.append(_text(MARGIN, height - 34, note, MUTED))
    parts.append(_text(MARGIN, height - 16, headline(results), MUTED, size=11))
    return "\n".join([*parts, "</svg>", ""])


def _panel(x: int, y: int, measure: str, contenders: dict[str, Any]) -> list[str]:
    longest = contenders["ours"]["wall_us"] * LONGEST
    top = min(longest, max(got["wall_us"] for got in contenders.values()))
    parts = [_text(x, y + 20, measure, size=14, bold=True)]
    order = sorted(contenders, key=lambda name: contenders[name]["wall_us"])
    for number, name in enumerate(order):
        got = contenders[name]
        middle = y + HEAD + number * LINE + THICK // 2
        length = max(1.0, BAR * min(got["wall_us"], top) / top)
        label = LABELS.get(name, name)
        figure = f"{got['wall_us']:,.0f} ({got['wall_ratio']:.2f}x)"
        if got["wall_ratio"] >= 100:
            figure = f"{got['wall_us']:,.0f} ({got['wall_ratio']:,.0f}x)"
        bold = name == "ours"
        parts += [
            _text(x + NAME - 8, middle + 4, label, anchor="end", bold=bold),
            f'<rect x="{x + NAME}" y="{middle - THICK // 2}" width="{length:.1f}"'
            f' height="{THICK}" rx="2" fill="{COLOURS.get(name, OTHERS)}"/>',
            _text(x + NAME + length + 6, middle + 4, figure, bold=bold),
        ]
        if got["wall_us"] > top:
            parts.append(_cut(x + NAME + length - 22, middle))
    return parts


def _cut(x: float, middle: int) -> str:
    """Return a slanted gap in a bar."""
    low, high = middle + THICK // 2 + 3, middle - THICK // 2 - 2
    return f'<path d="M{x:.1f} {low} l6 {high - low} h6 l-6 {low - high} z" fill="{PAPER}"/>'


def _text(
    x: float,
    y: int,
    text: str,
    colour: str = INK,
    *,
    size: int = 12,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}"'
        f"{weight}>{escape(text)}</text>"
    )


def _in_words(panels: list[tuple[str, dict[str, Any]]]) -> str:
    return " ".join(
        f"{measure}: "
        + ", ".join(f"{LABELS.get(name, name)} {got['wall_us']:.0f}" for name, got in found.items())
        + "."
        for measure, found in panels
    )
