"""The second method of a list that is read page by page: the one that goes through all pages.

It takes the same filters, without the position of a page, and what every such method takes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .model import Argument, Parameter, Type

if TYPE_CHECKING:
    from .model import Method

PAGING = "paging"  # where the value of an argument goes that is not sent as it is
ARGUMENTS = {
    "page_size": ("integer", "Items in a page, sent as ``{size}``. Default: the server chooses."),
    "max_items": ("integer", "Most items to give. Default: all."),
    "resume": ("string", "``resume`` of an earlier call with the same arguments, to go on there."),
}


def iterate_name(name: str) -> str:
    """Return the name of the method that goes through all pages, from that of the list.

    ``iterate`` stands in the place of ``list``, or at the end where there is none.
    """
    found, count = re.subn(r"_list(?=_|$)", "_iterate", name, count=1)
    return found if count else f"{name}_iterate"


def iterate_method(method: Method) -> Method:
    """Return the record of the method that goes through all pages of a list."""
    pagination = method.endpoint.pagination
    assert pagination is not None
    taken = {pagination.size, pagination.prev_param}
    if pagination.style != "version":  # the version to start at is for the caller to say
        taken.add(pagination.param)
    filters = (
        option
        for option in method.options
        if option.where != "query" or option.parameter.name not in taken
    )
    common = (
        Argument(
            name, PAGING, Parameter(name, Type(kind), False, text.format(size=pagination.size))
        )
        for name, (kind, text) in ARGUMENTS.items()
    )
    return replace(
        method, name=iterate_name(method.name), alias="", options=(*filters, *common), iterate=None
    )
