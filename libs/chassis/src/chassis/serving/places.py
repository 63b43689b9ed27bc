"""Where a thread is: the line of the service, and the one inside a library."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_PERIOD_S = 60.0
_MAX_PLACES = 1_000
_LIBRARIES = (
    *(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]) + os.sep,  # the chassis
    "<",  # frozen modules, and code without a file
)
_LOOP = ("asyncio/runners.py", "asyncio/base_events.py", "asyncio/events.py", "uvloop/__init__.py")
_WAITING = ("selectors.py", *_LOOP)


def callback_of(frame: FrameType | None) -> FrameType | None:
    """Return the outermost frame of what an event loop runs; None while it waits."""
    if frame is None or frame.f_code.co_filename.endswith(_WAITING):
        return None
    while (outer := frame.f_back) and not outer.f_code.co_filename.endswith(_LOOP):
        frame = outer
    return frame


class Places:
    """Names places, and counts how often each was reported; `own` is the service's package."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._reported: dict[str, tuple[float, int]] = {}

    def of(self, frame: FrameType) -> tuple[str, str]:
        """Return the innermost place outside of libraries, and the one in a library, if any.

        A thread that is in libraries alone has only the innermost place.
        """
        innermost = frame
        own = next(filter(self._is_own, _outwards(frame)), innermost)
        return _place(own), "" if own is innermost else _place(innermost)

    def left_out(self, place: str, now: float) -> int | None:
        """Return how often a place was left out before; None if it is to be left out now.

        A place is a function here: a loop of Python is at another line each time.
        """
        function = place.rpartition(":")[0] + place.rpartition(" ")[2]
        since, left_out = self._reported.get(function, (float("-inf"), 0))
        if now - since < _PERIOD_S:
            self._reported[function] = since, left_out + 1
            return None
        if len(self._reported) >= _MAX_PLACES:
            self._reported.clear()
        self._reported[function] = now, 0
        return left_out

    def _is_own(self, frame: FrameType) -> bool:
        module = str(frame.f_globals.get("__name__", ""))
        is_library = frame.f_code.co_filename.startswith(_LIBRARIES)
        return not is_library or module.partition(".")[0] == self._own


def _outwards(frame: FrameType) -> Iterator[FrameType]:
    """Yield the frames of a callback, the innermost first."""
    outermost, current = callback_of(frame), frame
    while current is not None and current is not outermost:
        yield current
        current = current.f_back  # type: ignore[assignment]  # None ends the loop
    if outermost is not None:
        yield outermost


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
