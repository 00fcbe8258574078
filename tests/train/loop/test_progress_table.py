"""What a user sees while training runs: in a log file, and on a real pseudo-terminal."""

import os
import pty
import re
import sys
import threading

import pytest
from edge_cifar.train.loop.epochs import Epoch
from edge_cifar.train.loop.progress_table import TrainingProgress
from edge_cifar.train.loop.training import Step

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def show(*, interrupted: bool = False) -> None:
    """Display a training of three epochs, resumed from one that had reached 45 %."""
    with TrainingProgress(3, images=1000, best=0.45) as progress:
        for epoch, accuracy in enumerate((0.4, 0.6, 0.5), start=1):
            progress.on_step(Step(epoch, 5, 10, 1.0, 0.5))
            progress.on_epoch(Epoch(epoch, 1.5, 0.5, 1.25, accuracy, 0.125, 2.0))
        if interrupted:
            raise KeyboardInterrupt


def on_terminal(
    monkeypatch: pytest.MonkeyPatch, *, columns: int = 120, interrupted: bool = False, **environment: str
) -> str:
    """Return what the display writes on a terminal."""
    for name, value in {"TERM": "xterm-256color", "COLUMNS": str(columns), **environment}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    seen = bytearray()
    reader = threading.Thread(target=_read_all, args=(ours, seen))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        try:
            show(interrupted=interrupted)
        except KeyboardInterrupt:
            assert interrupted
        monkeypatch.undo()
    reader.join()
    os.close(ours)
    return seen.decode()


def _read_all(terminal: int, seen: bytearray) -> None:
    while True:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # Linux's way to say that the other end was closed
            return


def test_elsewhere_a_long_epoch_is_followed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge_cifar.train.loop.progress_table.SILENCE", -1)
    with TrainingProgress(3, images=1000) as progress:
        progress.on_step(Step(2, 5, 10, 1.0, 0.5))
    assert capsys.readouterr().err == "epoch 2/3  step 5/10  loss 1.000\n"


def test_elsewhere_each_epoch_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    show()
    written = capsys.readouterr()
    assert written.out == ""
    first, second, third = written.err.splitlines()
    assert second == (
        "epoch 2/3  train loss 1.500 accuracy 50.00%  val loss 1.250 accuracy 60.00% *"
        "  lr 0.125  500 images/s  2.0 s  left 0.0 min"
    )
    assert "*" not in first  # no better than before the run was resumed
    assert "*" not in third


def test_a_terminal_shows_a_row_an_epoch_and_gets_its_cursor_back_after_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_terminal(monkeypatch, interrupted=True)
    assert re.search(r"2 +1\.500 +50\.00% +1\.250 +60\.00% +\* +█+[^█]+0\.125 +500 +2\.0", ESCAPES.sub("", screen))
    assert screen.rfind("\x1b[?25h") > screen.rfind("\x1b[?25l") > -1


@pytest.mark.parametrize("columns", [30, 50, 80])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    screen = ESCAPES.sub("", on_terminal(monkeypatch, columns=columns))
    assert "60.00%" in screen
    assert max(len(line.rstrip()) for line in re.split(r"[\r\n]+", screen)) <= columns


def test_no_color_leaves_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    shades = re.compile(r"\x1b\[([0-9;]*)m")
    plain = {"", "0", "1", "2"}  # nothing, bold, dim
    assert set(shades.findall(on_terminal(monkeypatch, NO_COLOR="1"))) <= plain
    assert set(shades.findall(on_terminal(monkeypatch))) - plain


def test_a_terminal_that_can_do_nothing_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = on_terminal(monkeypatch, TERM="dumb")
    assert "\x1b" not in screen
    assert "epoch 2/3  train loss 1.500" in screen
