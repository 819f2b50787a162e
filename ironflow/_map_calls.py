"""From the inputs of ``client.map`` to the calls that it makes.

Design: an input becomes a request by calling the method on a copy of the client whose last step,
sending, hands the request over instead. So every method that is one call can be mapped, with the
options of the client that it is bound to, and refuses the same arguments.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._base import BaseClient
    from ._errors import IronflowError
    from ._options import Options
    from ._wire.messages import Request

# Modules whose methods make a single call; the others loop, wait or follow.
_ONE_CALL = frozenset({"ironflow.client", "ironflow._rpc"})


class Call:
    """One call of a map.

    Attributes:
        index: Its place in the input.
        args: The arguments that the input gave.
        request, options: What to ask, and how.
        is_safe: Whether it may share a connection: it is sent again when that ends.
        left: Seconds left of the time for the whole call.
        patience: Seconds left of the time for the attempt.
        started: When the time of the latest attempt began.
        deadline: When the attempt has to be over, 0 while its time does not run.
        target: Where it is sent: a redirect changes it.
        redirects: How many redirects it has followed.
        answer: The latest error that the server replied with.
    """

    __slots__ = (
        "answer",
        "args",
        "deadline",
        "index",
        "is_safe",
        "left",
        "options",
        "patience",
        "redirects",
        "request",
        "started",
        "target",
    )

    def __init__(self, request: Request, options: Options) -> None:
        self.index = 0
        self.args: tuple[Any, ...] = ()
        self.request = request
        self.options = options
        self.is_safe = request.repeatable and request.retry is not False
        self.left = options.limits.total_timeout
        self.patience = options.limits.timeout
        self.started = 0.0
        self.deadline = 0.0
        self.target = request.target
        self.redirects = 0
        self.answer: IronflowError | None = None

    def start_clock(self, now: float) -> float:
        """Let the time of an attempt run; return its deadline."""
        left, patience = self.left, self.patience
        self.started = now
        self.deadline = deadline = now + (patience if patience < left else left)
        return deadline

    def stop_clock(self, now: float) -> None:
        """Take the time that has run, if any, off what is left."""
        if self.deadline:
            spent = now - self.started
            self.left -= spent
            self.patience -= spent
            self.deadline = 0.0

    def start_again(self) -> None:
        """Go back to where a new attempt begins."""
        self.target = self.request.target
        self.redirects = 0
        self.patience = self.options.limits.timeout


def bound_client(client: BaseClient, method: Any) -> BaseClient:
    """Return the client that a method is bound to.

    Raises:
        TypeError: It is not a method of this client or of a copy, or not one that makes a
            single call.
    """
    owner: Any = getattr(method, "__self__", None)
    if not callable(method) or getattr(owner, "_owner", None) is not client._owner:
        raise TypeError("method: must be a method of this client: client.map(client.runs_get, ids)")
    name = method.__name__
    follows = "_iterate" in name or name == "rpc_stream"
    is_one_call = getattr(method, "__module__", None) in _ONE_CALL and not follows
    if not is_one_call and name != "request":
        raise TypeError(f"method: {name} is not a single call, so map cannot make it")
    return owner  # type: ignore[no-any-return]


def preparing(
    owner: BaseClient, method: Any, common: dict[str, Any]
) -> Callable[[tuple[Any, ...]], Call]:
    """Return what makes a call of arguments: the method, on a client that sends nothing."""
    shadow: Any = object.__new__(type(owner))
    shadow.__dict__.update(owner.__dict__)
    shadow._send = lambda transport, request, options: Call(request, options)
    function = method.__func__

    def prepare(args: tuple[Any, ...]) -> Call:
        call = function(shadow, *args, **common)
        if type(call) is not Call:
            raise RuntimeError(f"{method.__name__} is not a single call, so map cannot make it")
        call.args = args
        return call

    return prepare
