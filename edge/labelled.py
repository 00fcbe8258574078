"""Labelled images in memory: what every dataset is loaded into."""

import hashlib
from dataclasses import dataclass

from .metrics import Indices
from .photo import Pixels


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    `images` is uint8 (N, size, size, 4) RGBX, `targets` int64 (N,) indices into `labels`, `ids` names each
    image within its dataset, `unreadable` holds a message for each file that was left out.
    """

    images: Pixels
    targets: Indices
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    unreadable: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, indices: Indices) -> "LabelledImages":
        """Return the images at `indices`, in that order."""
        ids = tuple(self.ids[i] for i in indices)
        return LabelledImages(self.images[indices], self.targets[indices], self.labels, ids, self.unreadable)

    def digest(self) -> str:
        """Return the SHA-256 (hex) of labels, ids, targets and pixels: equal data, equal digest."""
        digest = hashlib.sha256("\0".join((*self.labels, "", *self.ids)).encode("utf-8", "surrogateescape"))
        digest.update(self.targets.astype("<i8").tobytes())
        digest.update(self.images.tobytes())
        return digest.hexdigest()
