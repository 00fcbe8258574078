"""What a person sees of a run on a cluster: the bar on a terminal, the summary, a sample's shares."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from edge_cifar import Classifier
from edge_cifar.edge.bulk.bulk_run import Asked
from edge_cifar.edge.bulk.command import predict_bulk
from edge_cifar.edge.bulk.listing import chosen, list_photos
from edge_cifar.edge.results.rows import row
from edge_cifar.edge.stream.classify_stream import classify_many
from edge_cifar.edge.stream.find_photos import find_photos

PREDICT = [sys.executable, "-m", "edge_cifar.edge", "predict", "--engine", "ray"]

Predict = Callable[..., list[str]]


@pytest.fixture
def predict(cat_or_dog: Classifier, cluster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Predict:
    """Do what `edge-cifar predict --engine ray` does, into the folder "out"; return what it says, a line each."""

    def predict(asked: Asked) -> list[str]:
        out = str(tmp_path / "out")
        with suppress(typer.Exit):  # 1, since there are errors among the photos
            predict_bulk(cat_or_dog, asked, out, cluster, None, None, resume=False, retry_errors=False)
        said = capsys.readouterr()
        assert said.out == ""
        return said.err.splitlines()

    return predict


def rows(out: Path) -> list[dict[str, object]]:
    found = pq.read_table(out).drop_columns("bytes").to_pylist()
    return [{name: value for name, value in each.items() if value is not None} for each in found]


def local_rows(classifier: Classifier, asked: Asked, paths: list[str]) -> list[dict[str, object]]:
    """What the local stream answers to the same photos."""
    found = classify_many(classifier, find_photos(paths), 2, jobs=1)
    return [row(result, asked.origin) for results in found for result in results]


def test_a_limit_takes_the_first_photos_and_no_others(
    predict: Predict, asked: Asked, cat_or_dog: Classifier, photos: Path, tmp_path: Path
) -> None:
    plan, summary = predict(replace(asked, limit=7))
    assert plan.startswith("1 part of 100 photos, 2 workers")
    assert summary.startswith("7 photos, ")
    first = sorted(str(path) for path in photos.glob("*.*"))[:7]
    assert rows(tmp_path / "out") == local_rows(cat_or_dog, asked, first)


def test_a_sample_is_of_the_photos_drawn_and_tells_shares_with_intervals(
    predict: Predict, asked: Asked, cat_or_dog: Classifier, photos: Path, tmp_path: Path
) -> None:
    *_, last = predict(replace(asked, sample=20))
    drawn = [each.path for each in chosen(list_photos([str(photos)], recursive=True), None, 20)[0]]
    assert rows(tmp_path / "out") == local_rows(cat_or_dog, asked, drawn)
    assert re.fullmatch(
        r"of 20 sampled photos of 121: (\w+ \d+\.\d% \(\d+\.\d% to \d+\.\d%\)(, |; ))+95 % intervals", last
    )


def test_a_terminal_shows_a_bar_with_photos_a_second_and_the_time_left(
    small_model: Path, cluster: str, photos: Path, tmp_path: Path
) -> None:
    terminal, end = pty.openpty()
    command = [*PREDICT, str(photos), "--model", str(small_model), "--out", str(tmp_path / "out"), "--address", cluster]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True)
    os.close(end)
    shown = b""
    try:
        while piece := os.read(terminal, 1 << 16):
            shown += piece
    except OSError:  # the terminal's other end is closed
        pass
    finally:
        os.close(terminal)
        stdout, _ = process.communicate(timeout=60)
    plan, *bars, summary = re.split(r"\r\x1b\[K|\r\n", shown.decode().removesuffix("\r\n"))
    assert (process.returncode, stdout) == (1, ""), shown
    assert plan.startswith("2 parts of 100 photos, 2 workers")
    drawn = [bar for bar in bars if bar]
    assert drawn
    for bar in drawn:
        assert re.fullmatch(r"\[#+ *\] (20|100|120) photos, [\d,.]+ photos/s of 120, \d+:\d\d left", bar)
    assert re.match(r"120 photos, [\d,.]+ photos/s: ", summary)
