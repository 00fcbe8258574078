import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar.edge.splits.look_alikes import BITS, GRID, group_alike, look
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def photos(count: int, seed: int = 0, size: int = 64) -> Pixels:
    """Return smooth pictures that have nothing to do with each other, (count, size, size, 4)."""
    coarse = np.random.RandomState(seed).randint(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    pictures = [Image.fromarray(each).resize((size, size), Image.Resampling.BICUBIC) for each in coarse]
    return np.stack([np.asarray(picture.convert("RGBX")) for picture in pictures])


def bits(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    return np.random.RandomState(seed).randint(0, 2, (count, BITS)).astype(np.uint8)


def apart(one: npt.NDArray[np.uint8], differ: int) -> npt.NDArray[np.uint8]:
    other = one.copy()
    other[:differ] ^= 1
    return other


def numbered(numbers: list[int]) -> list[str]:
    return [f"cat/IMG_{number:04}.jpg" for number in numbers]


def test_a_look_stays_when_a_photo_is_saved_again_brighter_and_smaller() -> None:
    original = photos(20)
    noise = np.random.RandomState(1).randint(-3, 4, original.shape)
    again = np.clip(original * 0.8 + 20 + noise, 0, 255).astype(np.uint8)
    again = again.reshape(20, 32, 2, 32, 2, 4).mean(axis=(2, 4)).astype(np.uint8)
    first, second = (np.unpackbits(look(each), axis=1) for each in (original, again))
    assert ((first != second).sum(axis=1) < BITS // 8).all()
    others = (first[:, None] != first[None]).sum(axis=2)[~np.eye(20, dtype=bool)]
    assert others.min() > BITS // 4


def test_bits_say_what_is_brighter_than_its_right_and_lower_neighbour() -> None:
    side = GRID + 1
    falling = np.zeros((1, side, side, 4), np.uint8)
    falling[..., :3] = np.arange(side)[::-1, None, None] * 10
    right, down = np.unpackbits(look(falling)[0]).reshape(2, GRID, GRID)
    assert not right.any()
    assert not down.any()
    right, down = np.unpackbits(look(falling[:, ::-1])[0]).reshape(2, GRID, GRID)
    assert not right.any()
    assert down.all()
    hill = np.full_like(falling, 9)
    hill[:, :, :, :3] += (np.minimum(np.arange(side), 12 - np.arange(side) // 2) * 9).astype(np.uint8)[:, None, None]
    right, down = np.unpackbits(look(hill)[0]).reshape(2, GRID, GRID)
    assert not right.any()
    assert down.all(axis=1).tolist() == [row < 8 for row in range(GRID)]
    assert down.any(axis=1).tolist() == [row < 8 for row in range(GRID)]


def test_flat_and_tiny_photos_have_no_look() -> None:
    flat = np.full((3, 64, 64, 4), 80, np.uint8)
    flat[..., 0] += np.arange(64, dtype=np.uint8)[None, :, None] // 32
    assert not look(flat).any()
    tiny = look(photos(3)[:, :GRID, :GRID])
    assert (tiny.shape, tiny.dtype, tiny.any()) == ((3, BITS // 8), np.uint8, False)
    assert look(np.concatenate([flat, photos(3)])).any(axis=1).tolist() == [False] * 3 + [True] * 3
    assert group_alike(look(flat), ["a", "b", "c"], np.zeros(3, np.int64)).tolist() == [0, 1, 2]


def test_a_photo_is_flat_below_a_deviation_of_two_levels() -> None:
    for level, seen in ((8, False), (9, True)):
        photo = np.full((1, 2 * (GRID + 1), 2 * (GRID + 1), 4), 50, np.uint8)
        photo[:, -2:, ::2] += 8  # a row of 17 cells: by 8.5 levels it is 2.0 from the mean, over all of them
        photo[:, -2:, 1::2] += np.uint8(level)
        assert look(photo).any() == seen


def test_cells_are_compared_in_whole_steps_of_a_level() -> None:
    side = 10 * (GRID + 1)
    photo = np.full((1, side, side, 4), 100, np.uint8)
    photo[:, :10] = 200  # or it were flat
    photo[0, 25, 25, :3] = 100 + 9, 100 - 4, 100 - 3  # brighter by a thousandth of a level, in one of 100 pixels
    right, _ = np.unpackbits(look(photo)[0]).reshape(2, GRID, GRID)
    assert not right.any()


@pytest.mark.parametrize(
    ("differ", "numbers", "together"),
    [
        (64, [1, 50], True),
        (65, [1, 50], False),
        (102, [1, 4], True),  # a burst
        (103, [1, 4], False),
        (102, [1, 5], False),
    ],
)
def test_photos_are_grouped_that_look_alike_or_follow_each_other_and_look_rather_alike(
    differ: int, numbers: list[int], together: bool
) -> None:
    looks = bits(12)
    looks[7] = apart(looks[2], differ)
    names = numbered([100 * i for i in range(12)])
    names[2], names[7] = numbered(numbers)
    groups = group_alike(np.packbits(looks, axis=1), names, np.zeros(12, np.int64))
    assert groups.tolist() == [2 if i == 7 and together else i for i in range(12)]


def test_groups_are_chains_within_a_class() -> None:
    looks = bits(24)
    looks[4] = apart(looks[0], 60)
    looks[8] = looks[4]
    looks[8, 60:120] ^= 1  # as far from the first again
    looks[9] = looks[0]
    names, targets = [f"{i}x" for i in range(24)], np.zeros(24, np.int64)
    assert (looks[8] != looks[4]).sum() <= 64 < (looks[8] != looks[0]).sum()
    groups = group_alike(np.packbits(looks, axis=1), names, targets)
    assert np.flatnonzero(groups != np.arange(24)).tolist() == [4, 8, 9]
    targets[9] = 1
    groups = group_alike(np.packbits(looks, axis=1), names, targets)
    assert np.flatnonzero(groups != np.arange(24)).tolist() == [4, 8]


def test_what_a_whole_class_has_in_common_is_no_group_but_copies_in_it_are() -> None:
    scene = bits(1)[0]
    looks = np.stack([scene] * 40)
    for i, random in enumerate(map(np.random.RandomState, range(40))):  # about 34 bits apart: a fixed camera
        looks[i, random.permutation(BITS)[:17]] ^= 1
    looks[31] = apart(looks[5], 2)
    groups = group_alike(np.packbits(looks, axis=1), [f"{i}x" for i in range(40)], np.zeros(40, np.int64))
    assert np.flatnonzero(groups != np.arange(40)).tolist() == [31]
    assert groups[31] == 5


@pytest.mark.parametrize(("count", "together"), [(8, True), (7, False)])
def test_a_group_is_a_quarter_of_its_class_at_most(count: int, together: bool) -> None:
    looks = bits(count)
    looks[5] = looks[1]
    groups = group_alike(np.packbits(looks, axis=1), [f"{i}x" for i in range(count)], np.zeros(count, np.int64))
    assert (groups[5] == 1) == together


@pytest.mark.parametrize(("flipped", "differ"), [(17, BITS // 32), (7, BITS // 128)])
def test_in_a_class_of_one_scene_only_those_are_together_that_are_much_more_alike(flipped: int, differ: int) -> None:
    looks = np.stack([bits(1)[0]] * 150)  # more pairs that are alike than are looked at one by one
    for look_, random in zip(looks, map(np.random.RandomState, range(150)), strict=True):
        look_[random.permutation(BITS)[:flipped]] ^= 1
    looks[31], looks[91] = apart(looks[5], differ), apart(looks[65], differ + 1)
    groups = group_alike(np.packbits(looks, axis=1), [f"{i}x" for i in range(150)], np.zeros(150, np.int64))
    assert np.flatnonzero(groups != np.arange(150)).tolist() == [31]


def test_a_class_of_one_look_stays_single_photos() -> None:
    looks = np.packbits(np.stack([bits(1)[0]] * 300), axis=1)
    names = numbered(list(range(300)))
    assert group_alike(looks, names, np.zeros(300, np.int64)).tolist() == list(range(300))


def test_names_without_numbers_or_with_huge_ones_follow_nothing() -> None:
    looks = bits(8)
    looks[1] = apart(looks[0], 90)
    packed, targets = np.packbits(looks, axis=1), np.zeros(8, np.int64)
    for name in ("cat/photo{}", "cat/9{}" + "0" * 40):
        names = [name.format("ab"[i % 2]) for i in range(8)]
        assert group_alike(packed, names, targets).tolist() == list(range(8))
