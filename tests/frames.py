"""WebSocket frames as a peer would write them, broken ones included; none of our code is used."""

from __future__ import annotations

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
KEY = b"\x37\xfa\x21\x3d"  # the mask of the examples in RFC 6455, section 5.7


def frame(opcode, payload=b"", *, final=True, reserved=0, masked=False, length=None, form=None):
    """Return one frame.

    Args:
        opcode: Any number up to 15.
        payload: Its payload.
        final: Whether it is the last of its message.
        reserved: The three reserved bits, as a number up to 7.
        masked: Whether it is masked, with ``KEY``.
        length: Length that it announces, instead of that of the payload.
        form: Bytes of the extended length, 0, 2 or 8, instead of the fewest that do.
    """
    length = len(payload) if length is None else length
    if form is None:
        form = 0 if length <= 125 else 2 if length <= 65_535 else 8
    short = {0: length, 2: 126, 8: 127}[form]
    head = bytes([(final << 7) | (reserved << 4) | opcode, (masked << 7) | short])
    extended = length.to_bytes(form, "big") if form else b""
    if not masked:
        return head + extended + payload
    return head + extended + KEY + bytes(b ^ KEY[i % 4] for i, b in enumerate(payload))


def close_frame(code=None, reason=b"", *, masked=False):
    """Return a close frame; without a code it is empty."""
    payload = b"" if code is None else code.to_bytes(2, "big") + reason
    return frame(CLOSE, payload, masked=masked)
