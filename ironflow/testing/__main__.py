"""``python -m ironflow.testing``: serve a local Ironflow until it is interrupted.

It comes with what the SDK document uses: the function ``process-order`` for events ``order.*``,
and the projections ``order_stats`` and ``my-projection`` over them.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import Any

from . import LocalServer
from ._engine.documents import Configs, Secrets
from ._engine.events import EventLog
from ._engine.kv import Buckets
from ._engine.projections import Projections
from ._engine.runs import Functions, Runs
from ._engine.streams import Streams
from ._samples import add_samples

_KEY_VARIABLE = "IRONFLOW_LOCAL_API_KEY"
_COUNTED: dict[str, Any] = {
    "event": EventLog,
    "run": Runs,
    "stream": Streams,
    "bucket": Buckets,
    "config document": Configs,
    "secret": Secrets,
}
_DESCRIPTION = (
    "Serve a local Ironflow, in memory, until it is interrupted. It brings a function,"
    " process-order, for events order.*, and projections over them, order_stats and my-projection."
)


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; return 0 after that, 1 when the port or the seed cannot be used."""
    parser = _parser()
    options = parser.parse_args(arguments)
    key = options.api_key or os.environ.get(_KEY_VARIABLE) or None
    try:
        server = LocalServer(
            host=options.host,
            port=options.port,
            api_key=key,
            strict=options.strict,
            clock=options.clock,
        )
    except ValueError as error:
        parser.error(str(error))
    add_samples(server)
    if options.verbose:
        _show_requests()
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        if options.seed:
            server.seed(options.seed)
        server.start()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror}")
    except ValueError as error:
        return _failed(str(error))
    with server:
        has = _inventory(server)
        print(
            f"local Ironflow on {server.url}, in memory, with {has}; stop it with Ctrl+C",
            flush=True,
        )
        while not interrupted.wait(1.0):  # on Windows, a wait without a limit would delay signals
            pass
    return 0


def _inventory(server: LocalServer) -> str:
    """Return what a server has: what is registered by name, and how much data there is."""
    with server._application.locked() as state:
        registered: dict[str, Any] = {
            "function": state.registry.of(Functions),
            "projection": state.registry.of(Projections),
        }
        found = [
            f"{_counted(len(names), what)} ({', '.join(sorted(names))})"
            for what, names in registered.items()
        ]
        for what, kind in _COUNTED.items():
            stores: list[Any] = [e.of(kind) for e in state.environments.values()]
            count = sum(len(getattr(store, "events", store)) for store in stores)
            if count:
                found.append(_counted(count, what))
    return ", ".join(found)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _failed(problem: str) -> int:
    print(f"ironflow.testing: {problem}", file=sys.stderr)
    return 1


def _show_requests() -> None:
    """Print a line for each request, and what fails in the server."""
    logger = logging.getLogger("ironflow.testing")
    logger.addHandler(logging.StreamHandler(sys.stdout))
    logger.setLevel(logging.INFO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ironflow.testing", description=_DESCRIPTION)
    parser.add_argument("--port", type=int, default=9123, help="port; 9123 by default, 0 for any")
    parser.add_argument("--host", default="127.0.0.1", help="address; this machine only by default")
    parser.add_argument(
        "--api-key",
        default="",
        help=f"key that callers need; none by default; {_KEY_VARIABLE} keeps it off the"
        " command line",
    )
    parser.add_argument(
        "--clock",
        choices=("real", "virtual"),
        default="real",
        help="virtual: time stands still while anything can run, and jumps otherwise",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse unknown parameters, values and environments"
    )
    parser.add_argument("--seed", metavar="FILE", help="start with the data of a JSON document")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
