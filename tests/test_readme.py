"""The README's promises: its code runs as printed, its commands exist, its tables are complete."""

from __future__ import annotations

import inspect
import re
import sys

import pytest

import ironflow
from codegen.naming import RESERVED_METHODS
from ironflow import IronflowClient, IronflowError
from ironflow.testing._samples import add_samples

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    page for page in sorted((ROOT / "docs").rglob("*.md")) if "```python" in page.read_text("utf-8")
]


def run_blocks(page, url, server):
    """Run a page's Python blocks one after another, and the tests among them with a server."""
    namespace = {}
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    for number, block in enumerate(blocks):
        source = block.replace("http://localhost:9123", url)
        exec(compile(source, f"block {number}", "exec"), namespace)
        for name in re.findall(r"^def (test_\w+)\(ironflow_server\)", block, re.M):
            server.reset()
            namespace[name](server)
            server.verify()
    return len(blocks)


def assert_as_promised(page, printed):
    """Compare what a page has printed with the comments behind its calls of ``print``."""
    promised = re.findall(r"^(?: *)print\(.*?\)  # (.*)$", page, re.M)
    assert len(printed) == len(promised) > 0
    for line, comment in zip(printed, promised):
        assert comment.startswith(line), (line, comment)


def test_every_python_block_of_the_readme_runs_as_printed(local, capsys):
    add_samples(local)
    assert run_blocks(README, local.url, local) >= 6
    printed = capsys.readouterr().out
    # A handler goes on in its own thread, and pauses when it waits for the payment.
    printed = [re.sub("running|paused", "under way", line) for line in printed.splitlines()]
    assert printed == [
        "run_1 process-order under way",
        "cancelled",
        "run_1 cancelled",
        "404 NOT_FOUND: run not found",
        "200 1",
        "run_2 (under way)",
        "Hello Alice",
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_python_block_of_the_docs_runs_as_printed(local, capsys, path):
    page = path.read_text(encoding="utf-8")
    if "python -m ironflow.testing`." in page:  # which has the samples
        add_samples(local)
    assert run_blocks(page, local.url, local)
    assert_as_promised(page, capsys.readouterr().out.splitlines())


def test_there_are_docs_to_run():
    assert "testing.md" in {path.name for path in PAGES}


def test_every_make_command_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.M))
    assert {"demo", "test", "sdk-gen-python", "sdk-gen-check", "sdk-health"} <= named <= targets


def test_every_make_target_has_a_line_of_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split()
    helped = re.findall(r"^([a-z-]+):.*## \S", makefile, re.M)
    assert sorted(helped) == sorted(phony)


def test_the_table_of_methods_is_complete():
    named = re.findall(
        r"`(\w+)`", README.partition("<!-- methods: gen")[2].partition("<!-- methods: end")[0]
    )
    public = {
        name
        for name, _ in inspect.getmembers(IronflowClient, inspect.isfunction)
        if not name.startswith("_")
    }
    assert sorted(named) == sorted(public - RESERVED_METHODS)


def test_the_table_of_options_is_complete():
    section = README.partition("## Configuration")[2].partition("## Errors")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    options = set(inspect.signature(IronflowClient).parameters) - {"unknown"}
    assert sorted(named) == sorted(options)


def test_the_table_of_errors_is_complete():
    section = README.partition("## Errors")[2].partition("## Types")[0]
    named = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]
    classes = {name for name in ironflow.__all__ if name.endswith("Error")}
    assert sorted(named) == sorted(classes)
    for attribute in vars(IronflowError("x")).keys() - {"message"}:
        assert f"`{attribute}`" in section


def test_the_changelog_names_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {ironflow.__version__}" in changelog


def test_the_supported_pythons_are_those_that_are_declared():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.9"' in project
    assert "Python 3.9 and newer" in README
    assert sys.version_info >= (3, 9)
