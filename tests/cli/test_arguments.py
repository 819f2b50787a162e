"""Reading what was typed: flags wherever they may stand, refusals that help and tell nothing."""

from __future__ import annotations

import pytest

from ironflow._cli.arguments import Typed, read
from ironflow._cli.errors import CommandError, UsageError


def typed(*tokens):
    found = Typed()
    read(list(tokens), found)
    return found


def refusal(*tokens):
    with pytest.raises(UsageError) as caught:
        typed(*tokens)
    return str(caught.value)


@pytest.mark.parametrize(
    "tokens",
    [
        ("--server", "http://x", "run", "list", "--limit", "5"),
        ("run", "--server=http://x", "list", "--limit=5"),
        ("run", "list", "-s", "http://x", "--limit", "5"),
        ("run", "list", "--limit", "5", "-shttp://x"),
    ],
)
def test_global_flags_stand_before_between_and_behind_the_words(tokens):
    found = typed(*tokens)
    assert found.command.name == "run list"
    assert (found.settings["server"], found.given["limit"]) == ("http://x", 5)


def test_a_flag_that_a_command_has_is_global_before_it_and_its_own_behind_it():
    found = typed("--timeout", "5s", "--env", "a", "emit", "x", "--timeout", "2m")
    assert (found.settings["timeout"], found.given["timeout"]) == (5.0, 120.0)
    assert (found.settings["env"], "env" in found.given) == ("a", False)
    found = typed("emit", "x", "--version", "3")
    assert (found.settings["version"], found.given["version"]) == (False, 3)
    assert typed("sql", "select 1", "--timeout", "5000").given["timeout"] == 5000


def test_version_is_global_before_the_command_only():
    assert typed("--version").settings["version"]
    assert "unknown flag '--version' for 'run list'" in refusal("run", "list", "--version")


def test_what_follows_a_flag_is_its_value_whatever_it_looks_like():
    found = typed("stream", "append", "o", "--event", "e", "--expected-version", "-1")
    assert found.given["expected_version"] == -1


def test_switches_can_be_joined_and_switched_off():
    found = typed("subscribe", "-jmr", "5", "a", "b")
    given = found.given
    assert (given["json"], given["metadata"], given["replay"]) == (True, True, 5)
    assert given["patterns"] == ["a", "b"]
    assert typed("run", "list", "--json=false").settings["json"] is False


def test_two_hyphens_end_the_flags():
    assert typed("run", "get", "--", "--limit").given["run_id"] == "--limit"


def test_flags_that_may_be_repeated_are_gathered():
    given = typed("emit", "x", "-m", "a=1", "-m", "b=x=y").given
    assert given["metadata"] == {"a": "1", "b": "x=y"}
    given = typed("apikey", "create", "k", "--role", "r1,r2", "--role", "r3").given
    assert given["role"] == ["r1", "r2", "r3"]


def test_a_command_with_words_below_it_is_still_a_command():
    assert typed("projection", "rebuild", "orders").command.name == "projection rebuild"
    assert typed("projection", "rebuild", "cancel", "x").command.name == "projection rebuild cancel"


def test_an_alias_leads_to_the_same_command():
    assert typed("cb", "list").command.name == "circuit-breaker list"


def test_flags_of_methods_are_taken_with_hyphens_and_with_underscores():
    for flag in ("--function-id", "--function_id"):
        assert typed("call", "runs_list", flag, "f").given["function_id"] == "f"
    assert typed("call", "runs-list").command.name == "call runs_list"


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (("rnu",), "unknown command 'rnu'; did you mean run?"),
        (("run", "lst"), "unknown command 'lst' for 'run'; did you mean list?"),
        (("run", "list", "--limt", "5"), "flag '--limt' for 'run list'; did you mean --limit"),
        (("run", "list", "-limit", "5"), "unknown flag '-limit'; did you mean --limit?"),
        (("run", "list", "-status", "x"), "unknown flag '-status'; did you mean --status?"),
        (("emit", "x", "-data={}"), "unknown flag '-data'; did you mean --data?"),
        (("-server", "x", "run", "list"), "unknown flag '-server'; did you mean --server?"),
        (("run", "list", "x"), "'run list' takes no arguments, 1 was given"),
        (("run", "get", "x", "y"), "'run get' takes 1 argument, 2 were given"),
        (("apikey", "delete"), "'apikey delete' needs <id>: id of the API key"),
        (("cb", "reset"), "<endpoint-or-function>: URL of the endpoint, or id of the function"),
        (("run", "list", "--limit"), "--limit needs a value"),
        (("run", "list", "--limit", "many"), "--limit: must be a whole number"),
        (("run", "list", "--json=maybe"), "--json: must be true or false"),
        (("run", "get"), "'run get' needs <run-id>: id of the run"),
        (("role", "create", "x"), "'role create' needs --org"),
        (("emit", "x", "-m", "novalue"), "--metadata: must be written as key=value"),
        (("emit", "x", "-t", "30"), "must be a duration such as 30s, 5m or 1h30m; a number needs"),
        (("sql", "x", "--timeout", "5s"), "--timeout: must be in milliseconds"),
        (("sql", "x", "--format", "xml"), "--format: must be one of table, json, csv, jsonl"),
        (("call", "run_list"), "unknown command 'run_list' for 'call'; did you mean runs_list"),
        (("--limit", "5", "run", "list"), "unknown flag '--limit'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_what_is_near(tokens, message):
    assert message in refusal(*tokens)


def test_a_secret_in_the_wrong_place_is_not_repeated():
    assert "sk-123" not in refusal("secret", "set", "NAME", "value", "sk-123")
    assert "sk-123" not in refusal("run", "list", "--passwrd=sk-123")
    assert "sk-123" not in refusal("run", "list", "--limit", "sk-123")


@pytest.mark.parametrize(
    "tokens",
    [("serve", "--port", "8080"), ("config", "init"), ("cloud", "cap-token", "mint", "x", "y")],
)
def test_commands_of_the_products_own_binary_are_named_as_such(tokens):
    with pytest.raises(CommandError, match="belongs to the product's own ironflow binary"):
        typed(*tokens)
