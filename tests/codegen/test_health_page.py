"""The coverage report as a web page."""

from __future__ import annotations

from html.parser import HTMLParser

from codegen import health_page
from codegen.changes import Change
from codegen.health import Report
from codegen.manifest import check
from codegen.naming import methods

from .builders import document, endpoint

VOID = {"meta", "!doctype"}


class Page(HTMLParser):
    """Checks that every element is closed, and collects texts and addresses."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.addresses = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())


def page(*endpoints, drift=(), changes=None, since="", calls=None, tested=()):
    manifest = check(document(*endpoints))
    found = Report(manifest, methods(manifest), calls or {}, frozenset(tested))
    return Page(health_page.render(found, list(drift), changes, since))


def test_it_needs_nothing_from_elsewhere_and_closes_what_it_opens():
    shown = page(endpoint("GET /api/v1/runs"))
    assert shown.addresses == []
    assert "Coverage of the Ironflow API" in shown.texts


def test_each_group_has_its_bars():
    shown = page(
        endpoint("GET /api/v1/runs"),
        endpoint("GET /api/v1/roles", group="roles"),
        calls={"runs_list": "GET /api/v1/runs"},
        tested=["GET /api/v1/runs"],
    )
    row = shown.texts.index("runs")
    assert [text for text in shown.texts[row : row + 20] if text][:3] == ["runs", "1 of 1", "none"]
    assert "0 of 1" in shown.texts[shown.texts.index("roles") :]


def test_gaps_pins_reconstructed_names_and_problems_are_named():
    shown = page(
        endpoint("GET /api/v1/runs", name="runs_all", name_reason="It <b>is</b> all."),
        endpoint("GET /api/v1/x", group="x", category="internal", omit_reason="Nobody needs it."),
        calls={"runs_all": "GET /api/v1/runs"},
        drift=["ironflow/client.py"],
    )
    for text in ("runs_all", "It <b>is</b> all.", "GET /api/v1/x", "Nobody needs it."):
        assert text in shown.texts
    assert "ironflow/client.py is not current" in shown.texts


def test_it_says_what_changed_since_the_last_release():
    change = Change("method_added", "runs_list", "was added", ("source",))
    assert "There is no tag to compare with." in page().texts
    assert "v1.0" in page(changes=[], since="v1.0").texts
    shown = page(changes=[change], since="v1.0").texts
    assert {"runs_list", "was added", "source"} <= set(shown)
