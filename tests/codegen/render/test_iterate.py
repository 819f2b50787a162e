"""The methods that go through all pages: what they take, what they hand on, what they say."""

from __future__ import annotations

import inspect
import sys
import typing

import pytest

from codegen.manifest import check
from codegen.naming import methods
from codegen.render import client
from ironflow import Pages

from ..builders import document, endpoint, field


@pytest.fixture
def made(golden):
    return golden("golden_package.client").IronflowClient


def test_it_takes_the_filters_and_what_every_list_takes(made):
    assert str(inspect.signature(made.things_iterate_readings)) == (
        "(self, id: 'str', *, kinds: 'Sequence[str]', resume_: 'bool | None' = None,"
        " x_request_reason: 'str | None' = None, page_size: 'int | None' = None,"
        " max_items: 'int | None' = None, resume: 'str | None' = None) -> 'Pages[models.Pair]'"
    )
    assert str(inspect.signature(made.pages_iterate)) == (
        "(self, *, page_size: 'int | None' = None, max_items: 'int | None' = None,"
        " resume: 'str | None' = None) -> 'Pages[models.State]'"
    )


class Recording:
    """A client whose calls are recorded and get one reply each."""

    def __init__(self, *replies):
        self.calls = []
        self.replies = list(replies)

    def _call(self, *args, **kwargs):
        self.calls.append((*args, kwargs))
        return self.replies.pop(0)


def test_a_keyset_list_asks_for_page_after_page(made):
    first = {"readings": [{"left": 1}], "next": "c1", "more": True}
    recording = Recording(first, {"readings": [{"left": 2}], "next": "c2", "more": False})

    found = made.things_iterate_readings(
        recording, "t/1", kinds=["a"], resume_=True, x_request_reason="why", page_size=1
    )

    assert list(found) == [{"left": 1}, {"left": 2}]
    path, headers = "/api/v1/things/t%2F1/readings", {"X-Request-Reason": "why"}
    filters = {"kinds": ["a"], "resume": True, "count": 1}
    assert recording.calls == [
        ("GET", path, {"query": filters, "lists": ("kinds",), "headers": headers}),
        (
            "GET",
            path,
            {"query": {**filters, "after": "c1"}, "lists": ("kinds",), "headers": headers},
        ),
    ]


def test_an_offset_list_asks_for_page_after_page(made):
    page = {"items": [{"left": 1, "state": "on"}, {"left": 1, "state": "off"}]}
    recording = Recording(page, {"items": []})

    assert list(made.pages_iterate(recording)) == page["items"]
    assert [call[2]["query"] for call in recording.calls] == [
        {"limit": None},
        {"limit": None, "offset": 2},
    ]


def test_a_resume_string_names_the_method_that_gave_it(made):
    resume = made.pages_iterate(Recording()).resume

    with pytest.raises(ValueError, match="comes from pages_iterate, this is things_iterate_read"):
        made.things_iterate_readings(Recording(), "t", kinds=["a"], resume=resume)


def test_its_docstring_says_what_it_takes_and_gives(made):
    assert inspect.getdoc(made.things_iterate_readings) == (
        "Go through all items of ``things_list_readings``, one at a time.\n\n"
        "``GET /api/v1/things/{id}/readings``\n\n"
        "List the readings of a thing.\n\n"
        "Args:\n"
        "    id: The parameter ``id``.\n"
        "    kinds: The parameter ``kinds``.\n"
        '    resume_: Whether to "resume" {paused} ones.\n'
        "    x_request_reason: The header ``X-Request-Reason``.\n"
        "    page_size: Items in a page, sent as ``count``. Default: the server chooses.\n"
        "    max_items: Most items to give. Default: all.\n"
        "    resume: ``resume`` of an earlier call with the same arguments, to go on there.\n\n"
        "Returns:\n"
        "    ``Pages`` of ``models.Pair``.\n\n"
        "Raises:\n"
        "    ValueError: ``resume`` is not from this method with these arguments."
    )


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
def test_its_hints_can_be_resolved(golden, made):
    returned = typing.get_type_hints(made.pages_iterate)["return"]

    assert typing.get_origin(returned) is Pages
    assert typing.get_args(returned) == (golden("golden_package.models").State,)


def rendered(style, **pagination):
    """The lines between ``return Pages(`` and ``query=`` of a list of runs."""
    names = ["limit", "place", "status", *(["before"] if "prev_param" in pagination else [])]
    entry = endpoint(
        "GET /api/v1/runs",
        query=[{"name": name, "type": "integer"} for name in names],
        response="Runs",
        pagination={
            "style": style,
            "param": "place",
            "size": "limit",
            "items": "runs",
            "identity": "version",
            **pagination,
        },
    )
    members = [field(name, "integer") for name in ("next", "prev", "total")]
    members += [field("runs", "array<Run>"), field("more", "boolean"), field("less", "boolean")]
    models = {"Run": {"fields": [field("version", "integer")]}, "Runs": {"fields": members}}
    manifest = check(document(entry, models=models))
    source = client.render(manifest, methods(manifest)).partition("return Pages(")[2]
    return source.partition('"/api/v1/runs",\n')[2].partition("            page_size=")[0]


STATUS = '            query={"status": status},\n'
ALL = {"next": "next", "prev": "prev", "has_next": "more", "has_prev": "less", "total": "total"}


@pytest.mark.parametrize(
    ("style", "pagination", "source"),
    [
        (
            "offset",
            ALL,
            '            ByOffset("runs", param="place", size="limit", total="total",'
            ' identity=("version",)),\n' + STATUS,
        ),
        (
            "keyset",
            {**ALL, "prev_param": "before"},
            "            ByCursor(\n"
            '                "runs",\n'
            '                param="place",\n'
            '                size="limit",\n'
            '                next="next",\n'
            '                has_next="more",\n'
            '                identity=("version",),\n'
            "            ),\n" + STATUS,
        ),
        (
            "cursor",
            {"next": "next"},
            '            ByCursor("runs", param="place", size="limit", next="next",'
            ' identity=("version",)),\n' + STATUS,
        ),
        (
            "version",
            {"total": "total"},
            '            ByVersion("runs", param="place", size="limit", total="total",'
            ' identity=("version",)),\n'
            '            query={"place": place, "status": status},\n',
        ),
    ],
)
def test_a_style_is_told_what_it_needs(style, pagination, source):
    assert rendered(style, **pagination) == source
