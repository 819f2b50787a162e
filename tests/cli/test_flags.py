"""The commands of the reference have its arguments and flags, short forms and defaults included."""

from __future__ import annotations

import re

import pytest

from ironflow.testing import LocalServer

from .flags import COMMANDS
from .running import NOWHERE, run

ZERO = ("", "0")  # defaults that say nothing


def _name(command):
    return " ".join(command.words)


@pytest.mark.parametrize("command", COMMANDS, ids=_name)
def test_a_command_has_the_flags_of_the_reference(command, tmp_path):
    done = run([*command.words, "--help"], tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    assert (done.code, done.err) == (0, "")
    for flag in command.flags:
        short = f"{flag.short}, " if flag.short else ""
        found = re.findall(rf"^ +{short}{flag.name}(?: .*)?$", done.out, re.MULTILINE)
        assert len(found) == 1, f"{flag} in {done.out}"
        (line,) = found
        assert ("(required)" in line) is flag.required
        if flag.default not in ZERO:
            assert f"(default: {flag.default})" in line


@pytest.mark.parametrize("command", COMMANDS, ids=_name)
def test_a_command_takes_as_many_arguments_as_in_the_reference(command, tmp_path):
    """One fewer and one more are refused, and nothing is sent."""
    waits = command.words[0] == "projection" and command.words[1].startswith("wait")
    with LocalServer() as server:
        given = ["a"] * len(command.arguments)
        wrong = [given[1:]] if given else []
        if "pattern" not in command.arguments:  # of which there may be several
            wrong.append([*given, "b"])
        for arguments in wrong:
            done = run([*command.words, *arguments], tmp_path, IRONFLOW_SERVER_URL=server.url)
            assert (done.code, done.out) == (2 if waits else 1, "")
            assert done.err.startswith("error: ")
        assert server.requests == []


@pytest.mark.parametrize(
    "command",
    [command for command in COMMANDS if any(flag.required for flag in command.flags)],
    ids=_name,
)
def test_a_command_without_its_required_flags_names_them(command, tmp_path):
    with LocalServer() as server:
        arguments = [*command.words, *command.arguments]
        done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=server.url)
        assert done.code in (1, 2)
        assert all(flag.name in done.err for flag in command.flags if flag.required)
        assert server.requests == []
