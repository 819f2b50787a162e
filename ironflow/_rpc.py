"""Any RPC method of the server by its name: the Connect protocol as JSON.

Rules:

1. A name is looked up in the generated table before anything is sent. An unknown one is refused
   with similar names. ``rpc`` refuses streams, and ``rpc_stream`` everything else.
2. A method without side effects is retried like a GET. Any other is treated like a POST: an
   idempotency key in its message makes it safe to repeat, if it takes one.
3. Members of replies are in snake_case or camelCase, depending on server and service. ``rpc`` and
   ``rpc_stream`` return them as they came. The methods of the manifest return the names of its
   models (``in_model_names``).
4. A stream is opened under the rules of a call when its first message is asked for. After that
   nothing is repeated, because nobody here can know what was missed.
"""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import json_body
from ._options import optional_flag
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import Any

    from ._wire.replies import Reply
    from ._wire.streams import Stream
else:
    from ._hints import Any, Generator, Mapping

CONNECT = {"Connect-Protocol-Version": "1"}

_PACKAGE = "ironflow.v1."
_UNARY = "unary"
_SERVER_STREAM = "server_stream"

_LONGEST_NAME = 100  # characters of an unknown name that are compared and shown


class Rpc(BaseClient):
    """Calls any RPC method, also one that has no method of its own."""

    def rpc(
        self, method: str, body: Mapping[str, Any] | None = None, *, retry: bool | None = None
    ) -> dict[str, Any]:
        """Call an RPC method by its name, even one that has no method of its own.

        ::

            client.rpc("ProjectionService/GetProjection", {"name": "order-totals"})

        The reply is returned as it came: members are in snake_case or in camelCase, those that are
        zero or empty may be left out, 64-bit integers are text, and bytes are base64.

        Args:
            method: Service and method, as in ``ProjectionService/GetProjection``.
            body: The request message, its members in either casing; None sends an empty one.
            retry: True repeats the call after a failure even if it may have been delivered, False
                never repeats it. None, the default, repeats methods without side effects, as the
                client's options say. An ``idempotency_key`` in the message, if the method takes
                one, makes any call safe to repeat; "auto" makes a key.

        Returns:
            The reply message; an empty dict if it has no members.

        Raises:
            ValueError: There is no such method, it is a stream, or an argument cannot be sent.
            TypeError: An argument is of the wrong type.
            IronflowError: The call failed.
        """
        path, is_idempotent, is_keyed = _lookup(method, _UNARY)
        optional_flag("retry", retry)
        return self._call(  # type: ignore[no-any-return]
            "POST",
            path,
            headers=CONNECT,
            body=_checked(body),
            idempotent=is_idempotent,
            keyed=is_keyed,
            retry=retry,
            read=as_message(),
        )

    def rpc_stream(
        self, method: str, body: Mapping[str, Any] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Follow an RPC method that streams its reply.

        ::

            for event in client.rpc_stream("PubSubService/Subscribe", {"pattern": "topic:orders"}):
                print(event)

        The stream is opened when its first message is asked for. ``timeout`` then bounds the
        opening and each silence, not the life of the stream, and ``max_response_bytes`` bounds each
        message. Leaving the loop closes the stream; so does ``close()`` of the returned iterator.

        Args:
            method: Service and method, as in ``PubSubService/Subscribe``.
            body: The request message, its members in either casing; None sends an empty one.

        Returns:
            An iterator over the messages, as they come.

        Raises:
            ValueError: There is no such method, it is not a stream, or an argument cannot be sent.
            TypeError: An argument is of the wrong type.
            IronflowError: While iterating: the stream could not be opened, ended with an error, or
                broke off.
        """
        path, _, _ = _lookup(method, _SERVER_STREAM)
        return self._messages(path, json_body(_checked(body)))

    def _messages(self, path: str, message: bytes) -> Generator[dict[str, Any], None, None]:
        with loading:
            from . import _connect

        stream: Stream = self._call(
            "POST",
            path,
            headers={
                "Accept": _connect.STREAM_TYPE,
                "Content-Type": _connect.STREAM_TYPE,
                **CONNECT,
            },
            body=_connect.envelope(message),
            raw=True,
            stream=True,
        )
        yield from _connect.messages(stream, self._options.limits.max_response_bytes)


def as_message(model: str = "") -> Callable[[Reply], dict[str, Any]]:
    """Return a reader that makes the value of a reply: its message, an object.

    Args:
        model: The model whose names its members get; without one they stay as they came.
    """

    def read(reply: Reply) -> dict[str, Any]:
        with loading:
            from ._connect import as_object
            from ._rpc_methods import NESTED

        message = as_object(reply, reply.value)
        return in_model_names(message, model, NESTED) if model else message

    return read


def in_model_names(value: Any, model: str, nested: Mapping[str, Mapping[str, str]]) -> Any:
    """Return a message with its members in snake_case, as models have them.

    Only the members of models are renamed: what users put into an event or an output stays as it
    is. A member that the model does not know yet is renamed too, so that it keeps its name when the
    model gets it.

    Args:
        value: The message, or a list of such messages.
        model: The name of its model.
        nested: By model, the members that hold models, and which.
    """
    if isinstance(value, list):
        return [in_model_names(item, model, nested) for item in value]
    if not isinstance(value, dict):
        return value
    models = nested.get(model, {})
    message = {}
    for key, item in value.items():
        name = _in_snake_case(key)
        inner = models.get(name)
        message[name] = in_model_names(item, inner, nested) if inner else item
    return message


def _in_snake_case(name: str) -> str:
    """Return a name as the proto file has it; in JSON an underscore is a capital letter."""
    return "".join([f"_{char.lower()}" if char.isupper() else char for char in name])


def _checked(body: object) -> object:
    """Return a request message; a message is an object."""
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise TypeError(f"body: an RPC takes a JSON object, not {type(body).__name__}")
    return body


def _lookup(method: object, kind: str) -> tuple[str, bool, bool]:
    """Return path, whether there are no side effects, and whether the message may hold a key.

    Raises:
        TypeError: The name is not a string.
        ValueError: There is no such method, or it is not of this kind.
    """
    with loading:
        from ._rpc_methods import METHODS

    if not isinstance(method, str):
        raise TypeError(f"method: must be a string, not {type(method).__name__}")
    name = method.lstrip("/")
    name = name[len(_PACKAGE) :] if name.startswith(_PACKAGE) else name
    if name not in METHODS:
        raise ValueError(_unknown(method, name, METHODS))
    found, is_idempotent, is_keyed = METHODS[name]
    if found != kind:
        raise ValueError(f"method: {name} {_ADVICE[found]}")
    return f"/{_PACKAGE}{name}", is_idempotent, is_keyed


_ADVICE = {
    _UNARY: "returns one reply, not a stream; call it with rpc",
    _SERVER_STREAM: "streams its reply; call it with rpc_stream",
    "bidi_stream": "streams in both directions, which neither rpc nor rpc_stream can do",
}


def _unknown(method: str, name: str, known: Mapping[str, object]) -> str:
    """Return the message that refuses an unknown name, with similar names."""
    near = _near(name, list(known))
    text = f"method: {method[:_LONGEST_NAME]!r} is not an RPC method"
    if near:
        return f"{text}; did you mean {' or '.join(near)}?"
    services = sorted({full.partition("/")[0] for full in known})
    return f"{text}; write Service/Method, of {', '.join(services)}"


def _near(name: str, known: list[str]) -> list[str]:
    """Return known names that are similar, as a whole or in the name of the method."""
    with loading:
        from difflib import get_close_matches

    wanted = name[:_LONGEST_NAME].lower()
    short = sorted({full.lower().partition("/")[2] for full in known})
    by_name = get_close_matches(wanted, [full.lower() for full in known], 3)
    by_method = get_close_matches(wanted.rpartition("/")[2], short, 3)
    near = [full for low in by_name for full in known if full.lower() == low]
    near += [full for low in by_method for full in known if full.lower().endswith(f"/{low}")]
    return list(dict.fromkeys(near))[:3]
