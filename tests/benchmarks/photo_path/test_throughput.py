import json
from pathlib import Path

import pytest
from edge_cifar.benchmarks.photo_path import throughput as module
from edge_cifar.edge.machine.description import this_machine
from edge_cifar.edge.stats.paired_timing import Ratio
from PIL import Image


def test_json_holds_the_machine_and_a_row_a_way(
    tiny_int8_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", (400, 300))
    module.throughput(large=3, small=3, rounds=2, model=tiny_int8_model, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert sorted(report) == ["machine", "photos", "rounds"]
    for ways in report["photos"].values():
        assert [way["name"] for way in ways][:2] == ["predict", "one bare decoder"]
        assert all(way["photos_per_second"] > 0 and way["cpu_us"] > 0 for way in ways)
        assert ways[0]["predict_share"] == {"median": 1, "low": 1, "high": 1}


def test_the_text_has_a_line_a_way(capsys: pytest.CaptureFixture[str]) -> None:
    way = module.Way("predict", 61.9, 31000.4, Ratio(0.912, 0.9, 0.93))
    module._print(this_machine(), {"60 JPEGs": [way]}, 7)
    assert capsys.readouterr().out.split("\n\n")[1] == (
        "60 JPEGs, medians of 7 rounds\n"
        "predict                        62 photos/s   31,000 us of CPU a photo"
        "   predict's share 91.2% (quartiles 90.0%-93.0%)\n"
    )


def test_the_photos_are_of_the_stated_sizes(tmp_path: Path) -> None:
    [large] = module.write_large(tmp_path / "large", 1)
    small = module.write_small(tmp_path / "small", 3)
    with Image.open(large) as photo:
        assert photo.width * photo.height == 12_000_000
    assert 2e6 < large.stat().st_size < 6e6  # as cameras write
    for path in small:
        with Image.open(path) as photo:
            assert (photo.size, photo.mode) == ((32, 32), "RGB")
