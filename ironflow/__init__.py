"""Python SDK for the Ironflow server; every public name of the package is listed here."""

from ._errors import (
    AuthenticationError,
    ConflictError,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RunFailedError,
    ServerError,
    ValidationError,
)
from ._observe import ResponseInfo
from ._outcome import Outcome
from ._pages import Pages
from ._version import __version__
from .client import IronflowClient

__all__ = [
    "AuthenticationError",
    "ConflictError",
    "InvalidResponseError",
    "IronflowClient",
    "IronflowConnectionError",
    "IronflowError",
    "IronflowTimeoutError",
    "NotFoundError",
    "Outcome",
    "Pages",
    "PermissionDeniedError",
    "RateLimitError",
    "ResponseInfo",
    "RunFailedError",
    "ServerError",
    "ValidationError",
    "__version__",
]

# Errors and clients call themselves by the names under which people import them.
for _public in [globals()[_name] for _name in __all__ if _name != "__version__"]:
    _public.__module__ = __name__
