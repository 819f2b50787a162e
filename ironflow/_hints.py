"""What the annotations of the client mean to ``typing.get_type_hints``.

Importing the client must cost next to nothing, so it loads neither ``typing`` nor ``datetime`` nor
the models. Type checkers read the real names. At run time these stand-ins load what they stand for
when an annotation is evaluated, which nothing but ``get_type_hints`` and its like does.
"""

from __future__ import annotations

import sys

# What collections.abc consists of. It is loaded already, that package is not.
from _collections_abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any as Value

__all__ = [
    "Any",
    "Callable",
    "Generator",
    "Iterable",
    "Iterator",
    "Mapping",
    "Sequence",
    "datetime",
    "messages",
    "models",
    "streams",
]

# To whoever reads a hint, object means the same.
Any = getattr(sys.modules.get("typing"), "Any", object)


class _Datetime:
    """Stands for ``datetime`` in ``datetime | str``."""

    def __or__(self, other: Value) -> Value:
        from datetime import datetime
        from typing import Union

        return Union[datetime, other]


class _Module:
    """Stands for a module of this package."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Value:
        from importlib import import_module

        return getattr(import_module(f".{self._name}", __package__), name)


datetime = _Datetime()
messages = _Module("_live_messages")
models = _Module("models")
streams = _Module("_live_stream")
subscriptions = _Module("_live_subscription")
