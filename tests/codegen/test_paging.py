"""The record of the method that goes through all pages: its name and its arguments."""

from __future__ import annotations

import pytest

from codegen.manifest import check
from codegen.naming import methods
from codegen.paging import iterate_name

from .builders import document, endpoint, field


@pytest.mark.parametrize(
    ("listing", "name"),
    [
        ("runs_list", "runs_iterate"),
        ("runs_list_audit", "runs_iterate_audit"),
        ("outbox_list_dead_letter", "outbox_iterate_dead_letter"),
        ("lists_list_list", "lists_iterate_list"),
        ("listings_find", "listings_find_iterate"),
        ("status", "status_iterate"),
    ],
)
def test_its_name_is_that_of_the_list(listing, name):
    assert iterate_name(listing) == name


def iterate(**pagination):
    """The record of the method that goes through a list with these parameters."""
    entry = endpoint(
        "GET /api/v1/things/{id}/runs",
        query=[{"name": n, "type": "integer"} for n in ("before", "count", "from", "kind")],
        headers=[{"name": "X-Reason", "type": "string", "required": True}],
        response="Runs",
        alias="runs_of_thing",
        pagination={"param": "from", "size": "count", "items": "runs", **pagination},
    )
    models = {
        "Run": {"fields": [field("version", "integer")]},
        "Runs": {"fields": [field("runs", "array<Run>")]},
    }
    (method,) = methods(check(document(entry, models=models)))
    assert method.iterate is not None
    return method.iterate


RULING = ["page_size", "max_items", "resume"]


@pytest.mark.parametrize(
    ("pagination", "filters"),
    [
        ({"style": "offset"}, ["x_reason", "before", "kind"]),
        ({"style": "cursor"}, ["x_reason", "before", "kind"]),
        ({"style": "keyset", "prev_param": "before"}, ["x_reason", "kind"]),
        ({"style": "version", "identity": "version"}, ["x_reason", "before", "from_", "kind"]),
    ],
)
def test_it_takes_the_filters_but_not_what_says_which_page(pagination, filters):
    found = iterate(**pagination)

    assert found.name == "runs_iterate"
    assert (found.alias, found.iterate) == ("", None)
    assert [argument.name for argument in found.positional] == ["id"]
    assert [option.name for option in found.options] == [*filters, *RULING]


def test_what_rules_the_iteration_is_not_sent_and_names_the_size_of_the_wire():
    *_, size, most, resume = iterate(style="offset").options

    assert {option.where for option in (size, most, resume)} == {"paging"}
    assert size.parameter.description.startswith("Items in a page, sent as ``count``.")


def test_a_route_without_pages_has_no_such_method():
    (method,) = methods(check(document(endpoint("GET /api/v1/runs"))))

    assert method.iterate is None
