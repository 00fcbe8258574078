import numpy as np
import pytest
import torch
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.foreign.pixel_rule import PixelRule
from edge_cifar.export.foreign.told import LIKE, Like
from torchvision.transforms import v2

PIXELS = np.random.RandomState(0).randint(0, 256, (2, 6, 6, 4), dtype=np.uint8)
SQUARE = Preprocessing(6)


def like(name: Like, **rest: object) -> PixelRule:
    facts = LIKE[name]
    assert facts.scale
    assert facts.mean
    assert facts.std
    assert facts.channels
    return PixelRule(SQUARE, facts.scale, facts.mean, facts.std, channels=facts.channels, **rest)  # type: ignore[arg-type]


def test_imagenets_rule_is_torchvisions() -> None:
    photos = torch.from_numpy(PIXELS[..., :3].copy()).permute(0, 3, 1, 2)
    normalize = v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    expected = normalize(v2.functional.to_dtype(photos, torch.float32, scale=True))
    inputs = like("imagenet").inputs(PIXELS)
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(inputs, expected.numpy(), atol=1e-6)


def test_caffes_rule_takes_means_off_blue_green_and_red() -> None:
    inputs = like("caffe", layout="nhwc").inputs(PIXELS)
    red, green, blue = (PIXELS[1, 2, 3, i].astype(float) for i in range(3))
    assert inputs[1, 2, 3].tolist() == pytest.approx([blue - 103.939, green - 116.779, red - 123.68], abs=1e-4)


@pytest.mark.parametrize(("layout", "shape"), [("nchw", (2, 3, 6, 6)), ("nhwc", (2, 6, 6, 3))])
def test_inputs_have_the_layout_of_the_net(layout: str, shape: tuple[int, ...]) -> None:
    assert PixelRule(SQUARE, layout=layout).inputs(PIXELS).shape == shape  # type: ignore[arg-type]


def test_x_is_not_looked_at() -> None:
    other = PIXELS.copy()
    other[..., 3] = 7
    assert (like("tf").inputs(PIXELS) == like("tf").inputs(other)).all()


def test_it_is_written_in_one_line_that_tells_rules_apart() -> None:
    rule = PixelRule(Preprocessing(8), 1.0, (127.5, 127.5, 127.5), (1.0, 2.0, 3.0), channels="bgr")
    assert rule.describe() == "(bgr * 1.0 - 127.5) / (1.0, 2.0, 3.0)"
