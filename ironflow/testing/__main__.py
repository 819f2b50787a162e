"""``python -m ironflow.testing``: serve a local Ironflow until it is interrupted.

It comes with what the SDK document uses: the function ``process-order`` for events ``order.*``,
and the projections ``order_stats`` and ``my-projection`` over them.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from . import LocalServer
from ._samples import add_samples

_DESCRIPTION = (
    "Serve a local Ironflow, in memory, until it is interrupted. It brings a function,"
    " process-order, for events order.*, and projections over them, order_stats and my-projection."
)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return 0 after that, 1 when the port cannot be opened."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        server = LocalServer(host=options.host, port=options.port, api_key=options.api_key or None)
    except ValueError as error:
        parser.error(str(error))
    add_samples(server)
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        server.start()
    except OSError as error:
        print(f"ironflow.testing: {error.strerror}", file=sys.stderr)
        return 1
    with server:
        print(f"local Ironflow on {server.url}, in memory; stop it with Ctrl+C", flush=True)
        while not interrupted.wait(1.0):  # on Windows, a wait without a limit would delay signals
            pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ironflow.testing", description=_DESCRIPTION)
    parser.add_argument("--port", type=int, default=9123, help="port; 9123 by default, 0 any free")
    parser.add_argument("--host", default="127.0.0.1", help="address; this machine only by default")
    parser.add_argument("--api-key", default="", help="key that callers need; none by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
