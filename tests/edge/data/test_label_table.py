import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import load_split, load_splits, missing_splits, split_files, split_folders
from edge_cifar.edge.data.label_table import is_table, read_table
from edge_cifar.edge.errors import DataError
from PIL import Image

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def table_of(folder: Path, *lines: str, bom: bool = False, end: str = "\n") -> Path:
    path = folder / "labels.csv"
    path.write_bytes(end.join((*lines, "")).encode("utf-8-sig" if bom else "utf-8"))
    return path


def refusal(table: Path) -> str:
    with pytest.raises(DataError) as raised:
        read_table(table)
    told = str(raised.value)
    assert told.startswith(str(table))
    assert "\n" not in told
    return told.removeprefix(str(table))


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    """The lines of a table of 20 dark cats and 20 bright dogs, which lie in one folder."""
    (tmp_path / "all").mkdir()
    for i in range(40):
        value = i + 180 * (i % 2)
        Image.new("RGB", (8, 8), (value, value, value)).save(tmp_path / "all" / f"{i:02}.png")
    return [f"all/{i:02}.png,{'dog' if i % 2 else 'cat'}" for i in range(40)]


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_read_whatever_ends_the_lines(tmp_path: Path, bom: bool, end: str) -> None:
    table = table_of(tmp_path, "label,path", 'cat,"a, b.png"', "", "Käfer,ü.png", bom=bom, end=end)
    assert read_table(table) == {"train": [(2, "cat", "a, b.png"), (4, "Käfer", "ü.png")]}


def test_a_path_is_taken_as_it_is_written(tmp_path: Path) -> None:
    table = table_of(tmp_path, "path,label", " a.png,cat", '"b\r\n.png",cat')
    assert [row.path for row in read_table(table)["train"]] == [" a.png", "b\r\n.png"]


def test_splits_have_their_usual_names_and_order(tmp_path: Path) -> None:
    lines = ["a.png,cat,Holdout", "b.png,cat,Training", "c.png,cat,valid", "d.png,dog,train"]
    rows = read_table(table_of(tmp_path, "path,label,split", *lines))
    assert list(rows) == ["train", "val", "test"]
    assert [row.path for row in rows["train"]] == ["b.png", "d.png"]


def test_a_table_is_a_file_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").mkdir()
    assert not is_table(str(tmp_path / "photos.csv"))
    assert is_table("Labels.CSV")
    assert not is_table("photos")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], ": its columns are 'none'; a table of photos begins with the line path,label or path,label,split"),
        (["path;label"], ": its columns are 'path;label'; a table"),
        (["path"], ": its columns are 'path'; a table"),
        (["path,label,weight"], ": its columns are 'path,label,weight'; a table"),
        (["path,label,label"], ": its columns are 'path,label,label'; a table"),
        (["path,label"], ": a table without rows; "),
        (["path,label", "a.png,cat", "b.png"], ", line 3: 1 cells where path,label are 2"),
        (["path,label", "a.png,cat,train"], ", line 2: 3 cells where path,label are 2"),
        (["path,label", "a.png,"], ", line 2: no label"),
        (["path,label", ",cat"], ", line 2: no path"),
        (["path,label,split", "a.png,cat,"], ", line 2: no split"),
        (["path,label", "a.png, cat"], ", line 2: label ' cat' begins or ends with a space"),
        (["path,label,split", "a.png,cat,2"], ", line 2: '2' is no split; choose from train, val, test"),
        (["path,label", 'a.png,"c\nat"'], ", line 3: label 'c\\nat' can't be printed"),
        (["path,label", "a.png,cat", "b.png,Cat"], ", line 3: the labels 'cat' and 'Cat' are too much alike"),
        (["path,label", "a.png,cat", "b.png,dog", "x/../a.png,dog"], ", line 4: x/../a.png stands in line 2, too"),
        (['path,"label'], ", line 1: unexpected end of data"),
        (["path,label", 'b.png,"cat', "c.png,dog"], ", line 2: unexpected end of data"),
        (["path,label", "a.png,cat", 'b.png,"cat', "c.png,dog"], ", line 3: unexpected end of data"),
        (["path,label", "a.png,cat", 'b.png,"cat"s'], ", line 3: ',' expected after '\"'"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(tmp_path: Path, lines: list[str], told: str) -> None:
    assert refusal(table_of(tmp_path, *lines)).startswith(told)


def test_other_encodings_and_missing_tables_are_named(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    assert refusal(table) == ": No such file or directory"
    for encoding in ("utf-16", "latin-1"):
        table.write_text("path,label\nä.png,cat\n", encoding=encoding)
        assert refusal(table) == ": not UTF-8; save it as UTF-8"


def test_photos_are_cut_as_those_of_class_folders(tmp_path: Path, photos: list[str]) -> None:
    for line in photos:
        path, label = line.split(",")
        (tmp_path / "folders" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "folders" / label / Path(path).name).write_bytes((tmp_path / path).read_bytes())
    table = table_of(tmp_path, "path,label", *reversed(photos))
    assert missing_splits(str(table)) == ("test", "val")
    cut, other = (load_splits(str(data), 4, val_fraction=0.2, val_seed=1) for data in (table, tmp_path / "folders"))
    for split, images in other.items():
        assert cut[split].contents == images.contents
        assert np.array_equal(cut[split].images, images.images)
        assert np.array_equal(cut[split].targets, images.targets)
        assert cut[split].labels == images.labels
    assert cut["train"].ids[0].startswith("all/")


def test_splits_of_the_table_are_taken_and_the_missing_one_is_cut(tmp_path: Path, photos: list[str]) -> None:
    lines = [f"{line},{'test' if i < 10 else 'train'}" for i, line in enumerate(photos)]
    table = str(table_of(tmp_path, "path,label,split", *lines))
    assert missing_splits(table) == ("val",)
    splits = load_splits(table, 4, val_fraction=0.2, val_seed=0)
    assert sorted(splits["test"].ids) == [f"all/{i:02}.png" for i in range(10)]
    assert len(splits["train"]) + len(splits["val"]) == 30
    assert not set(splits["train"].ids) & set(splits["val"].ids)
    everything = load_split(table, "all", 4, val_fraction=0.2, val_seed=0)
    assert set(everything.ids) == {f"{line.split(',')[2]}/{line.split(',')[0]}" for line in lines}


def test_without_training_rows_only_evaluation_is_possible(tmp_path: Path, photos: list[str]) -> None:
    table = str(table_of(tmp_path, "path,label,split", *(f"{line},test" for line in photos)))
    assert len(load_split(table, "test", 4, val_fraction=0.2, val_seed=0)) == 40
    with pytest.raises(DataError, match=r"labels\.csv: no row of the split train, only of test$"):
        load_splits(table, 4, val_fraction=0.2, val_seed=0)
    sides = (f"{line},{'val' if i % 4 < 2 else 'test'}" for i, line in enumerate(photos))
    both = str(table_of(tmp_path, "path,label,split", *sides))
    with pytest.raises(DataError, match=r"only of (val, test|test, val)$"):
        load_splits(both, 4, val_fraction=0.2, val_seed=0)


def test_absolute_paths_are_taken_and_broken_photos_named(tmp_path: Path, photos: list[str]) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    lines = [*(f"{tmp_path}/{line}" for line in photos), "broken.jpg,cat"]
    (tmp_path / "tables").mkdir()
    table = str(table_of(tmp_path / "tables", "path,label", *lines[:-1], "../broken.jpg,cat"))
    for _ in range(2):  # the second time from the cache
        images = load_split(table, "all", 4, val_fraction=0.2, val_seed=0, contents=True)
        assert len(images) == len(images.contents) == 40
        assert images.ids[0] == f"{tmp_path}/all/00.png"
        assert images.counts().tolist() == [20, 20]
        assert len(images.unreadable) == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("all/lost.png,cat", r"labels\.csv, line 42: no such file: .*all/lost\.png$"),
        ("all,cat", r"labels\.csv, line 42: no such file: .*all$"),
        ("broken.jpg,cow", r"labels\.csv: no readable photo of the class 'cow'; add some, or remove it$"),
    ],
)
def test_photos_that_cannot_be_used_are_named(tmp_path: Path, photos: list[str], line: str, told: str) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    table = table_of(tmp_path, "path,label", *photos, line)
    with pytest.raises(DataError, match=told):
        load_split(str(table), "all", 4, val_fraction=0.2, val_seed=0)


def test_a_single_class_is_too_few_to_train_on(tmp_path: Path, photos: list[str]) -> None:
    table = table_of(tmp_path, "path,label", *photos[::2])
    with pytest.raises(DataError, match=r"labels\.csv: 1 classes; a classifier needs at least two"):
        load_splits(str(table), 4, val_fraction=0.2, val_seed=0)


def test_files_are_told_class_by_class_without_being_read(tmp_path: Path) -> None:
    table = str(table_of(tmp_path, "path,label,split", "b.png,dog,test", "c.png,cat,test", "a.png,dog,test"))
    assert split_folders(table) == {"test": tmp_path}
    assert split_files(table, "test") == [[tmp_path / "c.png"], [tmp_path / "a.png", tmp_path / "b.png"]]


def test_evaluate_reads_a_table(run: Command, small_model: Path, tmp_path: Path, photos: list[str]) -> None:
    table = table_of(tmp_path, "path,label,split", *(f"{line},test" for line in photos), "all/00.png,dog,test")
    done = run("evaluate", small_model, "--data", table, "--json")
    told = f"edge-cifar evaluate: {table}, line 42: all/00.png stands in line 2, too; a photo has one line\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
    table = table_of(tmp_path, "path,label,split", *(f"{line},test" for line in photos))
    done = run("evaluate", small_model, "--data", table, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(done.stdout)[key] for key in ("n", "accuracy")] == [40, 1.0]
