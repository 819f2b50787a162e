"""The table of the README."""

from __future__ import annotations

import pytest

from codegen.manifest import load
from codegen.naming import methods
from codegen.render import readme

from ..builders import GOLDEN


def test_the_table_of_the_readme_is_renewed_and_its_surroundings_stay():
    records = methods(load(GOLDEN / "manifest.json"))
    page = f"# Title\n\nBefore.\n\n{readme.BEGIN}\nold\n{readme.END}\n\nAfter {{braces}} \\1.\n"

    assert readme.render(records, page) == (
        "# Title\n\nBefore.\n\n"
        f"{readme.BEGIN}\n"
        "| group | methods |\n"
        "|---|---|\n"
        "| bare | `bare_create` |\n"
        "| blobs | `blobs_get_keys`, `blobs_search`, `blobs_update_keys` |\n"
        "| pages | `pages_list`, `pages_iterate` |\n"
        "| system | `metrics` |\n"
        "| team_grants | `team_grants_create` |\n"
        "| things | `things_create`, `things_delete`, `things_list` (`things_find`),"
        " `things_list_readings`, `things_iterate_readings`, `things_list_rpc`, `things_move`,"
        " `things_patch`, `things_update_settings` |\n"
        "| websocket | `websocket_list` |\n"
        f"{readme.END}\n\nAfter {{braces}} \\1.\n"
    )


@pytest.mark.parametrize(
    "page", ["", "# Title\n", f"{readme.BEGIN}\n", f"{readme.END}\n{readme.BEGIN}\n"]
)
def test_a_readme_without_the_marks_is_left_as_it_is(page):
    assert readme.render(methods(load(GOLDEN / "manifest.json")), page) == page
