"""Whole processes: a script that makes one call, an import, the generator on a large manifest."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from . import server as site
from .calls import API_KEY, Bench
from .environments import ROOT, Environments, environ

SIZES = (1250, 5000)

_SEED = 20260115
_CLIENT = f"""\
import sys
from ironflow import IronflowClient
IronflowClient(sys.argv[1], {API_KEY!r}).runs_get("run_abc123")
"""
_LIBRARY = f"""\
import sys
import {{library}}
url = sys.argv[1] + {site.GET_PATH!r}
{{library}}.get(url, headers={{{{"Authorization": {f"Bearer {API_KEY}"!r}}}}}).json()
"""
_SCRIPTS = {
    "http.client": f"""\
import http.client, json, sys
connection = http.client.HTTPConnection(sys.argv[1].rpartition("/")[2])
headers = {{"Authorization": {f"Bearer {API_KEY}"!r}}}
connection.request("GET", {site.GET_PATH!r}, headers=headers)
json.loads(connection.getresponse().read())
""",
    "ours": _CLIENT,
    "requests": _LIBRARY.format(library="requests"),
    "httpx": _LIBRARY.format(library="httpx"),
    "published": _CLIENT.replace('runs_get("run_abc123")', f'request("GET", {site.GET_PATH!r})'),
}
_IMPORT = "from ironflow import IronflowClient"
_IMPORTS = {"pass": "pass", "ours": _IMPORT, "published": _IMPORT}

_LOCAL = """\
from time import perf_counter
from ironflow import IronflowClient
from ironflow.testing import LocalServer
started = perf_counter()
with LocalServer() as server:
    print((perf_counter() - started) * 1e3)
    client = IronflowClient(server.url)
    client.config_create("flags", body={"dark_mode": True})
    for _ in range(200):
        client.config_get("flags")
    started = perf_counter()
    for _ in range(2000):
        client.config_get("flags")
    print(2000 / (perf_counter() - started))
with LocalServer(clock="virtual") as server, IronflowClient(server.url) as client:
    @server.function("patient", triggers=["begun"])
    def act(event, step):
        step.sleep("month", 30 * 86400)
        step.wait_for_event("week", "never", timeout=7 * 86400)
    started = perf_counter()
    server.wait_for_run(client.events_create(body={"name": "begun", "data": {}})["run_ids"][0])
    print((perf_counter() - started) * 1e3)
"""

_GENERATE = """\
import sys
from bench.worker import peak_memory
from codegen.__main__ import main
status = main(["generate", "--manifest", sys.argv[1], "--output", sys.argv[2]])
print(peak_memory())
sys.exit(status)
"""


def measure_cold(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure whole scripts that start, make one call over HTTP and exit."""
    return _interleaved(
        bench.environments, _SCRIPTS, "http.client", rounds, bench.server.url["HTTP"]
    )


def measure_import(environments: Environments, rounds: int) -> dict[str, Any]:
    """Measure ``from ironflow import IronflowClient`` over a process that does nothing."""
    return _interleaved(environments, _IMPORTS, "pass", rounds)


def measure_local(environments: Environments, rounds: int) -> dict[str, Any]:
    """Measure the local server: its start, small GETs in the same process, 37 virtual days."""
    command = [str(environments.python_of("ours")), "-I", "-c", _LOCAL]
    found = []
    for _ in range(rounds):
        done = subprocess.run(command, env=environ(), check=True, capture_output=True, text=True)
        found.append([float(line) for line in done.stdout.split()])
    starts, rates, months = zip(*found)
    return {
        "start_ms": median(starts),
        "gets_per_s": median(rates),
        "virtual_month_ms": median(months),
    }


def measure_generator(rounds: int) -> dict[str, Any]:
    """Measure generation from synthetic manifests, the whole command: time and peak memory."""
    found: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            _write_manifest(Path(folder) / f"{size}.json", size)
        for number in range(rounds):
            for size in SIZES:
                output = Path(folder) / f"{size}-{number}"
                found[size].append(_generate(Path(folder) / f"{size}.json", output))
    small, large = SIZES
    growth = median(b[0] / a[0] for a, b in zip(found[small], found[large]))
    sizes = {
        str(size): {
            "s": median(wall for wall, _ in took),
            "peak_mb": median(peak for _, peak in took),
        }
        for size, took in found.items()
    }
    return {**sizes, "growth": growth, "growth_of_size": large / small}


def _interleaved(
    environments: Environments, scripts: dict[str, str], floor: str, rounds: int, *arguments: str
) -> dict[str, Any]:
    """Run scripts in rounds; return medians, and the medians of what each takes over the floor."""
    names = [name for name in scripts if environments.python_of(name) is not None]
    found: dict[str, list[float]] = {name: [] for name in names}
    shuffle = random.Random(_SEED).shuffle
    for number in range(rounds + 1):
        shuffle(names)
        for name in names:
            command = [str(environments.python_of(name)), "-I", "-c", scripts[name], *arguments]
            started = perf_counter()
            subprocess.run(command, stdin=subprocess.DEVNULL, env=environ(), check=True)
            if number:  # the first round fills the caches of the file system
                found[name].append((perf_counter() - started) * 1e3)
    return {
        name: {
            "ms": median(took),
            "over_ms": median(each - low for each, low in zip(took, found[floor])),
        }
        for name, took in found.items()
    }


def _generate(manifest: Path, output: Path) -> tuple[float, float]:
    """Generate once, in a fresh process; return seconds and megabytes."""
    command = [sys.executable, "-c", _GENERATE, str(manifest), str(output)]
    started = perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environ(), capture_output=True, text=True)
    wall = perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"the generator fails: {(done.stderr.splitlines() or ['?'])[0]}")
    return wall, int(done.stdout.split()[-1]) / 1e6


def _write_manifest(path: Path, size: int) -> None:
    """Write a manifest of that many endpoints: the real one, its groups multiplied.

    RPC endpoints are there once: their paths name a service of the manifest, not a group.
    """
    manifest = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    endpoints = [found for found in manifest["endpoints"] if found["category"] == "rpc"]
    real = [found for found in manifest["endpoints"] if found["category"] != "rpc"]
    missing = size - len(endpoints)
    endpoints += [_variant(real[n % len(real)], n // len(real)) for n in range(missing)]
    path.write_text(json.dumps({**manifest, "endpoints": endpoints}), encoding="utf-8")


def _variant(endpoint: dict[str, Any], number: int) -> dict[str, Any]:
    """Return an endpoint as another group would have it: ``/runs/{id}`` as ``/g1-runs/{id}``."""
    if not number:
        return endpoint
    group = endpoint["group"].replace("_", "")
    segments = endpoint["path"].split("/")
    plain = [segment.replace("-", "").replace("_", "").lower() for segment in segments]
    at = plain.index(group) if group in plain else 1
    segments[at] = f"g{number}-{segments[at]}"
    variant = {
        **endpoint,
        "group": f"g{number}_{endpoint['group']}",
        "path": "/".join(segments),
    }
    for member in ("name", "alias"):
        if member in endpoint:
            variant[member] = f"g{number}_{endpoint[member]}"
    return variant
