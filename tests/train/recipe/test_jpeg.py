import io

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.recipe.jpeg import compressed, through_jpeg
from PIL import Image


def _photos(synthetic: LabelledImages, side: int) -> np.ndarray:
    """Return 20 photos, uint8 (20, side, side, 3): smooth, as photos enlarged from 32 pixels are."""
    pixels = [Image.fromarray(image).resize((side, side)) for image in synthetic.images[:200:10, ..., :3]]
    return np.stack([np.asarray(image) for image in pixels])


def _pillow(photo: np.ndarray, quality: int) -> np.ndarray:
    content = io.BytesIO()
    Image.fromarray(photo).save(content, "JPEG", quality=quality)
    with Image.open(content) as image:
        return np.asarray(image.convert("RGB"))


def _ours(photos: np.ndarray, quality: list[int]) -> np.ndarray:
    values = torch.from_numpy(photos).permute(0, 3, 1, 2).float()
    return through_jpeg(values, torch.tensor(quality)).round().permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("side", [64, 100])  # of whole blocks, and not
@pytest.mark.parametrize("quality", [10, 30, 50, 75, 95])
def test_it_does_what_libjpeg_does(synthetic: LabelledImages, side: int, quality: int) -> None:
    photos = _photos(synthetic, side)
    expected = np.stack([_pillow(photo, quality) for photo in photos]).astype(float)
    changed = np.abs(expected - photos).mean()
    difference = np.abs(_ours(photos, [quality] * len(photos)) - expected)
    assert difference.mean() < min(1.0, 0.6 * changed)  # of which the rounding of its integers makes most


def test_each_image_has_its_own_quality(synthetic: LabelledImages) -> None:
    photos = _photos(synthetic, 64)[:2]
    both = _ours(photos, [20, 90])
    for image, alone, quality in zip(both, photos, (20, 90), strict=True):
        assert np.abs(image - _ours(alone[None], [quality])[0]).max() <= 1


def test_the_larger_the_amount_the_lower_the_quality(synthetic: LabelledImages) -> None:
    values = torch.from_numpy(_photos(synthetic, 64)[:1]).permute(0, 3, 1, 2).float()
    losses = [(compressed(values, torch.tensor([[amount]])) - values).abs().mean().item() for amount in (0.0, 0.5, 1.0)]
    assert losses == sorted(losses)
    assert losses[2] > 2 * losses[0]
