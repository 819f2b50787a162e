"""docs/openapi.json: the API as an OpenAPI 3.1 document, for every tool that reads one.

Rules:

1. An operation has the name and the description of its method, in Markdown.
2. Objects are open: a newer server may send more. Known values are listed where they are sent. In
   replies they are named in the description, because a newer server may send others.
3. What OpenAPI has no word for is in extensions: ``x-ironflow-secret`` for a reply that holds a
   credential, ``x-ironflow-idempotent`` for a POST or PATCH that is safe to repeat,
   ``x-ironflow-category`` for who the server offers a route to.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

from codegen.model import Body, Type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codegen.model import Argument, Endpoint, Field, Manifest, Method, Model

PATH = "docs/openapi.json"

# What needs no credential.
_PUBLIC = frozenset(
    {
        "GET /health",
        "GET /metrics",
        "GET /ready",
        "GET /api/v1/auth/validate",
        "GET /api/v1/capabilities",
        "POST /api/v1/auth/login",
        "POST /api/v1/platform/auth/login",
        "POST /api/v1/webhooks/{provider}",
    }
)

_SCALARS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
    "any": {},
    "text": {"type": "string"},
}

_ERROR = {
    "description": "The server refused the call, or failed.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_ERROR_SCHEMA = {
    "type": "object",
    "description": "Servers send either ``error`` or ``code`` and ``message``.",
    "properties": {
        "error": {"type": "string", "description": "What went wrong, for people."},
        "code": {"type": "string", "description": "What went wrong, for programs."},
        "message": {"type": "string", "description": "What went wrong, for people."},
        "details": {"description": "Anything else that the server says about it."},
        "retry_after": {"type": "number", "description": "Seconds to wait before another try."},
        "retryable": {"type": "boolean", "description": "Whether another try may succeed."},
    },
}
_CONNECT = {
    "name": "Connect-Protocol-Version",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "const": "1"},
}
_NOT_ITERATED = (
    "The server sends updates over a WebSocket here. A plain GET, which this describes, is refused."
)
_SECRET = "The reply holds a credential: keep it, and show it to nobody."
_LICENSE = "Needs an enterprise license; without one the server answers 402."


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the document as indented JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for method in sorted(methods, key=lambda method: method.endpoint.route):
        endpoint = method.endpoint
        operations = paths.setdefault(_path(endpoint.path), {})
        operations[endpoint.method.lower()] = _operation(method)
    replies = _reply_models(manifest)
    schemas = {
        name: _model(model, is_reply=name in replies)
        for name, model in sorted(manifest.models.items())
    }
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Ironflow",
            "version": manifest.server_version or "unknown",
            "description": "Generated from manifest.json by `python -m codegen generate`.",
        },
        "servers": [{"url": "http://localhost:9123", "description": "The default of the server."}],
        "security": [{"bearer": []}],
        "tags": [{"name": group} for group in sorted({m.endpoint.group for m in methods})],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": _ERROR_SCHEMA},
            "responses": {"Error": _ERROR},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A tenant key, a platform key, or the token of a login.",
                }
            },
        },
    }
    text = StringIO()  # dumps() keeps millions of pieces until the end
    json.dump(document, text, indent=2, ensure_ascii=False)
    text.write("\n")
    return text.getvalue()


def _path(template: str) -> str:
    """Return a path template in OpenAPI's words, which have none for a rest of slashes."""
    return re.sub(r"\{(\w+)\.\.\.\}", r"{\1}", template)


def _operation(method: Method) -> dict[str, Any]:
    endpoint = method.endpoint
    operation: dict[str, Any] = {
        "operationId": method.name,
        "tags": [endpoint.group],
        "summary": endpoint.summary or f"Call {endpoint.route}.",
    }
    description = "\n\n".join(filter(None, _paragraphs(method)))
    if description:
        operation["description"] = _markdown(description)
    if endpoint.deprecated:
        operation["deprecated"] = True
    parameters = [_parameter(argument) for argument in (*method.positional, *method.options)]
    body = endpoint.body
    if endpoint.category == "rpc":  # a request message is an object, also an empty one
        parameters.append(_CONNECT)
        body = replace(body, required=True) if body else Body(Type("object"))
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = _request_body(endpoint, body)
    operation["responses"] = _responses(endpoint)
    if endpoint.route in _PUBLIC:
        operation["security"] = []
    operation["x-ironflow-category"] = endpoint.category
    if endpoint.secret:
        operation["x-ironflow-secret"] = True
    if endpoint.idempotent:
        operation["x-ironflow-idempotent"] = True
    return operation


def _paragraphs(method: Method) -> list[str]:
    endpoint = method.endpoint
    rest = any(name.endswith("...}") for name in endpoint.path.split("/"))
    return [
        endpoint.description,
        _NOT_ITERATED if endpoint.stream == "websocket" else "",
        "The reply is a stream of JSON values, one on each line." * (endpoint.stream == "ndjson"),
        "The last parameter may hold slashes, sent as %2F." * rest,
        _LICENSE if endpoint.category == "enterprise-only" else "",
        _SECRET if endpoint.secret else "",
        f"Deprecated since {endpoint.deprecated}." if endpoint.deprecated else "",
    ]


def _parameter(argument: Argument) -> dict[str, Any]:
    parameter = argument.parameter
    where = "header" if argument.where == "headers" else argument.where
    schema = _schema(parameter.type, is_reply=False)
    if parameter.default is not None:
        schema = {**schema, "default": parameter.default}
    made: dict[str, Any] = {
        "name": parameter.name,
        "in": where,
        "required": parameter.required or where == "path",
    }
    if parameter.description:
        made["description"] = _markdown(parameter.description)
    if parameter.type.kind == "array":  # joined by commas
        made.update(style="form", explode=False)
    return {**made, "schema": schema}


def _request_body(endpoint: Endpoint, body: Body) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _schema(body.type, is_reply=False)}
    example = (endpoint.example or {}).get("request")
    if example is not None:
        media["example"] = example
    content: dict[str, Any] = {"application/json": media}
    if body.raw:
        content["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    made: dict[str, Any] = {"required": body.required, "content": content}
    if body.description:
        made["description"] = _markdown(body.description)
    return made


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {}
    response = endpoint.response
    if endpoint.stream == "websocket":
        found["426"] = {"description": "The client has to switch to the WebSocket protocol."}
    elif response is None or response.kind == "none":
        found["204"] = {"description": "Done; there is no body."}
    else:
        found["200"] = _success(endpoint, response)
        if endpoint.may_be_empty:
            found["204"] = {"description": "Done; there is nothing to return."}
    if endpoint.stream != "websocket":
        found["2XX"] = {"description": "Done; any status from 200 to 299 is success."}
    found["default"] = {"$ref": "#/components/responses/Error"}
    return found


def _success(endpoint: Endpoint, response: Type) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": _schema(response, is_reply=True)}
    example = (endpoint.example or {}).get("response")
    if example is not None:
        media["example"] = example
    kind = "text/plain" if response.kind == "text" else "application/json"
    if endpoint.stream == "ndjson":
        kind = "application/x-ndjson"
    description = _SECRET if endpoint.secret else "Done."
    return {"description": description, "content": {kind: media}}


def _reply_models(manifest: Manifest) -> set[str]:
    """Return the models that replies hold, those inside of them included."""
    waiting = [name for e in manifest.endpoints if e.response for name in e.response.models()]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            for field in manifest.models[name].fields:
                waiting += field.type.models()
    return found


def _model(model: Model, is_reply: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object"}
    if model.description:
        made["description"] = _markdown(model.description)
    if model.fields:
        made["properties"] = {field.name: _member(field, is_reply) for field in model.fields}
    required = [field.name for field in model.fields if field.required]
    if required:
        made["required"] = required
    return made


def _member(field: Field, is_reply: bool) -> dict[str, Any]:
    schema = _schema(field.type, is_reply)
    if field.nullable:
        schema = {"anyOf": [schema, {"type": "null"}]}
    known = (field.type.item or field.type).enum
    said = [field.description]
    if known and is_reply:
        said.append(f"Known values: {', '.join(f'``{value}``' for value in known)}.")
    description = " ".join(filter(None, said))
    if not description:
        return schema
    if "$ref" in schema:
        schema = {"allOf": [schema]}
    return {**schema, "description": _markdown(description)}


def _schema(kind: Type, is_reply: bool) -> dict[str, Any]:
    """Return the schema of a type; known values bind in requests only (rule 2)."""
    if kind.kind == "model":
        return {"$ref": f"#/components/schemas/{kind.name}"}
    if kind.kind == "array" and kind.item:
        return {"type": "array", "items": _schema(kind.item, is_reply)}
    if kind.kind == "map" and kind.item:
        return {"type": "object", "additionalProperties": _schema(kind.item, is_reply)}
    schema = _SCALARS[kind.kind]
    return {**schema, "enum": list(kind.enum)} if kind.enum and not is_reply else dict(schema)


def _markdown(text: str) -> str:
    """Return a text of the manifest, whose code is in double backticks, as Markdown."""
    return text.replace("``", "`")
