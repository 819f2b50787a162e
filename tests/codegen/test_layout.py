"""Editing a manifest's text: what does not change keeps every byte."""

from __future__ import annotations

import json

import pytest

from codegen.layout import Layout

from ..conftest import ROOT

NEW = {"method": "GET", "path": "/x"}
MANIFEST = """\
{ "manifest_version":1,
  "endpoints": [
    {
      "method": "GET",   "path": "/a", "group": "a",
      "query": [{"name": "group", "type": "string"}]
    } ,
    {"method": "GET", "path": "/b", "group" : "b"}
  ],
  "models": {"endpoints": [1, 2]}
}
"""


@pytest.mark.parametrize(
    "text",
    [
        MANIFEST.replace(" ,", ","),
        MANIFEST.replace(" ,", ",").replace("\n", "\r\n"),
        "\ufeff" + MANIFEST.replace(" ,", ","),
        '{"endpoints":[]}',
        '{"endpoints": [ ]}',
        '{"models": {}, "endpoints": [{}, {"a": "]}"}]}',
        (ROOT / "manifest.json").read_text(encoding="utf-8"),
    ],
    ids=["house", "CRLF", "BOM", "empty", "space", "one line", "committed"],
)
def test_an_unchanged_manifest_keeps_every_byte(text):
    assert str(Layout(text)) == text


def test_a_changed_member_is_the_only_difference():
    layout = Layout(MANIFEST)
    layout.change(0, "group", "other")
    layout.change(1, "group", 'a "b"')

    assert str(layout) == MANIFEST.replace('"group": "a"', '"group": "other"').replace(
        '"group" : "b"', '"group" : "a \\"b\\""'
    ).replace("} ,", "},")


@pytest.mark.parametrize(
    ("index", "left"), [(0, ["/b"]), (1, ["/a"])], ids=["the first", "the last"]
)
def test_a_removed_endpoint_takes_its_comma_with_it(index, left):
    layout = Layout(MANIFEST)
    layout.remove(index)

    assert [entry["path"] for entry in json.loads(str(layout))["endpoints"]] == left


def test_all_endpoints_can_be_removed():
    layout = Layout(MANIFEST)
    layout.remove(0)
    layout.remove(0)

    assert json.loads(str(layout))["endpoints"] == []


def test_a_new_endpoint_is_laid_out_as_the_first_one():
    layout = Layout(MANIFEST)
    layout.insert(2, NEW)

    assert """
    {"method": "GET", "path": "/b", "group" : "b"},
    {
      "method": "GET",
      "path": "/x"
    }
  ],
""" in str(layout)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"endpoints": [{"a": 1}]}', '{"endpoints": [{"method": "GET", "path": "/x"},{"a": 1}]}'),
        (
            '{"endpoints": []}',
            '{"endpoints": [\n    {\n      "method": "GET",\n      "path": "/x"\n    }\n  ]}',
        ),
        (
            '{"endpoints": [\r\n\t{\r\n\t\t"a": 1\r\n\t}\r\n]}',
            '{"endpoints": [\r\n\t{\r\n\t\t"method": "GET",\r\n\t\t"path": "/x"\r\n\t},'
            '\r\n\t{\r\n\t\t"a": 1\r\n\t}\r\n]}',
        ),
    ],
    ids=["one line", "empty", "CRLF and tabs"],
)
def test_a_new_first_endpoint_follows_the_style_of_the_file(text, found):
    layout = Layout(text)
    layout.insert(0, NEW)

    assert str(layout) == found
