"""Data for somebody else's net: which photos calibrate, decide and measure, and what is refused in one line."""

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import load_split
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.pipeline.foreign_data import VALIDATION, Splits, load_foreign_data
from PIL import Image

LABELS = tuple(f"class {i}" for i in range(1000))
TO = Preprocessing(8, "crop", "bilinear", 0.875)


def write(path: Path, seed: int, side: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.RandomState(seed).randint(0, 256, (side, side, 3)).astype(np.uint8)).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Forty photos of each of three of the thousand classes."""
    for label in (3, 500, 999):
        for i in range(40):
            write(tmp_path / "photos" / LABELS[label] / f"{i}.png", 1000 * label + i)
    return tmp_path / "photos"


def load(
    data: Path | str, *, calibration: int = 512, most: int = 1000, seed: int = 0, unlabelled: bool = False
) -> Splits:
    return load_foreign_data(
        str(data), LABELS, TO, calibration=calibration, most=most, seed=seed, unlabelled=unlabelled
    )


def parts(splits: Splits) -> list[set[str]]:
    return [set(each.ids) for each in (splits.train, splits.val, splits.test)]


@pytest.mark.parametrize("unlabelled", [False, True])
def test_no_photo_is_in_two_splits_and_all_are_used(photos: Path, unlabelled: bool) -> None:
    splits = load(photos, unlabelled=unlabelled)
    train, val, test = parts(splits)
    assert len(train) + len(val) + len(test) == len(train | val | test) == 120
    assert min(len(val), len(test)) >= 12
    assert splits.train.images.shape == (len(train), 8, 8, 4)
    assert splits.labelled != unlabelled


def test_classes_are_found_among_a_thousand_labels(photos: Path) -> None:
    for part in (splits := load(photos)).train, splits.val, splits.test:
        assert part.labels == LABELS
        assert {LABELS[target] for target in part.targets} == {"class 3", "class 500", "class 999"}
        assert all(name.startswith(LABELS[target]) for name, target in zip(part.ids, part.targets, strict=True))


def test_evaluate_finds_the_same_test_photos(photos: Path) -> None:
    cut = {"val_fraction": VALIDATION["fraction"], "val_seed": VALIDATION["seed"], "rule": VALIDATION["rule"]}
    splits = load(photos)
    assert load_split(str(photos), "test", TO, **cut).ids == splits.test.ids
    assert load_split(str(photos), "val", TO, **cut).ids == splits.val.ids


@pytest.mark.parametrize("unlabelled", [False, True])
def test_a_bounded_number_is_decoded_and_the_seed_changes_the_calibration_alone(photos: Path, unlabelled: bool) -> None:
    first, again, other = (load(photos, calibration=9, most=7, seed=seed, unlabelled=unlabelled) for seed in (0, 0, 1))
    assert [len(part) for part in parts(first)] == [9, 7, 7]
    assert parts(first) == parts(again)
    assert parts(first)[0] != parts(other)[0]
    assert parts(first)[1:] == parts(other)[1:]
    if not unlabelled:
        assert first.train.counts()[[3, 500, 999]].tolist() == [3, 3, 3]


def test_memory_does_not_grow_with_the_folder(photos: Path) -> None:
    to = Preprocessing(512)  # a megabyte each, 120 of them
    tracemalloc.start()
    load_foreign_data(str(photos), LABELS, to, calibration=6, most=5, seed=0, unlabelled=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


def test_splits_that_are_folders_stay_what_they_are(photos: Path, tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        shutil.copytree(photos, tmp_path / "own" / split)
    shutil.rmtree(tmp_path / "own" / "test" / "class 3")  # a subset will do
    splits = load(tmp_path / "own")
    assert [len(part) for part in parts(splits)] == [120, 120, 80]


def test_a_table_and_a_dataset_known_by_name_are_taken(photos: Path) -> None:
    rows = [f"{path.relative_to(photos)},{path.parent.name}" for path in sorted(photos.rglob("*.png"))]
    (photos / "labels.csv").write_text("\n".join(["path,label", *rows]))
    assert parts(load(photos / "labels.csv")) == parts(load(photos))
    with pytest.raises(DataError, match="synthetic: 'arrow' is none of the model's 1,000 labels; rename"):
        load("synthetic")


def test_photos_without_labels_are_found_below_and_copies_stay_out(tmp_path: Path) -> None:
    for i in range(30):
        write(tmp_path / "any" / f"{i % 3}" / "deep" / f"{i}.png", i)
        write(tmp_path / "any" / f"copy of {i}.png", i)
    (tmp_path / "any" / "notes.txt").write_text("no photo")
    splits = load(tmp_path / "any", unlabelled=True)
    assert [len(part) for part in parts(splits)] == [10, 10, 10]
    assert len({image.tobytes() for part in (splits.train, splits.val, splits.test) for image in part.images}) == 30
    assert splits.remarks == (f"left out: {tmp_path / 'any'}: 1 .txt",)


def test_photos_without_labels_get_a_models_answers(photos: Path) -> None:
    splits = load(photos, unlabelled=True).answered(lambda part: np.eye(1000, dtype=np.float32)[range(len(part))])
    for part in (splits.train, splits.val, splits.test):
        assert part.targets.tolist() == [*range(len(part))]
        assert part.labels == LABELS


def test_what_cannot_be_read_is_named_and_left_out(photos: Path) -> None:
    for i in range(8):
        (photos / LABELS[3] / f"broken {i}.jpg").write_bytes(b"no photo %d" % i)
    splits = load(photos)
    assert sum(map(len, parts(splits))) == 120
    assert len(splits.remarks) == 6
    assert "broken" in splits.remarks[0]
    assert splits.remarks[-1] == "left out: 3 more"


def test_a_class_that_the_model_does_not_have_is_named(photos: Path) -> None:
    (photos / "class 3").rename(photos / "Class 3")
    told = "'Class 3' is none of the model's 1,000 labels, but 'class 3'; rename .* \\(--unlabelled\\)"
    with pytest.raises(DataError, match=told):
        load(photos)


@pytest.mark.parametrize("unlabelled", [False, True])
def test_photos_all_alike_or_too_few_are_one_line(tmp_path: Path, unlabelled: bool) -> None:
    for i in range(30):
        Image.new("RGB", (10 + i, 10), (200, 10, 10)).save(tmp_path / f"{i}.png")
        (tmp_path / "class 1").mkdir(exist_ok=True)
        Image.new("RGB", (10 + i, 10), (200, 10, 10)).save(tmp_path / "class 1" / f"{i}.png")
    with pytest.raises(DataError, match="photos to calibrate on are all alike; take photos such as"):
        load(tmp_path, unlabelled=unlabelled)
    few = tmp_path / "few"
    for i in range(6):
        write(few / "class 1" / f"{i}.png", i)
    with pytest.raises(DataError, match=r"different photos to .* on, 5 at least are needed; add photos"):
        load(few, unlabelled=unlabelled)


def test_too_small_a_calibration_is_pointed_to_the_option(photos: Path) -> None:
    with pytest.raises(DataError, match="4 photos to calibrate on, 5 at least are needed; raise --calibration-size"):
        load(photos, calibration=4)


def test_a_folder_without_classes_is_pointed_to_the_option(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 0)
    with pytest.raises(DataError, match="; --unlabelled takes all photos in the folder without labels"):
        load(tmp_path)
    with pytest.raises(DataError, match="no such folder; --unlabelled takes a folder of photos"):
        load(tmp_path / "missing", unlabelled=True)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty: no photos in it or its subfolders"):
        load(tmp_path / "empty", unlabelled=True)
