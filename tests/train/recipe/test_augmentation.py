import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.nets.layers import PIXEL_MEAN
from edge_cifar.train.recipe.augment_batch import augment
from edge_cifar.train.recipe.augmentation import Augmentation

CHOSEN = torch.tensor([3, 0, 2])


def _images(side: int = 8) -> torch.Tensor:
    return torch.arange(4 * side * side * 3).reshape(4, side, side, 3).remainder(251).to(torch.uint8)


def _augment(images: torch.Tensor, chosen: torch.Tensor, text: str = "none", seed: int = 0) -> torch.Tensor:
    return augment(images, chosen, torch.Generator().manual_seed(seed), Augmentation.parse(text))


def test_without_strengths_images_are_only_gathered() -> None:
    assert torch.equal(_augment(_images(), CHOSEN), _images()[CHOSEN])


def test_flip_mirrors_some_images_and_leaves_the_others() -> None:
    chosen = torch.zeros(64, dtype=torch.int64)
    plain, mirrored = _images()[0], _images()[0].flip(1)
    flipped = [torch.equal(image, mirrored) for image in _augment(_images(), chosen, "flip")]
    kept = [torch.equal(image, plain) for image in _augment(_images(), chosen, "flip")]
    assert 16 < sum(flipped) < 48
    assert sum(flipped) + sum(kept) == 64


def test_crop_shifts_within_its_limit_and_mirrors_the_border() -> None:
    image = _images()[0]
    padded = torch.nn.functional.pad(image.permute(2, 0, 1).float(), (2, 2, 2, 2), mode="reflect")
    padded = padded.permute(1, 2, 0).to(torch.uint8)
    windows = [padded[y : y + 8, x : x + 8] for y in range(5) for x in range(5)]
    seen = set()
    for shifted in _augment(_images(), torch.zeros(200, dtype=torch.int64), "crop=2"):
        matches = [i for i, window in enumerate(windows) if torch.equal(window, shifted)]
        assert matches
        seen.add(matches[0])
    assert len(seen) == 25  # every shift occurs


def test_cutout_greys_out_one_square() -> None:
    images = torch.full((1, 16, 16, 3), 7, dtype=torch.uint8)
    for image in _augment(images, torch.zeros(100, dtype=torch.int64), "cutout=4"):
        rows, columns = torch.nonzero(image[..., 0] == PIXEL_MEAN, as_tuple=True)
        assert len(rows) == len(set(rows.tolist())) * len(set(columns.tolist())) <= 16
        assert len(rows) >= 4  # its centre stays inside
        assert (image[..., 0] == image[..., 1]).all()


def test_vflip_turns_images_upside_down() -> None:
    chosen = torch.zeros(64, dtype=torch.int64)
    upside_down = [torch.equal(image, _images()[0].flip(0)) for image in _augment(_images(), chosen, "vflip")]
    assert 16 < sum(upside_down) < 48


def test_rotation_and_zoom_move_pixels_about_the_centre() -> None:
    image = torch.zeros((1, 17, 17, 3), dtype=torch.uint8)
    image[0, 8, 8] = 255  # the centre
    image[0, 8, 14] = 200  # six pixels to its right
    chosen = torch.zeros(100, dtype=torch.int64)
    rotated = _augment(image, chosen, "rotate=45")
    assert (rotated[:, 8, 8, 0] > 100).all()
    rows = rotated[:, :, 11:].amax((2, 3)).argmax(1)
    assert rows.min() < 6
    assert rows.max() > 10
    zoomed = _augment(image, chosen, "zoom=0.3")
    columns = zoomed[:, 8, 10:].amax(2).argmax(1) + 10
    assert columns.min() < 14 < columns.max()


def test_color_keeps_shapes_and_changes_levels() -> None:
    images = torch.full((1, 8, 8, 3), 100, dtype=torch.uint8)
    changed = _augment(images, torch.zeros(50, dtype=torch.int64), "color=0.3")
    levels = changed[:, 0, 0, 0]
    assert levels.min() < 90
    assert levels.max() > 110
    assert (changed == changed[:, :1, :1]).all()


def test_a_part_of_a_batch_is_what_the_whole_batch_has_there() -> None:
    augmentation = Augmentation.parse("crop=2,flip,vflip,rotate=20,zoom=0.2,color=0.2,cutout=3")
    chosen = torch.arange(4).repeat(4)
    whole = augment(_images(), chosen, torch.Generator().manual_seed(0), augmentation)
    for rank in range(3):
        part = slice(rank, None, 3)
        again = augment(_images(), chosen, torch.Generator().manual_seed(0), augmentation, part)
        assert torch.equal(again, whole[part])


def test_augmentations_are_read_by_name_and_strength() -> None:
    assert Augmentation.parse("none") == Augmentation()
    assert Augmentation.parse("crop=4, flip,zoom=0.1") == Augmentation(crop=4, flip=True, zoom=0.1)


@pytest.mark.parametrize("text", ["", "crop", "crop=x", "crop=1e3", "flip=1", "blur=2", "crop=4;flip"])
def test_an_augmentation_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(RunError, match=r"--augment .*expected any of crop="):
        Augmentation.parse(text)


def test_the_same_seed_gives_the_same_batch_and_another_seed_another() -> None:
    text = "crop=2,flip,rotate=10,color=0.1,cutout=3"
    first, again, other = (_augment(_images(), CHOSEN, text, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_photo_squeezes_and_blurs_its_share_of_the_images() -> None:
    chosen = torch.zeros(400, dtype=torch.int64)
    image = torch.full((1, 32, 32, 3), 50, dtype=torch.uint8)
    image[:, 12:20, 12:20] = 250
    plain = [torch.equal(one, image[0]) for one in _augment(image, chosen, "photo=0.25")]
    assert 260 < sum(plain) < 340
    photographed = _augment(image, chosen, "photo=1").float() - 50
    areas = photographed[..., 0].sum((1, 2)) / 200  # pixels, of 64; a mirrored border can hold the square again
    assert 64 / (16 / 9) * 0.8 < areas.min() < 40
    assert 60 < areas.max() < 2 * 64
    heights = (photographed[..., 0].sum(2) > 100).sum(1)
    widths = (photographed[..., 0].sum(1) > 100).sum(1)
    assert (heights > widths).any()
    assert (heights < widths).any()


def test_photo_leaves_a_plain_image_plain() -> None:
    plain = torch.full((1, 16, 16, 3), 77, dtype=torch.uint8)
    assert torch.equal(_augment(plain, torch.zeros(50, dtype=torch.int64), "photo=1"), plain[[0] * 50])


@pytest.mark.parametrize(
    "text",
    ["crop=-1", "crop=256", "zoom=nan", "zoom=1", "color=1.1", "photo=inf", "mixup=1e-9", "cutmix=1e9", "rotate=-1"],
)
def test_a_strength_that_leaves_nothing_to_see_or_draws_for_ever_is_refused(text: str) -> None:
    with pytest.raises(RunError, match=rf"--augment {text.partition('=')[0]}=\S+: not between"):
        Augmentation.parse(text)


def test_a_strength_given_twice_is_refused() -> None:
    with pytest.raises(RunError, match="crop is given twice"):
        Augmentation.parse("crop=1,crop=2")


@pytest.mark.parametrize(("text", "size"), [("crop=8", 8), ("cutout=16", 8)])
def test_strengths_are_measured_against_the_image(text: str, size: int) -> None:
    with pytest.raises(RunError, match=rf"--augment {text}: too much for --size {size}; give less than {size}|16"):
        Augmentation.parse(text).check_size(size)
    Augmentation.parse(text).check_size(size + 1)
    _augment(_images(), CHOSEN, "crop=7,cutout=15")


def test_a_batch_of_which_no_image_becomes_a_photo_stays_as_it_is() -> None:
    for seed in range(20):
        assert _augment(_images(), CHOSEN[:1], "photo=0.01", seed).shape == (1, 8, 8, 3)
