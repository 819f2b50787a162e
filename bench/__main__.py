"""``python -m bench``: measure, print one table, write ``results.json`` and ``results.svg``.

Exit status: 0 done, whatever the figures are; 2 something that it needs is missing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable

from . import calls, many, processes, report, waits
from .chart import draw
from .environments import Environments, NotInstalled
from .server import Server, Unavailable

HERE = Path(__file__).resolve().parent

# How often each measurement is repeated, and in a quick run.
ROUNDS = {
    "calls": (40, 5),
    "threads": (10, 2),
    "map": (5, 1),
    "cold": (20, 4),
    "import": (40, 6),
    "large": (9, 2),
    "pages": (20, 3),
    "generator": (5, 1),
    "local": (10, 2),
    "waits": (3, 1),
}


def main() -> int:
    """Run the measurements that were asked for."""
    options = _parser().parse_args()
    # A terminated run stops its server and workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options.only or list(ROUNDS)
    rounds = {name: options.rounds or ROUNDS[name][options.quick] for name in chosen}
    try:
        results = _measure(rounds)
    except (NotInstalled, Unavailable) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(report.headline(results), report.table(results), sep="\n\n")
    if options.only:
        print("a part of the measurements: results.json and results.svg stay as they are")
    else:
        report.write_json(results, HERE / "results.json")
        (HERE / "results.svg").write_text(draw(results), encoding="utf-8")
        print("wrote bench/results.json and bench/results.svg")
    return 0


def _measure(rounds: dict[str, int]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, Server(Path(folder)) as server:
        environments = Environments()
        bench = calls.prepare(server, environments)
        measurements: dict[str, Callable[[int], dict[str, Any]]] = {
            "calls": lambda count: calls.measure_calls(bench, count),
            "threads": lambda count: calls.measure_threads(bench, count),
            "map": lambda count: many.measure_map(bench, count),
            "cold": lambda count: processes.measure_cold(bench, count),
            "import": lambda count: processes.measure_import(environments, count),
            "large": lambda count: calls.measure_large(bench, count),
            "pages": lambda count: calls.measure_pages(bench, count),
            "generator": processes.measure_generator,
            "local": lambda count: processes.measure_local(environments, count),
            "waits": lambda count: waits.measure_waits(environments, count),
        }
        results = report.description(environments, rounds.get("calls", max(rounds.values())))
        for name, count in rounds.items():
            print(f"measuring {name} ({count} rounds) ...", file=sys.stderr)
            results[name] = measurements[name](count)
        return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a result")
    parser.add_argument("--rounds", type=_count, help="repeat every measurement this often")
    parser.add_argument(
        "--only", action="append", choices=list(ROUNDS), help="measure this; may be repeated"
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


if __name__ == "__main__":
    sys.exit(main())
