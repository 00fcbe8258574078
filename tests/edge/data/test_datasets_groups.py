"""Folders whose photos belong together: by what they show, or by their names; a split keeps them on one side."""

from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import decided_by_others, load_split, load_splits, uncertain_test_photos
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.split_rules import ALIKE, BY_NAME, CONTENT
from PIL import Image

CUT = {"val_fraction": 0.2, "val_seed": 0}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """40 cats and 40 dogs of 32 pixels, of which every other one is nearly the one before, in three scenes."""
    random = np.random.RandomState(0)
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(40):
            if i % 2 == 0:
                pixels = random.randint(0, 246, (8, 8, 3)).astype(np.uint8)
            scene = ("kitchen", "garden", "street", "beach")[i % 4]
            picture = Image.fromarray(pixels + np.uint8(i % 2)).resize((32, 32), Image.Resampling.NEAREST)
            picture.save(tmp_path / "photos" / label / f"{scene}-{i:02}.png")
    return tmp_path / "photos"


def number(name: str) -> tuple[str, int]:
    label, rest = name.split("/")
    return label, int(rest[-6:-4]) // 2


def test_look_alikes_stand_on_one_side_and_it_is_said(photos: Path) -> None:
    splits = load_splits(str(photos), 32, **CUT, rule=ALIKE)
    pairs = [{number(name) for name in images.ids} for images in splits.values()]
    assert sum(map(len, pairs)) == 40
    assert all(len(images) == 2 * len(own) for images, own in zip(splits.values(), pairs, strict=True))
    assert splits["test"].remarks == ("80 photos in 40 groups of look-alikes, each on one side of the split",)
    for path in photos.glob("*/*[13579].png"):
        if path.name != "garden-01.png" or path.parent.name == "dog":
            path.unlink()
    one = load_split(str(photos), "test", 32, **CUT, rule=ALIKE)
    assert one.remarks == ("2 photos in a group of look-alikes, all on one side of the split",)


def test_without_the_rule_look_alikes_are_dealt_out_one_by_one(photos: Path) -> None:
    alone = load_splits(str(photos), 32, **CUT, rule=CONTENT)
    assert sum(len({number(name) for name in images.ids}) for images in alone.values()) > 40


def test_a_split_alone_is_the_one_of_all(photos: Path) -> None:
    splits = load_splits(str(photos), 32, **CUT, rule=ALIKE)
    for split, images in splits.items():
        assert load_split(str(photos), split, 32, **CUT, rule=ALIKE).ids == images.ids


def test_groups_stay_where_they_are_when_others_come_and_go(photos: Path) -> None:
    before = load_splits(str(photos), 32, **CUT, rule=ALIKE)
    assert len(uncertain_test_photos(before["test"])) == 0
    gone = {number(name) for name in before["train"].ids[:8]}
    for name in before["train"].ids:
        if number(name) in gone:
            (photos / name).unlink()
    after = load_splits(str(photos), 32, **CUT, rule=ALIKE)
    assert len(after["train"]) < len(before["train"])
    for split in ("val", "test"):
        assert after[split].ids == before[split].ids


def test_photos_that_others_may_take_along_are_counted(photos: Path) -> None:
    images = load_split(str(photos), "test", 32, **CUT, rule=ALIKE)
    assert decided_by_others(images, ALIKE) == len(images)
    for rule in (CONTENT, f"{BY_NAME}/(\\w+)-"):
        assert decided_by_others(load_split(str(photos), "test", 32, **CUT, rule=rule), rule) == 0
    for path in photos.glob("*/*[13579].png"):
        path.unlink()
    alone = load_split(str(photos), "test", 32, **CUT, rule=ALIKE)
    assert len(alone)
    assert decided_by_others(alone, ALIKE) == 0


def test_names_keep_photos_together_across_classes(photos: Path) -> None:
    splits = load_splits(str(photos), 32, **CUT, rule=f"{BY_NAME}/(\\w+)-")
    scenes = [{name.split("/")[1][:-7] for name in images.ids} for images in splits.values()]
    assert sorted(map(len, scenes)) == [1, 1, 2]
    assert len(set.union(*scenes)) == 4
    assert splits["train"].remarks == ("--split-by: photos of 4 names, each on one side of the split",)


def test_names_that_no_split_could_keep_together_are_told(photos: Path) -> None:
    rule = f"{BY_NAME}/(\\w+)-"
    tested = {name.split("/")[1][:-7] for name in load_split(str(photos), "test", 32, **CUT, rule=rule).ids}
    for path in photos.glob("dog/*"):
        if path.name[:-7] in tested:  # so that another scene of the dogs has to be
            path.unlink()
    splits = load_splits(str(photos), 32, **CUT, rule=rule)
    scenes = [{name.split("/")[1][:-7] for name in images.ids} for images in splits.values()]
    both = sorted(scene for scene in set.union(*scenes) if sum(scene in own for own in scenes) > 1)
    told = f"--split-by: on both sides of the split, since a class has few others: {', '.join(both)}"
    assert both
    assert splits["train"].remarks[1:] == (told,)


def test_photos_without_such_a_name_stand_alone(photos: Path) -> None:
    images = load_split(str(photos), "train", 32, **CUT, rule=f"{BY_NAME}/(kitchen|garden)-")
    remark = "--split-by: photos of 2 names, each on one side of the split; 40 photos match nothing and stand alone"
    assert images.remarks == (remark,)


def test_too_few_groups_and_unknown_rules_are_named(photos: Path) -> None:
    with pytest.raises(DataError, match=r"class 'cat' has a single group of photos \(40 in all\), too few to cut"):
        load_splits(str(photos), 32, **CUT, rule=f"{BY_NAME}cat|dog")
    with pytest.raises(DataError, match=r"split from; let --split-by find 3 groups in it or remove"):
        load_splits(str(photos), 32, **CUT, rule=f"{BY_NAME}cat|dog")
    with pytest.raises(DataError, match=r"a rule that this version doesn't know \('tomorrow'\); update edge-cifar"):
        load_splits(str(photos), 32, **CUT, rule="tomorrow")
