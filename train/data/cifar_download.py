"""CIFAR-10 and CIFAR-100 from their home page into the cache, as plain arrays.

An archive's bytes are read once, hashed, and only if they are the known ones parsed, from memory: what is opened is
what was hashed.
"""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...edge.data.cifar import cifar_cache
from ...edge.errors import DataError
from ...edge.files.atomic_write import write_file
from ...edge.photos.contract import Pixels
from ..runs.fetch import NETWORK_ERRORS, fetch
from .cifar_pickle import read_batch


@dataclass(frozen=True)
class Archive:
    """Where an archive is, its SHA-256 (hex), its batches for each split, and where a batch keeps the labels."""

    url: str
    sha256: str
    batches: Mapping[str, tuple[str, ...]]
    labels_key: str


HOME = "https://www.cs.toronto.edu/~kriz"
ARCHIVES = {  # hashes: tensorflow/keras, datasets/cifar10.py and cifar100.py
    "cifar10": Archive(
        url=f"{HOME}/cifar-10-python.tar.gz",
        sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        batches={
            "train": tuple(f"cifar-10-batches-py/data_batch_{i}" for i in range(1, 6)),
            "test": ("cifar-10-batches-py/test_batch",),
        },
        labels_key="labels",
    ),
    "cifar100": Archive(
        url=f"{HOME}/cifar-100-python.tar.gz",
        sha256="85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        batches={"train": ("cifar-100-python/train",), "test": ("cifar-100-python/test",)},
        labels_key="fine_labels",
    ),
}


def download_cifar(name: str, archive: Archive) -> None:
    """Fetch an archive and cache it decoded as the dataset `name`, with no pickle left.

    Raises DataError when there is no network, too little disk, or other bytes come than are expected.
    """
    data = _fetch(name, archive.url)
    found = hashlib.sha256(data).hexdigest()
    if found != archive.sha256:
        raise DataError(
            f"{archive.url}: {len(data)} bytes with SHA-256 {found} came instead of {archive.sha256}; they were not "
            f"opened; try again{_OR_FOLDER}"
        )
    try:
        arrays = parse_archive(data, archive)
    except Exception as error:  # tarfile, zlib and pickle raise a dozen different errors
        raise DataError(f"{archive.url}: not the archive of {name} ({error})") from error
    write_file(cifar_cache(name), lambda file: np.savez(file, allow_pickle=False, **arrays), replace_any=True)


def parse_archive(data: bytes, archive: Archive) -> dict[str, Pixels]:
    """Return "train_images", "train_targets", "test_images" and "test_targets", as `edge.cifar` reads them.

    Raises KeyError when a batch is missing, otherwise what `read_batch` and tarfile raise.
    """
    wanted = {name for names in archive.batches.values() for name in names}
    batches = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as tar:  # in one pass, nothing is unpacked
        for entry in tar:
            content = tar.extractfile(entry) if entry.name in wanted else None
            if content:
                batches[entry.name] = read_batch(content.read(), archive.labels_key)
    arrays: dict[str, Pixels] = {}
    for split, names in archive.batches.items():
        images, targets = zip(*(batches[name] for name in names), strict=True)
        arrays |= {f"{split}_images": np.concatenate(images), f"{split}_targets": np.concatenate(targets)}
    return arrays


_OR_FOLDER = ", or pass --data DIR with train/<class>/* and test/<class>/*"


def _fetch(name: str, url: str) -> bytes:
    folder = cifar_cache(name).parent
    try:
        return fetch(url, folder)
    except NETWORK_ERRORS as error:
        raise DataError(f"can't download {name} to {folder} ({error}); check the network{_OR_FOLDER}") from error
