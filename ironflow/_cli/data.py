"""Where the data of a command comes from: exactly one of a flag, a file and stdin.

Rules:

1. Several sources are an error. Without a source the data is an empty object, unless the command
   needs some.
2. Stdin is a source when a pipe or a file holds data. A terminal, ``/dev/null`` and an empty pipe
   are not, and neither is a pipe in which nothing arrives within a second. A note on stderr says
   so, because a slow program may be writing to the pipe.
3. Text that is not JSON is refused with line and column.
"""

from __future__ import annotations

import os
import stat
import sys

from .errors import UsageError
from .values import parsed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .session import Session

_PATIENCE = 1.0  # seconds until a silent pipe counts as none
_STDIN = "stdin"


def data_of(session: Session, *, needed: bool = False, any_json: bool = False) -> Any:
    """Return the data of a command, from ``--data``, ``--data-file`` or stdin.

    Args:
        session: The session.
        needed: Whether there must be some.
        any_json: Whether it may be something other than an object.
    """
    given = session.given
    text, path = given.get("data"), given.get("data_file")
    named = [name for name, value in (("--data", text), ("--data-file", path)) if value is not None]
    if len(named) + (bool(named) and stdin_holds_data()) > 1:
        named += [_STDIN] if stdin_holds_data() else []
        raise UsageError(f"data comes from exactly one source, not from {' and '.join(named)}")
    if text is not None:
        value, name = parsed(text, "--data"), "--data"
    elif path is not None:
        value, name = parsed(read_file(path), path), path
    else:
        piped = _read_stdin(session)
        if piped is None or not piped.strip():
            if needed:
                raise UsageError("needs --data, --data-file or data on stdin")
            return {}
        value, name = parsed(piped, _STDIN), _STDIN
    if not any_json and not isinstance(value, dict):
        raise UsageError(f"{name}: must be a JSON object, as in '{{\"id\": 1}}'")
    return value


def read_file(path: str) -> str:
    """Return the text of a file."""
    return decoded(file_bytes(path), path)


def file_bytes(path: str) -> bytes:
    """Return the content of a file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # a path with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def decoded(content: bytes, name: str) -> str:
    """Return bytes as text; ``name`` is what a refusal calls them."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name}: is not UTF-8") from None


def _read_stdin(session: Session) -> str | None:
    """Return the content of stdin, None if it is not a source of data."""
    if not stdin_holds_data(_PATIENCE, session):
        return None
    return decoded(sys.stdin.buffer.read(), _STDIN)


def stdin_bytes() -> bytes:
    """Return all of stdin, whatever it is: the user asked for it with ``-``."""
    if sys.stdin is None:
        raise UsageError("stdin is closed; there is nothing to read")
    return sys.stdin.buffer.read()


def stdin_holds_data(patience: float = 0.0, session: Session | None = None) -> bool:
    """Return whether stdin is a pipe or a file with data in it.

    Args:
        patience: Seconds until a silent pipe counts as none.
        session: Where a note about a silent pipe goes.
    """
    try:
        number = sys.stdin.fileno()
        status = os.fstat(number)
    except (AttributeError, OSError, ValueError):  # there is none, or it is closed
        return False
    if stat.S_ISREG(status.st_mode):
        return status.st_size > os.lseek(number, 0, os.SEEK_CUR)
    if not (stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)):
        return False
    return _pipe_holds_data(number, patience, session)


def _pipe_holds_data(number: int, patience: float, session: Session | None) -> bool:
    import select

    try:
        ready = select.select([number], [], [], patience)[0]
    except (OSError, ValueError):  # this system cannot wait for pipes
        return patience > 0
    if not ready and patience and session is not None:
        session.screen.note("note: nothing came on stdin within a second, so it is not used")
    # An empty pipe that was closed is ready too; peeking leaves the data for the reader.
    peek: Any = getattr(sys.stdin.buffer, "peek", None)
    return bool(ready) and peek is not None and bool(peek(1))
