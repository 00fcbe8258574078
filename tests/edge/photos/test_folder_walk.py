import os
from collections.abc import Iterator
from pathlib import Path

from edge_cifar.edge.photos.folder_walk import is_folder, is_linked_folder, walk

TREE = {"": ["a", "b/", "e"], "b/": ["c", "d/"], "d/": []}


def listing(place: str) -> Iterator[tuple[str, bool]]:
    for name in TREE[place]:
        yield name, name.endswith("/")


def test_a_folder_is_gone_through_where_it_is_listed() -> None:
    assert list(walk("", listing)) == ["a", "c", "e"]


def test_a_folder_is_listed_no_sooner_than_it_is_reached() -> None:
    listed = []

    def noted(place: str) -> Iterator[tuple[str, bool]]:
        listed.append(place)
        return listing(place)

    found = walk("", noted)
    assert (next(found), listed) == ("a", [""])
    assert (next(found), listed) == ("c", ["", "b/"])


def test_links_to_folders_are_told_from_folders_and_from_links_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for name, target in (("link", "folder"), ("to_file", "file"), ("broken", "missing"), ("itself", "itself")):
        (tmp_path / name).symlink_to(target)
    with os.scandir(tmp_path) as entries:
        told = {entry.name: (is_folder(entry), is_linked_folder(entry)) for entry in entries}
    assert {name for name, (folder, _) in told.items() if folder} == {"folder", "link"}
    assert {name for name, (_, linked) in told.items() if linked} == {"link"}
