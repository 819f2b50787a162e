# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2befb7a7e2ece44f, server 0.0.0-golden.
"""Shapes of requests and replies, for type checkers and editors.

Use them in annotations: ``from ironflow import models``. Replies are plain dicts and are not
checked against these shapes: a newer server may send more members and other values.
"""

from typing import TYPE_CHECKING, Any, Literal, Optional, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired
else:
    try:
        from typing import NotRequired
    except ImportError:  # Python 3.9 and 3.10

        class NotRequired:
            def __class_getitem__(cls, annotation):
                return annotation


MoveStates = Literal["off", "on"]
PagesListLimit = Literal[10, 100]
StateLeft = Literal[1, 2]
StateState = Literal['it\'s "on"', "off", "on"]
ThingsListStates = Literal["off", "on"]


class Empty(TypedDict):
    """A JSON object."""


class Move(TypedDict):
    """A JSON object."""

    states: NotRequired[list[MoveStates]]
    timeoutMs: NotRequired[int]


class Page(TypedDict):
    """A JSON object."""

    items: "list[State]"


class Pair(TypedDict):
    """Both are always there."""

    left: int
    right: Optional[int]


class Readings(TypedDict):
    """A JSON object."""

    more: NotRequired[bool]
    next: NotRequired[str]
    readings: "list[Pair]"


class Settings(TypedDict):
    """A JSON object."""

    color: NotRequired[str]
    extra: NotRequired[Any]
    labels: NotRequired[dict[str, str]]


class State(TypedDict):
    """A JSON object."""

    left: Union[StateLeft, int]
    state: NotRequired[Optional[Union[StateState, str]]]


Thing = TypedDict(
    "Thing",
    {
        "class": str,
        "id": str,
        "note": NotRequired[Optional[str]],
        "parts": NotRequired["list[Thing]"],
        "settings": NotRequired[Optional["Settings"]],
        "yield": NotRequired[float],
    },
)
"""A thing with \"\"\"quotes\"\"\", a \\ and {braces}, sold at 100%."""


Words = TypedDict(
    "Words",
    {
        "from": Optional[str],
        "import": NotRequired["list[Pair]"],
        "word": str,
        "x-rate": bool,
    },
)
"""Words that Python keeps for itself, and what is no word at all."""
