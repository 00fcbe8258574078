import os
import pty
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from edge_cifar.edge.cli.progress_line import Progress
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.inference.prediction import Prediction, Result

CAT, DOG = (Prediction(label, 0.9, (), label) for label in ("cat", "dog"))
RESULTS = [Result("a", CAT), Result("b", error=PhotoError("damaged")), Result("c", DOG), Result("d", CAT)]


def test_the_summary_counts_labels_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(lambda: 8, visible=True) as progress:
        progress.add(RESULTS)
        progress.add(RESULTS)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("8 photos, ")
    assert err.endswith(" photos/s: cat 4, dog 2, errors 2\n")
    assert progress.errors == 2


def test_nothing_is_said_where_nothing_was_searched(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(None, visible=False) as progress:
        progress.add(RESULTS)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("error", "words"), [(KeyboardInterrupt, "4 photos"), (BrokenPipeError, "")])
def test_what_is_interrupted_is_summed_up_and_what_fails_is_not(
    capsys: pytest.CaptureFixture[str], error: type[BaseException], words: str
) -> None:
    progress = Progress(None, visible=True)
    progress.add(RESULTS)
    progress.__exit__(error, None, None)
    assert capsys.readouterr().err[:8] == words


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """A terminal in place of stderr, once it is called: a call returns what was written since the last one."""
    screen, line = pty.openpty()
    os.set_blocking(screen, False)
    with os.fdopen(line, "w") as stderr:

        def written() -> str:
            if sys.stderr is stderr:
                return os.read(screen, 1000).decode()
            monkeypatch.setattr(sys, "stderr", stderr)
            return ""

        yield written
    os.close(screen)


def test_a_terminal_shows_a_bar_the_rate_and_the_time_left(terminal: Callable[[], str]) -> None:
    terminal()
    with Progress(lambda: 8, visible=True) as progress:
        time.sleep(0.1)  # the total is found meanwhile
        progress.add(RESULTS)
        shown = terminal()
        assert shown.startswith("\r\x1b[K[##########          ] 4 photos, ")
        assert " photos/s of 8, 0:0" in shown
        assert shown.endswith(" left")
        progress.erase()
        assert terminal() == "\r\x1b[K"
    assert terminal().startswith("4 photos, ")


def test_without_a_total_there_is_no_bar(terminal: Callable[[], str]) -> None:
    terminal()
    with Progress(None, visible=True) as progress:
        progress.add(RESULTS)
        assert terminal().startswith("\r\x1b[K4 photos, ")
