from pathlib import Path

import pytest
from edge_cifar.benchmarks.photo_path.tta_gain import TRIED, tta


def test_every_way_of_looking_gets_a_line(
    tiny_int8_model: Path, few_photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tta(few_photos, tiny_int8_model)
    first, *ways, cost = capsys.readouterr().out.splitlines()
    assert "validation images" in first
    assert [way.split("  ")[0] for way in ways] == list(TRIED)
    assert "times as long" in cost
