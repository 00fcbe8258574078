"""Labelled images, in memory or in a file of the cache: what every dataset is loaded into."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from ..splits.look_alikes import group_alike, look
from ..splits.name_groups import group_by_name
from ..splits.split_rules import ALIKE, BY_NAME
from ..stats.classification import Indices
from .decoded_cache import load_arrays, store_arrays
from .pixel_rows import Images, PixelRows, chunks, image_hashes, joined, taken


@dataclass(frozen=True)
class LabelledImages:
    """Images with their labels.

    `images` is uint8 (N, size, size, 4) RGBX, of many photos a view of a file: index it by batches. `targets` are int64
    (N,) indices into `labels`, `ids` names each image within its dataset. `unreadable` holds a message for each file
    that could not be read, `left_out` one for what else of a folder is no image of these. `contents` says of each image
    which one it is, whatever it is called: the SHA-256 (hex) of its file; empty where nobody asked. `groups` says which
    belong together, so that a split keeps them on one side; empty where each stands for itself. `remarks` are what else
    a user should know.
    """

    images: Images
    targets: Indices
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    unreadable: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, indices: Indices) -> "LabelledImages":
        """Return the images at `indices`, in that order."""
        ids, contents, groups = (
            tuple(own[i] for i in indices) if own else () for own in (self.ids, self.contents, self.groups)
        )
        images, targets = taken(self.images, indices), self.targets[indices]
        return replace(self, images=images, targets=targets, ids=ids, contents=contents, groups=groups)

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
            self.together() + other.together() if self.groups or other.groups else (),
            self.remarks + other.remarks,
        )

    def grouped(self, rule: str) -> "LabelledImages":
        """Return the same images, which have their `contents`, with the `groups` of a rule, and a remark on them.

        Raises DataError for a rule that makes no groups, or finds none.
        """
        if rule.startswith(BY_NAME):
            names = group_by_name(rule.removeprefix(BY_NAME), self.ids)
            groups = [content if name is None else name for name, content in zip(names, self.contents, strict=True)]
            alone = f"; {names.count(None)} photos match nothing and stand alone" if None in names else ""
            remark = f"--split-by: photos of {len(set(names) - {None})} names, each on one side of the split{alone}"
            return replace(self, groups=tuple(groups), remarks=(*self.remarks, remark))
        if rule != ALIKE:
            raise DataError(f"photos were cut by a rule that this version doesn't know ({rule!r}); update edge-cifar")
        found = self.kept(rule, self._alike)
        smallest: dict[int, str] = {}  # the content that decides, of each group
        for group, content in zip(found.tolist(), self.contents, strict=True):
            smallest[group] = min(content, smallest.get(group, content))
        sizes = np.bincount(found)
        several = sizes[sizes > 1]
        counted = f"{len(several)} groups of look-alikes, each" if len(several) > 1 else "a group of look-alikes, all"
        remark = f"{several.sum()} photos in {counted} on one side of the split"
        return replace(
            self,
            groups=tuple(smallest[group] for group in found.tolist()),
            remarks=(*self.remarks, remark) if len(several) else self.remarks,
        )

    def names(self) -> tuple[str, ...]:
        """Return what tells each image from others: its content, or its id in a dataset that never changes."""
        return self.contents or self.ids

    def together(self) -> tuple[str, ...]:
        """Return what decides on which side of a split each image stands: equal for images that stay together."""
        return self.groups or self.names()

    def digest(self) -> str:
        """Return the SHA-256 (hex) of labels, ids, targets and pixels: equal data, equal digest.

        Of images in a file it is kept in the cache, by the hashes that the file has of them.
        """
        if not isinstance(self.images, PixelRows):
            return self._digest().hex()
        return bytes(self.kept("digest", lambda: np.frombuffer(self._digest(), np.uint8))).hex()

    def kept(self, purpose: str, compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return an array that these images alone decide, computed once and kept in the cache for this `purpose`."""
        key = self._names()
        key.update(image_hashes(self.images).tobytes())
        key.update(purpose.encode())
        known = load_arrays(key.hexdigest(), "kept")
        if known is None:
            known = [compute()]
            store_arrays(key.hexdigest(), kept=known[0])
        return np.asarray(known[0])

    def _alike(self) -> Indices:
        looks = np.concatenate([look(chunk) for chunk in chunks(self.images)])
        return group_alike(looks, self.ids, self.targets)

    def _digest(self) -> bytes:
        digest = self._names()
        for chunk in chunks(self.images):
            digest.update(np.ascontiguousarray(chunk).data)
        return digest.digest()

    def _names(self) -> "hashlib._Hash":
        """Return a hash over all but the pixels."""
        digest = hashlib.sha256("\0".join((*self.labels, "", *self.ids)).encode("utf-8", "surrogateescape"))
        digest.update(self.targets.astype("<i8").tobytes())
        return digest
