import io

import numpy as np
import pytest
from edge_cifar.benchmarks.photo_path.degrade import ASPECTS, FRAMES, SIDES, degraded
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.photos.contract import read_photo
from PIL import Image


@pytest.mark.parametrize("frame", FRAMES)
def test_photos_are_jpegs_of_photo_size_and_shape(frame: str, synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    sizes = []
    for pixels in synthetic.images[:20]:
        with Image.open(io.BytesIO(degraded(pixels, frame, random))) as photo:
            assert photo.format == "JPEG"
            sizes.append(photo.size)
    assert {min(size) for size in sizes} == set(SIDES)
    aspects = {round(max(size) / min(size), 2) for size in sizes}
    assert aspects == ({1.0} if frame == "square" else {round(aspect, 2) for aspect in ASPECTS})
    if frame != "square":
        assert {width > height for width, height in sizes} == {True, False}


def test_the_same_seed_makes_the_same_photo(synthetic: LabelledImages) -> None:
    first, again, other = (degraded(synthetic.images[0], "anywhere", np.random.RandomState(seed)) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("frame", ["square", "filled"])
def test_the_image_is_still_to_be_seen_upright(frame: str, synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    for pixels in synthetic.images[:10]:
        back = read_photo(degraded(pixels, frame, random), 32)
        assert np.abs(back[..., :3].astype(int) - pixels[..., :3]).mean() < 12
