"""ironflow/models.py: one TypedDict per model, for type checkers and editors."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from codegen.model import ManifestError

from .annotations import value_type
from .text import banner, bracketed, docstring, literal, too_wide

if TYPE_CHECKING:
    from codegen.model import Field, Manifest, Model

_HEADER = '''"""Shapes of requests and replies; for type checkers only, never imported at run time.

Use them in annotations: ``from ironflow import models`` under ``if TYPE_CHECKING:``. Replies are
plain dicts and are not checked against these shapes; a newer server may send more.
"""

from __future__ import annotations

from typing import Any, TypedDict
'''


def render(manifest: Manifest) -> str:
    """Return the source of the models, in alphabetical order.

    Raises:
        ManifestError: The names of a model add up to a line that is too long.
    """
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    problems = []
    for model in manifest.models.values():
        source = _model(model)
        problems += too_wide(source, f"models.{model.name}")
        lines += ["", "", *source]
    if problems:
        raise ManifestError(problems)
    return "\n".join(lines) + "\n"


def _model(model: Model) -> list[str]:
    """Return one model.

    Python 3.9 has no ``NotRequired``: where some fields are required and some are not, the required
    ones sit in a private base. A field named like a keyword needs the functional form.
    """
    required = [field for field in model.fields if field.required]
    optional = [field for field in model.fields if not field.required]
    odd = [field for field in model.fields if not _plain(field)]
    lines: list[str] = []
    bases = []
    if any(map(_plain, required)) and (optional or odd):
        bases.append(f"_{model.name}Required")
        lines += [*_class(bases[0], ["TypedDict"], required, ""), "", ""]
    for total in (True, False):
        named = [field for field in odd if field.required == total]
        if named:
            bases.append(f"_{model.name}{'Required' if total else ''}Keywords")
            lines += [*_functional(bases[-1], named, total), "", ""]
    if not bases:
        bases.append("TypedDict")
        own = required or optional
    else:
        own = optional
    if own and not own[0].required:
        bases.append("total=False")
    text = model.description or "A JSON object."
    return [*lines, *_class(model.name, bases, own, text)]


def _class(name: str, bases: list[str], fields: list[Field], about: str) -> list[str]:
    lines = bracketed(f"class {name}(", bases, "):", "")
    if about:
        lines += docstring(about, [], "    ")
    shown = [field for field in fields if _plain(field)]
    if about and shown:
        lines.append("")
    for field in shown:
        lines.append(f"    {field.name}: {_annotation(field)}")
        if field.description:
            lines += docstring(field.description, [], "    ")
    return lines


def _functional(name: str, fields: list[Field], total: bool) -> list[str]:
    members = [f"{literal(field.name)}: {literal(_annotation(field))}" for field in fields]
    laid = bracketed("{", members, "}", "    ")
    items = [literal(name), "\n".join(laid).strip(), *([] if total else ["total=False"])]
    if len(laid) > 1:
        return [f"{name} = TypedDict(", *(f"    {item}," for item in items), ")"]
    return bracketed(f"{name} = TypedDict(", items, ")", "")


def _plain(field: Field) -> bool:
    return field.name.isidentifier() and not keyword.iskeyword(field.name)


def _annotation(field: Field) -> str:
    kind = value_type(field.type)
    return f"{kind} | None" if field.nullable and kind != "Any" else kind
