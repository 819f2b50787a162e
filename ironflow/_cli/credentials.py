"""The token of ``platform login``, and the file that keeps it.

Rules:

1. The file is ``credentials.json`` in ``IRONFLOW_CONFIG_DIR``, ``~/.config/ironflow`` by default.
   The folder is 0700 and the file 0600, from the first byte on.
2. It is written under another name and then renamed, so no reader ever finds half of it.
3. A token is stored with the URL of its server, and sent to no other server.
"""

from __future__ import annotations

import json
import os
import tempfile

from .errors import CommandError
from .session import environment_variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = "credentials.json"
_SERVERS = "servers"


def path() -> str:
    """Return where the credentials are kept."""
    folder = environment_variable("IRONFLOW_CONFIG_DIR")
    return os.path.join(folder or os.path.expanduser("~/.config/ironflow"), _FILE)


def stored_token(url: str) -> str | None:
    """Return the token for a server, None where none is stored.

    Raises:
        CommandError: The file is there and cannot be used.
    """
    token = _read().get(url, {}).get("token")
    return token if isinstance(token, str) and token else None


def store_token(url: str, token: str, email: str) -> str:
    """Store the token for a server, and return the path of the file.

    Raises:
        CommandError: It cannot be written.
    """
    try:
        servers = _read()
    except CommandError:  # what cannot be read is replaced
        servers = {}
    servers[url] = {"email": email, "token": token}
    target = path()
    try:
        _write(target, json.dumps({_SERVERS: servers}, indent=2) + "\n")
    except OSError as error:
        raise CommandError(f"{target}: cannot be written: {error.strerror}", "FILE") from None
    return target


def _read() -> dict[str, Any]:
    target = path()
    try:
        with open(target, encoding="utf-8") as file:
            servers = json.load(file)[_SERVERS]
        if all(isinstance(entry, dict) for entry in servers.values()):
            found: dict[str, Any] = servers
            return found
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CommandError(f"{target}: cannot be read: {error.strerror}", "FILE") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    raise CommandError(f"{target}: is not a credentials file; log in again", "FILE")


def _write(target: str, text: str) -> None:
    folder = os.path.dirname(target) or "."
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.stat(folder).st_mode & 0o077:
        os.chmod(folder, 0o700)
    number, temporary = tempfile.mkstemp(prefix=_FILE, dir=folder)  # 0600, and nobody else's
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
