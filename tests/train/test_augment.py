import torch
from edge_cifar.train.augment import augment
from edge_cifar.train.nets import PIXEL_MEAN

CHOSEN = torch.tensor([3, 0, 2])


def _images(side: int = 8) -> torch.Tensor:
    return torch.arange(4 * side * side * 3).reshape(4, side, side, 3).remainder(251).to(torch.uint8)


def _augment(images: torch.Tensor, chosen: torch.Tensor, seed: int = 0, **strengths: int) -> torch.Tensor:
    options = {"crop": 0, "flip": False, "cutout": 0} | strengths
    return augment(images, chosen, torch.Generator().manual_seed(seed), **options)  # type: ignore[arg-type]


def test_without_strengths_images_are_only_gathered() -> None:
    assert torch.equal(_augment(_images(), CHOSEN), _images()[CHOSEN])


def test_flip_mirrors_some_images_and_leaves_the_others() -> None:
    chosen = torch.zeros(64, dtype=torch.int64)
    plain, mirrored = _images()[0], _images()[0].flip(1)
    flipped = [torch.equal(image, mirrored) for image in _augment(_images(), chosen, flip=True)]
    kept = [torch.equal(image, plain) for image in _augment(_images(), chosen, flip=True)]
    assert 16 < sum(flipped) < 48
    assert sum(flipped) + sum(kept) == 64


def test_crop_shifts_within_its_limit_and_mirrors_the_border() -> None:
    image = _images()[0]
    padded = torch.nn.functional.pad(image.permute(2, 0, 1).float(), (2, 2, 2, 2), mode="reflect")
    padded = padded.permute(1, 2, 0).to(torch.uint8)
    windows = [padded[y : y + 8, x : x + 8] for y in range(5) for x in range(5)]
    seen = set()
    for shifted in _augment(_images(), torch.zeros(200, dtype=torch.int64), crop=2):
        matches = [i for i, window in enumerate(windows) if torch.equal(window, shifted)]
        assert matches
        seen.add(matches[0])
    assert len(seen) == 25  # every shift occurs


def test_cutout_greys_out_one_square() -> None:
    images = torch.full((1, 16, 16, 3), 7, dtype=torch.uint8)
    for image in _augment(images, torch.zeros(100, dtype=torch.int64), cutout=4):
        rows, columns = torch.nonzero(image[..., 0] == PIXEL_MEAN, as_tuple=True)
        assert len(rows) == len(set(rows.tolist())) * len(set(columns.tolist())) <= 16
        assert len(rows) >= 4  # its centre stays inside
        assert (image[..., 0] == image[..., 1]).all()


def test_the_same_seed_gives_the_same_batch_and_another_seed_another() -> None:
    strengths = {"crop": 2, "flip": True, "cutout": 3}
    first, again, other = (_augment(_images(), CHOSEN, seed, **strengths) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
