"""What a command works with: what was typed, the client, the screen, and questions to the user.

Rules:

1. There is no prompt without a terminal. The answer then comes from a pipe, or the command says
   what is missing.
2. The credential is ``IRONFLOW_API_KEY``. Platform commands, and any command with ``--as-org``, use
   the token that ``platform login`` has stored for this server, where there is one.
"""

from __future__ import annotations

import os
import sys

from .errors import CommandError, UsageError
from .screen import is_terminal
from .table import NEEDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .._errors import IronflowTimeoutError
    from .._observe import ResponseInfo
    from ..client import IronflowClient
    from .arguments import Typed
    from .screen import Screen
    from .table import Command

# What the options of the client are called here.
_FLAGS = {
    "environment": "--env",
    "org": "--as-org",
    "server_url": "--server",
    "timeout": "--timeout",
}

_SECRET_PATIENCE = 30.0  # seconds until a silent pipe holds no secret


class Session:
    """What a command works with.

    Args:
        typed: What was typed.
        command: The command.
        screen: Where it writes.

    Attributes:
        exit_code: What the command exits with if it does not fail.
        status: HTTP status of the latest reply.
        is_answered: Whether a reply came that is a success.
        notes: What a command keeps from its call for showing the reply.
    """

    def __init__(self, typed: Typed, command: Command, screen: Screen) -> None:
        self.command = command
        self.screen = screen
        self.settings: Mapping[str, Any] = typed.settings
        self.given: Mapping[str, Any] = typed.given
        self.explicit = typed.explicit
        self._hidden = typed.hidden
        self.exit_code = 0
        self.status = 0
        self.is_answered = False
        self.notes: Any = None
        self.used_stored_token = False
        self._client: IronflowClient | None = None

    @property
    def as_json(self) -> bool:
        """Whether the output is JSON."""
        return bool(self.settings["json"])

    @property
    def client(self) -> IronflowClient:
        """The client, made on first use."""
        if self._client is None:
            self._client = self._make_client()
        return self._client

    def call(self, method: str, *arguments: Any, **more: Any) -> Any:
        """Call a method of the client by its name."""
        return getattr(self.client, method)(*arguments, **more)

    def unfinished(self, error: IronflowTimeoutError) -> Any:
        """Return the last state of what was waited for, and set the exit code to 1.

        Raises:
            IronflowTimeoutError: There is no state: the wait has seen nothing.
        """
        if error.body is None:
            raise error
        self.exit_code = 1
        self.screen.note(f"note: {error}")
        return error.body

    def refuse_curl(self, reason: str) -> None:
        """Refuse ``--curl``, where only some uses of a command can be shown as curl.

        Raises:
            CommandError: It was asked for.
        """
        if self.settings["curl"]:
            raise no_curl(self.command.name, reason)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _make_client(self) -> IronflowClient:
        from ..client import IronflowClient

        url = self.given.get("server") or self.settings["server"]
        options: dict[str, Any] = {
            "server_url": http_url(url) if url else None,
            "environment": self.environment(),
            "org": self.settings["as_org"],
            "user_agent_suffix": "cli",
            "on_response": self._take_note,
        }
        if self.settings["timeout"] is not None:
            options["timeout"] = self.settings["timeout"]
        kind: Any = IronflowClient
        if self.settings["curl"]:
            from .curl import ShowingClient

            kind = ShowingClient
        try:
            client: IronflowClient = kind(**options)
        except ValueError as error:
            raise UsageError(_with_flag_names(str(error))) from None
        if self.command.platform or self.settings["as_org"]:
            client = self._with_stored_token(client)
        return client

    def _take_note(self, response: ResponseInfo) -> None:
        self.status = response.status_code
        self.is_answered = self.is_answered or response.error is None

    def environment(self) -> str | None:
        """Return the environment of the requests, None for none.

        Raises:
            UsageError: The command needs one, and nothing names it.
        """
        rule = self.command.environment
        own = self.given.get("env") if rule else None
        name = own or self.settings["env"] or environment_variable("IRONFLOW_ENV")
        if name is None and rule == NEEDED:
            raise UsageError(f"{self.command.name!r} needs --env, or IRONFLOW_ENV")
        return name or rule or None

    def _with_stored_token(self, client: IronflowClient) -> IronflowClient:
        from .credentials import stored_token

        token = stored_token(client._options.server_url)
        if token is None:
            return client
        self.used_stored_token = True
        return client.with_options(api_key=token)

    def hide(self, secret: str) -> str:
        """Keep a secret out of every message, even if a server repeats it, and return it."""
        self._hidden.append(secret)
        return secret

    def secret(self, what: str) -> str:
        """Ask for a secret without an echo, or read it from a pipe.

        Args:
            what: What is asked for, as in ``Password``.

        Raises:
            CommandError: There is neither a terminal nor a pipe, or it is empty.
        """
        if is_terminal(sys.stdin):
            from getpass import getpass

            try:
                text = getpass(f"{what}: ", stream=self.screen.err)
            except EOFError:
                text = ""
                self.screen.err.write("\n")
        else:
            text = self._piped_secret(what)
        if not text:
            raise CommandError(f"{what.lower()}: must not be empty", "USAGE")
        return self.hide(text)

    def _piped_secret(self, what: str) -> str:
        """Return a secret from a pipe, without the line break at its end."""
        from .data import decoded, stdin_bytes, stdin_holds_data

        # The program that writes it may have to be unlocked first, which takes a while.
        if not stdin_holds_data(_SECRET_PATIENCE):
            raise UsageError(f"{what.lower()}: there is no terminal to ask on; pipe it in")
        text = decoded(stdin_bytes(), "stdin")
        return text[:-1].removesuffix("\r") if text.endswith("\n") else text

    def confirm(self, question: str, instead: str) -> None:
        """Ask whether to go on.

        Args:
            question: The question, without its answers.
            instead: The flag that answers it.

        Raises:
            CommandError: The answer is no, or there is no terminal to ask on.
        """
        if not is_terminal(sys.stdin):
            raise UsageError(f"there is no terminal to confirm it on; give {instead}")
        self.screen.err.write(f"{question} [y/N] ")
        self.screen.err.flush()
        answer = sys.stdin.readline()
        if not answer:  # Ctrl-D
            self.screen.err.write("\n")
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("not confirmed; nothing was done", "NOT_CONFIRMED")


def _with_flag_names(refusal: str) -> str:
    """Return the refusal of an option of the client with the name of the flag."""
    name, colon, why = refusal.partition(":")
    return f"{_FLAGS.get(name, name)}{colon}{why.replace('api_key', 'IRONFLOW_API_KEY')}"


def no_curl(name: str, reason: str) -> CommandError:
    """Return the refusal of ``--curl`` for a command."""
    return CommandError(f"{name!r} {reason}, so there is no single safe curl for it", "NO_CURL")


def http_url(url: str) -> str:
    """Return a server's URL; that of its WebSocket is taken too."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() in ("ws", "wss"):
        rest = rest.rstrip("/")
        return f"http{scheme[2:].lower()}://{rest[:-3] if rest.endswith('/ws') else rest}"
    return url


def environment_variable(name: str) -> str | None:
    """Return an environment variable, None where it is not set or empty."""
    return os.environ.get(name) or None
