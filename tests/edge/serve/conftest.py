"""A server of two of the package's models, which all tests of a file may ask."""

from collections.abc import Iterator

import numpy as np
import pytest
from edge_cifar.edge.data.synthetic_shapes import LABELS, render
from pictures import encode
from serving import Serving, serving


@pytest.fixture(scope="package")
def server() -> Iterator[Serving]:
    with serving("nano", "small") as served:
        yield served


@pytest.fixture(scope="package")
def photos() -> list[bytes]:
    """Photos of several formats and sizes."""
    random = np.random.RandomState(0)
    return [
        encode(render(LABELS[i % 10], 40 + 9 * i, 90, random), ("JPEG", "PNG", "WEBP", "BMP")[i % 4]) for i in range(24)
    ]
