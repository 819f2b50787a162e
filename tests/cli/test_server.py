"""SQL: each format holds the values as they are, whatever their type."""

from __future__ import annotations

import csv
import io
import os

import pytest

from ironflow._cli.main import main

from .terminal import at_terminal

ROWS = {
    "columns": ["a", "b", "c", "d"],
    "rows": [
        [{"k": [1, None]}, True, None, ""],
        ['it, "q"\n2', 1.5, 12345678901234567890, "\x1b[2Jé"],
    ],
}


def test_csv_holds_text_as_it_is_and_other_values_as_json(server, capsys):
    server.reply(ROWS)
    assert main(["sql", "SELECT 1", "--format", "csv", "-s", server.url]) == 0
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["a", "b", "c", "d"],
        ['{"k":[1,null]}', "true", "", ""],
        ['it, "q"\n2', "1.5", "12345678901234567890", "\x1b[2Jé"],
    ]


@pytest.mark.skipif(os.name == "nt", reason="needs a terminal")
def test_csv_cannot_steer_a_terminal(local, tmp_path):
    local.fail("POST", "/api/v1/sql", 200, body=ROWS)
    arguments = ["sql", "SELECT 1", "--format", "csv"]
    done = at_terminal(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done.code == 0
    assert '"it, ""q""\\n2",1.5,12345678901234567890,\\x1b[2Jé\n' in done.out
