"""``python -m ironflow``: the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from ._cli.main import main

        code = main()
    except KeyboardInterrupt:  # while the modules were being loaded
        code = 130
    sys.exit(code)
