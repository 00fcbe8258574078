"""Labels in a table: a CSV file with the columns `path` and `label`, and `split` where its owner has chosen."""

import csv
import os
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import DataError
from ..photos.preprocessing import Preprocessing
from .image_folder import read_listed
from .labelled_images import LabelledImages
from .listed_photos import ListedPhotos
from .split_folders import SPLITS, split_name

NEEDED, ALLOWED = {"path", "label"}, {"path", "label", "split"}
COLUMNS = "a table of photos begins with the line path,label or path,label,split"


class Row(NamedTuple):
    """A photo: its line in the table, its class, and its path as written, from the table's folder."""

    line: int
    label: str
    path: str


def is_table(data: str) -> bool:
    """Return whether `data` names a table rather than a folder."""
    return data.lower().endswith(".csv") and not Path(data).is_dir()


def read_table(table: Path) -> Mapping[str, Sequence[Row]]:
    """Return the rows of each split that a table has; all are "train" when it has no column `split`.

    UTF-8, with a byte order mark or without, commas between cells, quotes as in RFC 4180. Raises DataError, which names
    the line, for anything else, for cells that are empty or begin or end with a space, splits that are none, labels
    that can't be printed or told apart, and files that are named twice.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    seen: dict[str, int] = {}
    alike: dict[str, str] = {}
    line = 0
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            line = reader.line_num
            if not NEEDED <= set(header) <= ALLOWED or len(set(header)) < len(header):
                raise DataError(f"{table}: its columns are {','.join(header) or 'none'!r}; {COLUMNS}")
            for cells in reader:
                line = reader.line_num
                if cells:
                    split, row = _row(line, header, cells)
                    _check_new(row, os.path.normpath(table.parent / row.path), seen, alike)
                    rows[split].append(row)
    except OSError as error:
        raise DataError(f"{table}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{table}: not UTF-8; save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{table}, line {line + 1}: {error}") from error  # where the row begins that isn't to be read
    except ValueError as error:
        raise DataError(f"{table}, line {line}: {error}") from error
    if not rows:
        raise DataError(f"{table}: a table without rows; {COLUMNS}, then has a line for each photo")
    return {split: rows[split] for split in SPLITS if split in rows}


def load_table(table: Path, rows: Sequence[Row], to: int | Preprocessing, least: int) -> LabelledImages:
    """Return the photos of `rows`, at the pixels that `to` says, classes and paths sorted, as `load_folder` does.

    Raises DataError when a file isn't there, there are fewer than `least` classes, or one has no readable photo.
    """
    images = read_listed(list_rows(table, rows, least), to)
    for label, count in zip(images.labels, images.counts(), strict=True):
        if count == 0:
            raise DataError(f"{table}: no readable photo of the class {label!r}; add some, or remove it")
    return images


def list_rows(table: Path, rows: Sequence[Row], least: int) -> ListedPhotos:
    """Return the photos that `load_table` reads, none of them read yet. Raises DataError as it does for rows."""
    for row in rows:
        if not os.path.isfile(os.path.join(table.parent, row.path)):  # noqa: PTH113, PTH118, a tenth of a Path's time
            raise DataError(f"{table}, line {row.line}: no such file: {table.parent / row.path}")
    labels = sorted({row.label for row in rows})
    if len(labels) < least:
        raise DataError(f"{table}: {len(labels)} classes; a classifier needs at least two")
    listed = sorted(rows, key=lambda row: (row.label, row.path))
    index = {label: i for i, label in enumerate(labels)}
    targets = np.array([index[row.label] for row in listed], dtype=np.int64)
    return ListedPhotos(table.parent, tuple(row.path for row in listed), targets, tuple(labels))


def _row(line: int, header: Sequence[str], cells: Sequence[str]) -> tuple[str, Row]:
    """Return the split and the row that a line holds. Raises ValueError."""
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells where {','.join(header)} are {len(header)}")
    values = dict(zip(header, cells, strict=True))
    for column, cell in values.items():
        if not cell:
            raise ValueError(f"no {column}")
        if cell != cell.strip() and column != "path":
            raise ValueError(f"{column} {cell!r} begins or ends with a space")
    label, name = values["label"], values.get("split", "train")
    if not label.isprintable():
        raise ValueError(f"label {label!r} can't be printed")
    split = split_name(name)
    if split is None:
        raise ValueError(f"{name!r} is no split; choose from {', '.join(SPLITS)}")
    return split, Row(line, label, values["path"])


def _check_new(row: Row, file: str, seen: dict[str, int], alike: dict[str, str]) -> None:
    """Raise ValueError when `file` was named in an earlier line, or the label is hard to tell from an earlier one."""
    if (first := seen.setdefault(file, row.line)) != row.line:
        raise ValueError(f"{row.path} stands in line {first}, too; a photo has one line")
    other = alike.setdefault(unicodedata.normalize("NFC", row.label).casefold(), row.label)
    if other != row.label:
        raise ValueError(f"the labels {other!r} and {row.label!r} are too much alike; write them one way")
