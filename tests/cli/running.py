"""Runs the command line: in this process where that is enough, else as a process of its own.

Streams are real files in both cases: the command line may ask whether one is a terminal, or whether
a pipe holds data, and a stand-in would answer for it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
NOWHERE = "http://127.0.0.1:9"  # nothing listens there: whoever is sent there fails
_READ_BY_US = ("IRONFLOW_", "LOG_LEVEL", "NO_COLOR", "COLUMNS", "FORCE_COLOR", "CLICOLOR", "TERM")


class Done(NamedTuple):
    """What a command left: exit code, and what it wrote."""

    code: int
    out: str
    err: str


def settings(home, **variables):
    """The environment of a command: of ours, nothing that it reads but what is given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_READ_BY_US)}
    kept.update(HOME=str(home), IRONFLOW_CONFIG_DIR=str(Path(home) / "config"), TZ="UTC")
    kept.update(PYTHONPATH=str(ROOT), PYTHONIOENCODING="utf-8")
    return {**kept, **{name: value for name, value in variables.items() if value is not None}}


def run(arguments, home, stdin=None, **variables):
    """Run a command in this process.

    Args:
        arguments: What stands after ``ironflow``.
        home: Folder that it starts in, and that holds its configuration.
        stdin: Text on its standard input; None for none.
        variables: Environment variables; None for one that is not set.
    """
    from ironflow._cli.main import main

    with contextlib.ExitStack() as stack:
        out = stack.enter_context(_text_file())
        err = stack.enter_context(_text_file())
        given = stack.enter_context(_text_file(stdin or ""))
        stack.enter_context(_as_its_own(settings(home, **variables), home, given, out, err))
        try:
            code = main(list(arguments))
        except SystemExit as left:
            code = left.code
        return Done(0 if code is None else code, _written(out), _written(err))


def run_process(arguments, home, stdin=None, **variables):
    """Run a command as ``python -m ironflow``; arguments as in ``run``."""
    done = subprocess.run(
        [sys.executable, "-m", "ironflow", *arguments],
        cwd=home,
        env=settings(home, **variables),
        input=None if stdin is None else stdin.encode(),
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=30,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextlib.contextmanager
def _as_its_own(variables, folder, given, out, err):
    """Give the command its environment, its folder and its streams, and take them back."""
    logger = logging.getLogger("ironflow")
    before = dict(os.environ), os.getcwd(), sys.stdin, sys.stdout, sys.stderr
    handlers, level, propagates = logger.handlers[:], logger.level, logger.propagate
    try:
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = given, out, err
        yield
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])
        sys.stdin, sys.stdout, sys.stderr = before[2:]
        logger.handlers[:], logger.propagate = handlers, propagates
        logger.setLevel(level)


def _text_file(text=""):
    """A file that holds a text, to read from its start or to write to."""
    raw = tempfile.TemporaryFile()  # noqa: SIM115 - closed with what is around it
    raw.write(text.encode())
    raw.seek(0)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="", write_through=True)


def _written(file):
    if file.closed:  # a command may close the stream that it could not write to
        return ""
    file.flush()
    file.seek(0)
    return file.read()
