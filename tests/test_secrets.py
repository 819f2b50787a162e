"""No secret is shown: not by an error, nor by what prints the frames that it passed through."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from .failing_calls import SECRETS, WAYS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = str(ROOT / "ironflow")


def secrets_in(text):
    return [secret for secret in SECRETS if secret in text]


# What an error, and all that it is chained to, shows.


def chain(error):
    """Yield an error and all that it is chained to, whether a traceback shows that or not."""
    left, met = [error], []
    while left:
        link = left.pop()
        if link is not None and link not in met:
            met.append(link)
            left += [link.__cause__, link.__context__]
            yield link


def shown_value(value):
    """Return a value as a crash reporter shows it: members of containers, else its ``repr``."""
    if isinstance(value, Mapping):
        return "".join(f"{shown_value(k)}: {shown_value(v)}, " for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return "".join(f"{shown_value(item)}, " for item in value)
    return repr(value)


def shown_by(error):
    """Return all that may be shown of an error, of its causes, and of our frames on its way."""
    shown = []
    for link in chain(error):
        shown += [str(link), repr(link), shown_value(vars(link)), shown_value(link.args)]
        shown += traceback.format_exception_only(type(link), link)
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if frame.f_code.co_filename.startswith(PACKAGE):
                shown += [f"{name} = {shown_value(v)}" for name, v in frame.f_locals.items()]
    return "\n".join(shown)


@pytest.mark.parametrize("way", WAYS)
def test_an_error_and_the_frames_on_its_way_show_no_secret(way):
    with pytest.raises(WAYS[way].kind) as caught:
        WAYS[way].fail()
    assert type(caught.value) is WAYS[way].kind
    assert secrets_in(shown_by(caught.value)) == []


SUITE = """
import pytest
from tests.failing_calls import WAYS

@pytest.mark.parametrize("way", WAYS)
def test_way(way):
    WAYS[way].fail()
"""


@pytest.mark.parametrize("options", [["-l"], ["-l", "-vv"]], ids=["short", "long"])
def test_pytest_shows_no_secret_of_a_call_that_fails_in_a_test(tmp_path, options):
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--tb=long", "--log-level=DEBUG", *options]
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    shown = ran.stdout + ran.stderr
    assert f"{len(WAYS)} failed in" in shown
    for way in WAYS.values():
        assert way.kind.__name__ in shown
    # The local variables of our frames, and what was logged, are among it.
    assert "ironflow._wire.messages.Request object" in shown
    assert "DEBUG    ironflow:" in shown
    assert secrets_in(shown) == []
