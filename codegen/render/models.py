"""ironflow/models.py: one TypedDict per model, and the known values of members and arguments.

Annotations are evaluated when the module is imported, so that a TypedDict knows which of its
members may be missing. Only types that Python 3.9 can evaluate are used, and a type that names
another model is quoted.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from codegen.model import ManifestError
from codegen.naming import enum_name

from .annotations import value_type
from .text import banner, bracketed, docstring, exploded, literal, too_wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.model import Field, Manifest, Method, Model, Type

_HEADER = '''"""Shapes of requests and replies, for type checkers and editors.

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
'''


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the source of the models, in alphabetical order, after the known values.

    Raises:
        ManifestError: The names of a model add up to a line that is too long.
    """
    lines = [banner(manifest) + _HEADER.rstrip("\n")]
    enums = dict([*_member_enums(manifest), *_argument_enums(methods)])
    if enums:
        lines += ["", "", *(line for name in sorted(enums) for line in _known(name, enums[name]))]
    replies = _reply_models(manifest, methods)
    problems = []
    for model in manifest.models.values():
        source = _model(model, model.name in replies)
        problems += too_wide(source, f"models.{model.name}")
        lines += ["", "", *source]
    if problems:
        raise ManifestError(problems)
    return "\n".join(lines) + "\n"


def _member_enums(manifest: Manifest) -> Iterator[tuple[str, Type]]:
    for model in manifest.models.values():
        for field in model.fields:
            kind = field.type.item or field.type
            if kind.enum:
                yield enum_name(model.name, field.name), kind


def _argument_enums(methods: Sequence[Method]) -> Iterator[tuple[str, Type]]:
    for method in methods:
        for argument in (*method.positional, *method.options):
            if argument.enum and not method.endpoint.left_out:
                yield argument.enum, argument.parameter.type.item or argument.parameter.type


def _known(name: str, kind: Type) -> list[str]:
    values = [literal(value) if isinstance(value, str) else str(value) for value in kind.enum]
    whole = bracketed(f"{name} = Literal[", values, "]", "")
    return whole if len(whole) == 1 else exploded(f"{name} = Literal[", values, "]", "")


def _reply_models(manifest: Manifest, methods: Sequence[Method]) -> set[str]:
    """Return the models that replies hold, and those that nothing mentions.

    What a reply holds may have values that are not known yet.
    """
    bodies = [method.endpoint.body.type for method in methods if method.endpoint.body]
    responses = [method.endpoint.response for method in methods if method.endpoint.response]
    return manifest.reached(responses) | (set(manifest.models) - manifest.reached(bodies))


def _model(model: Model, is_reply: bool) -> list[str]:
    """Return one model; a member that is no identifier needs the functional form."""
    about = model.description or "A JSON object."
    if not all(map(_is_plain, model.fields)):
        return [*_functional(model, is_reply), *docstring(about, [], "")]
    lines = [f"class {model.name}(TypedDict):", *docstring(about, [], "    ")]
    if model.fields:
        lines.append("")
    for field in model.fields:
        lines.append(f"    {field.name}: {_annotation(model, field, is_reply)}")
        if field.description:
            lines += docstring(field.description, [], "    ")
    return lines


def _functional(model: Model, is_reply: bool) -> list[str]:
    members = [
        f"{literal(field.name)}: {_annotation(model, field, is_reply)}" for field in model.fields
    ]
    return [
        f"{model.name} = TypedDict(",
        f"    {literal(model.name)},",
        *exploded("{", members, "},", "    "),
        ")",
    ]


def _is_plain(field: Field) -> bool:
    return field.name.isidentifier() and not keyword.iskeyword(field.name)


def _annotation(model: Model, field: Field, is_reply: bool) -> str:
    """Return the annotation of a member; ``is_reply`` adds values that are not known yet."""
    enum = enum_name(model.name, field.name)
    plain = "int" if (field.type.item or field.type).kind == "integer" else "str"
    kind = value_type(field.type, enum=f"Union[{enum}, {plain}]" if is_reply else enum)
    if any(field.type.models()):
        kind = f'"{kind}"'
    if field.nullable and kind != "Any":
        kind = f"Optional[{kind}]"
    return kind if field.required else f"NotRequired[{kind}]"
