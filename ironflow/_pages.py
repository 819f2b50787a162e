"""Going through a list page by page: one loop behind every ``<group>_iterate`` method.

Rules:

1. A page is requested when one of its items is wanted, and never just to learn that there is
   nothing more if the reply before it says so.
2. Every request carries the same filters, headers and page size; only the position changes.
3. An item is yielded once. Items are told apart by the members that the manifest names, so one that
   an insertion moved onto a later page is skipped. Items without these members are all yielded.
4. Nothing goes round in circles. A position that was requested before, or two offset pages in a row
   with only known items, end in an ``InvalidResponseError``.
5. A failed request changes nothing: the same object continues where it was.

``resume`` names a page, how many of its items were yielded, and the last of them. A new call
requests that page and skips everything up to the last item yielded, on later pages too if items
were inserted in front. An offset page is requested one item early, so that there is an item to
recognize. If that item is nowhere to be found, it has left the list, and the number of items
decides.

Design: a style of ``_page_styles`` decides where the next page is and where to continue within one;
both decisions are pure. ``Pages`` makes the requests and remembers.
"""

from __future__ import annotations

from ._encoding import query_string
from ._options import whole_number
from ._page_styles import Place, unusable
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    from ._page_styles import At, Key, Style

    Item = TypeVar("Item", covariant=True)

    class _Subscriptable(Iterator[Item]):
        """Makes ``Pages`` generic for type checkers."""
else:
    Item = None

    class _Subscriptable:
        """Makes ``Pages[Item]`` valid at run time, without loading ``typing``."""

        __class_getitem__ = classmethod(type(list[int]))


MOST_ITEMS = 2**63 - 1  # what a server can count with


class Pages(_Subscriptable[Item]):
    """The items of a list, one at a time; what every ``<group>_iterate`` method returns.

    It is an iterator: a second loop continues where the first one stopped. A page is requested when
    one of its items is wanted, so the loop may raise any ``IronflowError``; after one, iterating
    again repeats the request that failed. It remembers the identity of every item that it has
    yielded. Use it in one thread at a time.
    """

    def __init__(
        self,
        call: Callable[..., Any],
        method: str,
        path: str,
        style: Style,
        *,
        query: Mapping[str, object] | None = None,
        lists: Collection[str] = (),
        headers: Mapping[str, object] | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> None:
        self._call = call
        self._path = path
        self._style = style
        self._query = {name: value for name, value in (query or {}).items() if value is not None}
        self._lists = lists
        self._headers = headers
        self._backward = self._query.get("direction") == "backward"
        if page_size is not None:
            whole_number("page_size", page_size, MOST_ITEMS)
        if max_items is not None:
            whole_number("max_items", max_items, MOST_ITEMS, least=0)
        self._page_size = page_size
        self._left = max_items
        self._source = {
            "method": method,
            "path": path,
            "arguments": _arguments(self._query, lists, headers),
        }
        self._start(Place() if resume is None else _parsed(resume, self._source, style.positions))
        self._show({}, None, [], (), [])

    def _start(self, place: Place | None) -> None:
        """Go on at a place, knowing nothing of the items around it."""
        self._first = place
        self._next = place
        self._before = place  # where to resume when nothing of the current page is to be given
        self._asked: set[str] = set()
        self._known: set[Key] = set()
        self._repeats = 0

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        item: Item
        for item in self._rest:
            return item
        while self._turn():
            for item in self._rest:
                return item
        raise StopIteration

    def pages(self) -> Iterator[dict[str, Any]]:
        """Go through the replies instead of the items, from where the iteration is.

        Yields:
            Each reply as it came. Only its list is cut where it holds items that were given before
            or that are beyond ``max_items``; a count beside the list stays the server's.
        """
        while self._given() < len(self._wanted) or self._turn():
            rest = list(self._rest)
            is_whole = len(rest) == len(self._keys)
            yield self._reply if is_whole else {**self._reply, self._style.items: rest}

    @property
    def resume(self) -> str:
        """Where the next item would come from, at any moment; a JSON string.

        Pass it to a new call of the same method with the same arguments, even in another process,
        to continue with exactly the next item. ``page_size`` and ``max_items`` may differ. At the
        end of the list nothing follows.
        """
        with loading:
            import json

        place = self._place()
        where: dict[str, Any] = {"end": True}
        if place is not None:
            where = {"at": place.at, "skip": place.skip, "last": place.last}
        return json.dumps({**self._source, **where}, separators=(",", ":"))

    def _given(self) -> int:
        """Return how many items of the current page were given."""
        left: int = self._rest.__length_hint__()
        return len(self._wanted) - left

    def _place(self) -> Place | None:
        """Return where the next item would come from, None at the end."""
        given = self._given()
        if self._next is None and given == len(self._wanted) and not self._is_cut:
            return None
        if not given:
            return self._before
        following = self._next.at if self._next else None
        index = self._wanted[given - 1]
        return self._style.resume_at(self._at, self._keys, index, following, self._backward)

    def _turn(self) -> bool:
        """Make the next page the current one; False where there is none."""
        place = self._next
        if place is None or self._left == 0:
            return False
        query = self._query_at(place.at)
        position = repr(query.get(self._style.param))
        if position in self._asked:
            raise unusable(f"leads back to a {self._style.param} that was requested before")
        reply = self._call("GET", self._path, query=query, lists=self._lists, headers=self._headers)
        items = self._items_of(reply)
        keys = self._style.keys(items)
        following = self._style.next_page(place.at, reply, items, self._page_size, self._backward)
        count, rest = place.passed_over(keys)
        wanted = self._new(keys, count)
        self._check_repeats(keys)

        if not wanted:
            self._before = self._place()
        self._asked.add(position)
        self._known.update(keys)
        self._known.discard(None)
        self._next = None if following is None else Place(following, rest.skip, rest.last)
        if following is None and rest.last is not None and self._first is not None:
            # The last item given has left the list, and what followed it has moved up by one.
            self._start(Place(self._first.at, self._first.skip - 1))
        self._show(reply, place.at, keys, wanted, items)
        return True

    def _show(
        self,
        reply: dict[str, Any],
        at: At,
        keys: Sequence[Key],
        wanted: Sequence[int],
        items: list[Any],
    ) -> None:
        """Make a page the current one, and give of it what ``max_items`` allows.

        Args:
            reply: Its reply.
            at: Its position.
            keys: The identities of its items.
            wanted: The indexes of the items that were not given before.
            items: Its items.
        """
        self._reply, self._at, self._keys = reply, at, keys
        self._wanted = wanted[: self._left]
        self._is_cut = len(self._wanted) < len(wanted)
        is_whole = len(self._wanted) == len(items)
        self._rest: Any = iter(items if is_whole else [items[index] for index in self._wanted])
        if self._left is not None:
            self._left -= len(self._wanted)

    def _query_at(self, at: At) -> dict[str, object]:
        query = {**self._query, self._style.size: self._page_size}
        if at is not None:
            query[self._style.param] = at
        return query

    def _items_of(self, reply: Any) -> list[Any]:
        name = self._style.items
        if not isinstance(reply, dict) or name not in reply:
            raise unusable(f"has no {name}")
        items = [] if reply[name] is None else reply[name]
        if not isinstance(items, list):
            raise unusable(f"has no list in {name}")
        return items

    def _new(self, keys: list[Key], count: int) -> Sequence[int]:
        """Return the indexes of the items behind the first ``count`` that were not given before."""
        behind = range(count, len(keys))
        if self._known.isdisjoint(keys):
            return behind
        return [index for index in behind if keys[index] not in self._known]

    def _check_repeats(self, keys: list[Key]) -> None:
        self._repeats = self._repeats + 1 if keys and self._known.issuperset(keys) else 0
        if self._repeats >= 2 and self._style.repeats_are_a_loop:
            raise unusable(f"repeats known items; the server seems to ignore {self._style.param}")


def _arguments(
    query: Mapping[str, object], lists: Collection[str], headers: Mapping[str, object] | None
) -> dict[str, str]:
    """Return the arguments of a call as they go over the wire, by wire name."""
    found = {name: query_string({name: value}, lists) for name, value in query.items()}
    found = {name: text.partition("=")[2] for name, text in found.items()}
    found.update((name, str(value)) for name, value in (headers or {}).items() if value is not None)
    return found


def _parsed(text: object, source: dict[str, Any], positions: tuple[type, ...]) -> Place | None:
    """Return the place that a resume string names, None for the end.

    Args:
        text: The string.
        source: The call that it is given to: ``method``, ``path`` and ``arguments``.
        positions: What a position may be.

    Raises:
        ValueError: It is not one of ours, or comes from another call; the message says which.
    """
    with loading:
        import json

    if not isinstance(text, str):
        raise TypeError(f"resume: must be a string, not {type(text).__name__}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = {}
    if not _is_ours(found, positions):
        raise ValueError("resume: is not a string that Pages.resume gave")
    for part in ("method", "path"):
        if found[part] != source[part]:
            raise ValueError(f"resume: comes from {found[part]}, this is {source[part]}")
    ours, theirs = source["arguments"], found["arguments"]
    changed = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
    if changed:
        raise ValueError(f"resume: comes from a call with a different {', '.join(changed)}")
    if "end" in found:
        return None
    last = found["last"]
    return Place(found["at"], found["skip"], tuple(last) if isinstance(last, list) else last)


def _is_ours(found: Any, positions: tuple[type, ...]) -> bool:
    """Tell whether a decoded resume string has the shape that ``Pages.resume`` gives it."""
    if not isinstance(found, dict) or not isinstance(found.get("arguments"), dict):
        return False
    where = found.keys() ^ {"method", "path", "arguments"}
    if where != {"at", "skip", "last"}:
        return where == {"end"}
    at, skip, last = found["at"], found["skip"], found["last"]
    parts = last if isinstance(last, list) else [last]
    return (
        (at is None or type(at) in positions)
        and (type(skip) is int and skip >= 0)
        and all(part is None or type(part) in (int, str) for part in parts)
    )
