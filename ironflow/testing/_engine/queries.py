"""Read-only SQL queries over the data of an environment, executed by Python's own SQLite.

Rules:

1. Each query runs in a process of its own, on a copy of the data that was made with the state's
   lock held. The query itself holds no lock. Some functions of SQLite cannot be interrupted, so
   the process is killed when the query's time is over or the server stops.
2. The text starts with SELECT, WITH or EXPLAIN and is one statement. SQLite asks for permission
   for everything it does, and only reading is allowed: no writing, no files, no settings.
3. The length of the text, the time, the memory, the number of rows and the size of the reply are
   bounded. Temporary tables and sorting use memory, never files. Memory is bounded where the
   system can bound the address space of a process, as Linux does.
4. Every value in the reply is text: NULL is empty, bytes are read as UTF-8.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from .refusals import STOPPING, Refusal
from .state import Record, State

MAX_QUERY = 100_000
_MAX_CHARACTERS = 32 * 1024 * 1024
_MAX_MEMORY = 512 * 1024 * 1024
_START_SECONDS = 30.0  # to start a process and build its tables, on a busy machine

_ONLY_SELECT = "only SELECT statements are allowed"
_BLANK = re.compile(r"(?:\s|--[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
_READING = re.compile(r"(?:SELECT|WITH|EXPLAIN)\b", re.IGNORECASE)
# Isolated and without site-packages: it starts fast and imports nothing of the user's.
_COMMAND = (sys.executable, "-I", "-S", str(Path(__file__).with_name("query_process.py")))


def check_query(query: str) -> None:
    """Refuse a query that does more than read, or whose text SQLite does not accept."""
    if len(query) > MAX_QUERY:
        raise Refusal(400, f"query must have at most {MAX_QUERY} characters")
    if any("\ud800" <= character <= "\udfff" for character in query):
        raise Refusal(400, "query must not hold a lone surrogate")
    if "\0" in query:
        raise Refusal(400, "query must not hold a NUL character")
    # Two steps, because one pattern for both would backtrack through the blanks.
    start = _BLANK.match(query)
    if not _READING.match(query, start.end() if start else 0):
        raise Refusal(400, _ONLY_SELECT)


class Queries:
    """The queries that are running."""

    transient = True

    def __init__(self, state: State) -> None:
        self._state = state
        self._processes: set[subprocess.Popen[bytes]] = set()

    def close(self) -> None:
        """Kill the queries that are running: the server stops."""
        for process in self._processes:
            process.kill()

    def run(self, query: str, tables: list[Record], timeout_ms: int, max_rows: int) -> Record:
        """Execute a checked query and return a model ``SqlResponse``; call it without the lock."""
        request = {
            "query": query,
            "tables": tables,
            "seconds": timeout_ms / 1000,
            "max_rows": max_rows,
            "max_characters": _MAX_CHARACTERS,
            "max_memory": _MAX_MEMORY,
        }
        output = self._output(json.dumps(request).encode(), timeout_ms / 1000)
        if self._state.closed:
            raise Refusal(503, STOPPING)
        if not output:
            raise Refusal(400, f"the query needs more than {_MAX_MEMORY} bytes of memory")
        reply: Record = json.loads(output)
        if "refused" in reply:
            raise Refusal(*reply["refused"])
        if reply.get("timed_out"):
            raise Refusal(400, f"the query took longer than timeout_ms ({timeout_ms})")
        if "error" in reply:
            denied = reply["error"] in ("not authorized", "authorization denied")
            raise Refusal(400, _ONLY_SELECT if denied else reply["error"])
        return {**reply, "total_rows": len(reply["rows"])}

    def _output(self, request: bytes, seconds: float) -> bytes:
        if getattr(sys, "frozen", False) or not sys.executable:
            raise Refusal(501, "SQL needs a Python that can be started, and this program has none")
        with self._state.lock:
            if self._state.closed:
                raise Refusal(503, STOPPING)
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            process = subprocess.Popen(_COMMAND, stdin=pipe, stdout=pipe, stderr=nothing)
            self._processes.add(process)
        try:
            return process.communicate(request, seconds + _START_SECONDS)[0]
        except subprocess.TimeoutExpired:
            return b'{"timed_out": true}'
        finally:
            process.kill()
            with self._state.lock:
                self._processes.discard(process)
            process.communicate()  # closes the pipes and reaps the process
