"""Where each command is: its first word, the module of ``commands`` that has it, a line of help.

The commands of one first word are loaded when it is typed; the others are not.
"""

from __future__ import annotations

from importlib import import_module

from .errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    from .table import Command

    # A word leads to a command, to more words, or to both: `projection rebuild [cancel]`.
    Node = dict[str, Union["Node", Command]]

CALL = "call"
SELF = ""  # the command of a node that has words below it too

GROUPS: dict[str, tuple[str, str]] = {
    "apikey": ("access", "Manage API keys"),
    "audit": ("audit", "View audit trails of runs and of authorization"),
    "call": ("calling", "Call any method of the SDK"),
    "circuit-breaker": ("operations", "Manage circuit breakers (alias: cb)"),
    "completion": ("local", "Print a completion script for bash, zsh or fish"),
    "config": ("config", "Read, write and follow config documents"),
    "debounce": ("operations", "Inspect and cancel pending debounce entries"),
    "emit": ("events", "Emit an event"),
    "env": ("organizations", "Manage environments"),
    "event": ("events", "Manage event schemas and test upcasters"),
    "function": ("functions", "List and inspect registered functions"),
    "invoke": ("functions", "Invoke a function by its id"),
    "kv": ("kv", "Read, write and follow keys in buckets"),
    "org": ("organizations", "Manage organizations"),
    "outbox": ("operations", "Inspect and manage the outbox"),
    "platform": ("platform", "Manage the platform: users, tenants, roles, audit log"),
    "policy": ("policies", "Manage authorization policies"),
    "project": ("organizations", "Manage projects"),
    "projection": ("projections", "Manage projections, and wait for them"),
    "role": ("access", "Manage custom roles"),
    "run": ("runs", "List, inspect and control runs"),
    "secret": ("secrets", "Manage secrets, whose values are never shown"),
    "server": ("server", "Show what the server is doing"),
    "sql": ("server", "Run a read-only SQL query"),
    "stream": ("streams", "Manage entity streams"),
    "subscribe": ("streams", "Follow events as they happen"),
    "tenant": ("organizations", "Provision and list tenants"),
    "topic": ("topics", "List, inspect and publish to topics"),
    "version": ("local", "Print the version"),
    "webhook": ("webhooks", "List webhook sources and deliveries, and test them"),
}

ALIASES = {"cb": "circuit-breaker"}

# Commands of the product's own binary that run a server or a cluster, which a client cannot.
ELSEWHERE = (
    "cloud",
    "config init",
    "deploy",
    "init",
    "inspect",
    "mcp",
    "provision",
    "serve",
    "validate",
)


def group(word: str) -> Node | Command:
    """Return what a first word leads to.

    Raises:
        KeyError: It is none.
    """
    module = import_module(f".commands.{GROUPS[word][0]}", __package__)
    if word == CALL:
        methods: Node = module.Methods()
        return methods
    node: Node = {}
    for command in module.COMMANDS:
        if command.words[0] == word:
            _insert(node, command)
    found = node[word]
    return found


def every_command() -> list[Command]:
    """Return all commands, by their words."""
    modules = sorted({module for module, _ in GROUPS.values()})
    loaded = [import_module(f".commands.{module}", __package__) for module in modules]
    commands: list[Command] = [command for module in loaded for command in module.COMMANDS]
    return sorted(commands, key=lambda command: command.words)


def commands_below(node: Node | Command) -> list[Command]:
    """Return the commands of a node, in the order of the table."""
    if not isinstance(node, dict):
        return [node]
    return [command for below in node.values() for command in commands_below(below)]


def refuse_elsewhere(words: list[str]) -> None:
    """Refuse a command of the product's own binary.

    Raises:
        CommandError: It is one.
    """
    for name in ELSEWHERE:
        if words[: len(name.split())] == name.split():
            raise CommandError(
                f"{name!r} belongs to the product's own ironflow binary; this is the client",
                "SERVER_COMMAND",
            )


def _insert(node: Node, command: Command) -> None:
    *outer, last = command.words
    for word in outer:
        below = node.setdefault(word, {})
        if not isinstance(below, dict):
            below = node[word] = {SELF: below}
        node = below
    found = node.get(last)
    if isinstance(found, dict):
        found[SELF] = command
    else:
        node[last] = command
