"""Request headers: which are refused, how they are written, and what they mean for repeats.

Rules:

1. A name is a token and a value is Latin-1 without control characters other than tabs (RFC 9110,
   5.5 and 5.6.2). Anything else is refused before anything is sent, and no refusal shows a value:
   it may be a credential.
2. The headers that frame a message belong to the client: with a second opinion on the framing,
   requests can be smuggled. A header may not be given twice, in another case: nobody knows which
   one counts.
3. Headers travel as ``Given``, ``Fields`` and ``Headers``. Their ``repr`` shows names only, so a
   crash report that prints local variables prints no credential. None of them is a dict: crash
   reporters print the members of one, whatever its ``repr`` says.

This module is loaded with the client class and imports nothing that takes time.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789" + LETTERS)  # RFC 9110, 5.6.2

_FRAMING = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
    }
)

# A repeated write would meet the state that its first try has made (RFC 9110, 13.1).
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-unmodified-since"})

# What the name of a header or of a query parameter holds whose value is a credential.
_SECRET_PARTS = (
    "access-key",
    "api-key",
    "apikey",
    "auth",
    "cookie",
    "credential",
    "jwt",
    "passw",
    "pwd",
    "secret",
    "session",
    "signature",
    "subscription-key",
    "token",
)


class Headers:
    """Checked headers of a request.

    Args:
        fields: Values by name, in the order in which they are sent.

    Attributes:
        block: The same as bytes of a message.
    """

    __slots__ = ("block", "fields")

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        self.block = "".join([f"{name}: {value}\r\n" for name, value in fields.items()]).encode(
            "latin-1"
        )

    def __repr__(self) -> str:
        return f"Headers({', '.join(self.fields)})"

    def merged(self, more: Fields) -> Headers:
        """Return these headers and ``more``, which wins; names are the same in any case."""
        newer = more.names()
        kept = {name: value for name, value in self.fields.items() if name.lower() not in newer}
        return Headers({**kept, **more.values})

    @property
    def is_conditional(self) -> bool:
        """Whether a write with these headers has a condition that its own repeat would not meet."""
        return not _CONDITIONS.isdisjoint([name.lower() for name in self.fields])

    def secrets(self) -> list[str]:
        """Return what must not be shown: values, also without their scheme, and single cookies."""
        secrets = []
        for name, value in self.fields.items():
            if is_secret_name(name):
                secrets += [value, value.partition(" ")[2]]
            if name.lower() == "cookie":
                secrets += [pair.partition("=")[2].strip() for pair in value.split(";")]
        return secrets


class Fields:
    """Checked headers, some of those that a message will have.

    Args:
        values: Values by name.
    """

    __slots__ = ("values",)

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return repr(sorted(self.values))

    def names(self) -> set[str]:
        """Return the names in lower case."""
        return {name.lower() for name in self.values}

    def with_value(self, name: str, value: str) -> Fields:
        """Return a copy in which one header has another value, or which has one more."""
        return Fields({**self.values, name: value})


class Given:
    """Headers as a caller gave them, held so that no local variable shows their values.

    Args:
        name: What refusals call them: ``headers``.
        headers: A mapping from names to strings, integers, UUIDs or None, or None for none; checked
            when it is asked for.
    """

    __slots__ = ("_items", "_name", "_type")

    def __init__(self, name: str, headers: Any) -> None:
        self._name = name
        self._type = type(headers).__name__
        # Taken once: what is checked is what is sent, also while another thread changes them.
        self._items: list[Any] | None = None
        if headers is None:
            self._items = []
        elif hasattr(headers, "items"):
            self._items = list(headers.items())

    def __repr__(self) -> str:
        return f"<{self._name}>"

    def checked(self) -> Fields:
        """Return the headers as text, without those that are None.

        Raises:
            TypeError: They are not a mapping, or a name or a value is of the wrong type.
            ValueError: A name or a value cannot be sent as it is.
        """
        refuse(self._refusal())
        given = self._items or ()
        return Fields({name: text_of(value) for name, value in given if value is not None})

    def _refusal(self) -> Exception | None:
        if self._items is None:
            return TypeError(f"{self._name}: must be a mapping, not {self._type}")
        names = set()
        for name, value in self._items:
            if value is not None:
                refusal = _name_refusal(self._name, name) or value_refusal(name, value)
                if refusal is not None:
                    return refusal
                if name.lower() in names:
                    return ValueError(f"{self._name}: {name} is given twice")
                names.add(name.lower())
        return None


def refuse(refusal: Exception | None) -> None:
    """Raise a refusal, if there is one."""
    if refusal is not None:
        try:
            raise refusal
        finally:
            del refusal  # or its traceback and this frame would keep each other alive


def _name_refusal(where: str, name: object) -> Exception | None:
    if not isinstance(name, str):
        return TypeError(f"{where}: names must be strings, not {type(name).__name__}")
    if not name or not TOKEN.issuperset(name):
        # Not shown: a whole header line given as the name holds its value.
        return ValueError(f"{where}: a name must be an HTTP token: letters, digits and hyphens")
    if name.lower() in _FRAMING:
        return ValueError(f"{where}: {name} is set by the client and cannot be given")
    return None


def value_refusal(name: str, value: object) -> Exception | None:
    """Return why a header's value cannot be sent, None when it can; the value is not shown."""
    text = text_of(value)
    if text is None:
        return TypeError(f"{name}: must be a string or an integer, not {type(value).__name__}")
    if any((character < " " and character != "\t") or character == "\x7f" for character in text):
        return ValueError(f"{name}: must not hold a line break or another control character")
    if any(character > "\xff" for character in text):
        return ValueError(f"{name}: holds a character that a header cannot carry")
    return None


def text_of(value: object) -> Any:
    """Return a string, an integer, a UUID or an enum member of these as text, None for the rest.

    Subclasses give their plain text: ``str()`` of an enum differs between Python versions.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if is_a("uuid", "UUID", value):
        return str(value)
    return text_of(value.value) if is_a("enum", "Enum", value) else None  # type: ignore[attr-defined]


def is_secret_name(name: str) -> bool:
    """Tell whether a header or a query parameter of this name holds a credential."""
    name = name.lower().replace("_", "-")
    return any(part in name for part in _SECRET_PARTS)


def is_a(module: str, name: str, value: object) -> bool:
    """Tell whether a value is of a type of a module, without loading that.

    Where the module was not loaded, nobody can have made such a value.
    """
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))
