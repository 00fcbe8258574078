"""Labelled images, in memory or in a file of the cache: what every dataset is loaded into."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..stats.classification import Indices
from .decoded_cache import load_arrays, store_arrays
from .pixel_rows import Images, PixelRows, chunks, joined, taken


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    `images` is uint8 (N, size, size, 4) RGBX, of many photos a view of a file: index it by batches. `targets` are int64
    (N,) indices into `labels`, `ids` names each image within its dataset. `unreadable` holds a message for each file
    that could not be read, `left_out` one for what else of a folder is no image of these. `contents` says of each image
    which one it is, whatever it is called: the SHA-256 (hex) of its file; empty where nobody asked. `remarks` are what
    else a user should know.
    """

    images: Images
    targets: Indices
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    unreadable: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, indices: Indices) -> "LabelledImages":
        """Return the images at `indices`, in that order."""
        ids = tuple(self.ids[i] for i in indices)
        contents = tuple(self.contents[i] for i in indices) if self.contents else ()
        return replace(
            self, images=taken(self.images, indices), targets=self.targets[indices], ids=ids, contents=contents
        )

    def counts(self) -> Indices:
        """Return the number of images of each class, int64 (classes,)."""
        return np.bincount(self.targets, minlength=len(self.labels)).astype(np.int64)

    def relabelled(self, labels: Sequence[str]) -> "LabelledImages":
        """Return the same images with their targets counted in `labels`, which hold all of their own."""
        order: Indices = np.array([labels.index(label) for label in self.labels], dtype=np.int64)
        return replace(self, targets=order[self.targets], labels=tuple(labels))

    def joined(self, other: "LabelledImages") -> "LabelledImages":
        """Return these images, then those of `other`, which has the same labels."""
        return LabelledImages(
            joined(self.images, other.images),
            np.concatenate([self.targets, other.targets]),
            self.labels,
            self.ids + other.ids,
            self.unreadable + other.unreadable,
            self.left_out + other.left_out,
            self.names() + other.names() if self.contents or other.contents else (),
            self.remarks + other.remarks,
        )

    def names(self) -> tuple[str, ...]:
        """Return what tells each image from others: its content, or its id in a dataset that never changes."""
        return self.contents or self.ids

    def digest(self) -> str:
        """Return the SHA-256 (hex) of labels, ids, targets and pixels: equal data, equal digest.

        Of images in a file it is kept in the cache, by the hashes that the file has of them.
        """
        digest = hashlib.sha256("\0".join((*self.labels, "", *self.ids)).encode("utf-8", "surrogateescape"))
        digest.update(self.targets.astype("<i8").tobytes())
        if not isinstance(self.images, PixelRows):
            return self._with_pixels(digest)
        key = hashlib.sha256(digest.digest() + self.images.hashes().tobytes()).hexdigest()
        known = load_arrays(key, "digest")
        if known:
            return bytes(known[0]).hex()
        found = self._with_pixels(digest)
        store_arrays(key, digest=np.frombuffer(bytes.fromhex(found), np.uint8))
        return found

    def _with_pixels(self, digest: "hashlib._Hash") -> str:
        for chunk in chunks(self.images):
            digest.update(np.ascontiguousarray(chunk).data)
        return digest.hexdigest()
