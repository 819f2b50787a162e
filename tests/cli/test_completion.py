"""Completion scripts: a shell offers what may come next, without a call of the server."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ironflow._cli import completion, tree

BASH = shutil.which("bash")


def offered(*words):
    """What bash offers for the last word."""
    line = " ".join(f"'{word}'" for word in ("ironflow-py", *words))
    program = (
        f"{completion.script('bash')}\nCOMP_WORDS=({line})\nCOMP_CWORD={len(words)}\n"
        '_ironflow_py\nprintf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run([BASH, "--norc", "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
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
        (["run", "get", "run_"], []),
    ],
)
def test_bash_offers_words_and_flags_and_no_ids(words, expected):
    assert sorted(offered(*words)) == expected


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
def test_bash_offers_files_for_a_flag_that_takes_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "payload.json").write_text("{}")
    assert offered("emit", "x", "--data-file", "pay") == ["payload.json"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_script_has_every_command_and_flag(shell):
    script = completion.script(shell)
    for command in tree.every_command():
        assert command.name in script
        assert all(f"--{flag.name}" in script for flag in command.flags)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_take_the_script_too(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = completion.script(shell)
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
