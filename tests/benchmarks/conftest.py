"""What the tests of the benchmarks share."""

from pathlib import Path

import numpy as np
import pytest
from boards import board as board
from edge_cifar.edge.data.synthetic_shapes import render


@pytest.fixture
def few_photos(tmp_path: Path) -> str:
    """A dataset folder of twenty rendered photos of two classes, one of each for validation."""
    random = np.random.RandomState(0)
    for label in ("bar", "heart"):
        folder = tmp_path / "few" / "train" / label
        folder.mkdir(parents=True)
        for i in range(10):
            render(label, 48, 48, random).save(folder / f"{i}.png")
    return str(tmp_path / "few")
