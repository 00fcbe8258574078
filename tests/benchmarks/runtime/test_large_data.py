import re
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.runtime.large_data import large_data, make_photos
from edge_cifar.edge.data.synthetic_shapes import LABELS
from PIL import Image


def test_photos_are_different_and_in_folders_of_their_class(tmp_path: Path) -> None:
    make_photos(tmp_path, 210)
    paths = sorted(tmp_path.rglob("*.jpg"))
    assert len({np.asarray(Image.open(path)).tobytes() for path in paths}) == 210
    assert {path.parent.name for path in paths} == set(LABELS)


@pytest.mark.slow
def test_the_second_start_decodes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    large_data(photos=100, size=16, net="nano", batch_size=8, steps=2, folder=tmp_path)
    made, _, first, second = capsys.readouterr().out.splitlines()
    assert made.startswith("100 photos of 320 x 240 pixels made in ")
    assert re.fullmatch(r"first +\d+\.\d s +100 +\d+\.\d +[\d,]+ MB", first)
    assert re.fullmatch(r"second +\d+\.\d s +0 +\d+\.\d +[\d,]+ MB", second)
    assert list(tmp_path.iterdir()) == []
