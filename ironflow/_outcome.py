"""The outcome of one call of ``client.map``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, TypeVar

    T = TypeVar("T")
else:
    T = None

    class Generic:
        """Stands in for ``typing.Generic``, which takes 10 ms to import."""

        __slots__ = ()

        def __class_getitem__(cls, item):
            return cls


class Outcome(Generic[T]):
    """One call of ``client.map``: its arguments, and a value or an error.

    Args:
        args: The arguments that the iterables gave.
        value: What the method returned, None when it failed.
        error: What it raised, None when it succeeded: an ``IronflowError``, or the ``TypeError`` or
            ``ValueError`` of an argument that cannot be sent.
    """

    __slots__ = ("args", "error", "value")

    def __init__(self, args: tuple[Any, ...], value: T, error: Exception | None = None) -> None:
        self.args: tuple[Any, ...] = args
        self.value: T = value
        self.error: Exception | None = error

    def result(self) -> T:
        """Return the value, or raise the error."""
        if self.error is None:
            return self.value
        try:
            raise self.error
        finally:
            del self  # or the error's traceback, this frame and the outcome would form a cycle

    def __repr__(self) -> str:
        """Show whether it went well; arguments and values may hold secrets."""
        return f"Outcome({'succeeded' if self.error is None else repr(self.error)})"
