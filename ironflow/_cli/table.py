"""The classes that the table of commands is written in.

A command is an entry: its words, its help, its arguments and flags, the call of the SDK that it
makes, and how the reply is shown. The parser, the help, the completion and the documentation are
made from the entries, so they always agree. There is code only where an entry cannot express a
command: a function for ``run``, or one for ``show``.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Union

    from .session import Session
    from .show import Details, Table, Text

    Show = Union[Table, Details, Text, Callable[[Session, Any], Iterable[str]]]

# What a flag takes; ``values`` says how each is read.
BODY = "JSON|@file|-"
BOOL = "bool"
CHOICE = "choice"
DURATION = "duration"
FILE = "file"
INT = "int"
JSON = "json"
LIST = "string[]"
MILLISECONDS = "milliseconds"
NUMBER = "number"
PAIRS = "key=value"
RAW = "text|@file|-"
STRING = "string"
TRUTH = "true|false"  # takes a value, unlike a switch

MANY = frozenset({LIST, PAIRS})  # may be given several times


class Argument:
    """One positional argument of a command.

    Args:
        name: What the help calls it, as in ``run-id``.
        help: What it is.
        many: Whether it takes all that follow, at least one.
        required: Whether the command needs it.
        is_bytes: Whether it may be any bytes, not only text.
    """

    __slots__ = ("help", "is_bytes", "many", "name", "required")

    def __init__(
        self,
        name: str,
        help: str,
        *,
        many: bool = False,
        required: bool = True,
        is_bytes: bool = False,
    ) -> None:
        self.name = name
        self.help = help
        self.many = many
        self.required = required
        self.is_bytes = is_bytes

    @property
    def usage(self) -> str:
        """How a line of usage shows it."""
        text = f"<{self.name}>{'...' if self.many else ''}"
        return text if self.required else f"[{text}]"


class Flag:
    """One flag of a command.

    Args:
        name: Its long name, without hyphens in front.
        kind: What it takes.
        help: What it does.
        short: Its short name, one letter.
        default: Value if it is not given. A zero (0, False, None) is not sent.
        shown: What the help shows as the default, if not the value.
        required: Whether the command needs it.
        choices: The allowed values, for ``CHOICE``.
        zero: Whether a duration may be 0.
        verbatim: Whether a duration is passed on as it was typed, not in seconds.
        within: The smallest and the largest number allowed.
    """

    __slots__ = (
        "choices",
        "default",
        "help",
        "kind",
        "name",
        "required",
        "short",
        "shown",
        "verbatim",
        "within",
        "zero",
    )

    def __init__(
        self,
        name: str,
        kind: str,
        help: str,
        *,
        short: str = "",
        default: Any = None,
        shown: str = "",
        required: bool = False,
        choices: Sequence[str] = (),
        zero: bool = False,
        verbatim: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.help = help
        self.short = short
        self.default = False if kind == BOOL and default is None else default
        self.shown = shown
        self.required = required
        self.choices = choices
        self.zero = zero
        self.verbatim = verbatim
        self.within = within

    @property
    def key(self) -> str:
        """The name under which its value is found."""
        return self.name.replace("-", "_")

    @property
    def default_text(self) -> str:
        """The default as the help shows it, empty for none."""
        if self.shown:
            return self.shown
        return "" if self.default in (None, False, "") else str(self.default)


class Call:
    """The call of the SDK that a command makes.

    Args:
        method: Name of the method.
        path: Positional arguments of the method: names of values that were given.
        query: Arguments of the method by name, each the name of a given value.
        body: Members of the body, each the name of a given value.
    """

    __slots__ = ("body", "method", "path", "query")

    def __init__(
        self,
        method: str,
        *path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query or {}
        self.body = body

    def make(self, client: Any, given: Mapping[str, Any]) -> Any:
        """Make the call with the values that were given."""
        arguments = [given[name] for name in self.path]
        if self.body is not None:
            body = chosen(self.body, given)
            if body or not self._may_lack_body(client):
                arguments.append(body)
        return getattr(client, self.method)(*arguments, **chosen(self.query, given))

    def _may_lack_body(self, client: Any) -> bool:
        return bool(getattr(type(client), self.method).__defaults__)


def chosen(names: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values under their names on the wire, without those that say nothing."""
    found = {wire: given.get(name) for wire, name in names.items()}
    return {
        wire: value for wire, value in found.items() if value is not None and value is not False
    }


NEEDED = "needed"  # an environment that must be named

# Why a command cannot be shown as one curl.
SEVERAL = "makes several requests"
SOCKET = "goes over WebSocket"
STREAMS = "reads a stream of messages"
SECRET = "carries a secret"
LOCAL = "sends nothing"


class Command:
    """One command.

    Args:
        words: Its words, as in ``run list``.
        help: What it does, in a sentence.
        arguments: Its positional arguments.
        flags: Its flags, besides the global ones.
        call: The call that it makes; None where ``run`` does the work.
        run: What does the work instead, and returns the reply.
        show: How the reply is shown to people.
        no_curl: Why it cannot be shown as one curl; empty where it can.
        error_code: Exit code of a failure.
        details: More of the help: paragraphs.
        platform: Whether the stored token of ``platform login`` is its credential.
        output: Whether ``run`` writes its own output, so that what it returns is not shown.
        environment: Set where its own ``--env`` names the environment of its requests: the default,
            or ``NEEDED``.
    """

    __slots__ = (
        "arguments",
        "call",
        "details",
        "environment",
        "error_code",
        "flags",
        "help",
        "no_curl",
        "output",
        "platform",
        "run",
        "show",
        "words",
    )

    def __init__(
        self,
        words: str,
        help: str,
        *entries: Argument | Flag,
        call: Call | None = None,
        run: Callable[[Session], Any] | None = None,
        show: Show | None = None,
        no_curl: str = "",
        error_code: int = 1,
        details: str = "",
        platform: bool = False,
        output: bool = False,
        environment: str = "",
    ) -> None:
        self.words = tuple(words.split())
        self.help = help
        self.arguments = [entry for entry in entries if isinstance(entry, Argument)]
        self.flags = [entry for entry in entries if isinstance(entry, Flag)]
        self.call = call
        self.run = run
        self.show = show
        self.no_curl = no_curl
        self.error_code = error_code
        self.details = details
        self.platform = platform
        self.output = output
        self.environment = environment

    @property
    def name(self) -> str:
        """Its words as one text."""
        return " ".join(self.words)


GLOBALS = (
    Flag("server", STRING, "Server URL", short="s", shown="IRONFLOW_SERVER_URL or localhost:9123"),
    Flag("as-org", STRING, "Organization id to act for, with platform credentials"),
    Flag("env", STRING, "Environment name", shown="IRONFLOW_ENV"),
    Flag("json", BOOL, "Output as JSON, errors included"),
    Flag("timeout", DURATION, "How long a request may take, such as 30s or 5m", shown="30s"),
    Flag("curl", BOOL, "Print the request as a curl command and send nothing"),
    Flag("no-color", BOOL, "No colours, as with NO_COLOR"),
    Flag("verbose", BOOL, "Log every request to stderr", short="v"),
    Flag("version", BOOL, "Print the version; only before the command"),
    Flag("help", BOOL, "Print help", short="h"),
)
