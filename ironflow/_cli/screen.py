"""Output: data to stdout, everything else to stderr, each within what its stream can show.

Rules:

1. Nothing that a server sends reaches a terminal as a control character: what is not printable is
   written as an escape.
2. What a stream cannot encode is written as an escape too, in JSON as a JSON escape. No locale
   makes a command fail.
3. Colours and truncation are for terminals. A pipe gets every column in full.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TextIO

_COLOURS = {"green": "32", "red": "31", "yellow": "33", "blue": "34"}
_DEFAULT_WIDTH = 80

NOTHING = "-"

# What shapes scripts and emoji; without it they are other letters.
_JOINERS = "\u200c\u200d"

# What JSON may hold as it is, and may yet steer a terminal: DEL and C1, separators, directions.
_STEERING = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"


class Screen:
    """The two streams that a command writes to.

    Args:
        may_colour: Whether the user lets colours be used.
    """

    def __init__(self, may_colour: bool = True) -> None:
        self.out = _usable(sys.stdout)
        self.err = _usable(sys.stderr)
        self.is_terminal = is_terminal(self.out)
        self.shows_progress = is_terminal(self.err)
        has_colours = self.is_terminal and os.environ.get("TERM") != "dumb"
        self.colours = may_colour and has_colours and not os.environ.get("NO_COLOR")
        self._line = 0  # width of the line of progress that stands on the terminal

    @property
    def width(self) -> int | None:
        """Columns of the terminal, None where there is none."""
        return _columns_of(self.out) if self.is_terminal else None

    def lines(self, lines: Iterable[str]) -> None:
        """Write lines of data."""
        self.clear()
        for line in lines:
            self.out.write(line + "\n")
        self.out.flush()

    def line(self, text: str) -> None:
        """Write a line of data, and flush it."""
        self.clear()
        self.out.write(text + "\n")
        self.out.flush()

    def data(self, content: bytes) -> None:
        """Write bytes as they are."""
        self.clear()
        self.out.flush()
        raw = getattr(self.out, "buffer", None)
        if raw is None:
            self.out.write(content.decode("utf-8", "replace"))
        else:
            raw.write(content)
        self.out.flush()

    def json(self, value: Any, *, indent: int | None = 2) -> None:
        """Write a value as JSON."""
        self.line(self.json_text(value, indent=indent))

    def json_text(self, value: Any, *, indent: int | None = 2) -> str:
        """Return a value as JSON that stdout can encode; other escapes would not be JSON."""
        return json_text(value, indent=indent, ascii_only=not self.can_show("é✓中"))

    def note(self, text: str) -> None:
        """Write a line to stderr."""
        self.clear()
        self.err.write(text + "\n")
        self.err.flush()

    def progress(self, text: str) -> None:
        """Show progress, on a terminal only, in place of what was shown before."""
        if not self.shows_progress:
            return
        columns = _columns_of(self.err)
        text = plain(text)[:columns]
        while width_of(text) >= columns:
            text = text[:-1]
        self.err.write("\r" + text + " " * (self._line - width_of(text)))
        self.err.flush()
        self._line = width_of(text)

    def clear(self) -> None:
        """Erase the line of progress."""
        if self._line:
            self.err.write("\r" + " " * self._line + "\r")
            self.err.flush()
            self._line = 0

    def can_show(self, text: str) -> bool:
        """Tell whether stdout can encode a text."""
        try:
            text.encode(self.out.encoding or "ascii")
        except (LookupError, UnicodeEncodeError):
            return False
        return True

    def mark(self, is_good: bool) -> str:
        """Return the mark of success or failure."""
        if self.can_show("✓✗"):
            return self.coloured("✓", "green") if is_good else self.coloured("✗", "red")
        return "ok" if is_good else "failed"

    def coloured(self, text: str, colour: str) -> str:
        """Return a text in a colour, or as it is where there are none."""
        if not self.colours or colour not in _COLOURS:
            return text
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def json_text(value: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return a value as JSON, readable with ``indent`` and compact without."""
    import json
    import re

    separators = (",", ":") if indent is None else None
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=separators)
    return re.sub(_STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(text: str) -> str:
    """Return a text with what is not printable written as escapes; blanks of any width stay."""
    if text.isprintable():
        return text
    from unicodedata import category

    return "".join(
        char
        if char.isprintable() or char in _JOINERS or category(char) == "Zs"
        else char.encode("unicode_escape").decode()
        for char in text
    )


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Cf", "Me", "Mn") else 2 if east_asian_width(char) in "FW" else 1
        for char in text
    )


def shown(value: Any) -> str:
    """Return a value of a reply as a cell shows it: ``-`` for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list) and all(isinstance(item, (str, int)) for item in value):
        return plain(", ".join(map(str, value)))
    return plain(json_text(value)) if isinstance(value, (dict, list)) else str(value)


def json_cell(value: Any) -> str:
    """Return what users have stored, as a cell shows it: an empty object is not nothing."""
    return shown(value) if value is None or isinstance(value, str) else plain(json_text(value))


def _usable(stream: TextIO | None) -> TextIO:
    """Return a stream that writes what it cannot encode as escapes; one that is closed is none."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def _columns_of(terminal: TextIO) -> int:
    """Return the columns of a terminal; ``COLUMNS`` wins, as it does in other programs."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(terminal.fileno()).columns or _DEFAULT_WIDTH
    except (OSError, ValueError):
        return _DEFAULT_WIDTH


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal; one that is closed, or none, is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
