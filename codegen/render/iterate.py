"""The method that goes through all pages of a list, beside the one that reads a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen.paging import PAGING

from .annotations import value_type
from .arguments import INDENT, INNER, declared, described, listed, path, sent
from .text import bracketed, docstring, exploded, literal, prose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codegen.model import Endpoint, Method, Model, Pagination

# The class of each style, and what it is told beside where the items are.
_STYLES = {
    "cursor": ("ByCursor", ("param", "size", "next", "has_next")),
    "keyset": ("ByCursor", ("param", "size", "next", "has_next")),
    "offset": ("ByOffset", ("param", "size", "total")),
    "version": ("ByVersion", ("param", "size", "next", "total")),
}
_RAISES = "ValueError: ``resume`` is not from this method with these arguments."


def render_iterate(iterate: Method, listing: str, models: Mapping[str, Model]) -> list[str]:
    """Return the lines of the method that goes through all pages of a list.

    Args:
        iterate: That method.
        listing: Name of the method that reads one page.
        models: The models of the manifest.
    """
    pagination = iterate.endpoint.pagination
    assert pagination is not None
    item = _item(iterate.endpoint, pagination, models)
    items = ["self", *declared(iterate.positional), "*", *declared(iterate.options)]
    summary = f"Go through all items of ``{listing}``, one at a time."
    return [
        *bracketed(f"def {iterate.name}(", items, f") -> Pages[{item}]:", "    "),
        *docstring(summary, _paragraphs(iterate, item), INDENT),
        *"\n".join(_call(iterate, pagination)).split("\n"),
    ]


def _item(endpoint: Endpoint, pagination: Pagination, models: Mapping[str, Model]) -> str:
    """Return the annotation of an item."""
    assert endpoint.response is not None
    fields = {field.name: field.type for field in models[endpoint.response.name].fields}
    item = fields[pagination.items].item
    assert item is not None
    return value_type(item, "models.")


def _paragraphs(iterate: Method, item: str) -> list[list[str]]:
    endpoint = iterate.endpoint
    return [
        [f"{INDENT}``{endpoint.route}``"],
        *([prose(endpoint.summary, INDENT)] if endpoint.summary else []),
        [f"{INDENT}Args:", *described([*iterate.positional, *iterate.options])],
        [f"{INDENT}Returns:", *prose(f"``Pages`` of ``{item}``.", INNER)],
        [f"{INDENT}Raises:", *prose(_RAISES, INNER, "    ")],
    ]


def _call(iterate: Method, pagination: Pagination) -> list[str]:
    ruling = [option.name for option in iterate.options if option.where == PAGING]
    items = ["self._call", literal(iterate.name), path(iterate), _style(pagination)]
    items += [*sent(iterate.options), *(f"{name}={name}" for name in ruling)]
    return exploded("return Pages(", items, ")", INDENT)


def _style(pagination: Pagination) -> str:
    name, keys = _STYLES[pagination.style]
    items = [literal(pagination.items)]
    items += [
        f"{key}={literal(getattr(pagination, key))}" for key in keys if getattr(pagination, key)
    ]
    if pagination.identity:
        items.append(f"identity={listed([literal(member) for member in pagination.identity])}")
    # With the comma that follows it, so that the line fits with it.
    return "\n".join(bracketed(f"{name}(", items, "),", INNER)).strip()[:-1]
