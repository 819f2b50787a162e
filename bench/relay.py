"""A relay that holds back what passes it, in both directions: ``relay.py HOST PORT SECONDS``.

It prints the port that it listens on, and ends when its standard input does.
"""

from __future__ import annotations

import select
import selectors
import socket
import sys
from collections import deque
from time import monotonic


class Relay:
    """Takes connections and passes on what comes on them, later.

    Args:
        server: Host and port to connect to.
        delay: Seconds to hold back every piece, each way.
    """

    def __init__(self, server: tuple[str, int], delay: float) -> None:
        self._server = server
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._other: dict[socket.socket, socket.socket] = {}
        # When to pass on what to whom; the delay is always the same, so they stay in order.
        self._held: deque[tuple[float, socket.socket, bytes]] = deque()

    def serve(self) -> None:
        """Relay until standard input ends."""
        waits = self._selector.fileno()  # type: ignore[attr-defined]
        while True:
            left = max(0.0, self._held[0][0] - monotonic()) if self._held else None
            # Not by the selector's own timeout, which counts in whole milliseconds.
            ready, _, _ = select.select([waits, sys.stdin], [], [], left)
            if sys.stdin in ready:
                return
            for key, _ in self._selector.select(0):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._receive(key.fileobj)  # type: ignore[arg-type]
            self._pass_on()

    def _accept(self) -> None:
        ends = self._listener.accept()[0], socket.create_connection(self._server)
        for sock, other in (ends, ends[::-1]):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(sock, selectors.EVENT_READ)
            self._other[sock] = other

    def _receive(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(sock)
        self._held.append((monotonic() + self._delay, self._other[sock], data))

    def _pass_on(self) -> None:
        while self._held and self._held[0][0] <= monotonic():
            _, sock, data = self._held.popleft()
            try:
                sock.sendall(data)
                if not data:
                    sock.shutdown(socket.SHUT_WR)
            except OSError:  # it has hung up; its own end of the stream is on its way
                pass


def main() -> None:
    """Relay as the command line says."""
    host, port, seconds = sys.argv[1:]
    relay = Relay((host, int(port)), float(seconds))
    print(relay.port, flush=True)
    relay.serve()


if __name__ == "__main__":
    main()
