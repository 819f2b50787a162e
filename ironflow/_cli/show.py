"""How a reply is shown to people: as a table, as a list of labels, or as a sentence."""

from __future__ import annotations

from .screen import NOTHING, plain, shown, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .screen import Screen

    Format = Callable[[Any], Any]

_GAP = "  "
_NARROWEST = 6  # characters that a column keeps when it is cut
_MORE = "…"
_GIVEN = "given."

# Colours of states: green is fine, yellow is unusual, red is trouble.
STATE_COLOURS = {
    "accepted": "green",
    "active": "green",
    "closed": "green",
    "completed": "green",
    "healthy": "green",
    "ok": "green",
    "cancelled": "yellow",
    "deduplicated": "yellow",
    "half-open": "yellow",
    "paused": "yellow",
    "rebuilding": "yellow",
    "error": "red",
    "failed": "red",
    "open": "red",
    "rejected": "red",
}


class Column:
    """One column of a table, or one label of a list.

    Args:
        heading: Its heading or label.
        path: Member of the item, with dots for members of members; empty for the item itself.
        format: Makes the shown value of the member's.
        is_state: Whether its values have colours.
    """

    __slots__ = ("format", "heading", "is_state", "path")

    def __init__(
        self, heading: str, path: str, format: Format | None = None, *, is_state: bool = False
    ) -> None:
        self.heading = heading
        self.path = path
        self.format = format
        self.is_state = is_state

    def cell(self, item: Any) -> str:
        """Return what the column shows of an item."""
        value = member(item, self.path)
        return shown(self.format(value) if self.format else value)


class Table:
    """A reply as a table.

    Args:
        items: Member that holds the items; empty where the reply is a list.
        columns: The columns.
        total: The line below, with ``{}`` for the number of items; empty for none.
    """

    __slots__ = ("columns", "items", "total")

    def __init__(self, items: str, *columns: Column, total: str = "") -> None:
        self.items = items
        self.columns = columns
        self.total = total

    def lines(self, reply: Any, given: Mapping[str, Any], screen: Screen) -> Iterable[str]:
        """Return the lines of the table.

        Raises:
            TypeError: The reply is not a list, or does not hold one where it should.
        """
        if self.items and not isinstance(reply, dict):
            raise TypeError("the reply is not an object")
        items = (reply.get(self.items) if self.items else reply) or []
        if not isinstance(items, list):
            raise TypeError("the reply holds no list")
        rows = [[column.cell(item) for column in self.columns] for item in items]
        headings = [column.heading for column in self.columns]
        states = [place for place, column in enumerate(self.columns) if column.is_state]
        yield from table_lines(headings, rows, screen, states)
        if self.total:
            count = reply.get("total_count") if isinstance(reply, dict) else None
            yield ""
            yield self.total.format(len(items) if count is None else count)


class Details:
    """A reply as a list of labels.

    Args:
        rows: The labels; a path may start with ``given.`` for an argument or a flag.
        within: Member that is shown, empty for the reply itself.
        first: A line above, empty for none.
    """

    __slots__ = ("first", "rows", "within")

    def __init__(self, *rows: Column, within: str = "", first: str = "") -> None:
        self.rows = rows
        self.within = within
        self.first = first

    def lines(self, reply: Any, given: Mapping[str, Any], screen: Screen) -> Iterable[str]:
        """Return a line for each label."""
        if self.first:
            yield self.first
        item = member(reply, self.within) if self.within else reply
        for row in self.rows:
            is_given = row.path.startswith(_GIVEN)
            text = shown(given[row.path[len(_GIVEN) :]]) if is_given else row.cell(item)
            colour = STATE_COLOURS.get(text, "") if row.is_state else ""
            yield f"{row.heading}: {screen.coloured(text, colour)}"


class Text:
    """A reply as a sentence.

    Args:
        template: The sentence, with members of the reply and given values in braces.
    """

    __slots__ = ("template",)

    def __init__(self, template: str) -> None:
        self.template = template

    def lines(self, reply: Any, given: Mapping[str, Any], screen: Screen) -> Iterable[str]:
        """Return the sentence."""
        yield self.template.format_map(_Names(reply, given))


class _Names:
    """The names in a sentence: members of the reply first, then arguments and flags."""

    def __init__(self, reply: Any, given: Mapping[str, Any]) -> None:
        self._reply = reply
        self._given = given

    def __getitem__(self, name: str) -> str:
        value = self._given.get(name)
        if isinstance(self._reply, dict):
            value = self._reply.get(name, value)
        return shown(value)


def member(item: Any, path: str) -> Any:
    """Return a member of an item, None where there is none."""
    for name in path.split(".") if path else ():
        item = item.get(name) if isinstance(item, dict) else None
    return item


def table_lines(
    headings: list[str], rows: list[list[str]], screen: Screen, states: Iterable[int] = ()
) -> Iterable[str]:
    """Return the lines of a table, cut to the width of the terminal.

    The first column is never cut, because other commands take its values.
    """
    widths = [max(map(width_of, column)) for column in zip(headings, *rows)]
    limit = screen.width
    if limit is not None:
        _squeeze(widths, headings, limit)
    coloured = set(states)
    for number, row in enumerate([headings, *rows]):
        cells = []
        for place, (text, width) in enumerate(zip(row, widths)):
            colour = STATE_COLOURS.get(text, "") if number and place in coloured else ""
            text = _cut(text, width, screen)
            padding = "" if place == len(row) - 1 else " " * (width - width_of(text))
            cells.append(screen.coloured(text, colour) + padding)
        yield _GAP.join(cells).rstrip()


def _squeeze(widths: list[int], headings: list[str], limit: int) -> None:
    """Narrow the widest columns until the table fits, or none can be narrowed."""
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - limit
    while over > 0:
        place = max(range(1, len(widths)), key=lambda place: widths[place], default=0)
        least = min(_NARROWEST, widths[place]) if place else widths[0]
        others = [width for at, width in enumerate(widths) if at not in (0, place)]
        step = min(over, widths[place] - max([least, *others]))
        step = step or min(over, 1, widths[place] - least)
        if step <= 0:
            return
        widths[place] -= step
        over -= step


def _cut(text: str, width: int, screen: Screen) -> str:
    if width_of(text) <= width:
        return text
    more = _MORE if screen.can_show(_MORE) else "~"
    text = text[:width]
    while width_of(text) > width - 1:
        text = text[:-1]
    return text + more


def one_line(text: Any) -> str:
    """Return a text as one printable line."""
    return plain(" ".join(str(text).split())) or NOTHING
