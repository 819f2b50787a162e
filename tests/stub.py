"""A scripted HTTP server: it records what arrives and plays what it is told.

It knows nothing of Ironflow and is not made from the manifest, so what tests expect of the wire is
written in the tests.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

SEEN = []  # [method, path] of every request of this test run; conftest writes it for sdk-health


class Recorded:
    """One request as it arrived."""

    def __init__(self, method, target, headers, body, peer):
        self.method = method
        self.target = target
        self.path, _, self.query_string = target.partition("?")
        self.query = dict(parse_qsl(self.query_string, keep_blank_values=True))
        self.fields = list(headers)
        self.headers = {name.lower(): value for name, value in self.fields}
        self.body = body
        self.peer = peer  # address of the client's end: another one for each connection

    @property
    def json(self):
        """The decoded body, None when there was none."""
        return json.loads(self.body) if self.body else None


class StubServer:
    """``with StubServer() as server``: ``server.url``, ``server.reply(…)``, ``server.requests``."""

    def __init__(self):
        self.requests = []
        self._script = []
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.stub = self
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def last(self):
        """The request that came last."""
        return self.requests[-1]

    def reply(self, json_body=None, *, status=200, headers=None, body=None):
        """Script the next reply: JSON, or ``body`` bytes as they are. Unscripted: 200 ``{}``."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if body is None:
            body = json.dumps(json_body).encode()
        self._script.append((status, sent, body))

    def raw(self, content):
        """Script the next reply as raw bytes, after which the connection is closed."""
        self._script.append(content)

    def next_reply(self):
        return self._script.pop(0) if self._script else (200, {}, b"{}")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Say nothing: clients that hang up half way are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # buffered: unbuffered small writes meet Nagle and stall 40 ms each

    def _answer(self):
        stub = self.server.stub
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        peer = self.client_address
        stub.requests.append(Recorded(self.command, self.path, self.headers.items(), body, peer))
        SEEN.append([self.command, self.path])
        reply = stub.next_reply()
        if isinstance(reply, bytes):
            self.wfile.write(reply)
            self.close_connection = True
            return
        status, headers, content = reply
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204 and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def log_message(self, *_):
        pass
