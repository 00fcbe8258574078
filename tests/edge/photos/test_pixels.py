import numpy as np
import pytest
from edge_cifar.edge.photos.contract import read_photo
from PIL import Image


@pytest.mark.parametrize(("height", "width"), [(70, 40), (40, 70)])
@pytest.mark.parametrize("channels", [3, 4])
def test_photos_of_any_shape_are_resized_horizontally_first(height: int, width: int, channels: int) -> None:
    # Pillow before 13 always does; from 13 on it depends on the shape, and other pixels come out.
    array = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    narrow = Image.fromarray(array).resize((32, height), Image.Resampling.BICUBIC)
    if channels == 4:  # in one step, so that colours are rounded once
        narrow = Image.fromarray(array).convert("RGBa").resize((32, height), Image.Resampling.BICUBIC)
    small = narrow.resize((32, 32), Image.Resampling.BICUBIC)
    if channels == 4:
        white = Image.new("RGBA", small.size, "white")
        small = Image.alpha_composite(white, small.convert("RGBA"))
    assert np.array_equal(read_photo(array, 32)[..., :3], np.asarray(small)[..., :3])
