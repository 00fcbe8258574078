from pathlib import Path

import pytest
from edge_cifar.benchmarks.measure import startup
from edge_cifar.benchmarks.measure.startup import Start, measure_starts, start_once
from edge_cifar.edge.data.synthetic_shapes import PHOTO_SIZE, render
from edge_cifar.edge.errors import EdgeCifarError
from numpy.random import RandomState


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    render("star", *PHOTO_SIZE, RandomState(0)).save(path)
    return path


def test_the_memory_is_that_of_the_fresh_process_not_of_the_one_that_starts_it(
    tiny_int8_model: Path, photo: Path
) -> None:
    ballast = bytearray(300_000_000)
    start = start_once(tiny_int8_model, photo, threads=1)
    assert 20_000_000 < start.peak_bytes < len(ballast)
    assert list(start.parts) == ["interpreter", "imports", "session", "first answer"]
    assert all(seconds > 0 for seconds in start.parts.values())
    assert sum(start.parts.values()) == pytest.approx(start.seconds)


def test_a_start_that_fails_names_the_model_and_the_reason(tiny_int8_model: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"model\.int8\.onnx: .*nowhere\.jpg"):
        start_once(tiny_int8_model, Path("nowhere.jpg"), threads=1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models of all starts, which take the seconds below, in their order."""
    asked: list[str] = []
    seconds = {"a": iter([100.0, 1.0, 3.0, 2.0]), "b": iter([100.0, 7.0, 5.0, 6.0])}
    peaks = iter([90, 90, 10, 11, 20, 21, 60, 61])

    def recorded(model: Path, _photo: Path, _threads: int) -> Start:
        asked.append(model.name)
        taken = next(seconds[model.name])
        return Start(taken, next(peaks), {"imports": taken})

    monkeypatch.setattr(startup, "start_once", recorded)
    return asked


def test_models_take_turns_and_the_first_start_of_each_is_not_counted(asked: list[str]) -> None:
    starts = measure_starts([Path("a"), Path("b")], Path("photo.jpg"), threads=1, starts=3)
    assert asked == ["a", "b"] * 4
    assert starts == [
        Start(2.0, 20, {"imports": 2.0}, (1.0, 3.0, 2.0)),
        Start(6.0, 21, {"imports": 6.0}, (7.0, 5.0, 6.0)),
    ]


def test_there_is_one_start_however_little_time_there_is(asked: list[str]) -> None:
    starts = measure_starts([Path("a"), Path("b")], Path("photo.jpg"), threads=1, starts=3, seconds=0)
    assert asked == ["a", "b"] * 2
    assert [start.rounds for start in starts] == [(1.0,), (7.0,)]


def test_the_command_compares_with_the_bare_imports(capsys: pytest.CaptureFixture[str]) -> None:
    startup.startup(pairs=1, threads=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["start to end", "CPU time", "first answer"]
    assert "quartiles of 1 pairs" in lines[0]
