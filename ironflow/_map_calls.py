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
        left: Seconds left of the time for the whole call.
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
        "left",
        "options",
        "redirects",
        "request",
        "started",
        "target",
    )

    def __init__(
        self, index: int, args: tuple[Any, ...], request: Request, options: Options
    ) -> None:
        self.index = index
        self.args = args
        self.request = request
        self.options = options
        self.left = options.limits.total_timeout
        self.started = 0.0
        self.deadline = 0.0
        self.target = request.target
        self.redirects = 0
        self.answer: IronflowError | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it may share a connection: it is sent again when that ends."""
        return self.request.repeatable and self.request.retry is not False

    def start_clock(self, now: float) -> None:
        """Let the time of an attempt begin."""
        self.started = now
        self.deadline = now + min(self.options.limits.timeout, self.left)

    def stop_clock(self, now: float) -> None:
        """Take the time of an attempt, if it has begun, off what is left."""
        if self.deadline:
            self.left -= now - self.started
            self.deadline = 0.0


def bound_client(client: BaseClient, method: Any) -> BaseClient:
    """Return the client that a method is bound to.

    Raises:
        TypeError: It is no method of this client or of a copy of it, or not one that makes a
            single call.
    """
    owner: Any = getattr(method, "__self__", None)
    if not callable(method) or getattr(owner, "_owner", None) is not client._owner:
        raise TypeError("method: must be a method of this client: client.map(client.runs_get, ids)")
    name = method.__name__
    is_one_call = method.__module__ in _ONE_CALL and "_iterate" not in name
    if not is_one_call and name != "request":
        raise TypeError(f"method: {name} is not a single call, which map could make")
    return owner  # type: ignore[no-any-return]


class Prepared:
    """A call that was handed over instead of being sent.

    Args:
        request: What to ask.
        options: How.
    """

    __slots__ = ("options", "request")

    def __init__(self, request: Request, options: Options) -> None:
        self.request = request
        self.options = options


def preparing(
    owner: BaseClient, method: Any, common: dict[str, Any]
) -> Callable[[tuple[Any, ...]], Prepared]:
    """Return what makes a request of arguments: the method, on a client that sends nothing."""
    shadow: Any = object.__new__(type(owner))
    shadow.__dict__.update(owner.__dict__)
    shadow._send = lambda transport, request, options: Prepared(request, options)
    function = method.__func__

    def prepare(args: tuple[Any, ...]) -> Prepared:
        prepared = function(shadow, *args, **common)
        if type(prepared) is not Prepared:
            raise RuntimeError(f"{method.__name__} is not a single call, which map could make")
        return prepared

    return prepare
