"""Noticing that nobody reads stdout any more while there is nothing to write.

A command that follows events may wait for the next one for hours. Only a write would tell it that
``head -1`` has what it wanted, and until then the whole pipeline would wait with it.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO


@contextlib.contextmanager
def closed_without_reader(out: TextIO, close: Callable[[], object]) -> Iterator[None]:
    """Call ``close`` once the other end of a pipe is closed.

    Args:
        out: Where is written. What is no pipe is not watched.
        close: What ends the waiting; another thread calls it.

    Raises:
        BrokenPipeError: At the end, where the reader has gone.
    """
    pipe = _pipe_of(out)
    if pipe is None:
        yield
        return
    has_gone = threading.Event()
    wake, end = os.pipe()

    def watch() -> None:
        poll = select.poll()
        for number in (pipe, wake):
            poll.register(number, 0)  # errors and hang-ups are told unasked
        if pipe in dict(poll.poll()):
            has_gone.set()
            close()

    thread = threading.Thread(target=watch, name="ironflow-reader", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(end)
        thread.join()
        os.close(wake)
    if has_gone.is_set():
        raise BrokenPipeError


def _pipe_of(out: TextIO) -> int | None:
    """Return the number of a pipe, None for anything else, and where pipes cannot be watched."""
    try:
        number = out.fileno()
        mode = os.fstat(number).st_mode
    except (OSError, ValueError):
        return None
    is_pipe = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return number if is_pipe and hasattr(select, "poll") else None
