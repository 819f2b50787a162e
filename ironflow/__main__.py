"""``python -m ironflow``: the command line."""

from __future__ import annotations

import sys


def _main() -> int:
    try:
        from ._cli.main import main

        return main()
    except KeyboardInterrupt:  # while the modules were being loaded
        return 130


if __name__ == "__main__":
    sys.exit(_main())
