"""The datasets that `edge-cifar train` knows by name, as train, validation and test splits in memory."""

import io
import tempfile
from dataclasses import dataclass

import numpy as np

from ..edge.dataset import cifar10_cache, load_test, load_train_val, same_labels
from ..edge.errors import DataError
from ..edge.files import write_bytes
from ..edge.labelled import LabelledImages


@dataclass(frozen=True)
class Dataset:
    """Three splits with the same labels; `val` was cut from the training images."""

    name: str
    train: LabelledImages
    val: LabelledImages
    test: LabelledImages

    def describe(self) -> dict[str, object]:
        """Return name, labels, and each split's image count and SHA-256, for a run's configuration."""
        splits = {"train": self.train, "val": self.val, "test": self.test}
        return {
            "name": self.name,
            "labels": list(self.train.labels),
            "splits": {name: {"n": len(split), "sha256": split.digest()} for name, split in splits.items()},
        }


def load_dataset(data: str, size: int, val_fraction: float, seed: int) -> Dataset:
    """Return "cifar10" (downloaded once), "synthetic", or the folder `data`, at `size` pixels square.

    Raises DataError when it is missing, can't be downloaded or can't be used.
    """
    if data == "cifar10" and not cifar10_cache().exists():
        download_cifar10()
    test = load_test(data, size)
    train, val = load_train_val(data, size, val_fraction=val_fraction, val_seed=seed)
    same_labels(train.labels, val.labels, f"{data}/val")
    same_labels(train.labels, test.labels, f"{data}/test")
    return Dataset(data, train, val, test)


def download_cifar10() -> None:
    """Fetch CIFAR-10 with torchvision (which checks its MD5) and cache it decoded, with no pickle left.

    Raises DataError when there is no network, too little disk or the archive is damaged.
    """
    from torchvision.datasets import CIFAR10  # slow to import, needed once

    folder = cifar10_cache().parent
    images, targets = {}, {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:  # archive and pickles go with it
            for split in ("train", "test"):
                dataset = CIFAR10(temporary, train=split == "train", download=True)
                images[split] = np.asarray(dataset.data, dtype=np.uint8)
                targets[split] = np.asarray(dataset.targets, dtype=np.uint8)
    except Exception as error:  # urllib, ssl, tarfile and hash errors alike
        raise DataError(
            f"can't download CIFAR-10 to {folder} ({error}); check the network, or pass --data DIR with "
            "train/<class>/* and test/<class>/*"
        ) from error
    buffer = io.BytesIO()
    np.savez(
        buffer,
        train_images=images["train"],
        train_targets=targets["train"],
        test_images=images["test"],
        test_targets=targets["test"],
    )
    write_bytes(cifar10_cache(), buffer.getvalue())
