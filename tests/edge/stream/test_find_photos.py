import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from edge_cifar.edge.stream import find_photos as module
from edge_cifar.edge.stream.find_photos import find_photos

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names or files")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of photos on three levels, and files that are none."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "b.png",
        "a.JPG",
        "notes.txt",
        ".hidden.png",
        "c/z.png",
        "c/deep/y.png",
        ".thumbs/x.png",
        "d/text.txt",
    ):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "tree"


def found(*arguments: str, recursive: bool = False, glob: str | None = None) -> list[str]:
    return [entry.path for entry in find_photos(arguments, recursive, glob) if entry and entry.error is None]


def errors(*arguments: str, recursive: bool = False) -> list[str]:
    return [str(entry.error) for entry in find_photos(arguments, recursive) if entry and entry.error]


@pytest.mark.usefixtures("tree")
def test_a_folder_gives_its_photos_in_order_of_their_names() -> None:
    assert found("tree") == ["tree/a.JPG", "tree/b.png"]


@pytest.mark.usefixtures("tree")
def test_subfolders_are_searched_on_demand_hidden_ones_never() -> None:
    assert found("tree", recursive=True) == ["tree/a.JPG", "tree/b.png", "tree/c/deep/y.png", "tree/c/z.png"]


@pytest.mark.usefixtures("tree")
def test_a_glob_replaces_the_names_of_photos() -> None:
    assert found("tree", recursive=True, glob="*.txt") == ["tree/d/text.txt", "tree/notes.txt"]


@pytest.mark.usefixtures("tree")
def test_other_arguments_stay_as_they_are_in_their_place() -> None:
    arguments = ["missing.jpg", "tree/notes.txt", "tree/c", "-", "x" * 300, "nul\0", "missing.jpg"]
    assert found(*arguments) == [*arguments[:2], "tree/c/z.png", *arguments[3:]]


@pytest.mark.usefixtures("tree")
def test_a_folder_without_photos_is_an_error_that_names_it() -> None:
    assert errors("tree/d") == ["tree/d: a folder without photos in it; --recursive searches its subfolders too"]
    assert errors("tree/d", recursive=True) == ["tree/d: a folder without photos in it or its subfolders"]


def test_links_to_folders_are_not_followed_but_links_to_photos_are(tree: Path) -> None:
    (tree / "c" / "up").symlink_to(tree)
    (tree / "c" / "link.png").symlink_to(tree / "b.png")
    (tree / "c" / "self").symlink_to(tree / "c" / "self")
    assert errors("tree/c", recursive=True) == []
    assert found("tree/c", recursive=True) == ["tree/c/deep/y.png", "tree/c/link.png", "tree/c/z.png"]
    (tree.parent / "entry").symlink_to(tree / "c")
    assert found("entry") == ["entry/link.png", "entry/z.png"]


@ON_LINUX
def test_pipes_and_sockets_and_folders_that_are_named_like_photos_are_entries(tree: Path) -> None:
    os.mkfifo(tree / "d" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("tree/d/socket.png")
        (tree / "d" / "folder.png").mkdir()
        assert found("tree/d") == ["tree/d/folder.png", "tree/d/pipe.png", "tree/d/socket.png"]


@ON_LINUX
def test_odd_names_come_back_as_they_are(tree: Path) -> None:
    names = [b"two\nlines.png", b"caf\xe9.png", b"\x1b[31m.png", b"-.png"]
    for name in names:
        (tree / "d" / os.fsdecode(name)).touch()
    assert sorted(os.fsencode(path).removeprefix(b"tree/d/") for path in found("tree/d")) == sorted(names)


@pytest.fixture
def nobody(tree: Path) -> Iterator[Path]:
    """Be a user who may not list tree/c, even where the tests run as root."""
    (tree / "c").chmod(0)
    for folder in (tree, *itertools.islice(tree.parents, 2)):
        folder.chmod(0o755)
    as_root = os.geteuid() == 0
    if as_root:
        os.seteuid(65534)
    try:
        yield tree
    finally:
        if as_root:
            os.seteuid(0)
        (tree / "c").chmod(0o755)


@pytest.mark.usefixtures("nobody")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_folders_that_may_not_be_read_are_errors_and_the_others_are_searched() -> None:
    assert errors("tree", recursive=True) == ["tree/c: Permission denied"]
    assert found("tree", recursive=True) == ["tree/a.JPG", "tree/b.png"]


def test_a_folder_that_vanishes_in_the_midst_is_an_error(tree: Path) -> None:
    search = find_photos(["tree"], recursive=True)
    first = next(search)
    assert first
    assert first.path == "tree/a.JPG"
    (tree / "c").rename(tree / "elsewhere")
    assert [str(entry.error or entry.path) for entry in search if entry] == [
        "tree/b.png",
        "tree/c: No such file or directory",
    ]


def test_a_huge_folder_is_sorted_in_blocks_each_name_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4)
    names = [f"tree/d/{i:02}.png" for i in range(10)]
    for name in names:
        (tree.parent / name).touch()
    listed = found("tree/d")
    assert sorted(listed) == names
    blocks = [listed[:4], listed[4:8], listed[8:]]
    assert blocks == [sorted(block) for block in blocks]


@ON_LINUX
def test_trees_deeper_than_python_recurses_or_descriptors_go_round(tmp_path: Path) -> None:
    depth = 1200
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("photo.png", os.O_CREAT, dir_fd=here))
    os.close(here)
    [path] = found(str(tmp_path), recursive=True)
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest's own cleaning can't
    assert path == f"{tmp_path}/{'d/' * depth}photo.png"
