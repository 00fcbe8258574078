"""What training shows: on a terminal a table that grows over a live bar, elsewhere a plain line an epoch."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from rich.bar import Bar
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from .epochs import Epoch
from .training import Step

ACCURACY_BAR = 16  # columns of the terminal
SILENCE = 60  # seconds at the longest between two lines, where there is no bar


class Line(NamedTuple):
    """An epoch as it is shown: its row, whether it is the best so far, training images a second, seconds left."""

    row: Epoch
    best: bool
    rate: float
    left: float


class Column(NamedTuple):
    """A column of the table. Where the terminal is narrow, columns of a high `rank` are left out first."""

    title: str
    width: int
    rank: int
    show: Callable[[Line], RenderableType]


COLUMNS = (
    Column("epoch", 5, 0, lambda line: f"{line.row.epoch}"),
    Column("train loss", 10, 4, lambda line: f"{line.row.train_loss:.3f}"),
    Column("train acc", 9, 3, lambda line: f"{line.row.train_accuracy:.2%}"),
    Column("val loss", 8, 2, lambda line: f"{line.row.val_loss:.3f}"),
    Column("val acc", 7, 0, lambda line: Text(f"{line.row.val_accuracy:.2%}", "bold green" if line.best else "")),
    Column("best", 4, 1, lambda line: Text("*" if line.best else "", "bold green")),
    Column("", ACCURACY_BAR, 8, lambda line: Bar(1, 0, line.row.val_accuracy, width=ACCURACY_BAR, color="blue")),
    Column("lr", 8, 6, lambda line: f"{line.row.lr:.3g}"),
    Column("images/s", 8, 5, lambda line: f"{line.rate:,.0f}"),
    Column("seconds", 7, 7, lambda line: f"{line.row.seconds:.1f}"),
)
GAP = 2  # columns of the terminal between two of the table


class TrainingProgress:
    """A context manager with the two callbacks of `fit`; writes to stderr only.

    `images` are those of an epoch, `best` the best validation accuracy from before, where a run is resumed. In the
    first `head_epochs` the head alone learns, which is faster.
    """

    def __init__(self, epochs: int, images: int, best: float = -1.0, head_epochs: int = 0):
        self._epochs, self._head_epochs = epochs, head_epochs
        self._images = images
        self._best = best
        self._seconds: list[float] = []  # of the stage's epochs so far
        console = Console(stderr=True)
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._wide = console.width >= 60
        self._columns = fitting(console.width)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:.0f}%"),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not self._live,
            expand=True,
        )
        self._task = self._bar.add_task("starting", total=None)
        self._stepped: bool | None = None  # in the stage of the head, or behind it
        self._spoke = time.monotonic()

    def __enter__(self) -> "TrainingProgress":
        if self._live:
            self._bar.console.print(_grid(self._columns, [Text(column.title, "dim") for column in self._columns]))
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()  # shows the cursor again, whatever ended the training

    def on_step(self, step: Step) -> None:
        """Move the bar; it counts steps over all epochs of a stage, so that the time left is that of the whole stage.

        Without a bar, say in a line how far a long epoch is.
        """
        head = step.epoch <= self._head_epochs
        before, epochs = self._stage(step.epoch)
        total, completed = epochs * step.steps, (step.epoch - 1 - before) * step.steps + step.done
        if self._stepped != head:  # a resumed run starts far from 0, which says nothing of its speed
            self._bar.reset(self._task, total=total, completed=completed)
            self._stepped = head
        loss = "  features" if step.loss is None else f"  loss {step.loss:.3f}"
        figures = loss if step.accuracy is None else f"{loss}  acc {step.accuracy:.1%}"
        words = f"epoch {step.epoch}/{self._epochs}{figures if self._wide else ''}"
        self._bar.update(self._task, total=total, completed=completed, description=words)
        if not self._live and time.monotonic() - self._spoke > SILENCE:
            self._say(f"epoch {step.epoch}/{self._epochs}  step {step.done}/{step.steps}{loss}")

    def on_epoch(self, row: Epoch) -> None:
        """Print the epoch's line."""
        before, epochs = self._stage(row.epoch)
        if row.epoch == before + 1:
            self._seconds.clear()
        self._seconds.append(row.seconds)
        line = Line(
            row=row,
            best=row.val_accuracy > self._best,
            rate=self._images / max(row.seconds, 1e-3),
            left=sum(self._seconds) / len(self._seconds) * (before + epochs - row.epoch),
        )
        self._best = max(self._best, row.val_accuracy)
        if self._live:
            self._bar.console.print(_grid(self._columns, [column.show(line) for column in self._columns]))
        else:
            self._say(plain(line, self._epochs))

    def _stage(self, epoch: int) -> tuple[int, int]:
        """Return how many epochs lie before the stage of `epoch`, and how many it has."""
        head = self._head_epochs
        return (0, head) if epoch <= head else (head, self._epochs - head)

    def _say(self, line: str) -> None:
        self._bar.console.print(line, highlight=False, soft_wrap=True)
        self._spoke = time.monotonic()


def fitting(width: int) -> list[Column]:
    """Return the columns that fit a terminal of `width` columns, the most important ones."""
    shown = list(COLUMNS)
    while sum(column.width + GAP for column in shown) > width + GAP and len(shown) > 2:
        shown.remove(max(shown, key=lambda column: column.rank))
    return shown


def plain(line: Line, epochs: int) -> str:
    """Return an epoch as a line of text that reads the same in a log file."""
    row = line.row
    return (
        f"epoch {row.epoch:>{len(str(epochs))}}/{epochs}  train loss {row.train_loss:.3f} "
        f"accuracy {row.train_accuracy:.2%}  val loss {row.val_loss:.3f} accuracy {row.val_accuracy:.2%}"
        f"{' *' if line.best else '  '}  lr {row.lr:.3g}  {line.rate:,.0f} images/s  {row.seconds:.1f} s"
        f"  left {line.left / 60:.1f} min"
    )


def _grid(columns: list[Column], cells: list[RenderableType]) -> Table:
    """Return one line of the table."""
    grid = Table.grid(padding=(0, GAP, 0, 0))
    for column in columns:
        grid.add_column(width=column.width, justify="right", no_wrap=True)
    grid.add_row(*cells)
    return grid
