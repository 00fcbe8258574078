"""What training shows while it runs: a live bar on a terminal, a plain line an epoch elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from .loop import Epoch, Step


class TrainingProgress:
    """A context manager with the two callbacks of `fit`; writes to stderr only."""

    def __init__(self, epochs: int):
        self._epochs = epochs
        self._started = time.perf_counter()
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}  accuracy {task.fields[accuracy]:.1%}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=None, epoch=f"1/{epochs}", loss=float("nan"), accuracy=0.0)

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def on_step(self, step: Step) -> None:
        """Move the bar; it counts steps over all epochs, so that the time left is that of the whole run."""
        self._bar.update(
            self._task,
            total=self._epochs * step.steps,
            completed=(step.epoch - 1) * step.steps + step.done,
            epoch=f"{step.epoch}/{self._epochs}",
            loss=step.loss,
            accuracy=step.accuracy,
        )

    def on_epoch(self, row: Epoch) -> None:
        """Print the epoch's line."""
        elapsed = time.perf_counter() - self._started
        left = elapsed / row.epoch * (self._epochs - row.epoch)
        self._bar.console.print(
            f"epoch {row.epoch:>3}/{self._epochs}  train loss {row.train_loss:.3f} accuracy {row.train_accuracy:.2%}  "
            f"val loss {row.val_loss:.3f} accuracy {row.val_accuracy:.2%}  "
            f"{row.seconds:.1f} s  left {left / 60:.1f} min",
            highlight=False,
            soft_wrap=True,
        )
