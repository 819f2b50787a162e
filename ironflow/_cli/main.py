"""Runs a command line: read it, call the server, show the reply, return the exit code.

Rules:

1. Data goes to stdout, everything else to stderr.
2. Every failure is one line and an exit code. There is a traceback only for a bug of ours, with
   ``-v``.
3. A reader that has gone away (``| head -1``) ends the command silently.
"""

from __future__ import annotations

import os
import sys

from .._errors import AuthenticationError
from . import errors
from .arguments import Typed, read
from .errors import CommandError
from .screen import Screen, is_terminal, json_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .session import Session
    from .table import Command

# The product's values of LOG_LEVEL, as levels of Python.
_LEVELS = {
    "trace": 5,
    "debug": 10,
    "info": 20,
    "warn": 30,
    "warning": 30,
    "error": 40,
    "fatal": 50,
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: What was typed behind the program's name; that of this process by default.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    is_usable = True
    try:
        code = _run(tokens)
        _flush()
    except BrokenPipeError:
        code, is_usable = errors.BROKEN_PIPE, False
    except OSError:  # stdout again, which _run has reported
        code, is_usable = 1, False
    except KeyboardInterrupt:
        code = errors.INTERRUPTED
        _end_line()
    if not is_usable:
        _forget_stdout()
    return code


def _run(tokens: list[str]) -> int:
    typed = Typed()
    screen = Screen()
    try:
        try:
            read(tokens, typed)
        finally:
            if typed.settings["no_color"]:
                screen.colours = False
        _log(typed)
        return _answer(typed, screen)
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        return _fail(error, typed, screen, _wants_json(tokens, typed))


def _answer(typed: Typed, screen: Screen) -> int:
    """Give help or the version, or carry the command out."""
    if typed.settings["version"]:
        from .commands.local import version_line

        screen.line(version_line())
        return 0
    if typed.command is None or typed.settings["help"]:
        from .help import help_lines

        screen.lines(help_lines(typed.words, typed.node, typed.command))
        return 0
    from .session import Session

    session = Session(typed, typed.command, screen)
    try:
        return _carry_out(typed.command, session)
    except AuthenticationError as error:
        if session.used_stored_token:
            error.message += "; log in again: platform login"
        raise
    finally:
        session.close()


def _carry_out(command: Command, session: Session) -> int:
    """Make the call and show the reply, or show the request instead.

    Raises:
        CommandError: The command does not know the shape of the reply; the server may be newer.
    """
    if session.settings["curl"]:
        return _show_curl(command, session)
    try:
        reply = _reply(command, session)
        lines = _lines(command, session, reply)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if not session.is_answered:
            raise  # the SDK has refused an argument
        text = "the reply has a shape that this command does not know; `call` can show it"
        raise CommandError(text, "INVALID_RESPONSE") from error
    session.screen.lines(lines)
    return session.exit_code


def _reply(command: Command, session: Session) -> Any:
    if command.run is not None:
        return command.run(session)
    assert command.call is not None
    return command.call.make(session.client, session.given)


def _lines(command: Command, session: Session, reply: Any) -> list[str]:
    """Return what is written of a reply: JSON, or lines for people."""
    show = command.show
    if command.output:
        return []
    if session.as_json or show is None:
        return [session.screen.json_text(reply)]
    if callable(show):
        return list(show(session, reply))
    return list(show.lines(reply, session.given, session.screen))


def _show_curl(command: Command, session: Session) -> int:
    from .curl import Shown, command_line
    from .session import no_curl
    from .table import SECRET

    reason, line = command.no_curl, None
    if not reason:
        try:
            _reply(command, session)
        except Shown as shown:
            line = command_line(shown)
        reason = SECRET
    if line is None:
        raise no_curl(command.name, reason)
    session.screen.line(line)
    if session.used_stored_token:
        session.screen.note("note: IRONFLOW_API_KEY stands for the token of platform login here")
    return 0


def _fail(error: Exception, typed: Typed, screen: Screen, as_json: bool) -> int:
    """Say what went wrong and return the exit code."""
    facts = errors.without(errors.facts_of(error), typed.hidden)
    if facts["code"] == "INTERNAL" and typed.settings["verbose"]:
        import traceback

        screen.note(traceback.format_exc())
    if as_json:
        screen.note(json_text({"error": facts}, ascii_only=True))
    else:
        from .screen import plain

        screen.note(plain(errors.error_line(facts)))
    return typed.command.error_code if typed.command is not None else 1


def _wants_json(tokens: list[str], typed: Typed) -> bool:
    """Tell whether errors are to be JSON, even if the command line could not be read."""
    before = tokens[: tokens.index("--")] if "--" in tokens else tokens
    named = typed.settings["json"] or typed.given.get("json")
    return bool(named) or "--json" in before or "--json=true" in before


def _log(typed: Typed) -> None:
    """Send the SDK's log to stderr, if that is wanted."""
    named = _LEVELS.get(os.environ.get("LOG_LEVEL", "").strip().lower())
    level = named if named is not None else (10 if typed.settings["verbose"] else None)
    if level is None:
        return
    import logging

    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _end_line() -> None:
    """Go to the next line of a terminal, which has written ^C on this one."""
    try:
        if is_terminal(sys.stderr):
            sys.stderr.write("\n")
            sys.stderr.flush()
    except OSError:
        pass


def _forget_stdout() -> None:
    """Keep the interpreter from writing what is left to a pipe that nobody reads."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (AttributeError, OSError, ValueError):
        pass
