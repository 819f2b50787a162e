"""The published client's own server stubs, as a server: it runs in an environment of theirs.

The stubs drop members that they do not know without a word. So the server keeps what they parsed of
each request, for the test to compare: ``GET /seen``. ``GET /samples`` gives the messages of each
method with every member filled, made from their descriptors, in both casings. What they parse of a
reply of a method, ``POST /parsed/{name}`` gives likewise.

Not imported by the tests: here ``ironflow`` is the published package.
"""

from __future__ import annotations

import base64
import importlib
import json
import pkgutil
import socket

import ironflow._gen
import uvicorn
from connectrpc.code import Code
from connectrpc.errors import ConnectError

DEPTH = 4  # messages that hold themselves end there
MESSAGES_OF_A_STREAM = 3

# By the names of protobuf's scalar types: how ProtoJSON writes a value.
SCALARS = {
    "STRING": "text",
    "BOOL": True,
    "BYTES": base64.b64encode(b'{"a":1}').decode(),
    "DOUBLE": 1.5,
    "FLOAT": 1.5,
    "INT32": 7,
    "UINT32": 7,
    "SINT32": 7,
    "INT64": "8",
    "UINT64": "8",
    "SINT64": "8",
}
WELL_KNOWN = {
    "google.protobuf.Duration": "5.300s",
    "google.protobuf.FieldMask": "status",
    "google.protobuf.Struct": {"orderId": "o", "snake_case": [1.0, None, {"aB": True}]},
    "google.protobuf.Timestamp": "2026-01-15T09:30:00Z",
    "google.protobuf.Value": ["any", {"orderId": 1.0}],
}


def sample(message, depth=0):
    """A message with every member, under the names of the proto file; of a oneof the first."""
    if message.type_name in WELL_KNOWN:
        return WELL_KNOWN[message.type_name]
    others = {field.name for oneof in message.oneofs for field in oneof.fields[1:]}
    return {
        field.name: _value(field.value, depth)
        for field in message.fields
        if field.name not in others and not (depth >= DEPTH and _is_open(field.value))
    }


def _is_open(value):
    """Whether a member holds messages of our own making, which may go on forever."""
    inner = getattr(value, "message", None) or getattr(value, "element", None)
    name = getattr(inner, "type_name", "google.")
    return not name.startswith("google.")


def _value(value, depth):
    kind = type(value).__name__
    if kind.endswith("List"):
        return [_single(value.element, depth)]
    if kind.endswith("Map"):
        return {"a_key": _single(value.value, depth)}
    return _single(_inner(value), depth)


def _inner(value):
    for name in ("scalar", "enum", "message"):
        found = getattr(value, name, None)
        if found is not None:
            return found
    raise TypeError(value)


def _single(inner, depth):
    if hasattr(inner, "fields"):
        return sample(inner, depth + 1)
    if hasattr(inner, "values"):
        return list(inner.values)[-1].name
    return SCALARS[inner.name]


class Service:
    """Answers every method of a service: with a full message, or with the code that is asked for.

    Args:
        description: Their descriptor of the service.
        seen: Where to note what was parsed.
    """

    def __init__(self, description, seen):
        self._methods = {method.name.lower(): method for method in description.methods}
        self._seen = seen

    def __getattr__(self, name):
        method = self._methods[name.replace("_", "")]
        return self._streaming(method) if method.method_kind != "unary" else self._unary(method)

    def _unary(self, method):
        async def answer(request, context):
            self._note(method, request)
            _fail_if_asked(context)
            return _full(method.output)

        return answer

    def _streaming(self, method):
        async def answer(request, context):
            self._note(method, request)
            for _ in range(MESSAGES_OF_A_STREAM):
                yield _full(method.output)
            _fail_if_asked(context)

        return answer

    def _note(self, method, request):
        parsed = json.loads(request.to_json(use_proto_field_name=True))
        self._seen[f"{method.parent.name}/{method.name}"] = parsed


def _full(message):
    return message.type.from_json(json.dumps(sample(message)))


def _in_both_casings(full):
    return {
        "snake_case": json.loads(full.to_json(use_proto_field_name=True)),
        "camelCase": json.loads(full.to_json()),
    }


def _fail_if_asked(context):
    code = context.request_headers.get("x-fail")
    if code:
        raise ConnectError(Code(code), f"failed with {code}")


def services():
    """Their description of each service, and the application that serves it."""
    for module in pkgutil.iter_modules(ironflow._gen.__path__):
        if module.name.endswith("_connect"):
            stubs = importlib.import_module(f"ironflow._gen.{module.name}")
            for name, made in vars(stubs).items():
                if name.endswith("ServiceASGIApplication"):
                    yield getattr(stubs, name.removesuffix("ASGIApplication")).desc(), made


class Application:
    """All services, and what the tests ask besides."""

    def __init__(self):
        self._seen = {}
        self._samples = {}
        self._services = {}
        self._outputs = {}
        for description, made in services():
            application = made(Service(description, self._seen))
            self._services[application.path] = application
            for method in description.methods:
                name = f"{description.name}/{method.name}"
                self._outputs[name] = method.output
                self._samples[name] = {
                    "kind": method.method_kind,
                    "request": _in_both_casings(_full(method.input)),
                    "reply": _in_both_casings(_full(method.output)),
                }

    async def __call__(self, scope, receive, send):
        found = {"/seen": self._seen, "/samples": self._samples}.get(scope.get("path"))
        if found is not None:
            await _send_json(found, send)
        elif scope.get("path", "").startswith("/parsed/"):
            name = scope["path"].removeprefix("/parsed/")
            await _send_json(self._parsed(name, await _received(receive)), send)
        elif scope["type"] == "http":
            service = self._services.get("/" + scope["path"].split("/")[1])
            await service(scope, receive, send)

    def _parsed(self, name, text):
        try:
            return _in_both_casings(self._outputs[name].type.from_json(text))
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}


async def _received(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body.decode()


async def _send_json(value, send):
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


def main():
    """Serve on a free port and print it once a request is answered at once.

    Making the application takes seconds on a busy machine. With the port printed before, the first
    request would wait for it, and be given up.
    """
    config = uvicorn.Config(Application(), lifespan="off", log_level="warning")
    config.load()
    listener = socket.create_server(("127.0.0.1", 0))
    # asyncio sets it only where the socket names its protocol; without it, replies wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
