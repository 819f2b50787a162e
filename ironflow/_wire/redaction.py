"""Keeping credentials out of everything that people read: messages, bodies, headers, URLs.

Rules:

1. The request's credentials are masked wherever a server repeats them: as they are, in another
   case, with the escapes of JSON or HTML, or percent-encoded. Parsed values are masked member by
   member, names included, before they are used.
2. Whatever looks like an Ironflow credential or a JWT is masked too: a server may show one that
   this request did not carry.
3. Masking comes before any cut, because the rest of a credential that was cut would not be found.
   If a text was cut earlier (the reading of a body stops somewhere), its end is taken off if it may
   be the start of a credential.
4. In a URL, the values of parameters that hold credentials are masked, however short they are and
   however the name is written.

Design: most texts hold no credential, but a program that watches every call has every URL and
header masked. So a text is first searched as it is and with its escapes undone. Only if that finds
something is a pattern built that matches it under its escapes.
"""

from __future__ import annotations

import re
import sys
from urllib.parse import unquote, unquote_plus

from .headers import is_secret_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MASK = "***"

_SHORTEST = 4  # masking what is shorter would garble the text around it
_TELLS = 64  # so many first characters of a credential are no chance; more would only take time
# A word may begin behind an escape that ends in a letter.
_WORD = r"(?:(?<![^\W_])|(?<=%[0-9A-F]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-F]{4}))"
_LIKE_A_CREDENTIAL = re.compile(
    r"if(?:key|platform)_[\w.~+/=-]+|" + _WORD + r"(?-i:eyJ)[\w-]{8,}(?:\.[\w-]*){0,4}",
    re.ASCII | re.IGNORECASE,
)
_STARTS = ("ifkey_", "ifplatform_", "eyj")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|([\"\\/]))")
_NUMBER = re.compile(r"&#(?:([0-9]{1,7})|[xX]([0-9A-Fa-f]{1,6}));")
_SHORT_ESCAPES = {
    '"': r"\\\"|&quot;",
    "&": "&amp;",
    "'": "&apos;",
    "/": r"\\/",
    "<": "&lt;",
    ">": "&gt;",
    "\\": r"\\\\",
    "\n": r"\\n",
    "\r": r"\\r",
    "\t": r"\\t",
}
_HTML = frozenset("\"&'<>")


class Redactor:
    """Masks the credentials of one request.

    Args:
        secrets: What the request carries: values of headers, of the query, of the proxy.
    """

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Iterable[str]) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = [
            (secret, _searched_for(secret)) for secret in sorted(long_enough, key=len, reverse=True)
        ]

    def __repr__(self) -> str:
        return "<Redactor>"

    def text(self, text: str, is_cut: bool = False) -> str:
        """Return a text with every credential in it masked.

        Args:
            text: What somebody may read.
            is_cut: Whether it was cut off somewhere: then its end is taken off if it may be the
                start of a credential.
        """
        forms = _without_escapes(text)
        for secret, searched in self._secrets:
            if any(searched in form for form in forms):
                text = re.sub(_in_any_form(secret), MASK, text, flags=re.IGNORECASE)
            if is_cut:
                text = _without_start_of(secret, text)
        if any(start in forms[0] for start in _STARTS):
            text = _LIKE_A_CREDENTIAL.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """Return a decoded JSON value with every credential in it masked, names included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def url(self, url: str) -> str:
        """Return a URL with the credentials in it masked."""
        path, mark, query = url.partition("?")
        pairs = [_shown_pair(pair) for pair in query.split("&")]
        return self.text(path + mark + "&".join(pairs))


def secrets_in(target: str) -> list[str]:
    """Return the values of the parameters of a URL that hold credentials."""
    pairs = [pair.partition("=") for pair in target.partition("?")[2].split("&")]
    return [unquote_plus(value) for name, _, value in pairs if _is_secret(name)]


def _shown_pair(pair: str) -> str:
    name, mark, value = pair.partition("=")
    return f"{name}={MASK}" if mark and value and _is_secret(name) else pair


def _is_secret(name: str) -> bool:
    return is_secret_name(unquote_plus(name))


def _without_escapes(text: str) -> list[str]:
    """Return a text in lower case, as it is and with its escapes undone."""
    forms = [text]
    if "\\" in text:
        forms.append(_JSON_ESCAPE.sub(_unescaped, text))
    if "%" in text:
        forms.append(unquote(forms[-1]))
    if "&#" in text:
        forms.append(_NUMBER.sub(_numbered, forms[-1]))
    return [form.lower() for form in forms]


def _unescaped(escape: re.Match[str]) -> str:
    digits, character = escape.groups()
    return chr(int(digits, 16)) if digits else str(character)


def _numbered(reference: re.Match[str]) -> str:
    decimal, hexadecimal = reference.groups()
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(number) if number <= sys.maxunicode else reference[0]


def _searched_for(secret: str) -> str:
    """Return what to search a text for, empty for a secret that needs its pattern in any case."""
    needs_pattern = not secret.isascii() or not secret.isprintable() or _HTML.intersection(secret)
    return "" if needs_pattern else secret.lower()


def _in_any_form(secret: str) -> str:
    """Return a pattern for a text in which each character may be escaped, as JSON or URLs do."""
    return "".join(map(_character_in_any_form, secret))


def _character_in_any_form(character: str) -> str:
    utf_16 = character.encode("utf-16-be", "surrogatepass").hex()
    utf_8 = character.encode("utf-8", "surrogatepass").hex()
    forms = [
        "".join(rf"\\u{utf_16[at : at + 4]}" for at in range(0, len(utf_16), 4)),
        "".join(f"%{utf_8[at : at + 2]}" for at in range(0, len(utf_8), 2)),
        f"&#0*{ord(character)};|&#x0*{ord(character):x};",
        re.escape(character),  # last, because its own escape may begin with it
    ]
    if character in _SHORT_ESCAPES:
        forms.insert(0, _SHORT_ESCAPES[character])
    return f"(?:{'|'.join(forms)})"


def _without_start_of(secret: str, text: str) -> str:
    """Return ``text`` without the start of ``secret`` that it ends in the middle of, if it does."""
    # A cut inside of a character has left a replacement character for the rest of it.
    end = text.rstrip("\ufffd")
    longest = 6 * len(secret)  # as JSON escapes, six characters for each
    first = _pattern_of(secret[0])
    forms: list[re.Pattern[str]] = []
    for start in range(max(0, len(end) - longest), len(end) - _SHORTEST + 1):
        if first.match(end, start):
            forms = forms or [_pattern_of(character) for character in secret[:_TELLS]]
            if _is_start_of(forms, end, start):
                return text[:start]
    return text


def _pattern_of(character: str) -> re.Pattern[str]:
    return re.compile(_character_in_any_form(character), re.IGNORECASE)


def _is_start_of(forms: list[re.Pattern[str]], text: str, at: int) -> bool:
    """Tell whether a text from ``at`` on is how a secret starts; a cut escape counts.

    Args:
        forms: Patterns of the first characters of the secret.
        text: The text.
        at: Where the secret would start.
    """
    matched = 0
    while at < len(text) and matched < len(forms):
        form = forms[matched].match(text, at)
        if form is None:
            return matched >= _SHORTEST and text[at] in "\\%&" and len(text) - at < 6
        at = form.end()
        matched += 1
    return matched == _TELLS or (at == len(text) and matched >= _SHORTEST)
