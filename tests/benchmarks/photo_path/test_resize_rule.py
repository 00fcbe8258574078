import io
import json
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.photo_path.resize_rule import RULES, apply, resize_rule
from PIL import Image


def jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


@pytest.fixture
def three_stripes() -> bytes:
    """A photo 30 wide and 10 high: black, gray, white."""
    return jpeg(Image.fromarray(np.repeat([0, 128, 255], 30 // 3).astype(np.uint8)[None].repeat(10, axis=0)))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_gives_the_size_asked_for(rule: str, three_stripes: bytes) -> None:
    assert apply(rule, three_stripes, 8).shape == (8, 8, 4)


def test_squash_keeps_all_crop_the_middle_and_pad_adds_gray(three_stripes: bytes) -> None:
    squashed, cropped, padded = (
        apply(f"{rule}-bicubic", three_stripes, 9)[..., 0] for rule in ("squash", "crop", "pad")
    )
    assert squashed[4, 0] < 10
    assert squashed[4, 8] > 245
    assert np.abs(cropped[4, 1:8].astype(int) - 128).max() < 10
    assert np.all(np.abs(padded[[0, 8]].astype(int) - 124) < 5)
    assert padded[4, 0] < 15


def test_the_command_writes_its_rows(
    tiny_int8_model: Path, few_photos: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resize_rule(few_photos, tiny_int8_model, images=2, out=tmp_path)
    result = json.loads((tmp_path / "resize_rule.json").read_text())
    assert {row["n"] for row in result["rows"]} == {2}
    assert len(result["rows"]) == 4 * len(RULES)
    assert capsys.readouterr().out.strip() in (tmp_path / "resize_rule.md").read_text()
