"""Bodies made to cost memory or time, each read and decoded within a limit on the whole process.

``python -m tests.big_bodies FRAMING/NAME/SIZE …`` reads such bodies one after the other, in a
process that may hold no more than four times the default limit on a body, and prints what came of
each: a line of JSON with ``value`` or the problem, the seconds of CPU and the most memory resident.

The sizes are chosen by hand: about the largest that is decoded, and one that is refused.
"""

from __future__ import annotations

import gzip
import json
import resource
import sys
import time
import zlib
from typing import NamedTuple

from ironflow._options import DEFAULT_MAX_RESPONSE_BYTES
from ironflow._wire.content import decode, inflate
from ironflow._wire.replies import BadReply, ReplyParser

LIMIT = DEFAULT_MAX_RESPONSE_BYTES
PIECE = 64 * 1024
CPU_LIMIT = 300  # seconds for all cases of a process; a case that hangs is killed


class Case(NamedTuple):
    """A body: how it begins, what is repeated as often as fits, and how it ends.

    Args:
        start: Its first bytes.
        unit: What is repeated; each ``%x`` in it is another number each time.
        end: Its last bytes.
        decoded: The largest size in bytes that is known to be decoded.
        refused: A size in bytes that is refused, None when the limit on the size comes first.
    """

    start: bytes
    unit: bytes
    end: bytes
    decoded: int
    refused: int | None = None


MB = 1_000_000


def listed(item, decoded, refused=None):
    item = item.encode()
    return Case(b"[", item + b",", item + b"]", int(decoded * MB), refused and int(refused * MB))


def string(start, unit, end, decoded, refused=None):
    return Case(b'"' + start.encode(), unit.encode(), end.encode() + b'"', decoded, refused)


CASES = {
    # containers
    "empty lists": listed("[]", 2.5, 3.5),
    "empty objects": listed("{}", 2.5, 3.5),
    "lists of one": listed("[0]", 3.5, 4.5),
    "lists of five": listed("[1,2,3,4,5]", 3.5, 4.5),
    "lists in lists": listed("[[]]", 3, 4),
    "deep lists": listed("[" * 500 + "]" * 500, 3.5, 4.5),
    "objects of one": listed('{"a":0}', 4.5, 6),
    "objects in objects": listed('{"a":{}}', 4, 5),
    "objects of six": listed('{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0}', 5, 6),
    # values
    "floats": listed("1.5", 7, 8),
    "integers": listed("1000", 8.5, 9.5),
    "integers of 20 digits": listed("9" * 20, 26, 28),
    "integers of 4,300 digits": listed("9" * 4300, 66),
    "floats of 700 digits": listed("1." + "3" * 700, 66),
    "one float": Case(b"1.", b"3", b"", LIMIT),
    "short strings": listed('"ab"', 8.5, 10),
    "empty strings": listed('""', 5, 6.5),
    "strings of two characters above ASCII": listed('"éé"', 11.5, 13),
    "strings of two characters above Latin-1": listed('"Āā"', 10, 12),
    "strings of two emoji": listed('"😀😀"', 10.5, 14),
    "strings with an emoji": listed('"abcdefghijklmnopqrst😀"', 14, 21),
    # one string, and what makes it wide
    "a string": string("", "x", "", LIMIT),
    "a string behind a space": Case(b' "', b"x", b'"', LIMIT),
    "a string of escapes": string("", "\\n", "", LIMIT),
    "a string with an escape": string("\\n", "x", "", LIMIT),
    "a string with a character above ASCII": string("", "x", "é", LIMIT - 1),
    "a string with a character above Latin-1": string("", "x", "Ā", 36 * MB, 40 * MB),
    "a string of escapes above Latin-1": string("", "\\u0100", "", 43 * MB, 46 * MB),
    "a string with an escape above Latin-1": string("", "x", "\\u0100", 43 * MB, 46 * MB),
    "a string that ends in an emoji": string("", "x", "😀", 18 * MB, 20 * MB),
    "a string that begins with an emoji": string("😀", "x", "\\n", 18 * MB, 60 * MB),
    "a string that ends in an escaped emoji": string("", "x", "\\ud83d\\ude00", 24 * MB, 60 * MB),
    # white space
    "spaces in front": Case(b"", b" ", b"1", LIMIT),
    "spaces behind": Case(b"1", b" ", b"", LIMIT),
    # texts, which are decoded no further
    "text of ASCII": Case(b"", b"x", b"", LIMIT),
    "text in Latin-1": Case(b"", "é".encode(), b"", LIMIT),
    "text of Chinese": Case(b"", "漢".encode(), b"", 55 * MB, 60 * MB),
    "text of emoji": Case(b"", "😀".encode(), b"", 36 * MB, 40 * MB),
    "text that ends in an emoji": Case(b"", b"x", "😀".encode(), 36 * MB, 40 * MB),
    # keys that were not seen before
    "an object of new keys": Case(b"{", b'"%x":0,', b'"":0}', 8 * MB, 10 * MB),
    "objects of one new key": Case(b"[", b'{"%x":0},', b"0]", 6_500_000, 8 * MB),
    "objects of three new keys": Case(
        b"[", b'{"%x":0,"%x":0,"%x":0},', b"0]", 7_500_000, 9_500_000
    ),
}


def pieces_of(name, size):
    """Yield a body of about ``size`` bytes, and never hold it whole."""
    case = CASES[name]
    numbers = case.unit.count(b"%x")
    pattern = case.unit * max(1, PIECE // len(case.unit))
    left = size - len(case.start) - len(case.end)
    yield case.start
    piece, number = pattern, 0
    while True:
        if numbers:
            first, number = number, number + pattern.count(b"%x")
            piece = pattern % tuple(range(first, number))
        if len(piece) > left:
            break
        yield piece
        left -= len(piece)
    if not numbers:
        yield piece[: left - left % len(case.unit)]
    yield case.end


def as_chunks(pieces, size):
    """Frame a body in chunks of ``size`` bytes; whole chunks only, as the pieces come."""
    for piece in pieces:
        chunks = [piece[at : at + size] for at in range(0, len(piece), size)]
        yield b"".join([b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks])
    yield b"0\r\n\r\n"


def as_gzip(pieces):
    deflater = zlib.compressobj(9, wbits=31)
    for piece in pieces:
        yield deflater.compress(piece)
    yield deflater.flush()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"

# Framings: the head, and how a body is written behind it.
FRAMINGS = {
    "close": (UNTIL_CLOSE, lambda pieces: pieces),
    "gzip": (GZIP, as_gzip),
    "chunks of 64 kB": (CHUNKED, lambda pieces: as_chunks(pieces, PIECE)),
    "chunks of a byte": (CHUNKED, lambda pieces: as_chunks(pieces, 1)),
    "gzip in empty members": (
        GZIP,
        lambda pieces: iter([gzip.compress(b"") * 200_000]),
    ),
}


def value_of(framing, name, size):
    """Read a body as a connection would, and decode it."""
    head, framed = FRAMINGS[framing]
    parser = ReplyParser()
    parser.expect("GET", LIMIT)
    reply = parser.feed(head)
    for piece in framed(pieces_of(name, size)):
        for at in range(0, len(piece), PIECE):
            reply = parser.feed(piece[at : at + PIECE])
    reply = reply or parser.end()
    if "content-encoding" in reply.headers:
        inflate(reply, LIMIT, time.monotonic() + CPU_LIMIT)
    return decode(reply, LIMIT, name.startswith("text"))


def outcome_of(framing, name, size):
    try:
        value = value_of(framing, name, size)
    except BadReply as error:
        return error.problem
    except MemoryError:
        return "MemoryError"
    del value
    return "value"


def most_resident():
    """Return the most memory that this process has held since the last call, in MB."""
    with open("/proc/self/status") as status:
        most = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    with open("/proc/self/clear_refs", "w") as references:
        references.write("5")
    return most / 1024


def main(names):
    resource.setrlimit(resource.RLIMIT_AS, (4 * LIMIT, 4 * LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    for case in names:
        framing, name, size = case.split("/")
        began = time.process_time()
        outcome = outcome_of(framing, name, int(size))
        seconds = time.process_time() - began
        told = {"case": case, "outcome": outcome, "seconds": round(seconds, 3)}
        print(json.dumps({**told, "resident": most_resident()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
