"""The server that every contender talks to: nginx, one process, in a temporary folder.

It is not ours on purpose, and it is fast: small replies come from its configuration, large ones
from files. It speaks HTTP and TLS (a certificate of its own, made by ``openssl``), and counts the
connections that it accepts.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
GET_PATH = "/api/v1/runs/run_abc123"
POST_PATH = "/api/v1/events"
LIST_PATH = "/api/v1/runs"
LISTED = 10_000  # items of the list
PAGE_SIZE = 100
LARGE = {"1 MB": "/large/1mb.json", "10 MB": "/large/10mb.json"}

RUN: dict[str, Any] = {
    "id": "run_abc123",
    "function_id": "process-order",
    "event_id": "evt_01J8ZQ4T",
    "event_name": "order.placed",
    "status": "completed",
    "attempt": 1,
    "max_attempts": 3,
    "input": {"order_id": "123", "customer_id": "456"},
    "output": {"total": 99.99, "currency": "EUR"},
    "created_at": "2026-01-15T09:30:00Z",
    "started_at": "2026-01-15T09:30:00Z",
    "ended_at": "2026-01-15T09:30:01Z",
}
EVENT: dict[str, Any] = {
    "name": "order.placed",
    "data": {"order_id": "123", "customer_id": "456", "items": ["a", "b"], "total": 99.99},
}
ACCEPTED: dict[str, Any] = {"event_id": "evt_01J8ZQ4T", "run_ids": ["run_abc123"]}

_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type application/json;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_temp_path {folder}/temp;
    proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp;
    scgi_temp_path {folder}/temp;
    server {{
        listen {host}:{http} backlog=1024;
        listen {host}:{tls} ssl backlog=1024;
        ssl_certificate {folder}/certificate.pem;
        ssl_certificate_key {folder}/key.pem;
        location = {get_path} {{ return 200 '{run}'; }}
        location = {post_path} {{ return 200 '{accepted}'; }}
        location = /status {{ stub_status; }}
        location /large/ {{ root {folder}; }}
        location /pages/ {{ root {folder}; }}
        location = {list_path} {{ root {folder}; try_files /pages/$arg_offset.json /pages/0.json; }}
    }}
}}
"""

_CERTIFICATE = (
    *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=bench"),
    *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
    *("-addext", "subjectAltName=IP:127.0.0.1"),
    *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
)


class Unavailable(Exception):
    """The server cannot be had on this machine; the message is one line."""


class Server:
    """nginx on two free ports of the loopback interface; use it in ``with``.

    Args:
        folder: An empty folder for its files.
    """

    def __init__(self, folder: Path) -> None:
        for program in ("nginx", "openssl"):
            if _which(program) is None:
                raise Unavailable(f"{program} is missing; install it (apt-get install {program})")
        self.folder = folder
        self.http, self.tls = _free_ports(2)
        self.authority = {"HTTP": f"{HOST}:{self.http}", "TLS": f"{HOST}:{self.tls}"}
        self.url = {
            "HTTP": f"http://{self.authority['HTTP']}",
            "TLS": f"https://{self.authority['TLS']}",
        }
        self.authorities = folder / "authorities.pem"

    def __enter__(self) -> Server:
        self._write_files()
        command = [str(_which("nginx")), "-p", str(self.folder), "-c", "nginx.conf"]
        with (self.folder / "output.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self._await()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def keep_to(self, cores: list[int]) -> None:
        """Let it run on these cores only."""
        keep_to(cores, self._process.pid)

    def accepted(self) -> int:
        """Return how many connections came before the one that asks."""
        connection = HTTPConnection(HOST, self.http, timeout=10)
        try:
            connection.request("GET", "/status", headers={"Connection": "close"})
            lines = connection.getresponse().read().decode("ascii").splitlines()
        finally:
            connection.close()
        return int(lines[2].split()[0]) - 1

    def _write_files(self) -> None:
        large = self.folder / "large"
        large.mkdir()
        (self.folder / "temp").mkdir()
        pages = self.folder / "pages"
        pages.mkdir()
        for offset in range(0, LISTED, PAGE_SIZE):
            (pages / f"{offset}.json").write_bytes(_page(offset))
        for label, path in LARGE.items():
            (large / Path(path).name).write_bytes(_large_document(int(label.split()[0])))
        made = subprocess.run(
            [*_CERTIFICATE, "-keyout", "key.pem", "-out", "certificate.pem"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise Unavailable(f"openssl makes no certificate: {_last_line(made.stderr)}")
        certificate = (self.folder / "certificate.pem").read_text()
        self.authorities.write_text(_system_authorities() + certificate)
        configuration = _CONFIGURATION.format(
            folder=self.folder,
            host=HOST,
            http=self.http,
            tls=self.tls,
            get_path=GET_PATH,
            post_path=POST_PATH,
            list_path=LIST_PATH,
            run=json.dumps(RUN),
            accepted=json.dumps(ACCEPTED),
        )
        (self.folder / "nginx.conf").write_text(configuration)

    def _await(self) -> None:
        for _ in range(200):
            if self._process.poll() is not None:
                break
            try:
                self.accepted()
                return
            except OSError:
                time.sleep(0.05)
        logs = [self.folder / "error.log", self.folder / "output.log"]
        said = "".join(log.read_text() for log in logs if log.exists())
        raise Unavailable(f"nginx does not start: {_last_line(said)}")


def keep_to(cores: list[int], process: int) -> None:
    """Let a process run on these cores only, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process, cores)


def choices_of_cores() -> list[list[int]]:
    """Return one core and two; all there are, on a system where they cannot be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return [list(range(os.cpu_count() or 1))]
    cores = sorted(os.sched_getaffinity(0))
    return [cores[:1], cores[:2]] if len(cores) > 1 else [cores]


def on_cores(cores: list[int]) -> str:
    """Return how many cores these are, in words."""
    return f"{len(cores)} core{'s' if len(cores) > 1 else ''}"


def nginx_version() -> str:
    """Return the version of nginx as it says it."""
    said = subprocess.run([str(_which("nginx")), "-v"], capture_output=True, text=True).stderr
    return said.strip().rpartition("/")[2]


def _which(program: str) -> str | None:
    # Debian puts nginx where only root looks for programs.
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    try:
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def _system_authorities() -> str:
    """Return the system's certificates: who trusts ours alone would start faster than in life."""
    for path in (ssl.get_default_verify_paths().cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if path and Path(path).exists():
            return Path(path).read_text(encoding="utf-8", errors="replace") + "\n"
    return ""


def _large_document(megabytes: int) -> bytes:
    size = len(json.dumps(RUN)) + 2
    runs = [{**RUN, "id": f"run_{n:06}"} for n in range(megabytes * 1_000_000 // size)]
    return json.dumps({"runs": runs}).encode("ascii")


def _page(offset: int) -> bytes:
    numbers = range(offset, offset + PAGE_SIZE)
    runs = [{**RUN, "id": f"run_{number:06}"} for number in numbers]
    return json.dumps({"runs": runs, "count": len(runs), "total_count": LISTED}).encode("ascii")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]
