"""HTTP/1.1 on a loopback port: requests in, replies out; nothing of Ironflow in it.

Rules:

1. ``http.server`` reads the requests. What is not HTTP gets a JSON error, or the connection is
   closed; no request ends the server or another connection.
2. A reply is sent at once, with its length. A fault can replace how it is delivered. After a 101
   the connection belongs to the reply's ``upgrade``.
3. Every connection has a thread. Stopping closes the connections and waits for the threads; one
   that speaks another protocol may say goodbye in it first.
4. A forked child has neither the threads nor the port: its copies of the sockets are closed.
"""

from __future__ import annotations

import errno
import json
import os
import select
import selectors
import socket
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ._log import logger

Delivery = Callable[[socket.socket, bytes], bool]

MAX_BODY = 32 * 1024 * 1024
_JOIN_SECONDS = 5.0
_BODILESS = (101, 204, 304)  # RFC 9112, section 6.3


class ReceivedRequest:
    """A request as it arrived; ``LocalServer.requests`` lists them.

    Attributes:
        method: HTTP method.
        path: Path as it was sent, percent-encoded, without the query.
        query: Decoded query values by name; the values of a repeated name are joined by commas.
        headers: Header values by name in lower case, credentials included.
        body: The body's bytes, empty without a body.
    """

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        path, _, query = target.partition("?")
        self.method: str = method
        self.path: str = path
        self.query: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            self.query[name] = f"{self.query[name]},{value}" if name in self.query else value
        self.headers: dict[str, str] = headers
        self.body: bytes = body

    @property
    def json(self) -> Any:
        """The decoded body, None when there is none; raises ``ValueError`` when it is not JSON."""
        return json.loads(self.body) if self.body else None

    def __repr__(self) -> str:
        return f"<ReceivedRequest {self.method} {self.path}>"


class Reply(NamedTuple):
    """A reply.

    Attributes:
        status, body: Status and body.
        headers: Further headers.
        deliver: How to deliver it, None for as usual; returns whether the connection goes on.
        upgrade: Serves another protocol on the connection after it, from the bytes on that have
            come already; None to go on with HTTP.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    deliver: Delivery | None = None
    upgrade: Callable[[socket.socket, bytes], None] | None = None


def json_reply(status: int, value: object, headers: dict[str, str] | None = None) -> Reply:
    """Return a reply that holds ``value`` as JSON."""
    content = json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
    return Reply(status, content, {"Content-Type": "application/json", **(headers or {})})


def upgrade_required(request: ReceivedRequest) -> Reply:
    """Return the reply to a plain request for a WebSocket route (RFC 9110, section 15.5.22)."""
    what = f"{request.path}: this route speaks WebSocket; a plain GET cannot follow it"
    return json_reply(426, {"error": what}, {"Upgrade": "websocket", "Connection": "Upgrade"})


_here = threading.local()  # connection: that of the request which this thread handles


def caller_check() -> Callable[[], bool]:
    """Return what tells, in any thread, whether the client of this thread's request has gone."""
    connection: socket.socket = _here.connection

    def has_gone() -> bool:
        try:
            readable = select.select([connection], [], [], 0)[0]
            return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
        except ValueError:  # closed on our side, or a descriptor too high for select
            return connection.fileno() < 0
        except OSError:
            return True

    return has_gone


class HttpServer:
    """Serves on a port until it is stopped.

    Args:
        host: Address to listen on.
        port: Port to listen on, 0 for a free one.
        answer: Called with each request, in the thread of its connection.

    Attributes:
        port: Port that it listens on.
        inherited: Whether it belongs to a parent process.

    Raises:
        OSError: The port cannot be opened.
    """

    def __init__(self, host: str, port: int, answer: Callable[[ReceivedRequest], Reply]) -> None:
        self.inherited = False
        try:
            self._listener = _Listener((host, port), answer)
        except (OSError, TypeError, ValueError) as error:  # malformed hosts raise the last two
            reason = getattr(error, "strerror", None) or error
            what = f"cannot listen on {host}:{port}: {reason}"
            raise OSError(getattr(error, "errno", errno.EINVAL), what) from None
        self.port: int = self._listener.server_address[1]
        self._stop, self._stopped = socket.socketpair()  # closing one makes the other readable
        self._thread = threading.Thread(
            target=self._accept, name=f"ironflow-testing-{self.port}", daemon=True
        )
        self._thread.start()
        _serving.add(self)

    def disown(self) -> None:
        """Close a forked child's copies of the sockets, so that only the parent has the port."""
        self.inherited = True
        for inherited in (self._listener.socket, self._stop, self._stopped):
            inherited.close()

    def stop(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self._stop.close()
        self._thread.join()
        self._stopped.close()
        self._listener.server_close()
        self._listener.close_connections()

    def _accept(self) -> None:
        """Accept connections until ``stop``; unlike ``serve_forever``, without polling for it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                self._listener.handle_request()


_serving: weakref.WeakSet[HttpServer] = weakref.WeakSet()


def _disown_all() -> None:
    for server in list(_serving):
        server.disown()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(after_in_child=_disown_all)


class _Listener(ThreadingTCPServer):
    daemon_threads = True  # lets a script end that forgets to stop the server
    allow_reuse_address = os.name == "posix"  # elsewhere it would share a port that is in use
    request_queue_size = 128
    timeout = 0  # never blocks in accept(): the client may have hung up

    def __init__(
        self, address: tuple[str, int], answer: Callable[[ReceivedRequest], Reply]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.answer = answer
        self._open: dict[Any, threading.Thread] = {}
        self._upgraded: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._lock:
            self._open.pop(request, None)
            self._upgraded.discard(request)

    def upgrade(self, connection: socket.socket) -> None:
        """Note, before its 101 is sent, that a connection ends as its new protocol has it."""
        with self._lock:
            self._upgraded.add(connection)

    def close_connections(self) -> None:
        with self._lock:
            upgraded = self._upgraded.copy()
            plain = [connection for connection in self._open if connection not in upgraded]
        self._close(plain)
        self._join()
        self._close(upgraded)  # those that have not ended by themselves
        self._join()

    @staticmethod
    def _close(connections: Iterable[Any]) -> None:
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)  # its thread then reads the end of the stream
            except OSError:
                continue  # it has been closed

    def _join(self) -> None:
        with self._lock:
            threads = list(self._open.values())
        end = monotonic() + _JOIN_SECONDS
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - monotonic()))

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.debug("a connection ended with an error", exc_info=True)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def reply_to_request(self) -> None:
        """Read the body, ask for the reply, send it."""
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.request_version == "HTTP/1.0":
            headers.pop("upgrade", None)  # RFC 9110, section 7.8
        _here.connection = self.connection
        listener: Any = self.server  # the base class's type has no such attribute
        reply = listener.answer(ReceivedRequest(self.command, self.path, headers, body))
        if reply.upgrade is not None and reply.deliver is None:
            listener.upgrade(self.connection)
        self.send(reply)
        if reply.upgrade is not None and not self.close_connection:
            self.close_connection = True
            self.connection.setblocking(False)
            buffered: Any = self.rfile  # the base class's type has no peek
            reply.upgrade(self.connection, buffered.peek())

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = reply_to_request

    def send(self, reply: Reply) -> None:
        """Send a reply, by its own delivery if it has one."""
        status = f"HTTP/1.1 {reply.status} {_reason(reply.status)}"
        lines = [status, *(f"{name}: {value}" for name, value in reply.headers.items())]
        if reply.status not in _BODILESS:
            lines.append(f"Content-Length: {len(reply.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        content = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        if self.command != "HEAD" and reply.status not in _BODILESS:
            content += reply.body
        if reply.deliver is None:
            self.connection.sendall(content)
        elif not reply.deliver(self.connection, content):
            self.close_connection = True

    def _read_body(self) -> bytes | None:
        """Return the body, or None after sending an error (or when the client has gone)."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._join(self._chunks())
        given = self.headers.get("Content-Length", "0")
        if not (given.isascii() and given.isdecimal()):
            self.send_error(400, "Content-Length is not a number")
            return None
        length = int(given[:20])
        if length > MAX_BODY:
            self.send_error(413, f"the body is larger than {MAX_BODY} bytes")
            return None
        body = self.rfile.read(length)
        return body if len(body) == length else None

    def _join(self, chunks: Iterator[bytes]) -> bytes | None:
        body = bytearray()
        try:
            for chunk in chunks:
                body += chunk
                if len(body) > MAX_BODY:
                    self.send_error(413, f"the body is larger than {MAX_BODY} bytes")
                    return None
        except ValueError:
            self.send_error(400, "the chunked body is malformed")
            return None
        return bytes(body)

    def _chunks(self) -> Iterator[bytes]:
        """Yield the chunks of a chunked body (RFC 9112, section 7.1); trailers are dropped."""
        while True:
            size = int(self.rfile.readline(1000).partition(b";")[0].strip(), 16)
            if not 0 <= size <= MAX_BODY:
                raise ValueError("the size of a chunk is out of bounds")
            if size == 0:
                while self.rfile.readline(65537).strip():
                    pass
                return
            chunk = self.rfile.read(size)
            if len(chunk) != size or self.rfile.readline(3).strip():
                raise ValueError("a chunk does not end where it says")
            yield chunk

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is not HTTP in JSON, like all others, then close."""
        self.close_connection = True
        self.send(json_reply(code, {"error": message or _reason(code)}))

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing to standard error: it belongs to the user's tests."""


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
