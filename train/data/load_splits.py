"""The data that `edge-cifar train` reads: train, validation and test splits in memory, looked over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from ...edge.data.cifar import cifar_cache, is_whole_cifar
from ...edge.data.datasets import TEST_FRACTION, TEST_SEED, load_splits, missing_splits, uncertain_test_photos
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.pixel_rows import chunks
from ...edge.splits.look_alikes import Looks, group_alike, look
from ...edge.splits.split_rules import ALIKE, CONTENT, POSITION
from .cifar_download import ARCHIVES, download_cifar
from .data_scan import SHOWN, Scan, scan

Splits = Mapping[str, LabelledImages]

EXTRA = "extra/"  # what the ids of photos begin with that the second folder brings


@dataclass(frozen=True)
class Dataset:
    """Three splits with the same labels, what a look at them found, and where they come from.

    `extra` is the folder that was added, if any; `cut` says which splits the dataset lacked and how they were cut,
    `rule` by which of the `split_rules` a folder is.
    """

    name: str
    train: LabelledImages
    val: LabelledImages
    test: LabelledImages
    scan: Scan
    extra: str | None
    cut: Mapping[str, Mapping[str, float]]
    rule: str = CONTENT

    @property
    def splits(self) -> Splits:
        """The splits by name."""
        return {"train": self.train, "val": self.val, "test": self.test}

    def describe(self) -> dict[str, object]:
        """Return where the data comes from, what it is (counts and SHA-256) and what was found in it, as JSON."""
        return {
            "name": self.name,
            "extra": self.extra,
            "labels": list(self.train.labels),
            "splits": {name: {"n": len(split), "sha256": split.digest()} for name, split in self.splits.items()},
            "cut": self.cut,
            "rule": self.rule,
            "scan": asdict(self.scan),
        }


def load_dataset(
    data: str, size: int, val_fraction: float, seed: int, extra: str | None = None, rule: str = CONTENT
) -> Dataset:
    """Return "cifar10" or "cifar100" (downloaded once), "synthetic", or the folder `data`, at `size` pixels square.

    The photos of the folder `extra` are added, split by split; its new classes follow the others. Folders are cut
    by `rule`. Raises DataError when the data is missing, can't be downloaded or can't be used.
    """
    splits: Splits = _load(data, size, val_fraction, seed, rule)
    remarks = _remarks(data, splits, rule)
    if extra is not None:
        more = _load(extra, size, val_fraction, seed, rule, least=1)
        remarks += _remarks(extra, more, rule)
        splits = _add(splits, more)
    found, train = scan(splits)
    shares = {
        "test": {"fraction": TEST_FRACTION, "seed": TEST_SEED},
        "val": {"fraction": val_fraction, "seed": seed},
    }
    if extra is not None or len(missing_splits(data)) < len(shares):  # what is cut from one folder is kept together
        remarks += _apart({**splits, "train": train}, rule)
    cut = {split: shares[split] for name in (data, extra) if name is not None for split in missing_splits(name)}
    return Dataset(data, train, splits["val"], splits["test"], replace(found, remarks=remarks), extra, cut, rule)


def _load(data: str, size: int, val_fraction: float, seed: int, rule: str, least: int = 2) -> Splits:
    if data in ARCHIVES and not cifar_cache(data).exists():
        download_cifar(data, ARCHIVES[data])
    return load_splits(data, size, val_fraction=val_fraction, val_seed=seed, rule=rule, least=least)


def _remarks(data: str, splits: Splits, rule: str) -> tuple[str, ...]:
    """Return what a user should know of how photos were read and cut, a line each."""
    told = dict.fromkeys(remark for split in splits.values() for remark in split.remarks)
    return (*told, *_small_classes(data, splits, rule))


def _apart(splits: Splits, rule: str) -> tuple[str, ...]:
    """Return a line on the photos that look like training photos of another folder; none if there are none."""
    if rule != ALIKE or not splits["train"].contents:
        return ()
    looks = [images.kept("looks", partial(_looks, images)) for images in splits.values()]
    names = [f"{split}/{name}" for split, images in splits.items() for name in images.ids]
    groups = group_alike(np.concatenate(looks), names, np.concatenate([each.targets for each in splits.values()]))
    learned = len(splits["train"])
    count = int(np.isin(groups[learned:], groups[:learned]).sum())
    words = f"{count} validation and test photos look like training photos of another folder: their accuracy flatters"
    return (words,) if count else ()


def _looks(images: LabelledImages) -> Looks:
    return np.concatenate([look(chunk) for chunk in chunks(images.images)])


def _small_classes(data: str, splits: Splits, rule: str) -> tuple[str, ...]:
    """Return a line on the classes that have a test photo only because each must have one; none if there are none."""
    test = splits["test"]
    if rule == POSITION or not test.contents or "test" not in missing_splits(data) or is_whole_cifar(splits["train"]):
        return ()
    labels = [test.labels[target] for target in np.unique(test.targets[uncertain_test_photos(test)])]
    if not labels:
        return ()
    shown = ", ".join(labels[:SHOWN]) + (f" and {len(labels) - SHOWN} more" if len(labels) > SHOWN else "")
    return (f"few photos of {shown}: which of them test may change when photos come or go, so add photos",)


def _add(splits: Splits, extra: Splits) -> Splits:
    """Return `splits` with those of `extra`, whose images are named "extra/..."."""
    known = splits["train"].labels
    labels = (*known, *(label for label in extra["train"].labels if label not in known))
    named = {name: replace(split, ids=tuple(f"{EXTRA}{i}" for i in split.ids)) for name, split in extra.items()}
    return {name: splits[name].relabelled(labels).joined(named[name].relabelled(labels)) for name in splits}
