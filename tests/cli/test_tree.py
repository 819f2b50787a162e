"""The table as a whole: every command is reachable, complete, and calls a method that exists."""

from __future__ import annotations

import inspect

import pytest

from ironflow import IronflowClient
from ironflow._cli import help, tree
from ironflow._cli.table import GLOBALS

COMMANDS = tree.every_command()


def test_every_command_is_reached_by_its_words_and_every_word_leads_to_one():
    for word in tree.GROUPS:
        if word == tree.CALL:
            continue
        found = tree.commands_below(tree.group(word))
        assert found == [command for command in _in_table_order() if command.words[0] == word]
        assert found, word


def _in_table_order():
    from importlib import import_module

    for module in dict.fromkeys(module for module, _ in tree.GROUPS.values()):
        yield from import_module(f"ironflow._cli.commands.{module}").COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_an_entry_is_whole(command):
    assert command.help.endswith(".") and command.help[0].isupper()
    assert (command.call is None) != (command.run is None) or command.words == (tree.CALL,)
    names = [flag.name for flag in command.flags] + [one.name for one in command.arguments]
    assert len(set(names)) == len(names)
    taken = {flag.short for flag in GLOBALS if flag.name not in names} - {""}
    shorts = [flag.short for flag in command.flags if flag.short]
    assert len(set(shorts)) == len(shorts)
    assert not taken & set(shorts)


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command.call], ids=lambda command: command.name
)
def test_a_call_names_a_method_its_arguments_and_what_was_given(command):
    call = command.call
    parameters = inspect.signature(getattr(IronflowClient, call.method)).parameters
    assert set(call.query) <= set(parameters)
    assert (call.body is not None) <= ("body" in parameters)
    given = {flag.key for flag in command.flags}
    given |= {argument.name.replace("-", "_") for argument in command.arguments}
    assert {*call.path, *call.query.values(), *(call.body or {}).values()} <= given


def test_help_of_any_words_names_what_is_below_them():
    lines = "\n".join(help.help_lines([], None, None))
    assert all(f"  {word}" in lines for word in tree.GROUPS)
    lines = "\n".join(help.help_lines(["run"], tree.group("run"), None))
    assert "paused-state" in lines and "--server" in lines


def test_help_of_a_command_shows_arguments_flags_defaults_and_what_is_required():
    node = tree.group("run")
    text = "\n".join(help.help_lines(["run", "list"], node["list"], node["list"]))
    assert "--limit int" in text and "(default: 50)" in text and "-v, --verbose" in text
    node = tree.group("role")["create"]
    text = "\n".join(help.help_lines(["role", "create"], node, node))
    assert "role create <name> --org <string> [flags]" in text and "(required)" in text
