"""Photos split by blocks of their numbers, since neighbours often show the same thing from another side."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...edge.data.class_folder import class_folders, class_photos

TEST_SHARE = 0.2  # of each class: its highest numbers


def split_by_blocks(data: Path, folder: Path) -> Path:
    """Make `folder` a dataset of links to the photos in `data/<class>/`, the last of each class to test on; return it.

    Photos are in the order of the numbers in their names.
    """
    for label in class_folders(data):
        names = in_order(class_photos(data, label)[0])
        kept = round(len(names) * (1 - TEST_SHARE))
        for split, part in (("train", names[:kept]), ("test", names[kept:])):
            for name in part:
                link = folder / split / name
                link.parent.mkdir(parents=True, exist_ok=True)
                if not link.is_symlink():
                    link.symlink_to((data / name).resolve())
    return folder


def in_order(names: Sequence[str]) -> list[str]:
    """Return names in the order of the numbers in them: glass9.jpg before glass10.jpg."""
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])
