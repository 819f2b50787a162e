# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 977166718e378ff7, server 0.0.0-golden.
"""Shapes of requests and replies; for type checkers only, never imported at run time.

Use them in annotations: ``from ironflow import models`` under ``if TYPE_CHECKING:``. Replies are
plain dicts and are not checked against these shapes; a newer server may send more.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Empty(TypedDict):
    """A JSON object."""


class Pair(TypedDict):
    """Both are always there."""

    left: int
    right: int | None


class Settings(TypedDict, total=False):
    """A JSON object."""

    color: str
    extra: Any
    labels: dict[str, str]


class _ThingRequired(TypedDict):
    id: str
    """Id, as "t_1"."""


_ThingRequiredKeywords = TypedDict("_ThingRequiredKeywords", {"class": "str"})


_ThingKeywords = TypedDict("_ThingKeywords", {"yield": "float"}, total=False)


class Thing(_ThingRequired, _ThingRequiredKeywords, _ThingKeywords, total=False):
    """A thing with \"\"\"quotes\"\"\", a \\ and {braces}, sold at 100%."""

    note: str | None
    """A remark that is long enough to need a second line, since people write long remarks \\ at
    times.
    """
    parts: list[Thing]
    settings: Settings | None


class _WordsRequired(TypedDict):
    word: str


_WordsRequiredKeywords = TypedDict(
    "_WordsRequiredKeywords", {"from": "str | None", "x-rate": "bool"}
)


_WordsKeywords = TypedDict("_WordsKeywords", {"import": "list[Pair]"}, total=False)


class Words(_WordsRequired, _WordsRequiredKeywords, _WordsKeywords, total=False):
    """Words that Python keeps for itself, and what is no word at all."""
