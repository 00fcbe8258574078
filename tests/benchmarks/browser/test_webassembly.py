import hashlib
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.browser import webassembly
from edge_cifar.benchmarks.portability import conformance
from edge_cifar.benchmarks.portability.conformance_report import WEBASSEMBLY, tables
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.shipped_models import model_file
from edge_cifar.edge.photos.contract import read_photo
from PIL import Image


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    first, second, *others = write_photos(tmp_path / "photos", 1, seed=0)
    png = second.with_suffix(".png")
    Image.open(second).save(png)
    return [first, png, *others]


@pytest.mark.usefixtures("runtime")
def test_webassembly_is_one_more_cpu(photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    if missing := webassembly.why_not():
        pytest.skip(missing)
    path = model_file("nano")
    model = Model(path)
    pixels = np.stack([read_photo(photo, model.card.preprocessing) for photo in photos])
    monkeypatch.setattr(conformance, "each_cpu", lambda *_: iter(()))  # the emulators, which take minutes
    rows, failures = conformance.measure([], [], {path: "int8"}, photos, in_webassembly=True)
    assert failures == []
    _, [(logits, digest)] = webassembly.ask([path], photos)
    assert digest == hashlib.sha256(pixels.tobytes()).hexdigest()
    assert np.array_equal(logits, model.logits(pixels))
    assert [row.cpu for row in rows] == [WEBASSEMBLY]
    assert "| webassembly | what browsers run, in Node.js | web 1." in tables(rows)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert webassembly.why_not() == "no Node.js on the PATH"
