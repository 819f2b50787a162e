"""The pages that people read: what they name and link to exists, and the layout is complete."""

from __future__ import annotations

import inspect
import json
import re
import textwrap

import pytest

from ironflow.testing import LocalServer

from .conftest import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#]*)#?([^)]*)\)")
NAME = re.compile(r"[\w./]*\w(?:\.(?:py|md|json|toml|typed)|/)(?![\w.])|Makefile|LICENSE")


def text_of(page):
    return page.read_text(encoding="utf-8")


def anchors(page):
    """Return the anchors that GitHub gives to the headings of a page."""
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", prose, re.M)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def layout():
    """Return the paths that the layout tree of the design names, and the folders it sums up.

    A line is indented by two spaces for each folder that it is in, and begins with a name. Further
    names in it are those of its neighbours, or, if it is a folder, of what it holds. A folder with
    "one module per …" need not name its modules.
    """
    tree = text_of(ROOT / "docs" / "design.md").partition("## 2. Layout\n\n```\n")[2]
    paths, summed_up, folders = [], [], [ROOT]
    for line in tree.partition("```")[0].splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        if depth < 5:  # further in, a line continues the one before
            folder = folders[depth]
            first = line.split()[0]
            paths.append(folder / first)
            if first.endswith("/"):
                folder = paths[-1]
                folders[depth + 1 :] = [folder]
            line = line.replace(first, "", 1)
        for name in NAME.findall(line):
            paths.append((ROOT if (ROOT / name).exists() else folder) / name)
        if "one module per" in line:
            summed_up.append(folder)
    return paths, summed_up


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target, anchor in LINK.findall(re.sub(r"`[^`]*`", "", text_of(page))):
        if "://" in target:
            continue
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), (target, anchor)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/design.md"])
def test_every_path_that_is_named_exists(name):
    named = set(filter(NAME.fullmatch, re.findall(r"`([^`\s]+)`", text_of(ROOT / name))))
    named -= {"dist/"}  # which `make build` makes
    assert len(named) > 5
    places = (ROOT, ROOT / "docs", ROOT / "ironflow", ROOT / "ironflow" / "testing")
    assert [path for path in named if not any((place / path).exists() for place in places)] == []


def test_every_path_of_the_layout_exists():
    paths, _ = layout()
    assert len(paths) > 100
    assert [str(path) for path in paths if not path.exists()] == []


def test_the_layout_has_every_module():
    paths, summed_up = layout()
    modules = [path for name in ("codegen", "ironflow") for path in (ROOT / name).rglob("*.py")]
    left_out = [
        str(path.relative_to(ROOT))
        for path in modules
        if path.name != "__init__.py" and path not in paths and path.parent not in summed_up
    ]
    assert sorted(left_out) == []


def test_the_example_of_generated_code_is_generated_code():
    block = re.search(r"^```\n(def .*?)```", text_of(ROOT / "docs" / "design.md"), re.M | re.S)[1]
    assert textwrap.indent(block, "    ") in text_of(ROOT / "ironflow" / "client.py")


def test_faults_are_called_as_their_table_shows():
    table = re.findall(
        r"^\| `server\.(\w+)(\(.*?\))` ", text_of(ROOT / "docs" / "testing.md"), re.M
    )
    assert {"fail", "delay", "truncate", "reset_connection", "trickle"} <= {
        name for name, _ in table
    }
    for name, shown in table:
        _, *parameters = inspect.signature(getattr(LocalServer, name)).parameters.values()
        plain = [parameter.replace(annotation=parameter.empty) for parameter in parameters]
        assert shown == str(inspect.Signature(plain)), name


def test_the_times_in_the_readme_are_those_of_the_bench():
    calls = json.loads(text_of(ROOT / "bench" / "results.json"))["calls"]
    names = {
        "bare socket, no JSON": "bare socket",
        "**ironflow**": "ours",
        "ironflow-py (published)": "published",
    }
    section = text_of(ROOT / "README.md").partition("## Measured")[2]
    rows = re.findall(r"^\| (\S[^|]*) \| (\d.*) \|$", section, re.M)
    assert len(rows) > 5
    for label, cells in rows:
        kinds = ("GET HTTP", "GET TLS", "POST HTTP", "POST TLS")
        times = [calls[kind][names.get(label, label)]["wall_us"] for kind in kinds]
        assert cells.split(" | ") == [f"{time:,.0f}" for time in times], label
