"""The table, the budgets beside its figures, and ``results.json``.

Budgets are those of design section 8; the local server has its own. A miss is reported as it is;
nothing fails for it.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import many, waits
from .environments import Environments
from .many_worker import CONTENDERS as MANY_CONTENDERS
from .server import nginx_version
from .worker import CONTENDERS

LABELS = {"ours": "ironflow (ours)", "published": "ironflow-py (published)"}

WALL_BUDGET = {"GET": 1.15, "POST": 1.25}
CPU_BUDGET = {"GET": 1.4, "POST": 1.5}
ADVANTAGE = {"pycurl": 1.0, "urllib3": 2.0, "httpx": 4.0, "requests": 6.0}
CALLS_PER_SECOND = 25_000  # of 16 threads on one core
# Of the calls per second of another in the same measurement, at least so many times.
MAP_RATES = {
    ("GET, 2 cores", many.MAP): {"to_pool": 1.5, "to_loop": 1.0},
    ("GET, 2 cores", many.PIPELINED): {"to_pool": 2.5},
    ("POST, 2 cores", many.MAP): {"to_pool": 1.3},
    ("GET, 10 ms, 2 cores", many.MAP): {"to_perfect": 1 / 1.2},
    ("GET, 10 ms, 2 cores", many.PIPELINED): {"to_map": 8.0},
    ("POST, 10 ms, 2 cores", many.MAP): {"to_perfect": 1 / 1.2},
}
MAP_ADDED_MB = 20.0  # of 100,000 calls
IMPORT_OVER_MS = 5.0
COLD_OVER_MS = 0.0
LARGE_RATIO = 1.0  # of 10 MB
LARGE_ADDED_MB = 55.0
PAGES_RATIO = 1.1  # of a loop by hand
GENERATE_SECONDS = 2.0  # for 5,000 endpoints
GENERATE_MB = 100.0
LINEAR_SLACK = 1.1
LOCAL_START_MS = 20.0
LOCAL_MONTH_MS = 50.0
LOCAL_GETS_PER_SECOND = 3_000

_HEADINGS = ("measure", "contender", "wall", "CPU", "wall/bare", "CPU/bare", "wall/ours", "budget")


@dataclass
class Row:
    """One line of the table; a verdict is True, False, or None where there is no budget."""

    measure: str
    contender: str
    cells: tuple[str, ...] = ()
    budget: str = ""
    verdict: bool | None = None


@dataclass
class Table:
    """The lines of the table, in their order."""

    rows: list[Row] = field(default_factory=list)

    def add(
        self, measure: str, contender: str, *cells: str, budget: str = "", verdict: Any = None
    ) -> None:
        """Add a line."""
        self.rows.append(Row(measure, LABELS.get(contender, contender), cells, budget, verdict))

    def text(self) -> str:
        """Return the table as aligned plain text, and how many budgets are missed."""
        lines = [[*_HEADINGS, ""]]
        for row in self.rows:
            verdict = {True: "ok", False: "MISS", None: ""}[row.verdict]
            cells = [*row.cells, "", "", "", "", ""][:5]
            lines.append([row.measure, row.contender, *cells, row.budget, verdict])
        widths = [max(map(len, column)) for column in zip(*lines)]
        out = []
        for number, line in enumerate(lines):
            if number and line[0] != lines[number - 1][0]:
                out.append("")
            padded = [
                cell.rjust(width) if 2 <= place <= 6 else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths))
            ]
            out.append("  ".join(padded).rstrip())
        judged = [row.verdict for row in self.rows if row.verdict is not None]
        return "\n".join([*out, "", f"{sum(judged)} of {len(judged)} budgets met"])


def table(results: dict[str, Any]) -> str:
    """Return the table of the measurements that were made."""
    rows = Table()
    for section, add in _SECTIONS.items():
        if section in results:
            add(rows, results[section])
    return rows.text()


def description(environments: Environments | None, rounds: int) -> dict[str, Any]:
    """Return what the figures hold for: machine, versions, date; no names, no places."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "cpu": _cpu_model(),
            "cores": os.cpu_count(),
            "kernel": f"{platform.system()} {platform.release()}",
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "openssl": ssl.OPENSSL_VERSION,
            "nginx": nginx_version(),
        },
        "versions": environments.versions if environments else {},
        "rounds": rounds,
    }


def headline(results: dict[str, Any]) -> str:
    """Return one line that says where and when the figures were taken."""
    machine = results["machine"]
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['kernel']}, {machine['python']},"
        f" nginx {machine['nginx']}, {results['date']}, {results['rounds']} rounds"
    )


def write_json(results: dict[str, Any], path: Path) -> None:
    """Write the results, figures rounded to what they are worth."""
    path.write_text(json.dumps(_rounded(results), indent=2) + "\n", encoding="utf-8")


def _add_calls(rows: Table, found: dict[str, Any]) -> None:
    for measure, contenders in found.items():
        verb = measure.split()[0]
        for name in CONTENDERS:
            got = contenders.get(name)
            if got is None:
                rows.add(measure, name, "not installed")
                continue
            budget, verdict = "", None
            if name == "ours":
                wall, cpu = WALL_BUDGET[verb], CPU_BUDGET[verb]
                budget = f"wall <= {wall}x, CPU <= {cpu}x bare"
                verdict = got["wall_ratio"] <= wall and got["cpu_ratio"] <= cpu
            elif name in ADVANTAGE:
                times = ADVANTAGE[name]
                budget = f"ours >= {times:g}x faster" if times > 1 else "ours faster"
                verdict = got["wall_to_ours"] >= times
            rows.add(
                measure,
                name,
                f"{got['wall_us']:,.1f} us",
                f"{got['cpu_us']:,.1f} us",
                f"{got['wall_ratio']:.2f}x",
                f"{got['cpu_ratio']:.2f}x",
                f"{got['wall_to_ours']:.2f}x",
                budget=budget,
                verdict=verdict,
            )


def _add_threads(rows: Table, found: dict[str, Any]) -> None:
    for measure, contenders in found.items():
        for name, got in contenders.items():
            budget, verdict = "", None
            if name == "ours":
                threads, _, cores = measure.partition(" threads, ")
                sound = got["sockets"] <= int(threads) and not got["errors"]
                budget = f"sockets <= {threads}, no errors"
                if (threads, cores) == ("16", "1 core"):
                    budget = f">= {CALLS_PER_SECOND:,}/s, {budget}"
                    sound = sound and got["calls_per_s"] >= CALLS_PER_SECOND
                verdict = sound
            rows.add(
                measure,
                name,
                f"{got['calls_per_s']:,.0f}/s",
                f"{got['cpu_us']:,.1f} us",
                f"{got['sockets']} sockets",
                f"{got['errors']} errors",
                budget=budget,
                verdict=verdict,
            )


def _add_map(rows: Table, found: dict[str, Any]) -> None:
    for measure, contenders in found["speed"].items():
        for name in MANY_CONTENDERS:
            got = contenders.get(name)
            if got is None:
                continue
            budgets = MAP_RATES.get((measure, name), {})
            rows.add(
                f"many {measure}",
                name,
                f"{got['calls_per_s']:,.0f}/s",
                f"{got['cpu_us']:,.1f} us",
                f"{got['to_pool']:.2f}x pool",
                "",
                f"{got['to_map']:.2f}x map",
                budget=", ".join(
                    f">= {times:.3g}x {_BASES[base]} ({got[base]:.2f}x)"
                    for base, times in budgets.items()
                ),
                verdict=all(got[base] >= budgets[base] for base in budgets) if budgets else None,
            )
    for name, megabytes in found["memory"].items():
        judged = name != many.POOL
        rows.add(
            f"{many.MEMORY_CALLS:,} GETs",
            name,
            "",
            "",
            "",
            f"{megabytes:+.1f} MB",
            budget=f"<= {MAP_ADDED_MB:g} MB" if judged else "",
            verdict=megabytes <= MAP_ADDED_MB if judged else None,
        )


def _add_cold(rows: Table, found: dict[str, Any]) -> None:
    _add_processes(rows, found, "cold script", f"<= {COLD_OVER_MS:g} ms over http.client")


def _add_import(rows: Table, found: dict[str, Any]) -> None:
    _add_processes(rows, found, "import", f"<= {IMPORT_OVER_MS:g} ms over pass")


def _add_processes(rows: Table, found: dict[str, Any], measure: str, budget: str) -> None:
    most = COLD_OVER_MS if measure == "cold script" else IMPORT_OVER_MS
    for name, got in found.items():
        ours = name == "ours"
        rows.add(
            measure,
            name,
            f"{got['ms']:.1f} ms",
            "",
            f"{got['over_ms']:+.1f} ms",
            budget=budget if ours else "",
            verdict=got["over_ms"] <= most if ours else None,
        )


def _add_large(rows: Table, found: dict[str, Any]) -> None:
    for size, contenders in found.items():
        for name, got in contenders.items():
            judged = name == "ours" and size == "10 MB"
            sound = got["ratio"] <= LARGE_RATIO and got["added_mb"] <= LARGE_ADDED_MB
            rows.add(
                f"{size} JSON",
                name,
                f"{got['ms']:.1f} ms",
                "",
                f"{got['ratio']:.2f}x",
                f"{got['added_mb']:+.1f} MB",
                budget=f"<= {LARGE_RATIO}x, <= {LARGE_ADDED_MB:g} MB" if judged else "",
                verdict=sound if judged else None,
            )


def _add_pages(rows: Table, found: dict[str, Any]) -> None:
    for name, got in found.items():
        judged = name == "iterate"
        rows.add(
            "10,000 items",
            f"ours, {name}",
            f"{got['ms']:.1f} ms",
            f"{got['cpu_ms']:.1f} ms",
            f"{got['ratio']:.2f}x",
            f"{got['cpu_ratio']:.2f}x",
            budget=f"<= {PAGES_RATIO}x by-hand" if judged else "",
            verdict=got["ratio"] <= PAGES_RATIO if judged else None,
        )


def _add_generator(rows: Table, found: dict[str, Any]) -> None:
    for size in ("1250", "5000"):
        got = found[size]
        judged = size == "5000"
        sound = got["s"] <= GENERATE_SECONDS and got["peak_mb"] <= GENERATE_MB
        rows.add(
            "generator",
            f"{int(size):,} endpoints",
            f"{got['s']:.2f} s",
            "",
            "",
            f"{got['peak_mb']:.0f} MB",
            budget=f"<= {GENERATE_SECONDS:g} s, <= {GENERATE_MB:g} MB" if judged else "",
            verdict=sound if judged else None,
        )
    rows.add(
        "generator",
        f"{found['growth_of_size']:g}x as many",
        f"{found['growth']:.2f}x",
        budget="linear",
        verdict=found["growth"] <= found["growth_of_size"] * LINEAR_SLACK,
    )


def _add_local(rows: Table, found: dict[str, Any]) -> None:
    start, rate = found["start_ms"], found["gets_per_s"]
    rows.add(
        "local server",
        "start",
        f"{start:.1f} ms",
        budget=f"<= {LOCAL_START_MS:g} ms",
        verdict=start <= LOCAL_START_MS,
    )
    rows.add(
        "local server",
        "small GETs",
        f"{rate:,.0f}/s",
        budget=f">= {LOCAL_GETS_PER_SECOND:,}/s",
        verdict=rate >= LOCAL_GETS_PER_SECOND,
    )
    month = found["virtual_month_ms"]
    rows.add(
        "local server",
        "30 virtual days",
        f"{month:.1f} ms",
        budget=f"<= {LOCAL_MONTH_MS:g} ms",
        verdict=month <= LOCAL_MONTH_MS,
    )


def _add_waits(rows: Table, found: dict[str, Any]) -> None:
    for name, got in found.items():
        rows.add(
            f"waits for {waits.RUNS:,} runs",
            f"ours, {name}",
            f"{got['median_ms']:,.1f} ms",
            "",
            f"p95 {got['p95_ms']:,.0f} ms",
            f"{got['requests']:,.0f} GETs",
        )


_BASES = {
    "to_loop": "the loop",
    "to_map": "map",
    "to_perfect": "16 perfect threads",
    "to_pool": "16 threads",
}
_SECTIONS = {
    "calls": _add_calls,
    "threads": _add_threads,
    "map": _add_map,
    "cold": _add_cold,
    "import": _add_import,
    "large": _add_large,
    "pages": _add_pages,
    "generator": _add_generator,
    "local": _add_local,
    "waits": _add_waits,
}


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ", 1)[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        return platform.processor() or platform.machine()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return value
