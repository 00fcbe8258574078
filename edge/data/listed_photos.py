"""Photos of a dataset by name: known before any of them is decoded, so that of many only the wanted ones are."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..stats.classification import Indices


@dataclass(frozen=True)
class ListedPhotos:
    """Photos `ids` below `folder` with their `targets`, int64 (N,) indices into `labels`.

    `left_out` has a line for what else lies there; `contents` says of each photo which one it is, as
    `LabelledImages.contents` does, empty where nobody asked.
    """

    folder: Path
    ids: tuple[str, ...]
    targets: Indices
    labels: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, indices: Indices) -> "ListedPhotos":
        """Return the photos at `indices`, in that order."""
        ids = tuple(self.ids[i] for i in indices)
        contents = tuple(self.contents[i] for i in indices) if self.contents else ()
        return replace(self, ids=ids, targets=self.targets[indices], contents=contents)

    def counts(self) -> Indices:
        """Return the number of photos of each class, int64 (classes,)."""
        return np.bincount(self.targets, minlength=len(self.labels)).astype(np.int64)

    def together(self) -> tuple[str, ...]:
        """Return what decides on which side of a split each photo stands: equal for photos that stay together."""
        return self.names()

    def names(self) -> tuple[str, ...]:
        """Return what tells each photo from others: its content if known, else its id."""
        return self.contents or self.ids
