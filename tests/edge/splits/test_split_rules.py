import hashlib
from random import Random

import numpy as np
import pytest
from edge_cifar.edge.splits.split_rules import cut_by_content, share, stratified_split, unsettled
from hypothesis import assume, given
from hypothesis import strategies as st

FRACTION, SALT = 0.2, "test 0"

contents = st.lists(st.integers(0, 10**6).map(lambda n: hashlib.sha256(b"%d" % n).hexdigest()), min_size=3, unique=True)


def held_out(names: list[str], spare: int = 1) -> set[str]:
    _, out = cut_by_content(names, np.zeros(len(names), dtype=np.int64), FRACTION, SALT, spare)
    return {names[i] for i in out}


def large_enough(names: list[str], spare: int = 1) -> bool:
    below = sum(share(name, SALT) < FRACTION for name in names)
    return 0 < below <= len(names) - spare


@given(contents, contents, st.randoms(use_true_random=False))
def test_no_photo_changes_sides_when_others_come_or_go_or_are_renamed(
    before: list[str], more: list[str], random: Random
) -> None:
    stay = before[::2]
    after = [*dict.fromkeys([*stay, *more])]
    random.shuffle(after)
    assume(large_enough(before))
    assume(large_enough(after))
    assert held_out(before) & set(stay) == held_out(after) & set(stay)


@given(contents, contents)
def test_photos_that_are_added_move_none_from_training_into_test(before: list[str], more: list[str]) -> None:
    assume(any(share(name, SALT) >= FRACTION for name in before))  # else one of them must be kept to train on
    kept = set(before) - held_out(before)
    assert not kept & held_out([*dict.fromkeys([*before, *more])])


@given(contents, st.integers(1, 2))
def test_a_class_has_a_photo_on_either_side(names: list[str], spare: int) -> None:
    out = held_out(names, spare)
    assert len(out) >= 1
    assert len(names) - len(out) >= spare


@given(contents)
def test_copies_stay_together(names: list[str]) -> None:
    copied = [*names, *names[:2], names[0]]
    kept, out = cut_by_content(copied, np.zeros(len(copied), dtype=np.int64), FRACTION, SALT)
    assert not {copied[i] for i in kept} & {copied[i] for i in out}
    assert sorted([*kept, *out]) == list(range(len(copied)))


def test_the_fraction_is_kept_on_average_and_classes_are_cut_one_by_one() -> None:
    names = [hashlib.sha256(b"%d" % n).hexdigest() for n in range(20_000)]
    targets = np.arange(20_000) % 4
    _, out = cut_by_content(names, targets, FRACTION, SALT)
    assert np.bincount(targets[out]) / 5_000 == pytest.approx(FRACTION, abs=0.02)
    _, other = cut_by_content(names, targets, FRACTION, "val 1")
    assert len(np.intersect1d(out, other)) == pytest.approx(20_000 * FRACTION**2, abs=120)


def test_shares_are_pinned_or_every_split_would_move() -> None:
    assert share("a" * 64, "test 0") == pytest.approx(0.8034953854240072, abs=1e-12)


def test_photos_that_a_small_class_had_to_give_are_known() -> None:
    names = sorted((f"{n:064x}" for n in range(40)), key=lambda name: share(name, SALT))
    few = [name for name in names if share(name, SALT) >= FRACTION][:5]
    _, out = cut_by_content(few, np.zeros(5, dtype=np.int64), FRACTION, SALT)
    assert out.tolist() == [0]
    assert unsettled([few[0]], FRACTION, SALT, held_out=True).tolist() == [0]
    assert unsettled(few, FRACTION, SALT, held_out=False).tolist() == []


def test_a_split_by_position_is_stratified_disjoint_and_complete() -> None:
    targets = np.random.RandomState(0).randint(0, 5, 1000)
    kept, out = stratified_split(targets, 0.1, seed=3)
    assert sorted([*kept, *out]) == list(range(1000))
    assert np.bincount(targets[out]).tolist() == [round(0.1 * count) for count in np.bincount(targets)]


def test_what_a_split_holds_out_is_sorted() -> None:
    targets = np.random.RandomState(0).randint(0, 5, 1000)
    kept, held_out = stratified_split(targets, 0.1, seed=3)
    assert sorted([*kept, *held_out]) == list(range(1000))
    expected = [round(0.1 * count) for count in np.bincount(targets)]
    assert np.bincount(targets[held_out]).tolist() == expected
    assert np.all(np.diff(held_out) > 0)


def test_a_seed_always_gives_this_split() -> None:
    targets = np.repeat(np.arange(3), [7, 5, 2])
    kept, held_out = stratified_split(targets, 0.3, seed=7)
    assert held_out.tolist() == [2, 5, 10, 11, 13]
    assert kept.tolist() == [0, 1, 3, 4, 6, 7, 8, 9, 12]


@pytest.mark.parametrize(("fraction", "count"), [(0.001, 1), (0.999, 9)])
def test_every_class_is_on_both_sides(fraction: float, count: int) -> None:
    _, held_out = stratified_split(np.repeat([0, 1], 10), fraction, seed=0)
    assert len(held_out) == 2 * count


def test_a_single_image_of_a_class_is_kept() -> None:
    kept, held_out = stratified_split(np.array([0, 0, 1]), 0.5, seed=0)
    assert 2 in kept
    assert len(held_out) == 1


def test_a_share_at_the_fraction_is_kept() -> None:
    names = sorted((f"{n:064x}" for n in range(9)), key=lambda name: share(name, SALT))
    kept, out = cut_by_content(names, np.zeros(9, dtype=np.int64), share(names[4], SALT), SALT)
    assert (kept.tolist(), out.tolist()) == ([4, 5, 6, 7, 8], [0, 1, 2, 3])
    assert unsettled(names, share(names[4], SALT), SALT, held_out=True).tolist() == [4, 5, 6, 7, 8]
    assert unsettled(names, share(names[4], SALT), SALT, held_out=False).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("n", "spare", "count"), [(1, 1, 0), (2, 1, 1), (2, 2, 0), (3, 2, 1), (4, 2, 2)])
def test_what_must_be_kept_is_not_held_out(n: int, spare: int, count: int) -> None:
    names = [f"{i:064x}" for i in range(n)]
    assert len(cut_by_content(names, np.zeros(n, dtype=np.int64), 1.0, SALT, spare)[1]) == count


def test_one_photo_is_spared_unless_more_are_asked_for() -> None:
    assert len(cut_by_content(["a", "b", "c"], np.zeros(3, dtype=np.int64), 1.0, SALT)[0]) == 1
