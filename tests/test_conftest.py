"""What a run of the tests leaves behind for ``make sdk-health``."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from . import conftest, stub

SOURCES = pytest.Config.ArgsSource


def finish(source=SOURCES.TESTPATHS, exitstatus=0, **options):
    option = SimpleNamespace(**{"keyword": "", "markexpr": "", "collectonly": False, **options})
    config = SimpleNamespace(args_source=source, ArgsSource=SOURCES, option=option)
    conftest.pytest_sessionfinish(SimpleNamespace(config=config), exitstatus)


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setattr(conftest, "ROOT", tmp_path)
    monkeypatch.setattr(stub, "SEEN", [["GET", "/b"], ["GET", "/a"], ["GET", "/b"]])
    return tmp_path / "build" / "wire.json"


@pytest.mark.parametrize("exitstatus", [0, 1])
def test_a_whole_run_records_what_was_called(record, exitstatus):
    finish(exitstatus=exitstatus)
    assert json.loads(record.read_text()) == [["GET", "/a"], ["GET", "/b"]]


@pytest.mark.parametrize(
    "run",
    [
        {"source": SOURCES.ARGS},
        {"keyword": "map"},
        {"markexpr": "interop"},
        {"collectonly": True},
        {"exitstatus": 2},
    ],
    ids=["files", "-k", "-m", "--collect-only", "interrupted"],
)
def test_a_part_of_the_tests_does_not_pass_for_all_of_them(record, run):
    finish(**run)
    assert not record.exists()
