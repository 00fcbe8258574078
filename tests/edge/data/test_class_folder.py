import json
import os
from pathlib import Path

import pytest
from edge_cifar.edge.data.class_folder import KINDS_SHOWN, class_folders, class_photos, is_own, photos_beside, shortened
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.photos.left_out import LeftOut
from edge_cifar.edge.results.picture_file import write_drawn
from PIL import Image


def make(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def test_what_is_no_photo_is_counted_by_kind(tmp_path: Path) -> None:
    make(tmp_path, "cat/a.jfif", "cat/b.HEIC", "cat/c.heif", "cat/d", "cat/e.txt", "cat/.f.png", "cat/.git/0.png")
    make(tmp_path, "more/0.png")
    (tmp_path / "cat" / "shelf").symlink_to(tmp_path / "more")
    photos, left_out = class_photos(tmp_path, "cat")
    assert photos == ["cat/a.jfif"]
    assert left_out == {"HEIC": 2, "hidden": 2, "without suffix": 1, ".txt": 1, "link to a folder": 1}


def test_what_systems_leave_is_neither_read_nor_worth_a_word(tmp_path: Path) -> None:
    make(tmp_path, "cat/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "cat/Thumbs.db", "cat/desktop.ini", "cat/.DS_Store")
    make(tmp_path, "cat/._a.jpg", "cat/a.jpg", "__MACOSX/cat/a.jpg", "@eaDir/x.jpg", ".thumbnails/a.jpg")
    assert class_folders(tmp_path) == ["cat"]
    assert class_photos(tmp_path, "cat") == (["cat/a.jpg"], LeftOut())


def test_folders_of_systems_are_no_classes_however_they_are_written(tmp_path: Path) -> None:
    make(tmp_path, "cat/a.jpg", "cat/$Recycle.Bin/b.jpg", "lost+found/c.jpg", "$Recycle.Bin/d.jpg", "@Recycle/e.jpg")
    assert class_folders(tmp_path) == ["cat"]
    assert class_photos(tmp_path, "cat") == (["cat/a.jpg"], LeftOut())


def test_pipes_are_left_out_and_not_read(tmp_path: Path) -> None:
    make(tmp_path, "cat/a.jpg")
    os.mkfifo(tmp_path / "cat" / "pipe.jpg")
    (tmp_path / "cat" / "linked.png").symlink_to("pipe.jpg")
    (tmp_path / "cat" / "gone.png").symlink_to("nowhere")
    pipe = os.open(tmp_path / "cat" / "pipe.jpg", os.O_RDWR)  # with something in it, since reading an empty one waits
    os.set_blocking(pipe, False)
    try:
        os.write(pipe, sent := bytes(100))
        photos, left_out = class_photos(tmp_path, "cat")
        assert os.read(pipe, 200) == sent
    finally:
        os.close(pipe)
    assert photos == ["cat/a.jpg", "cat/gone.png"]
    assert left_out == {"no regular file": 2}


@pytest.mark.parametrize("run", ["runs/a", "runs/many/seed-0", "studies"])
def test_runs_are_known_by_their_content(tmp_path: Path, run: str) -> None:
    make(tmp_path, f"x/{run}/curves.png", "x/mine/0.png", "x/mine/config.json")
    (tmp_path / "x" / run / "config.json").write_text(json.dumps({"recipe": {}, "data": {}, "versions": {}}))
    photos, left_out = class_photos(tmp_path, "x")
    assert (photos, left_out) == (["x/mine/0.png"], {".json": 1, "made by edge-cifar": 1})
    assert not is_own(photos, left_out)
    assert is_own(*class_photos(tmp_path / "x", run.split("/")[0]))


@pytest.mark.parametrize("file", [".edge-cifar-demo", "study.db", "model.int8.onnx"])
def test_other_output_of_this_program_is_no_class(tmp_path: Path, file: str) -> None:
    make(tmp_path, f"out/{file}", *(["out/photos/0.jpg"] if file == ".edge-cifar-demo" else []))
    assert is_own(*class_photos(tmp_path, "out"))


def test_pictures_that_were_drawn_of_photos_are_no_photos(tmp_path: Path) -> None:
    picture = Image.new("RGB", (8, 8))
    for name in ("cat/0.png", "cat/1.jpg"):
        make(tmp_path, name)
        picture.save(tmp_path / name)
        write_drawn(picture, picture, tmp_path / "drawn/photos" / name)
    assert is_own(*class_photos(tmp_path, "drawn"))
    write_drawn(picture, picture, tmp_path / "cat/more/0.jpg")
    assert class_photos(tmp_path, "cat") == (["cat/0.png", "cat/1.jpg"], {"drawn by edge-cifar": 1})
    with (tmp_path / "drawn/photos/cat/1.jpg").open("ab") as file:
        file.write(b"x")  # somebody's own by now
    assert class_photos(tmp_path, "drawn")[0] == ["drawn/photos/cat/1.jpg"]


def test_a_class_with_a_model_among_its_photos_stays_one(tmp_path: Path) -> None:
    make(tmp_path, "cat/model.onnx", "cat/0.png")
    assert not is_own(*class_photos(tmp_path, "cat"))


def test_links_that_lead_back_are_no_classes(tmp_path: Path) -> None:
    make(tmp_path, "photos/cat/0.png", "dogs/0.png")
    (tmp_path / "photos" / "all").symlink_to(".")
    (tmp_path / "photos" / "up").symlink_to(tmp_path)
    (tmp_path / "photos" / "dog").symlink_to(tmp_path / "dogs")
    assert class_folders(tmp_path / "photos") == ["cat", "dog"]
    assert class_photos(tmp_path / "photos", "dog")[0] == ["dog/0.png"]


def test_a_folder_that_cannot_be_listed_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: No such file"):
        class_folders(tmp_path / "gone")


def test_many_kinds_are_cut_short() -> None:
    left_out = LeftOut({f".{n}": 10 - n for n in range(KINDS_SHOWN + 3)})
    assert str(shortened(left_out)) == "18 of other kinds, 10 .0, 9 .1, 8 .2, 7 .3"


def test_links_to_themselves_are_no_folders(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg").touch()
    for place in (tmp_path, tmp_path / "cat"):
        (place / "itself").symlink_to("itself")
    assert class_folders(tmp_path) == ["cat"]
    assert class_photos(tmp_path, "cat") == (["cat/a.jpg"], {"without suffix": 1})
    assert photos_beside(tmp_path) == []
