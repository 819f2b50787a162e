"""Feature flags in a config document: defaults, one turned on, and reads through a small cache.

Start it with ``IRONFLOW_SERVER_URL=… python examples/feature_flags.py [FLAG]``; FLAG, by default
``new-checkout``, is turned on. The server needs no preparation: the document ``feature-flags`` is
created with the defaults if it is missing.
"""

from __future__ import annotations

import sys
import time

from ironflow import IronflowClient, IronflowError, NotFoundError

DOCUMENT = "feature-flags"
DEFAULTS = {"dark-mode": True, "new-checkout": False}


class Flags:
    """The flags of the document, answered from memory for ``max_age`` seconds."""

    def __init__(self, client: IronflowClient, max_age: float = 5.0) -> None:
        self._client = client
        self._max_age = max_age
        self._known: dict[str, object] = {}
        self._outdated_at = 0.0

    def is_on(self, name: str) -> bool:
        """Tell whether a flag is on; one that nobody has set is off."""
        if time.monotonic() >= self._outdated_at:
            self._known = self._read()
            self._outdated_at = time.monotonic() + self._max_age
        return self._known.get(name) is True

    def turn_on(self, name: str) -> int:
        """Turn a flag on, leave the others as they are, and return the document's revision."""
        revision = self._client.config_patch(DOCUMENT, {name: True})["revision"]
        self._outdated_at = 0.0
        return revision

    def _read(self) -> dict[str, object]:
        try:
            stored = self._client.config_get(DOCUMENT)["data"]
        except NotFoundError:
            self._client.config_create(DOCUMENT, DEFAULTS)
            print(f"made {DOCUMENT} with the defaults")
            stored = {}
        return {**DEFAULTS, **stored}  # a flag that is newer than the document has its default


def main() -> None:
    flag = sys.argv[1] if len(sys.argv) > 1 else "new-checkout"
    try:
        with IronflowClient() as client:
            flags = Flags(client)
            if not flags.is_on(flag):
                print(f"turned {flag} on in revision {flags.turn_on(flag)}")
            for name in sorted({*DEFAULTS, flag}):
                print(f"{name}: {'on' if flags.is_on(name) else 'off'}")
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
