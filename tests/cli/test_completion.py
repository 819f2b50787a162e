"""Completion scripts: a shell offers what may come next, without a call of the server."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ironflow._cli import completion, tree
from ironflow._cli.commands.calling import Methods

# What each shell runs to show what it offers for the last of some words.
_BASH = """{script}
COMP_WORDS=({words})
COMP_CWORD={last}
_ironflow_py
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
_ZSH = """autoload -Uz compinit; compinit -D -u
{script}
compadd() {{ shift; print -l -- "$@" }}  # instead of offering
words=({words}); CURRENT={last}+1
_ironflow_py
"""
_FISH = """{script}
complete -C "{line}"
"""
PROGRAMS = {"bash": ([], _BASH), "zsh": (["-f"], _ZSH), "fish": (["--no-config"], _FISH)}


def offered(shell, *words):
    """The words that a shell offers for the last one."""
    offers = " ".join(offered_lines(shell, *words))
    found = [word for word in offers.split() if word.startswith(words[-1])]
    return sorted(word for word in found if words[-1] or not word.startswith("-"))


def offered_lines(shell, *words):
    """What a shell offers for the last word, a line each."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    flags, program = PROGRAMS[shell]
    source = program.format(
        script=completion.script(shell),
        words=" ".join(f"'{word}'" for word in ("ironflow-py", *words)),
        last=len(words),
        line=" ".join(("ironflow-py", *words)),
    )
    done = subprocess.run([shell, *flags, "-c", source], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", list(PROGRAMS))
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ru"], ["run"]),
        (["run", "pa"], ["pause", "paused-state"]),
        (["run", "list", "--sta"], ["--status"]),
        (["--json", "run", "list", "--lim"], ["--limit"]),
        (["cb", "res"], ["reset"]),
        (["projection", "rebuild", "can"], ["cancel"]),
        (["projection", "rebuild", "--dry"], ["--dry-run"]),
        (["call", "runs_get_p"], ["runs_get_paused_state"]),
        (["call", "runs_list", "--stat"], ["--status"]),
        (["call", "runs_get", "--stat"], []),
        (["--vers"], ["--version"]),
        (["run", "list", "--vers"], []),
        (["emit", "order.placed", "--vers"], ["--version"]),
        (["run", "get", "run_"], []),
        (["completion", ""], ["bash", "fish", "zsh"]),
        (["sql", "select 1", "--format", "js"], ["json", "jsonl"]),
        (["run", "list", "--sql"], []),
    ],
)
def test_a_shell_offers_words_and_flags_and_no_ids(shell, words, expected):
    assert offered(shell, *words) == expected


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_shell_offers_files_for_a_flag_that_takes_one(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "payload.json").write_text("{}")
    assert offered(shell, "emit", "x", "--data-file", "pay") == ["payload.json"]


def test_bash_offers_a_file_with_a_blank_in_its_name_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pay load.json").write_text("{}")
    assert offered_lines("bash", "emit", "x", "--data-file", "pay") == ["pay load.json"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_has_every_command_and_flag(shell):
    script = completion.script(shell)
    for command in [*tree.every_command(), *Methods().values()]:
        assert command.name in script
        assert all(f"--{flag.name}" in script for flag in command.flags)
