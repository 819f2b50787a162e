"""What a hostile body can cost: a process of four times the limit survives each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="this system cannot limit the memory of a process")
if not os.path.exists("/proc/self/status"):
    pytest.skip(
        "this system does not tell how much memory a process holds", allow_module_level=True
    )

from ..big_bodies import CASES
from ..conftest import ROOT

ALL = bool(os.environ.get("CI"))
MIB = 1024 * 1024
SMALL = 20_000_000  # what is larger takes its time, and is left to the long run

TOO_COSTLY = "takes too much memory to decode for max_response_bytes (67108864)"


def outcomes(bodies):
    """Read bodies in one process that may hold 256 MiB; return what came of each."""
    command = [sys.executable, "-m", "tests.big_bodies", *bodies]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return {line["case"]: line["outcome"] for line in lines}


@pytest.mark.parametrize("framing", ["close", "gzip"] if ALL else ["gzip"])
def test_a_process_of_four_times_the_limit_survives_every_body(framing):
    expected = {}
    for name, case in CASES.items():
        if ALL or case.decoded <= SMALL:
            expected[f"{framing}/{name}/{case.decoded}"] = "value"
        if case.refused and (ALL or case.refused <= SMALL):
            expected[f"{framing}/{name}/{case.refused}"] = TOO_COSTLY
    assert len(expected) > 30
    assert outcomes(expected) == expected


def test_a_process_of_four_times_the_limit_survives_every_framing():
    expected = {
        "chunks of a byte/a string/3000000": "value",
        "chunks of a byte/empty lists/500000": "value",
        "gzip in empty members/a string/0": "has too many gzip members",
        f"gzip/a string/{64 * MIB + 1}": ("is larger than max_response_bytes (67108864), inflated"),
        f"chunks of 64 kB/a string/{64 * MIB + 1}": (
            "is larger than max_response_bytes (67108864)"
        ),
        f"close/a string/{64 * MIB + 1}": "is larger than max_response_bytes (67108864)",
    }
    assert outcomes(expected) == expected


def test_a_gzip_of_65_kb_becomes_64_mib_of_anything_and_does_no_harm():
    names = list(CASES) if ALL else ["empty lists", "objects of one", "a string", "floats"]
    got = outcomes([f"gzip/{name}/{64 * MIB}" for name in names])
    assert len(got) == len(names)
    assert set(got.values()) <= {"value", TOO_COSTLY}
    assert got[f"gzip/empty lists/{64 * MIB}"] == TOO_COSTLY
