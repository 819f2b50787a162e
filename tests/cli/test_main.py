"""The program as a whole: what starting costs, and how a command exits when something is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ironflow._cli.main import main

from ..conftest import ROOT
from ..test_imports import loaded_by

NETWORK = {"socket", "ssl", "selectors", "select", "http", "ironflow._wire.transport"}


@pytest.mark.parametrize("arguments", [["version"], ["--version"], ["--help"], ["run", "--help"]])
def test_what_sends_nothing_loads_no_network_module(arguments):
    loaded = loaded_by(f"from ironflow._cli.main import main; sys.stdout = None; main({arguments})"
                       "; sys.stdout = sys.__stdout__")  # fmt: skip
    assert "ironflow._cli.main" in loaded
    assert not loaded & NETWORK
    assert not loaded & {"argparse", "json", "logging", "inspect"}


def test_the_sdk_never_loads_the_command_line():
    loaded = loaded_by("import ironflow; ironflow.IronflowClient('http://127.0.0.1:1')")
    assert not {name for name in loaded if name.startswith("ironflow._cli")}


def test_a_command_loads_its_own_family_only():
    loaded = loaded_by("from ironflow._cli.arguments import *; read(['run', 'list'], Typed())")
    families = {name.rpartition(".")[2] for name in loaded if "._cli.commands." in name}
    assert families == {"_common", "runs"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_a_disk_that_is_full_is_an_error_in_a_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ironflow", "version"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "error: cannot write: No space left on device (OUTPUT)\n"


def test_a_reply_of_another_shape_is_an_error_and_json_shows_it(server, capsys):
    server.reply([1])
    assert main(["run", "list", "--server", server.url]) == 1
    assert "a shape that this command does not know" in capsys.readouterr().err
    server.reply([1])
    assert main(["run", "list", "--server", server.url, "--json"]) == 0
    assert capsys.readouterr().out.split() == ["[", "1", "]"]


@pytest.mark.parametrize("reply", [None, "x", 5, [1], [{}], {"runs": 5}, {"results": [5]}])
@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "list"],
        ["circuit-breaker", "reset", "f"],
        ["debounce", "cancel", "f", "k"],
        ["invoke", "f"],
        ["projection", "status", "p"],
        ["projection", "wait", "p", "--min-seq", "1"],
        ["policy", "test", "--condition", "true"],
    ],
    ids=" ".join,
)
def test_no_reply_of_any_shape_is_a_fault_of_ours(server, capsys, arguments, reply):
    for _ in range(4):
        server.reply(reply)
    main([*arguments, "--server", server.url])
    shown = capsys.readouterr().err
    assert "INTERNAL" not in shown and len(shown.splitlines()) <= 1


def test_a_fault_of_ours_is_one_line_and_verbose_shows_where(server, capsys, monkeypatch):
    monkeypatch.setattr("ironflow._cli.table.Call.make", lambda *_: {}["gone"])
    monkeypatch.setenv("LOG_LEVEL", "")
    assert main(["run", "list"]) == 1
    assert capsys.readouterr().err == "error: KeyError: 'gone' (INTERNAL)\n"
    assert main(["run", "list", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err
