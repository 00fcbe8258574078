"""How far a long prediction is: one line on a terminal while it goes on, a summary when it ends.

Drawn by hand: importing rich, which draws the table of epochs in training, takes 40 ms of a start of 200.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType

from ..errors import EdgeCifarError
from ..inference.prediction import UNKNOWN, Result

BAR = 20  # columns
INTERVAL = 0.1  # seconds between two drawings
ERASE = "\r\x1b[K"  # to the start of the line, and erase it (ECMA-48: CR, EL)


class Progress:
    """A context that counts results, and shows the count on stderr if `visible`."""

    def __init__(self, count: Callable[[], int] | None, visible: bool):
        """`count` finds out how many results there will be, if that can be known; it is asked only for a terminal."""
        self._visible = visible
        self._labels: Counter[str] = Counter()
        self.errors = 0
        self._total = 0  # not known yet
        self._started = time.monotonic()
        self._drawn = 0.0
        self._terminal = visible and sys.stderr is not None and sys.stderr.isatty()
        if self._terminal and count:
            with suppress(RuntimeError):  # no more threads allowed
                threading.Thread(target=self._find_total, args=(count,), daemon=True).start()

    def add(self, results: Sequence[Result]) -> None:
        """Count results, and draw the line anew now and then."""
        labels = [each.prediction.label or UNKNOWN for each in results if each.prediction is not None]
        self.count(Counter(labels), len(results) - len(labels))

    def count(self, labels: Mapping[str, int], errors: int) -> None:
        """Count so many photos of each label, and errors, as `add` does."""
        self._labels.update(labels)
        self.errors += errors
        if self._terminal and time.monotonic() - self._drawn > INTERVAL:
            self._drawn = time.monotonic()
            self._show(f"{ERASE}{self._line()}")

    def erase(self) -> None:
        """Take the line away, to make room for others."""
        if self._drawn:
            self._show(ERASE)
            self._drawn = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Print the summary, also of what is interrupted: how many photos, how fast, and the labels by frequency."""
        self.erase()
        if not self._visible or (kind and issubclass(kind, Exception)):  # an error has its own words
            return
        counts = [f"{label} {count:,}" for label, count in self._labels.most_common()]
        if self.errors:
            counts.append(f"errors {self.errors:,}")
        self._show(f"{self._so_far()}{': ' if counts else ''}{', '.join(counts)}\n")

    def _find_total(self, count: Callable[[], int]) -> None:
        with suppress(EdgeCifarError):  # which the command itself meets as well
            self._total = count()

    def _so_far(self) -> str:
        done = self._labels.total() + self.errors
        seconds = max(time.monotonic() - self._started, 1e-3)  # a coarse clock may not have moved
        return f"{done:,} {'photo' if done == 1 else 'photos'}, {done / seconds:,.1f} photos/s"

    def _line(self) -> str:
        done = self._labels.total() + self.errors
        if not done <= self._total:
            return self._so_far()
        filled = BAR * done // self._total
        left = (time.monotonic() - self._started) / done * (self._total - done)
        return f"[{'#' * filled:{BAR}}] {self._so_far()} of {self._total:,}, {_clock(left)} left"

    def _show(self, text: str) -> None:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
