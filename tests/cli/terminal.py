"""Runs a command at a terminal of its own, and types when it asks."""

from __future__ import annotations

import contextlib
import os
import re
import select
import struct
import subprocess
import sys
import time

from .running import Done, settings

PATIENCE = 20.0
_ASKS = re.compile(r"(password|value|y/n)[^\n]*[:?>\])] ?$", re.IGNORECASE)
# A session's leader that opens a terminal gets it as its own: that is what asks for a password.
_AT_TERMINAL = 'tty=$1; shift; exec "$@" <"$tty" >"$tty" 2>&1'


def at_terminal(arguments, home, typed="", columns=80, interrupt_when=None, **variables):
    """Run a command at a terminal and return what came of it, with all output as ``out``.

    Args:
        arguments: What stands after ``ironflow``.
        home: Folder that it starts in.
        typed: What is typed, with a return, whenever it asks.
        columns: Width of the terminal.
        interrupt_when: Returns whether Ctrl-C is to be typed; None to let it end.
        variables: Environment variables.
    """
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = settings(home, **{"TERM": "xterm", **variables})
    command = [sys.executable, "-m", "ironflow", *arguments]
    with subprocess.Popen(
        ["/bin/sh", "-c", _AT_TERMINAL, "sh", os.ttyname(theirs), *command],
        cwd=home,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            text = _conversation(process, ours, theirs, typed, interrupt_when)
        finally:
            process.kill()
    return Done(process.returncode, text.replace("\r\n", "\n"), "")


def _conversation(process, ours, theirs, typed, interrupt_when):
    seen, answered, interrupted = b"", 0, False
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, f"it does not end: {seen!r}"
        ended = process.poll() is not None
        if select.select([ours], [], [], 0 if ended else 0.02)[0]:
            with contextlib.suppress(OSError):  # how Linux says that the other end is closed
                seen += os.read(ours, 65536)
        elif ended:
            break
        text = seen.decode("utf-8", "replace")
        if typed and _ASKS.search(text[answered:]):
            answered = len(text)
            os.write(ours, f"{typed}\n".encode())
        if interrupt_when is not None and not interrupted and interrupt_when():
            interrupted = True
            os.write(ours, b"\x03")
    os.close(theirs)
    os.close(ours)
    return seen.decode("utf-8", "replace")
