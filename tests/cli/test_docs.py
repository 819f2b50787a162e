"""The page of the command line: it is current, and it names every command."""

from __future__ import annotations

from ironflow._cli import docs, tree

from ..conftest import ROOT


def test_the_page_is_what_the_table_makes_of_it():
    assert (ROOT / docs.PAGE).read_text(encoding="utf-8") == docs.render()


def test_the_page_has_every_command_with_every_flag():
    page = docs.render()
    for command in tree.every_command():
        section = page.partition(f"\n### {command.name}\n")[2].partition("\n### ")[0]
        assert all(f"--{flag.name}" in section for flag in command.flags), command.name
        assert all(argument.name in section for argument in command.arguments)


def test_a_page_that_is_not_current_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    assert docs.main(["--check"]) == 1
    assert "docs/cli.md is not current" in capsys.readouterr().err.replace("\\", "/")
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
