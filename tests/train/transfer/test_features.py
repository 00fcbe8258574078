import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.augmentation import Augmentation
from edge_cifar.train.transfer import features
from edge_cifar.train.transfer.features import PLAIN, FeatureMaker

FLIP = Augmentation(flip=True, crop=4)


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 8 photos, chunks of 16."""
    monkeypatch.setattr(features, "BATCH", 8)
    monkeypatch.setattr(features, "CHUNK", 16)


@pytest.fixture
def net() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return build_net(NETS["nano"])


@pytest.fixture
def few(synthetic: LabelledImages) -> LabelledImages:
    return synthetic.take(np.arange(36, dtype=np.int64))


def _made(net: torch.nn.Sequential, images: LabelledImages, augmentation: Augmentation, view: int = 1) -> torch.Tensor:
    maker = FeatureMaker(net, images, torch.device("cpu"), None)
    return maker.features(augmentation, 0, view, lambda: None)


def _forwards(net: torch.nn.Sequential) -> list[int]:
    """Return a list to which each batch adds its size that goes through `net` from now on."""
    sizes: list[int] = []
    net[0].register_forward_hook(lambda _module, inputs, _value: sizes.append(len(inputs[0])))
    return sizes


def test_features_are_what_the_head_gets(net: torch.nn.Sequential, few: LabelledImages) -> None:
    made = _made(net, few, PLAIN)
    with torch.inference_mode():
        expected = net.eval()(torch.from_numpy(few.images))
    assert torch.allclose(net[-1](made), expected, atol=1e-5)


def test_features_are_computed_once(net: torch.nn.Sequential, few: LabelledImages) -> None:
    sizes = _forwards(net)
    first = _made(net, few, FLIP)
    assert sizes == [8, 8, 8, 8, 4]
    assert torch.equal(_made(net, few, FLIP), first)
    assert len(sizes) == 5


def test_other_weights_photos_and_views_have_other_features(net: torch.nn.Sequential, few: LabelledImages) -> None:
    first = _made(net, few, FLIP)
    assert not torch.equal(_made(net, few, FLIP, view=2), first)
    assert not torch.equal(_made(net, few, PLAIN), first)
    others = few.take(np.arange(36, dtype=np.int64)[::-1].copy())
    assert not torch.equal(_made(net, others, FLIP), first)
    with torch.no_grad():
        net[1].bias += 1
    assert not torch.equal(_made(net, few, FLIP), first)


def test_a_stop_loses_a_chunk_at_most_and_comes_to_the_same_bits(
    net: torch.nn.Sequential, few: LabelledImages, cache: Path
) -> None:
    sizes, left = _forwards(net), iter(range(4))

    def stop() -> None:
        if next(left) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FeatureMaker(net, few, torch.device("cpu"), None).features(FLIP, 0, 1, stop)
    sizes.clear()
    made = _made(net, few, FLIP)
    assert sizes == [8, 8, 4]
    shutil.rmtree(cache)
    assert torch.equal(_made(net, few, FLIP), made)
