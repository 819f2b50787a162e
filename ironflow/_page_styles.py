"""How lists are paged: where the next page is, and where to continue within one.

A style decides both from what a page holds; nothing here sends or remembers anything. The rules are
those of ``_pages``.
"""

from __future__ import annotations

from ._errors import InvalidResponseError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Union

    At = Union[int, str, None]  # value of the position parameter; None stands for the first page
    Key = Union[int, str, tuple[Any, ...], None]  # identity of an item, None where it has none


class Place:
    """Where to go on.

    Attributes:
        at: Position of a page; None asks for the first one.
        skip: Number of items given, counted from the start of that page.
        last: Identity of the last item given, None where it has none.
    """

    def __init__(self, at: At = None, skip: int = 0, last: Key = None) -> None:
        self.at = at
        self.skip = skip
        self.last = last

    def passed_over(self, keys: list[Key]) -> tuple[int, Place]:
        """Decide how many items of a page, from its start, were given before.

        Returns:
            Their number, and what is still to be passed over on the pages that follow.
        """
        if self.last is None:
            count = min(self.skip, len(keys))
            return count, Place(skip=self.skip - count)
        if self.last in keys:
            return len(keys) - keys[::-1].index(self.last), Place()
        # A place that skips nothing is behind its last item, which need not show up again.
        return (len(keys), self) if self.skip else (0, Place())


class Style:
    """How a list is paged.

    Args:
        items: Member of the reply that holds the items.
        param: Query parameter that takes a position.
        size: Query parameter that takes the page size; a reply may repeat it under this name.
        identity: Members that together tell an item from all others.
        total: Member of the reply that counts the items of all pages.
    """

    positions: tuple[type, ...] = (int, str)
    repeats_are_a_loop = False  # two pages in a row with nothing new mean an ignored position

    def __init__(
        self,
        items: str,
        *,
        param: str,
        size: str = "limit",
        identity: tuple[str, ...] = (),
        total: str | None = None,
    ) -> None:
        self.items = items
        self.param = param
        self.size = size
        self.identity = identity
        self.total = total

    def next_page(
        self, at: At, reply: dict[str, Any], items: list[Any], page_size: int | None, backward: bool
    ) -> At:
        """Return the position of the page that follows, None at the end.

        Args:
            at: Position of the page.
            reply: Its reply.
            items: The items in it.
            page_size: Number of items asked for, None where that was left to the server.
            backward: Whether the versions of a stream are read from high to low.
        """
        raise NotImplementedError

    def resume_at(
        self, at: At, keys: Sequence[Key], index: int, following: At, backward: bool
    ) -> Place:
        """Return where to go on after an item.

        Args:
            at: Position of the page that holds the item.
            keys: The identities of the items of that page.
            index: Index of the item.
            following: Position of the page that follows, None on the last one.
            backward: Whether the versions of a stream are read from high to low.
        """
        if index + 1 == len(keys) and following is not None:
            return Place(following, 0, keys[index])
        return Place(at, index + 1, keys[index])

    def keys(self, items: list[Any]) -> list[Key]:
        """Return the identity of each item."""
        if len(self.identity) == 1:
            name = self.identity[0]
            found: list[Any]
            try:  # the usual page, without a call for each item
                found = [item[name] for item in items]
            except (KeyError, TypeError):
                found = [None]
            if all(found) and {int, str}.issuperset(map(type, found)):
                return found
        return [self.key(item) for item in items]

    def key(self, item: Any) -> Key:
        """Return the identity of an item, None where a member is missing, empty or no scalar."""
        values = [item.get(name) for name in self.identity] if isinstance(item, dict) else []
        if not values or not all(type(value) in (int, str) and value != "" for value in values):
            return None
        return values[0] if len(values) == 1 else tuple(values)

    def _total(self, reply: dict[str, Any]) -> int | None:
        return _whole(reply.get(self.total)) if self.total else None

    def _is_short(self, reply: dict[str, Any], items: list[Any], page_size: int | None) -> bool:
        size = _whole(reply.get(self.size))
        size = page_size if size is None else size
        return size is not None and len(items) < size


class ByOffset(Style):
    """Pages by the number of items before them."""

    positions = (int,)
    repeats_are_a_loop = True

    def next_page(
        self, at: At, reply: dict[str, Any], items: list[Any], page_size: int | None, backward: bool
    ) -> At:
        if not items:
            return None
        offset = int(at or 0) + len(items)
        total = self._total(reply)
        is_last = self._is_short(reply, items, page_size) if total is None else offset >= total
        return None if is_last else offset

    def resume_at(
        self, at: At, keys: Sequence[Key], index: int, following: At, backward: bool
    ) -> Place:
        offset, key = int(at or 0) + index, keys[index]
        return Place(offset + 1) if key is None else Place(offset, 1, key)


class ByCursor(Style):
    """Pages by the cursor in the reply before them; the styles ``cursor`` and ``keyset``.

    Args:
        next: Member of the reply that holds the next cursor.
        has_next: Member of the reply that is false on the last page, whatever the cursor is.
    """

    def __init__(
        self,
        items: str,
        *,
        next: str = "next_cursor",
        has_next: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(items, **common)
        self.next = next
        self.has_next = has_next

    def next_page(
        self, at: At, reply: dict[str, Any], items: list[Any], page_size: int | None, backward: bool
    ) -> At:
        cursor: Any = reply.get(self.next)
        if not cursor or (self.has_next and reply.get(self.has_next) is False):
            return None
        if type(cursor) not in self.positions:
            raise unusable(f"has a {self.next} of type {type(cursor).__name__}")
        return cursor  # type: ignore[no-any-return]


class ByVersion(ByCursor):
    """Pages of a stream by the version of their first item, which is also an item's identity.

    Args:
        next: Member of the reply that holds the next version; without one, the last item tells it.
    """

    positions = (int,)

    def __init__(self, items: str, *, next: str = "", **common: Any) -> None:
        super().__init__(items, next=next, **common)

    def next_page(
        self, at: At, reply: dict[str, Any], items: list[Any], page_size: int | None, backward: bool
    ) -> At:
        if self.next:
            return super().next_page(at, reply, items, page_size, backward)
        if not items:
            return None
        version, total = _whole(self.key(items[-1])), self._total(reply)
        # Below version 1 there is nothing, and servers take a version of 0 for none.
        if version is not None and version == (1 if backward else total):
            return None
        if total is None and self._is_short(reply, items, page_size):
            return None
        if version is None:
            raise unusable(f"has an item without {self.identity[0]}")
        return version - 1 if backward else version + 1

    def resume_at(
        self, at: At, keys: Sequence[Key], index: int, following: At, backward: bool
    ) -> Place:
        version = _whole(keys[index])
        if version is None or (index + 1 == len(keys) and following is not None):
            return super().resume_at(at, keys, index, following, backward)
        return Place(version - 1 if backward else version + 1)


def _whole(value: object) -> int | None:
    """Return a whole number of a reply, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def unusable(problem: str) -> InvalidResponseError:
    """Return the error of a reply that lacks what it must have."""
    return InvalidResponseError(f"the reply {problem}", code="INVALID_RESPONSE", delivered=True)
