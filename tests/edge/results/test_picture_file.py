import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import EdgeCifarError, PhotoError
from edge_cifar.edge.results.picture_file import check_folder, write_drawn
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos that `small_model` calls dogs."""
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.jpg"):
        Image.fromarray(np.full((20, 20), 255, np.uint8)).save(tmp_path / "photos" / name)
    return tmp_path / "photos"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "into"),
    [
        (["photos"], "."),
        (["photos/"], "photos/.."),
        (["./photos/a.png", "photos//b.jpg"], "."),
        (["{here}/photos"], "/"),
        (["link/a.png", "link/b.jpg"], "same"),
        (["hard.png", "photos/b.jpg"], "."),
    ],
)
def test_no_photo_is_replaced_by_its_drawing(
    run: Run, small_model: Path, photos: Path, tmp_path: Path, arguments: list[str], into: str
) -> None:
    (tmp_path / "link").symlink_to(photos)
    (tmp_path / "same").mkdir()
    (tmp_path / "same" / "link").symlink_to(photos)
    (tmp_path / "hard.png").hardlink_to(photos / "a.png")
    before = contents(tmp_path)
    words = [word.format(here=tmp_path) for word in arguments]
    done = run("predict", "--model", small_model, *words, "--annotate", into, "--json")
    assert done.returncode == 1
    assert contents(tmp_path) == before
    assert done.stdout.count('"error": ') == 2
    assert "would replace the photo" in done.stdout


def test_one_photo_that_cannot_be_drawn_is_an_error_and_the_others_go_on(
    run: Run, small_model: Path, photos: Path, tmp_path: Path
) -> None:
    long = "x" * 251
    Image.new("L", (70_000, 1)).save(photos / "wide.webp.png")  # as JPEG, under another name
    (photos / "wide.webp.png").rename(photos / "wide.bmp")
    shutil.copy(photos / "a.png", photos / f"{long}.png")  # as long as names can be
    shutil.copy(photos / "a.png", photos / f"{long}.gif")  # with our suffix too long
    drawn = tmp_path / "drawn"
    (drawn / "photos").mkdir(parents=True)
    (drawn / "photos" / "b.jpg").write_text("precious")
    done = run("predict", "--model", small_model, "photos", "--annotate", "drawn")
    assert done.returncode == 1
    assert sorted(path.name for path in (drawn / "photos").iterdir()) == ["a.png", "b.jpg", f"{long}.png"]
    assert (drawn / "photos" / "b.jpg").read_text() == "precious"
    errors = [line for line in done.stderr.splitlines() if line.startswith("edge-cifar predict: ")]
    assert len(errors) == 3
    assert "b.jpg: exists, not as edge-cifar wrote it" in errors[0]
    assert "wide.bmp.jpg can't hold 70000 x 1" in errors[1]
    assert "File name too long" in errors[2]


@pytest.mark.usefixtures("photos")
def test_drawings_are_replaced_by_newer_ones_but_never_drawn_on(run: Run, small_model: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = run("predict", "--model", small_model, "-r", ".", "--annotate", "drawn", "--json")
        assert (done.returncode, done.stdout.count("\n")) == (0, 2)
        assert len(contents(tmp_path / "drawn")) == 2
    before = contents(tmp_path)
    done = run("predict", "--model", small_model, "drawn/photos/a.png", "--annotate", ".")
    assert "would replace the photo" in done.stderr
    assert contents(tmp_path) == before


def test_of_photos_with_one_name_for_their_pictures_one_is_drawn(run: Run, small_model: Path, photos: Path) -> None:
    with Image.open(photos / "a.png") as image:
        for name, kind in (("c.webp", "WEBP"), ("c.webp.jpg", "JPEG"), ("d.gif", "GIF"), ("d.gif.jpg", "JPEG")):
            image.save(photos / name, kind)
    names = ["photos/c.webp", "photos/c.webp.jpg", "photos/d.gif.jpg", "./photos/d.gif"]
    for _ in range(2):  # also when they are drawn anew
        done = run("predict", "--model", small_model, *names, "--annotate", "drawn", "--json", "--jobs", "1")
        assert (done.returncode, done.stdout.count('"guess"')) == (1, 2)
        assert done.stdout.count("c.webp.jpg: holds the picture of another photo, so it is kept; name another") == 1
        assert done.stdout.count("d.gif.jpg: holds the picture of another photo, so it is kept; name another") == 1
    done = run("predict", "--model", small_model, "photos/c.webp", "./photos//c.webp", "--annotate", "drawn")
    assert done.returncode == 0  # the same photo


@pytest.mark.usefixtures("photos")
def test_a_picture_that_a_list_names_is_classified(run: Run, small_model: Path, tmp_path: Path) -> None:
    run("predict", "--model", small_model, "photos/a.png", "--annotate", "drawn")
    (tmp_path / "list").write_text("drawn/photos/a.png\n")
    done = run("predict", "--model", small_model, "--files-from", "list", "--annotate", "drawn", "--json")
    assert (done.returncode, done.stdout.count('"guess"')) == (0, 1)
    assert (tmp_path / "drawn" / "drawn" / "photos" / "a.png").exists()


@pytest.mark.usefixtures("photos")
def test_a_photo_that_is_a_picture_of_ours_is_not_replaced_by_its_map(
    run: Run, small_model: Path, tmp_path: Path
) -> None:
    run("predict", "--model", small_model, "photos/a.png", "--explain", "heat.png")
    before = contents(tmp_path)
    first = (tmp_path / "heat.png").stat().st_ino
    done = run("predict", "--model", small_model, "heat.png", "--explain", "./heat.png")
    assert (done.returncode, done.stdout) == (1, "")
    assert "would replace the photo" in done.stderr
    done = run("predict", "--model", small_model, "photos/a.png", "--explain", "photos/b.jpg")
    assert "photos/b.jpg: exists, not as edge-cifar wrote it" in done.stderr
    assert contents(tmp_path) == before
    assert run("predict", "--model", small_model, "photos/b.jpg", "--explain", "heat.png").returncode == 0
    assert (tmp_path / "heat.png").stat().st_ino != first


@pytest.mark.usefixtures("photos")
def test_a_folder_that_takes_nothing_is_named_before_the_first_photo(
    run: Run, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = run("predict", "--model", small_model, "photos", "--annotate", "file/drawn")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "cannot write in file/drawn: Not a directory; name another folder" in done.stderr
    check_folder(tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, EdgeCifarError), (errno.EACCES, PhotoError)])
def test_a_full_disk_is_no_fault_of_one_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(EdgeCifarError, match=os.strerror(number)) as caught:
        write_drawn("a.png", Image.new("RGB", (9, 9)), tmp_path / "a.png")
    assert type(caught.value) is kind


@pytest.mark.skipif(sys.platform != "linux", reason="it counts calls of the system")
def test_drawings_do_not_wait_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(os, "fsync", waited.append)
    write_drawn("a.png", Image.new("RGB", (9, 9)), tmp_path / "drawn.png")
    assert not waited
