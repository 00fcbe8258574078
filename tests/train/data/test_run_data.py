import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.seen_photos import PHOTOS, read_photo_list
from edge_cifar.edge.errors import DataError, RunError
from edge_cifar.train.data.load_splits import Dataset
from edge_cifar.train.data.run_data import keep_photo_list, load_recipe_data, load_run_data, validation_cut
from edge_cifar.train.recipe.recipe import make_recipe
from edge_cifar.train.runs.run_folder import Run, open_run
from PIL import Image

VERSIONS = {"torch": "0"}


def add_photos(folder: Path, label: str, values: range) -> None:
    (folder / label).mkdir(parents=True, exist_ok=True)
    for value in values:
        Image.new("RGB", (8, 8), (value, value // 2, 7)).save(folder / label / f"{value:03}.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """60 photos of two classes, none alike."""
    add_photos(tmp_path / "photos", "cat", range(30))
    add_photos(tmp_path / "photos", "dog", range(100, 130))
    return tmp_path / "photos"


def make_run(photos: Path, name: str = "run", **changes: object) -> tuple[Run, Dataset]:
    recipe = make_recipe("quick", {"data": str(photos), "size": 8, **changes})
    dataset = load_recipe_data(recipe)
    run = Run(photos.parent / name, recipe, json.loads(json.dumps(dataset.describe())), VERSIONS)
    run.create()
    keep_photo_list(run, dataset)
    return open_run(run.folder), dataset


def same(one: Dataset, other: Dataset) -> bool:
    return one.describe()["splits"] == other.describe()["splits"]


def test_a_run_goes_on_with_its_own_photos_whatever_is_added_or_renamed(photos: Path) -> None:
    run, dataset = make_run(photos)
    add_photos(photos, "cat", range(50, 60))
    add_photos(photos, "cow", range(200, 205))
    for path in (photos / "dog").iterdir():
        path.rename(path.with_name(f"{random.Random(path.name).random()}.png"))
    photos.rename(photos.parent / "moved")
    found = load_run_data(run, str(photos.parent / "moved"))
    assert same(found, dataset)
    assert found.train.labels == ("cat", "dog")
    [line] = found.scan.remarks
    assert line.startswith("not used: 15 photos (cat/050.png, cat/051.png, cat/052.png, ...) of ")


def test_a_run_of_a_table_goes_on_with_its_own_photos(photos: Path) -> None:
    rows = [f"{path.relative_to(photos)},{path.parent.name}" for path in sorted(photos.glob("*/*.png"))]
    table = photos / "labels.csv"
    table.write_text("\n".join(["path,label", *rows]))
    run, dataset = make_run(table)
    assert dataset.train.ids[0].startswith("cat/")
    table.write_text(
        "\n".join(["label,path,split", *(f"{row.split(',')[1]},{row.split(',')[0]},test" for row in rows)])
    )
    assert same(load_run_data(run), dataset)
    table.write_text("\n".join(["path,label", *(row for row in rows if row.split(",")[0] != dataset.train.ids[0])]))
    assert load_run_data(run, complete=False).train.ids == dataset.train.ids[1:]


def test_photos_that_are_gone_are_named_and_gone_on_without_unless_all_are_needed(photos: Path) -> None:
    run, dataset = make_run(photos)
    gone = dataset.train.ids[0]
    (photos / gone).unlink()
    with pytest.raises(RunError, match=f"lacks 1 photo .{gone}. of those that .*put them back as they were"):
        load_run_data(run)
    found = load_run_data(run, complete=False)
    assert found.train.ids == dataset.train.ids[1:]
    assert np.array_equal(found.test.images, dataset.test.images)
    assert found.scan.remarks[0].endswith("goes on without them")


def test_other_data_is_refused(photos: Path) -> None:
    run, _ = make_run(photos)
    for label, values in (("cat", range(30, 60)), ("dog", range(130, 160))):
        add_photos(photos.parent / "other", label, values)
    with pytest.raises(RunError, match=r"other: lacks 60 photos .*name the right folder with --data"):
        load_run_data(run, str(photos.parent / "other"), complete=False)


def test_a_class_whose_test_photos_are_all_gone_is_named(photos: Path) -> None:
    run, dataset = make_run(photos)
    for name in dataset.test.ids:
        if name.startswith("dog/"):
            (photos / name).unlink()
    with pytest.raises(RunError, match="among them all test photos of 'dog'; put them back"):
        load_run_data(run, complete=False)


def test_copies_left_out_of_training_are_not_new(photos: Path) -> None:
    for place, label in (("train", "cat"), ("train", "dog"), ("test", "cat"), ("test", "dog")):
        shutil.copytree(photos / label, photos.parent / "split" / place / label)
    for path in (photos.parent / "split" / "test").glob("*/*1*.png"):
        Image.open(path).save(path, compress_level=0)  # the same pixels in other bytes
    for path in [*(photos.parent / "split" / "train").glob("*/*1*.png")][::2]:
        path.unlink()
    for path in (photos.parent / "split" / "test").glob("*/*[2-9].png"):
        path.unlink()
    run, dataset = make_run(photos.parent / "split")
    assert dataset.scan.twins
    found = load_run_data(run)
    assert same(found, dataset)
    assert found.scan.remarks == ()


def test_extra_photos_are_found_again(photos: Path) -> None:
    add_photos(photos.parent / "more", "cow", range(200, 220))
    run, dataset = make_run(photos, extra=str(photos.parent / "more"))
    add_photos(photos.parent / "more", "cow", range(220, 230))
    assert same(load_run_data(run), dataset)


def test_a_run_of_a_dataset_known_by_name_keeps_no_list(photos: Path) -> None:
    recipe = make_recipe("quick", {"data": "synthetic"})
    dataset = load_recipe_data(recipe)
    run = Run(photos.parent / "run", recipe, dataset.describe(), VERSIONS)
    run.create()
    keep_photo_list(run, dataset)
    assert not (run.folder / PHOTOS).exists()
    assert same(load_run_data(run), dataset)


def test_a_run_of_the_first_versions_is_cut_as_it_was(photos: Path) -> None:
    recipe = make_recipe("quick", {"data": str(photos), "size": 8})
    dataset = load_recipe_data(recipe, rule="position")
    data = {key: value for key, value in dataset.describe().items() if key != "rule"}
    run = Run(photos.parent / "run", recipe, data, VERSIONS)
    run.create()
    assert validation_cut(run) == {"fraction": 0.1, "seed": 0}
    assert dataset.test.counts().tolist() == [6, 6]
    assert same(load_run_data(run), dataset)
    assert not same(load_recipe_data(recipe), dataset)
    add_photos(photos, "cat", range(50, 51))
    with pytest.raises(RunError, match=r"not the images that .* was trained on"):
        load_run_data(run)


def test_a_card_says_how_the_run_was_cut(photos: Path) -> None:
    run, _ = make_run(photos, seed=5)
    assert validation_cut(run) == {"fraction": 0.1, "seed": 5, "rule": "look-alikes"}


def test_a_damaged_list_is_one_line(photos: Path) -> None:
    run, _ = make_run(photos)
    (run.folder / PHOTOS).write_text("[]\n")
    with pytest.raises(DataError, match=r"photos\.jsonl: not a list of photos"):
        load_run_data(run)


@pytest.mark.parametrize(("word", "other"), [('"dog"', '"cow"'), ('"val"', '"vla"')])
def test_a_list_of_other_classes_or_splits_is_not_taken_for_the_runs(photos: Path, word: str, other: str) -> None:
    run, _ = make_run(photos)
    path = run.folder / PHOTOS
    path.write_text(path.read_text().replace(word, other))
    with pytest.raises(RunError, match=rf"photos\.jsonl: not this run's list \(.*{other.strip(chr(34))}"):
        load_run_data(run)


def test_what_the_net_before_has_seen_is_told_and_handed_on(photos: Path) -> None:
    parent, of_parent = make_run(photos)
    other_seed, dataset = make_run(photos, "child", init=str(parent.folder), seed=1)
    [line] = dataset.scan.remarks
    assert line.startswith(f"--init {parent.folder} has seen ")
    assert line.endswith("of the validation split: its accuracy flatters")

    for label in ("cat", "dog"):  # what both nets learned from, as the test photos of a third
        for name in dict.fromkeys((*of_parent.train.ids[:3], *of_parent.train.ids[-3:])):
            if name.startswith(label):
                (photos.parent / "split" / "test" / label).mkdir(parents=True, exist_ok=True)
                shutil.copy(photos / name, photos.parent / "split" / "test" / name)
        add_photos(photos.parent / "split" / "train", label, range(200, 220) if label == "cat" else range(220, 240))
    grandchild = make_recipe("quick", {"data": str(photos.parent / "split"), "size": 8, "init": str(other_seed.folder)})
    assert "has seen 6 photos (cat/" in load_recipe_data(grandchild).scan.remarks[0]
    assert {photo.split for photo in read_photo_list(other_seed.folder)} == {"train", "val", "test", "seen"}


def test_a_teacher_is_asked_as_well(photos: Path) -> None:
    parent, _ = make_run(photos)
    recipe = make_recipe("quick", {"data": str(photos), "size": 8, "teacher": str(parent.folder), "seed": 1})
    assert load_recipe_data(recipe).scan.remarks[0].startswith(f"--teacher {parent.folder} has seen ")
    assert load_recipe_data(replace(recipe, seed=0)).scan.remarks == ()


def test_other_validation_images_of_a_named_dataset_are_told(photos: Path) -> None:
    recipe = make_recipe("quick", {"data": "synthetic"})
    Run(photos.parent / "run", recipe, load_recipe_data(recipe).describe(), VERSIONS).create()
    again = replace(recipe, init=str(photos.parent / "run"))
    assert load_recipe_data(again).scan.remarks == ()
    [line] = load_recipe_data(replace(again, seed=1)).scan.remarks
    assert "was trained on validation images of synthetic" in line
