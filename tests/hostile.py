"""A server on raw sockets that does what a script says, byte by byte: what a bad day is made of.

A script is a list of acts for one connection. An act is bytes, which are sent, or a callable that
takes the ``Peer``: ``request``, ``stall``, ``reset``, ``trickle(…)`` and the others below. When its
acts are done, the connection is closed. The first connection plays the first script, and so on;
connections after the last script are served by ``behave``, as a good server would.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "certificates"
PATIENCE = 30  # seconds after which a test that hangs is given up

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class HungUp(Exception):
    """The client has closed the connection."""


class Received:
    """One request as it arrived."""

    def __init__(self, head, body):
        first, *self.lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = first.split(" ")
        fields = [line.split(": ", 1) for line in self.lines]
        self.headers = {name.lower(): value for name, value in fields}
        self.body = body

    @property
    def id(self):
        """The id that the test gave the request, in its body or in its query."""
        if self.body:
            return json.loads(self.body)["id"]
        return self.target.partition("id=")[2] or None


class Peer:
    """The server's end of one connection."""

    def __init__(self, server, sock, number):
        self.server = server
        self.sock = sock
        self.number = number
        self.requests = []
        self.settled = threading.Event()  # nothing more comes from here unasked
        self._buffer = b""

    def request(self):
        """Receive one request whole and return it."""
        received = self._head()
        length = int(received.headers.get("content-length", 0))
        while len(self._buffer) < length:
            self._receive()
        received.body, self._buffer = self._buffer[:length], self._buffer[length:]
        return self._note(received)

    def request_head(self):
        """Receive the head of a request and leave its body where it is."""
        return self._note(self._head())

    def _head(self):
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return Received(head, b"")

    def _note(self, received):
        self.requests.append(received)
        self.server.requests.append(received)
        return received

    def _receive(self):
        more = self.sock.recv(1 << 20)
        if not more:
            raise HungUp
        self._buffer += more

    def send(self, content):
        self.sock.sendall(content)

    def answer(self, value, *headers):
        """Send a good reply."""
        body = json.dumps(value).encode()
        self.send(reply(body, *headers))

    def reset(self):
        """Close with a reset instead of an end of the stream."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def say_goodbye(self):
        """Announce the end of the stream, which TLS wants (close_notify)."""
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.settimeout(0)  # without waiting for the other side to say so too
            with contextlib.suppress(OSError, ValueError):
                self.sock.unwrap()

    def vanish(self):
        """End the stream without announcing it, as anybody on the way can under TLS."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)
        self.sock.close()

    def half_close(self):
        """End the stream to the client, and go on reading."""
        self.sock.shutdown(socket.SHUT_WR)

    def stall(self):
        """Do nothing, for as long as the test lasts."""
        self.server.released.wait(PATIENCE)

    def drain(self):
        """Read until the client closes."""
        self.settled.set()
        while self.sock.recv(1 << 20):
            pass


# The acts of a script.
request = Peer.request
request_head = Peer.request_head
reset = Peer.reset
half_close = Peer.half_close
stall = Peer.stall
drain = Peer.drain
vanish = Peer.vanish


def pause(seconds):
    """Wait."""
    return lambda peer: time.sleep(seconds)


def trickle(content, every=0.02):
    """Send one byte at a time, again from the start when they are all sent, until it fails."""

    def act(peer):
        for byte in itertools.cycle(content):
            if peer.server.released.wait(every):
                return
            peer.send(bytes([byte]))

    return act


def slowly(content, every=0.002):
    """Send one byte at a time, once."""

    def act(peer):
        for byte in content:
            time.sleep(every)
            peer.send(bytes([byte]))

    return act


def flood(content):
    """Send the same again and again until it fails."""
    block = content * (1 + 20_000 // len(content))

    def act(peer):
        while not peer.server.released.is_set():
            peer.send(block)

    return act


def behave(peer):
    """Answer each request, with its id, until the client closes."""
    peer.settled.set()
    while True:
        received = peer.request()
        peer.answer({"id": received.id})


def reply(body=b"{}", *headers, status="200 OK", version="HTTP/1.1", length=True):
    """Return a reply as bytes; ``length=False`` leaves out ``Content-Length``."""
    fields = list(headers)
    if length:
        fields.append(f"Content-Length: {len(body)}")
    return "\r\n".join([f"{version} {status}", *fields, "", ""]).encode("latin-1") + body


class HostileServer:
    """``with HostileServer(script, …) as server``: ``server.url``, ``server.requests``.

    Args:
        scripts: What to do on the first connections, one script each.
        then: What to do on all others.
        certificate: File name of the certificate, for TLS; None for plain TCP.
        accept_after: Seconds to leave a new connection in the backlog.
    """

    def __init__(self, *scripts, then=(behave,), certificate=None, accept_after=0):
        self.scripts = scripts
        self.then = then
        self.requests = []
        self.peers = []
        self.released = threading.Event()
        self.accept_after = accept_after
        self._tls = server_context(certificate) if certificate else None
        self._stopping = False
        self._failures = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept)

    @property
    def accepted(self):
        """How many connections were accepted."""
        return len(self.peers)

    def delivered(self, id):
        """Tell how many requests with this id arrived."""
        return sum(received.id == id for received in list(self.requests))

    def settle(self):
        """End what stalls, and wait until every script has said what it has to say."""
        self.released.set()
        for peer in list(self.peers):
            assert peer.settled.wait(PATIENCE), "a script hangs: the client does not close"

    def __enter__(self):
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        self._stopping = True
        self.released.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the acceptor
        self._acceptor.join(PATIENCE)
        self._listener.close()
        for peer in self.peers:
            try:
                # Past ssl.SSLSocket, whose shutdown is not meant for another thread's recv.
                socket.socket.shutdown(peer.sock, socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a connection of the hostile server hangs"
        if self._failures:
            raise self._failures[0]

    def _accept(self):
        while True:
            if self.accept_after:
                time.sleep(self.accept_after)
            sock, _ = self._listener.accept()
            if self._stopping:
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(self, sock, len(self.peers))
            self.peers.append(peer)
            script = self.scripts[peer.number] if peer.number < len(self.scripts) else self.then
            thread = threading.Thread(target=self._serve, args=(peer, script))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer, script):
        try:
            if self._tls:
                peer.sock.getpeername()  # from a peer that has gone, wrap_socket leaks the socket
                peer.sock = self._tls.wrap_socket(peer.sock, server_side=True)
            for act in script:
                if isinstance(act, bytes):
                    peer.send(act)
                else:
                    act(peer)
            peer.say_goodbye()
        except (HungUp, OSError):
            pass  # clients that hang up half way are what this is about
        except Exception as error:
            self._failures.append(error)
        finally:
            peer.sock.close()
            peer.settled.set()


@functools.lru_cache(maxsize=None)
def server_context(certificate):
    """Return TLS settings of a server that shows one of the test certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / certificate)
    return context


@functools.lru_cache(maxsize=None)
def trusting_context():
    """Return TLS settings of a client that trusts the CA of the tests, and nobody else."""
    return ssl.create_default_context(cafile=str(CERTIFICATES / "ca.pem"))


def clear_proxies(monkeypatch):
    """Take the proxies of this machine out of the environment, for the length of a test."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
