import mmap
from itertools import cycle, islice
from pathlib import Path

import pytest
from edge_cifar.benchmarks.robustness.soak import small_photos, soak, watch, watch_photos, watch_sessions
from edge_cifar.edge.inference.classifier import Classifier, Prediction


def test_growth_is_from_a_tenth_to_the_highest_reading() -> None:
    held: list[mmap.mmap] = []

    def hold() -> None:  # fresh memory: that of earlier tests is not used again
        held.append(mmap.mmap(-1, 1_000_000))
        held[-1].write(b"x" * 1_000_000)

    growth = watch(hold, 100)
    assert growth.n == 100
    assert growth.grown == pytest.approx(90e6, rel=0.1)
    assert growth.describe("steps").startswith("100 steps in ")


def test_photos_are_of_many_kinds_and_most_can_be_read(tiny_int8_model: Path) -> None:
    photos = small_photos()
    results = list(Classifier(tiny_int8_model).predict_many(photos))
    readable = sum(isinstance(result, Prediction) for result in results)
    assert 0.9 * len(photos) < readable < len(photos)
    assert {photo[:4] for photo in photos} >= {b"\x89PNG", b"GIF8", b"RIFF"}


def test_photos_that_cannot_be_read_are_no_measurement(tiny_int8_model: Path) -> None:
    with pytest.raises(AssertionError, match="only 0 of 10 photos"):
        watch_photos(Classifier(tiny_int8_model), islice(cycle([b"nothing"]), 10), 10)


def test_sessions_are_timed(tiny_int8_model: Path) -> None:
    growth, milliseconds = watch_sessions(tiny_int8_model, 1, 10)
    assert growth.n == 10
    assert 0.1 < milliseconds < 10_000


def test_the_command_says_everything(tiny_int8_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soak(photos=30, files=10, sessions=10, model=tiny_int8_model, threads=1)
    lines = capsys.readouterr().out.splitlines()
    said = [line.split(" in ")[0] for line in lines[:3]]
    assert said == ["30 photos from memory", "10 photos from files", "10 sessions"]
    assert "a session opens from its file in " in lines[3]
    assert lines[4].startswith("peak of the process: ")
