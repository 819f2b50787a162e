"""Keeping credentials out of everything that people read: messages, bodies, headers, URLs.

Rules:

1. What the request carries as a credential is masked wherever a server repeats it: as it is, with
   the escapes of JSON, or percent-encoded. Parsed values are masked member by member, names
   included, before anything is made of them.
2. Whatever looks like a credential of Ironflow, or like a JWT, is masked too: a server may show one
   that this request did not carry.
3. Masking comes before any cut, for what a cut leaves of a credential is not found any more. Where
   a text was cut before (the reading of a body stops somewhere), its end is taken off if it may be
   the start of a credential.
4. In a URL the values of the parameters that hold credentials are masked, however short they are
   and however the name is written.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MASK = "***"

_SHORTEST = 4  # masking what is shorter would garble the text around it
_LIKE_A_CREDENTIAL = re.compile(
    r"\bif(?:key|platform)_[\w.~+/=-]+|\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}", re.ASCII
)
_SECRET_PARAMETERS = frozenset({"access_token", "api_key", "apikey", "password", "secret", "token"})
_SHORT_ESCAPES = {'"': r"\\\"", "\\": r"\\\\", "/": r"\\/"}


class Redactor:
    """Masks the credentials of one request.

    Args:
        secrets: What the request carries: values of headers, of the query, of the proxy.
    """

    __slots__ = ("_patterns", "_secrets")

    def __init__(self, secrets: Iterable[str]) -> None:
        long_enough = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = sorted(long_enough, key=len, reverse=True)
        self._patterns: list[re.Pattern[str]] | None = None

    def __repr__(self) -> str:
        return "<Redactor>"

    def text(self, text: str, is_cut: bool = False) -> str:
        """Return a text with every credential in it masked.

        Args:
            text: What somebody may read.
            is_cut: Whether it was cut off somewhere: then its end is taken off if it may be the
                start of a credential.
        """
        if self._patterns is None:
            self._patterns = [re.compile(_in_any_form(secret)) for secret in self._secrets]
        for secret, pattern in zip(self._secrets, self._patterns):
            text = pattern.sub(MASK, text)
            if is_cut:
                text = _without_start_of(secret, text)
        return _LIKE_A_CREDENTIAL.sub(MASK, text)

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
    return unquote_plus(name).lower().replace("-", "_") in _SECRET_PARAMETERS


def _in_any_form(secret: str) -> str:
    """Return a pattern for a text in which each character may be escaped, as JSON or URLs do."""
    return "".join(map(_character_in_any_form, secret))


def _character_in_any_form(character: str) -> str:
    forms = [re.escape(character), rf"\\u{_hex(f'{ord(character):04x}')}"]
    forms += filter(None, [_SHORT_ESCAPES.get(character)])
    forms.append("".join(f"%{_hex(f'{byte:02x}')}" for byte in character.encode()))
    return f"(?:{'|'.join(forms)})"


def _hex(digits: str) -> str:
    return "".join(f"[{d}{d.upper()}]" if d.isalpha() else d for d in digits)


def _without_start_of(secret: str, text: str) -> str:
    """Return ``text`` without the start of ``secret`` that it ends in the middle of, if it does."""
    # A cut inside of a character has left a replacement character for the rest of it.
    end = text.rstrip("\ufffd")
    longest = 6 * len(secret)  # as JSON escapes, six characters for each
    for start in range(max(0, len(end) - longest), len(end) - _SHORTEST + 1):
        if _is_start_of(secret, end[start:]):
            return text[:start]
    return text


def _is_start_of(secret: str, text: str) -> bool:
    """Tell whether ``text``, escapes undone, is how ``secret`` starts; a cut escape counts."""
    at = matched = 0
    while at < len(text) and matched < len(secret):
        form = re.compile(_character_in_any_form(secret[matched])).match(text, at)
        if form is None:
            return matched >= _SHORTEST and text[at] in "\\%" and len(text) - at < 6
        at = form.end()
        matched += 1
    return at == len(text) and matched >= _SHORTEST
