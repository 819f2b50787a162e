"""What users get of our WebSocket, both sides, echoing for peers that are not ours.

    python -m tests.websocket_echo client URL [agent]    what Autobahn's fuzzing server asks for
    python -m tests.websocket_echo server PORT           echoes; 0 takes a free port

The client is the SDK's own connection, the server the local server's.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from time import monotonic
from urllib.parse import urlsplit

from ironflow import IronflowClient, IronflowError
from ironflow._wire.websocket import Closed, Message
from ironflow._wire.websocket_connection import open_websocket
from ironflow._wire.websocket_handshake import HandshakeError, reply_fields
from ironflow.testing._http import HttpServer, Reply, json_reply
from ironflow.testing._websocket import Session, WebSocketConnection

MAX_MESSAGE = 32 * 1024 * 1024
PATIENCE = 30  # seconds of silence after which a peer is given up


@contextlib.contextmanager
def dialled(url):
    """Open a WebSocket with the SDK's own connection; it is closed in the end."""
    parts = urlsplit(url)
    base = f"http://{parts.netloc}"
    with IronflowClient(base, timeout=PATIENCE, max_response_bytes=MAX_MESSAGE) as client:
        transport = client._open()
        target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        request = transport.request(
            transport.origin, "GET", target, client._headers, None, None, False, False, True, False
        )
        connection = open_websocket(transport, request, client._options.limits)
        try:
            yield connection
        finally:
            connection.close()


def received(connection):
    """Yield the messages of a connection, until the peer closes it."""
    while True:
        event = connection.receive(monotonic() + PATIENCE)
        if event is None or isinstance(event, Closed):
            return
        if isinstance(event, Message):
            yield event.data


def run_cases(url, agent):
    """Play all cases of Autobahn's fuzzing server, and let it write its report."""
    with dialled(f"{url}/getCaseCount") as connection:
        count = int("".join(received(connection)))
    for case in range(1, count + 1):
        with dialled(f"{url}/runCase?case={case}&agent={agent}") as connection:
            with contextlib.suppress(IronflowError):  # many cases break the protocol
                for data in received(connection):
                    connection.send(data, monotonic() + PATIENCE)
    with dialled(f"{url}/updateReports?agent={agent}") as connection:
        for _ in received(connection):
            pass  # the report is written when the connection ends
    return count


class Echo(Session):
    """Sends every message back."""

    def open(self, connection):
        self._connection = connection

    def receive(self, data):
        self._connection.answer(data)


def answer(request):
    """Open a WebSocket that echoes, as the local server opens one."""
    try:
        fields = reply_fields(request.method, "HTTP/1.1", request.headers)
    except HandshakeError as error:
        return json_reply(error.status, {"error": str(error)}, error.headers)

    def serve(sock, rest):
        WebSocketConnection(sock, rest, Echo(), MAX_MESSAGE).run()

    return Reply(101, headers=fields, upgrade=serve)


def main(arguments):
    """Run the command line."""
    if arguments[:1] == ["client"] and len(arguments) in (2, 3):
        url = arguments[1].rstrip("/")
        agent = arguments[2] if len(arguments) == 3 else "ironflow"
        print(f"{run_cases(url, agent)} cases run", flush=True)
    elif arguments[:1] == ["server"] and len(arguments) == 2:
        server = HttpServer("127.0.0.1", int(arguments[1]), answer)
        print(f"ws://127.0.0.1:{server.port}", flush=True)
        threading.Event().wait()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
