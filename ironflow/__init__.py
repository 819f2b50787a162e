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
    ServerError,
    ValidationError,
)
from ._observe import ResponseInfo
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
    "PermissionDeniedError",
    "RateLimitError",
    "ResponseInfo",
    "ServerError",
    "ValidationError",
    "__version__",
]
