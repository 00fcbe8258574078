import json
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmark_results import measured, result
from edge_cifar.benchmarks.methods import repeatability as module
from edge_cifar.benchmarks.methods.repeatability import repeatability, run_once, strayed
from edge_cifar.edge.errors import EdgeCifarError


def run(ratio: float, *reasons: str) -> dict[str, Any]:
    report = result([measured("a.onnx", "a1b2c3d4", 1.0), measured("b.onnx", "e5f6a7b8", 0.4)], *reasons)
    report["models"][1]["net_ratio"]["median"] = ratio
    return report


def test_a_ratio_strays_as_far_as_its_farthest_run_from_the_median_one() -> None:
    net, photo = strayed([run(0.4), run(0.41), run(0.38)])
    assert (net.model, net.ratio, net.runs, net.median) == ("b.onnx", "net alone", [0.4, 0.41, 0.38], 0.4)
    assert net.farthest == pytest.approx(0.05)
    assert (photo.ratio, photo.farthest) == ("JPEG to label", 0)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was run, each a benchmark of its own; the second and the last one are disturbed."""
    ran: list[str] = []

    def recorded(_command: object, words: str) -> dict[str, Any]:
        ran.append(words)
        return run(0.4, *(["rounds disagree"] if len(ran) in (2, 4) else []))

    monkeypatch.setattr(module, "run_once", recorded)
    return ran


def test_the_text_says_how_far_and_whether_the_disturbed_run_was_noticed(
    runs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    repeatability(None, runs=3, rounds=1)
    lines = capsys.readouterr().out.splitlines()
    assert runs == ["run 1 of 3", "run 2 of 3", "run 3 of 3", "run beside busy loops"]
    assert lines[0].split("  ")[0] == "3 runs"
    assert lines[1].split() == ["b.onnx", "net", "alone", "0.400", "0.400-0.400", "0.0%"]
    assert lines[-2:] == ["run 2 was called INVALID: rounds disagree", "beside busy loops: INVALID, rounds disagree"]


def test_json_holds_every_run(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    repeatability(None, runs=3, rounds=1, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["ratios"][0]["runs"] == [0.4] * len(runs[:3])
    assert report["invalid"] == [[], ["rounds disagree"], []]
    assert report["disturbed"] == {"valid": False, "reasons": ["rounds disagree"]}


def test_a_disturbed_run_that_was_not_noticed_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "run_once", lambda *_: run(0.4))
    repeatability(None, runs=2, rounds=1)
    assert capsys.readouterr().out.endswith("beside busy loops: NOT NOTICED\n")


def test_a_benchmark_that_fails_is_told() -> None:
    command = [sys.executable, "-m", "edge_cifar.edge", "benchmark", str(Path("nowhere.onnx"))]
    with pytest.raises(EdgeCifarError, match=r"the benchmark failed: .*nowhere\.onnx: no such model file"):
        run_once(command, "run 1 of 1")
