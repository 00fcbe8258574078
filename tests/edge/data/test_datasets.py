from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import (
    load_split,
    load_splits,
    missing_splits,
    same_labels,
    split_files,
    split_folders,
    stratified_sample,
)
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.split_rules import cut_by_content, stratified_split

SIDES = ("train", "test")


def split_of(data: Path, split: str, val_seed: int = 0, rule: str = "content") -> LabelledImages:
    return load_split(str(data), split, 4, val_fraction=0.2, val_seed=val_seed, rule=rule)


@pytest.fixture
def plain(dataset: Path) -> Path:
    """A folder with class folders only: 10 cats and 10 dogs."""
    return dataset / "train"


def test_a_missing_train_folder_is_named(dataset: Path) -> None:
    (dataset / "train").rename(dataset / "elsewhere")
    with pytest.raises(
        DataError, match=r"no folder train/ in it, only test/ \(.*elsewhere: a folder of no split.*\); expected"
    ):
        split_of(dataset, "train")


def test_the_test_images_alone_are_enough_to_be_read(dataset: Path) -> None:
    (dataset / "train").rename(dataset / "elsewhere")
    assert len(split_of(dataset, "test")) == 10


def test_no_folder_offers_the_names_that_are_known() -> None:
    message = r"cifar11: no such dataset folder \(or name one of: cifar10, cifar100, synthetic\)"
    with pytest.raises(DataError, match=message):
        split_of(Path("cifar11"), "test")


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(DataError, match="unknown split 'dev'; choose from train, val, test, all"):
        split_of(Path("synthetic"), "dev")


def test_validation_is_cut_from_train_and_reproduced_by_name(dataset: Path) -> None:
    splits = load_splits(str(dataset), 4, val_fraction=0.2, val_seed=0)
    assert (splits["train"].counts() + splits["val"].counts()).tolist() == [10, 10]
    assert splits["test"].counts().tolist() == [5, 5]
    assert not set(splits["train"].ids) & set(splits["val"].ids)
    for split, images in splits.items():
        assert split_of(dataset, split).digest() == images.digest()
    assert missing_splits(str(dataset)) == ("val",)


def test_a_val_folder_of_its_own_is_used_whole(dataset: Path) -> None:
    (dataset / "test").rename(dataset / "val")
    (dataset / "more").mkdir()
    splits = load_splits(str(dataset), 4, val_fraction=0.2, val_seed=0)
    assert len(splits["val"]) == 10
    assert len(splits["train"]) + len(splits["test"]) == 20
    assert missing_splits(str(dataset)) == ("test",)


def test_class_folders_alone_are_split_in_three(plain: Path) -> None:
    splits = load_splits(str(plain), 4, val_fraction=0.2, val_seed=0)
    assert all(images.counts().min() > 0 for images in splits.values())
    assert sorted(i for images in splits.values() for i in images.ids) == sorted(
        f"{label}/{i}.png" for label in ("cat", "dog") for i in range(10)
    )
    for split, images in splits.items():
        assert split_of(plain, split).digest() == images.digest()
    assert missing_splits(str(plain)) == ("test", "val")


def test_the_test_images_cut_from_a_folder_do_not_depend_on_the_seed(plain: Path) -> None:
    assert split_of(plain, "test").ids == split_of(plain, "test", val_seed=1).ids
    assert split_of(plain, "val").ids != split_of(plain, "val", val_seed=1).ids


def test_a_class_may_be_called_train(plain: Path) -> None:
    (plain / "cat").rename(plain / "train")
    assert split_folders(str(plain)) == {"train": plain}
    assert split_of(plain, "test").labels == ("dog", "train")


def test_a_test_split_with_other_classes_is_refused(dataset: Path) -> None:
    (dataset / "test" / "dog").rename(dataset / "test" / "cow")
    with pytest.raises(
        DataError, match=r"test: other classes than in training: 'cow' is no class of the .* no photos of 'dog'"
    ):
        load_splits(str(dataset), 4, val_fraction=0.2, val_seed=0)


def test_a_sample_is_spread_evenly_and_pinned() -> None:
    targets = np.repeat(np.arange(3), [7, 5, 2])
    assert stratified_sample(targets, 5, seed=1).tolist() == [2, 6, 9, 10, 12]
    assert np.bincount(targets[stratified_sample(targets, 6, seed=0)]).tolist() == [2, 2, 2]
    assert stratified_sample(targets, 100, seed=0).tolist() == list(range(14))


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (["cat"], "here: other classes than in training: there are no photos of 'dog'$"),
        (
            ["emu", "cat", "cow", "dog"],
            "here: other classes than in training: 'emu' is no class of the training photos$",
        ),
        ([], "here: other classes than in training: there are no photos of 'cat'$"),
        (["cow", "dog"], "'cow' is no class of the training photos and there are no photos of 'cat'$"),
        (
            ["cow"],
            "^here: other classes than in training: 'cow' is no class of the .* and there are no photos of 'cat'$",
        ),
        (["cat", "cow", "dog"], "here: other classes than in training: 'cow' is no class of the training photos$"),
    ],
    ids=["dog lacks", "two new", "none", "one new for one that lacks", "one new for both", "one new"],
)
def test_the_first_label_that_differs_is_named(found: list[str], message: str) -> None:
    same_labels(("cat", "dog"), ["cat", "dog"], "here")
    with pytest.raises(DataError, match=message):
        same_labels(("cat", "dog"), found, "here")


def test_the_photos_of_a_whole_cifar_folder_are_cut_as_under_its_name(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_cifar.edge.data.datasets.is_whole_cifar", lambda train: len(train) == 20)
    by_position = split_of(dataset, "val", rule="position")
    assert split_of(dataset, "val").ids == by_position.ids
    assert by_position.counts().tolist() == [2, 2]


def test_all_photos_of_a_folder_are_named_with_their_split(dataset: Path) -> None:
    images = split_of(dataset, "all")
    assert len(images) == 30
    assert images.ids[0] == "train/cat/0.png"
    assert images.targets.tolist() == [0] * 10 + [1] * 10 + [0] * 5 + [1] * 5
    assert split_of(dataset / "train", "all").ids[0] == "cat/0.png"


def test_a_large_sample_is_pinned() -> None:
    targets = np.arange(90) % 3
    assert stratified_sample(targets, 8, seed=2).tolist() == [0, 3, 42, 64, 82, 83, 85, 86]


def test_a_sample_smaller_than_the_classes_are_many_has_one_of_each_of_the_first() -> None:
    targets = np.arange(300) % 100
    assert np.sort(targets[stratified_sample(targets, 50, seed=1)]).tolist() == list(range(50))


def test_a_dataset_known_by_name_lacks_val() -> None:
    assert missing_splits("synthetic") == ("val",)


def test_what_a_folder_lacks_is_cut_by_content(plain: Path) -> None:
    splits = load_splits(str(plain), 4, val_fraction=0.4, val_seed=3)
    whole = split_of(plain, "all")
    contents = load_split(str(plain), "all", 4, val_fraction=0.2, val_seed=0, contents=True).contents
    kept, test = cut_by_content(contents, whole.targets, 0.2, "test 0", 2)
    rest = whole.take(kept)
    train, val = cut_by_content([contents[i] for i in kept], rest.targets, 0.4, "val 3", 1)
    assert splits["test"].ids == whole.take(test).ids
    assert splits["val"].ids == rest.take(val).ids
    assert splits["train"].ids == rest.take(train).ids
    assert list(splits) == ["train", "val", "test"]


def test_what_a_folder_lacks_is_cut_by_position_when_asked(plain: Path) -> None:
    splits = load_splits(str(plain), 4, val_fraction=0.4, val_seed=3, rule="position")
    whole = split_of(plain, "all")
    kept, test = stratified_split(whole.targets, 0.2, 0)
    rest = whole.take(kept)
    _, val = stratified_split(rest.targets, 0.4, 3)
    assert splits["test"].ids == whole.take(test).ids
    assert splits["val"].ids == rest.take(val).ids


def test_contents_are_read_where_they_are_asked_for(dataset: Path) -> None:
    assert split_of(dataset, "test").contents == ()
    assert split_of(dataset / "train", "all").contents != ()  # needed to be cut
    images = load_split(str(dataset), "test", 4, val_fraction=0.2, val_seed=0, contents=True)
    assert len(set(images.contents)) == 10
    assert all(len(set(part.contents)) == len(part) for part in load_splits(
        str(dataset), 4, val_fraction=0.2, val_seed=0
    ).values())  # fmt: skip


def test_all_photos_keep_what_they_are(dataset: Path) -> None:
    images = load_split(str(dataset), "all", 4, val_fraction=0.2, val_seed=0, contents=True)
    parts = [load_split(str(dataset / part), "all", 4, val_fraction=0.2, val_seed=0, contents=True) for part in SIDES]
    assert images.contents == parts[0].contents + parts[1].contents
    assert images.ids == tuple(f"{side}/{name}" for side, part in zip(SIDES, parts, strict=True) for name in part.ids)
    assert images.labels == ("cat", "dog")


def test_an_empty_name_is_refused() -> None:
    words = r"^the name of the data is empty; name a folder \(\. is the current one\) or a dataset$"
    with pytest.raises(DataError, match=words):
        split_folders(" ")


def test_one_class_can_be_read_and_not_be_trained_on(plain: Path) -> None:
    for path in (plain / "dog").iterdir():
        path.unlink()
    (plain / "dog").rmdir()
    assert split_of(plain, "test").labels == ("cat",)
    with pytest.raises(DataError):
        load_splits(str(plain), 4, val_fraction=0.2, val_seed=0)
    assert load_splits(str(plain), 4, val_fraction=0.2, val_seed=0, least=1)["val"].labels == ("cat",)


def test_what_is_left_out_of_a_folder_is_told_with_its_images(dataset: Path) -> None:
    (dataset / "train").rename(dataset / "more")
    (dataset / "test" / "cat" / "notes.txt").write_text("")
    layout, images = split_of(dataset, "test").left_out
    assert layout == f"{dataset / 'more'}: a folder of no split that is known, beside test/"
    assert images.startswith(f"{dataset / 'test' / 'cat'}: ")


def test_nothing_else_is_told_where_only_the_train_folder_is_not_there(dataset: Path) -> None:
    (dataset / "train").rename(dataset.with_name("elsewhere"))
    with pytest.raises(DataError) as caught:
        split_of(dataset, "train")
    assert str(caught.value).startswith(f"{dataset}: no folder train/ in it, only test/; expected train/")


def test_what_else_is_there_without_a_train_folder_is_told_in_part(dataset: Path) -> None:
    (dataset / "train").rename(dataset / "val")
    for i, name in enumerate("abc"):
        (dataset / name).mkdir()
        (dataset / "val" / "cat" / f"{i}.png").rename(dataset / name / "0.png")
    with pytest.raises(DataError) as caught:
        split_of(dataset, "train")
    a, b = (f"{dataset / name}: a folder of no split that is known, beside val/, test/" for name in "ab")
    assert str(caught.value) == (
        f"{dataset}: no folder train/ in it, only val/, test/ ({a}; {b}); "
        "expected train/<class>/* and test/<class>/*, or <class>/* alone"
    )


def test_the_files_of_a_split_are_told_class_by_class(dataset: Path) -> None:
    cats, dogs = split_files(str(dataset), "test")
    assert cats == sorted((dataset / "test" / "cat").iterdir())
    assert dogs == sorted((dataset / "test" / "dog").iterdir())
