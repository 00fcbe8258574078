"""Where the photos of a run lie, to be looked at: larger than a net takes them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ...edge.data.datasets import LOADERS, split_folders
from ...edge.errors import DataError
from ...edge.files.atomic_write import file_sha256
from ...edge.photos.contract import Photo, Pixels
from .load_splits import EXTRA, Dataset


class PhotoFiles:
    """The photos of a dataset by split and id, as files where they are some."""

    def __init__(self, dataset: Dataset):
        self._splits = dataset.splits
        self._folders = _folders(dataset.name)
        self._extra = _folders(dataset.extra) if dataset.extra else {}
        self._places = cache(lambda split: {name: i for i, name in enumerate(self._splits[split].ids)})

    @property
    def known(self) -> bool:
        """Whether there are files, which a person can look at and move."""
        return bool(self._folders or self._extra)

    def has(self, split: str, name: str) -> bool:
        """Return whether the dataset has this photo."""
        return split in self._splits and name in self._places(split)

    def path(self, split: str, name: str) -> Path:
        """Return where a photo should lie; of one that never was a file, its name."""
        folders = self._folders
        if self._extra and name.startswith(EXTRA):
            folders, name = self._extra, name.removeprefix(EXTRA)
        folder = folders.get(split, folders.get("train"))
        return folder / name if folder else Path(name)

    def photo(self, split: str, name: str) -> Photo:
        """Return a photo's file if it is still the one that was read, else the pixels that the net takes."""
        images, place = self._splits[split], self._places(split)[name]
        path = self.path(split, name)
        try:
            if images.contents and path.is_file() and file_sha256(path) == images.contents[place]:
                return path
        except OSError:
            pass
        pixels: Pixels = images.images[place]
        return pixels


def _folders(data: str) -> Mapping[str, Path]:
    """Return the folder that the ids of each split of `data` are paths in; none where there are no files."""
    try:
        return {} if data in LOADERS else split_folders(data)
    except DataError:  # gone, since it was read
        return {}
