"""Exceptions that the caller's signal handlers raise in the middle of our code.

They are not ours to handle: an alarm that raises ``TimeoutError`` must end the caller's work, not
one attempt of a call.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = __name__.partition(".")[0]


def is_from_signal_handler(error: BaseException) -> bool:
    """Tell whether a handler of the caller's raised an exception in the middle of our code.

    The interpreter calls a handler between any two instructions, with the number of the signal and
    the interrupted frame. So the traceback has a frame that was given the frame which it was called
    from, and nothing else looks like that.
    """
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        # Not in our own frames: a look at their variables would keep these alive in a cycle.
        if not _is_ours(frame) and _got_its_caller(frame):
            return True
        traceback = traceback.tb_next
    return False


def _is_ours(frame: FrameType) -> bool:
    package = frame.f_globals.get("__package__") or ""
    return package.partition(".")[0] == _PACKAGE


def _got_its_caller(frame: FrameType) -> bool:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + bool(code.co_flags & 4)]  # 4: *arguments
    for value in [frame.f_locals.get(name) for name in names]:
        candidates = value if type(value) is tuple else (value,)
        if frame.f_back is not None and any(item is frame.f_back for item in candidates):
            return True
    return False
