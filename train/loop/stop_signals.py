"""Ctrl-C and SIGTERM as a wish that training looks at between two steps, when everything is in order."""

import signal
from types import FrameType, TracebackType


class Stopped(Exception):  # noqa: N818, no error
    """Training was asked to stop and has left everything in order."""


class StopSignals:
    """A context in which the first SIGINT or SIGTERM is noted; a second one interrupts at once."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None

    def __enter__(self) -> "StopSignals":
        self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
