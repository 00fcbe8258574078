import json
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmark_results import measured, result, scored
from edge_cifar.benchmarks.cli.compare_benchmarks import compare_benchmarks
from edge_cifar.edge.cli.main import main
from edge_cifar.edge.errors import EdgeCifarError


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    accuracy = scored([True] * 9 + [False])
    models = [
        measured("models/fp32.onnx", "a1b2c3d4", 1.0, accuracy=accuracy),
        measured("models/int8.onnx", "e5f6a7b8", 0.4, accuracy=accuracy),
    ]
    return write(tmp_path / "laptop.json", result(models, cpu="a laptop"))


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    models = [measured("/home/pi/fp32.onnx", "a1b2c3d4", 8.0, base_ms=8.0, accuracy=scored([True] * 9 + [False]))]
    report = result(models, "throttling: it is throttled", cpu="a Pi")
    return write(tmp_path / "a-raspberry-pi-4-on-the-shelf.json", report)


def test_the_text_says_what_differs_and_what_is_real(
    laptop: Path, pi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compare_benchmarks(laptop, pi, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "machine:"
    assert any(line.split()[0] == "cpu" and line.endswith("a laptop") for line in lines)
    assert "settings: the same" in lines
    assert "/home/pi/fp32.onnx (the same file)" in lines
    assert any(line.startswith("top-1, %") and "+0, p = 1" in line for line in lines)
    assert any(line.startswith("only in") and line.endswith("models/int8.onnx") for line in lines)
    assert lines[-1].endswith("is INVALID: throttling: it is throttled")
    assert max(map(len, lines)) <= 100


def test_json_holds_the_same(laptop: Path, pi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare_benchmarks(laptop, pi, as_json=True)
    comparison = json.loads(capsys.readouterr().out)
    assert comparison["files"] == [str(laptop), str(pi)]
    assert comparison["machine"] == {"cpu": ["a laptop", "a Pi"]}
    assert comparison["models"][0]["differences"][0]["ratio"].keys() == {"median", "low", "high"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not JSON", "other.json: not what `edge-cifar benchmark --json` prints"),
        ("[1]", "other.json: not what `edge-cifar benchmark --json` prints"),
        ('{"models": []}', "other.json: not what `edge-cifar benchmark --json` prints"),
        ('{"schema": 1}', "other.json: schema 1, but this program reads 2; run the benchmark again"),
        ('{"schema": 99}', "other.json: schema 99, but this program reads 2; update edge-cifar"),
        ('{"schema": 2, "models": []}', "other.json: damaged"),
        ('{"schema": 2, "models": [{}]}', "other.json: damaged"),
        ('{"schema": 2, "models": 3}', "other.json: damaged"),
    ],
)
def test_another_file_is_refused_in_one_line(laptop: Path, tmp_path: Path, text: str, words: str) -> None:
    other = tmp_path / "other.json"
    other.write_text(text)
    with pytest.raises(EdgeCifarError) as caught:
        compare_benchmarks(laptop, other, as_json=False)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("part", "value"), [("machine", []), ("settings", "x")])
def test_parts_of_another_kind_are_damage(laptop: Path, tmp_path: Path, part: str, value: object) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**json.loads(laptop.read_text()), part: value}))
    with pytest.raises(EdgeCifarError, match=r"other\.json: damaged"):
        compare_benchmarks(laptop, other, as_json=False)


def test_a_missing_file_is_named(laptop: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"nowhere\.json: No such file"):
        compare_benchmarks(laptop, Path("nowhere.json"), as_json=False)


def test_it_is_a_command_of_two_files(
    laptop: Path, pi: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def status_of(*files: Path) -> int | str | None:
        monkeypatch.setattr(sys, "argv", ["edge-cifar", "compare-benchmarks", *map(str, files)])
        with pytest.raises(SystemExit) as exited:
            main()
        return exited.value.code

    assert status_of(laptop, pi) == 0
    assert capsys.readouterr().out.startswith("machine:\n")
    assert status_of(laptop) == 2
    assert "Missing argument 'B.json'" in capsys.readouterr().err
    assert status_of(laptop, pi, laptop) == 2
    assert "unexpected extra argument" in capsys.readouterr().err


def test_a_name_that_is_no_text_is_damage(laptop: Path, tmp_path: Path) -> None:
    result = json.loads(laptop.read_text())
    result["models"][0]["model"] = 5
    other = tmp_path / "other.json"
    other.write_text(json.dumps(result))
    with pytest.raises(EdgeCifarError, match=r"other\.json: damaged"):
        compare_benchmarks(other, other, as_json=False)
