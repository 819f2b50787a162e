"""A local Ironflow for tests, demos and notebooks: ``with LocalServer() as server: …``.

The names are loaded on first use: pytest imports this package at every start, for its fixture, and
most of those test runs never ask for a server.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._engine.execution import StepTools
    from ._http import ReceivedRequest
    from ._server import LocalServer

__all__ = ["LocalServer", "ReceivedRequest", "StepTools"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _http, _server
    from ._engine import execution

    globals().update(
        LocalServer=_server.LocalServer,
        ReceivedRequest=_http.ReceivedRequest,
        StepTools=execution.StepTools,
    )
    return globals()[name]
