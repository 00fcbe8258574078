import json
from pathlib import Path

import pytest
from edge_cifar.benchmarks.photo_path.degrade import FRAMES
from edge_cifar.benchmarks.photo_path.shrunk_photos import shrunk_photos
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT


def test_every_model_answers_the_images_and_the_photos_made_of_them(
    tiny_fp32_model: Path, tiny_int8_model: Path, few_photos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shrunk_photos([tiny_fp32_model, tiny_int8_model], few_photos, images=2, out=tmp_path)
    result = json.loads((tmp_path / "shrunk_photos.json").read_text())
    assert {row["n"] for row in result["rows"]} == {2}
    assert [row["frame"] for row in result["rows"]] == [frame for frame in ("plain", *FRAMES) for _ in range(2)]
    assert {row["name"] for row in result["rows"]} == set(result["models"])
    assert capsys.readouterr().out.strip() in (tmp_path / "shrunk_photos.md").read_text()


def test_models_with_other_validation_images_are_not_compared(tiny_int8_model: Path, few_photos: str) -> None:
    with pytest.raises(EdgeCifarError, match="validation images"):
        shrunk_photos([tiny_int8_model, SHIPPED_DEFAULT], few_photos)
