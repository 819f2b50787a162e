"""RPC as tests send it: bytes and headers of their own, so that nothing but the wire is trusted."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit


def call(server, method, body=b"{}", *, verb="POST", **headers):
    """Status, headers and decoded body of a call; a header's underscores are dashes."""
    sent = {"content-type": "application/json"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request(verb, f"/ironflow.v1.{method}", content, sent)
        reply = connection.getresponse()
        received = reply.read()
    finally:
        connection.close()
    is_json = reply.headers.get("content-type") == "application/json"
    return reply.status, dict(reply.headers), json.loads(received) if is_json else received


def rpc(server, method, body=None):
    """The message that a call gives; it has to succeed."""
    status, _, message = call(server, method, body or {})
    assert status == 200, message
    return message


def refusal(server, method, body=None, **options):
    """Status, code and message of a call that is refused."""
    status, _, error = call(server, method, {} if body is None else body, **options)
    assert set(error) == {"code", "message"}
    return status, error["code"], error["message"]
