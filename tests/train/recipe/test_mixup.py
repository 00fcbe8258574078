import math

import pytest
import torch
from edge_cifar.train.recipe.augmentation import Augmentation
from edge_cifar.train.recipe.mixup import cutmix, mix, mixup

LEVELS = torch.arange(6, dtype=torch.uint8).mul(40).reshape(6, 1, 1, 1)


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_mixup_blends_each_image_with_its_partner() -> None:
    images = LEVELS.expand(6, 4, 4, 3)
    mixed, partners, weight = mixup(images, 1.0, _generator())
    expected = (weight * images.float() + (1 - weight) * images[partners].float()).round()
    assert (mixed.float() - expected).abs().max() <= 1
    assert 0.5 <= weight < 1
    assert sorted(partners.tolist()) == list(range(6))


def test_mixup_weights_follow_the_beta_distribution() -> None:
    generator = _generator()
    image = torch.zeros((2, 1, 1, 3), dtype=torch.uint8)
    weights = torch.tensor([mixup(image, 0.5, generator)[2] for _ in range(2000)])
    assert abs(float(weights.mean()) - 0.818) < 0.01  # 1/2 + 1/pi: of max(x, 1 - x) under the arcsine law


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_puts_a_rectangle_of_its_partner_into_each_image(seed: int) -> None:
    images = LEVELS.expand(6, 16, 16, 3)
    mixed, partners, weight = cutmix(images, 1.0, _generator(seed))
    assert sorted(partners.tolist()) == list(range(6))
    for image, own, partner in zip(mixed, images, images[partners], strict=True):
        if not torch.equal(own, partner):
            foreign = (image == partner).all(-1)
            assert torch.equal(torch.where(foreign[..., None], partner, own), image)
            assert float((~foreign).float().mean()) == pytest.approx(weight)
            height, width = (int(foreign.any(axis).sum()) for axis in (1, 0))
            assert height * width == foreign.sum()
    assert 0.5 <= weight <= 1


def test_cutmix_leaves_the_share_of_the_image_that_was_drawn_unless_the_square_is_cut_off() -> None:
    generator = _generator()
    images = LEVELS.expand(6, 64, 64, 3)
    weights = torch.tensor([cutmix(images, 1.0, generator)[2] for _ in range(500)])
    # The larger of x and 1 - x is 3/4 on average; what is cut off at the border makes it more.
    assert 0.75 < float(weights.mean()) < 0.90
    assert math.isclose(float(weights.min()), 0.5, abs_tol=0.05)


def test_of_mixup_and_cutmix_a_batch_gets_either() -> None:
    images = LEVELS.expand(6, 16, 16, 3)
    augmentation = Augmentation.parse("mixup=1,cutmix=1")
    blended = 0
    for seed in range(100):
        mixed, *_ = mix(images, augmentation, _generator(seed))
        blended += not torch.isin(mixed, LEVELS).all()
    assert 30 < blended < 70


def test_mixup_alone_is_what_it_is_without_a_choice() -> None:
    images = LEVELS.expand(6, 4, 4, 3)
    alone = mix(images, Augmentation.parse("mixup=0.5"), _generator())
    assert torch.equal(alone[0], mixup(images, 0.5, _generator())[0])


@pytest.mark.parametrize("alpha", [0.001, 0.01, 30.0, 100.0])
def test_no_alpha_draws_for_long(alpha: float) -> None:
    generator = _generator()
    weights = [mixup(LEVELS, alpha, generator)[2] for _ in range(50)]
    assert all(0.5 <= weight <= 1 for weight in weights)
    assert (max(weights) < 0.8) == (alpha > 1)  # strong mixing is even, weak leaves one image
