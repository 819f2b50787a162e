"""ironflow/_rpc_methods.py: the RPC methods by name, and which members of replies hold models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import banner, bracketed, exploded, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codegen.model import Manifest, Model

_HEADER = '''"""Every RPC method of the server, and which members of replies hold models."""

from __future__ import annotations

'''

_METHODS = """# Kind, whether it has no side effects, and whether it takes an ``idempotency_key``.
METHODS: dict[str, tuple[str, bool, bool]] = {"""

_NESTED = """# By model, the members that hold models.
NESTED: dict[str, dict[str, str]] = {"""


def render(manifest: Manifest) -> str:
    """Return the source of the tables."""
    lines = [banner(manifest) + _HEADER + _METHODS]
    for rpc in manifest.services:
        cells = [literal(rpc.kind), str(rpc.no_side_effects), str(rpc.keyed)]
        lines += _row(f"{literal(rpc.name)}: (", cells, "),")
    lines += ["}", "", _NESTED]
    for model in _reply_models(manifest):
        cells = [f"{literal(name)}: {literal(inner)}" for name, inner in _nested(model)]
        if cells:
            lines += _row(f"{literal(model.name)}: {{", cells, "},")
    return "\n".join([*lines, "}"]).replace(" = {\n}", " = {}") + "\n"


def _row(opening: str, cells: list[str], closing: str) -> list[str]:
    """Return a row of a table: on one line, or with one cell per line."""
    row = bracketed(opening, cells, closing, "    ")
    return row if len(row) == 1 else exploded(opening, cells, closing, "    ")


def _reply_models(manifest: Manifest) -> list[Model]:
    """Return the models that the replies of rpc endpoints hold, in alphabetical order."""
    replies = [e.response for e in manifest.endpoints if e.category == "rpc" and e.response]
    return [manifest.models[name] for name in sorted(manifest.reached(replies))]


def _nested(model: Model) -> Iterator[tuple[str, str]]:
    """Yield the members that hold a model, or a list of it, and which.

    A map from names to models would need a table of its own. No reply has one.
    """
    for field in model.fields:
        if field.type.kind != "map":
            for name in field.type.models():
                yield field.name, name
