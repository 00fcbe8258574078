"""CIFAR-10 and CIFAR-100 as training leaves them in the cache: plain arrays, 32 pixels square, no pickle.

Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; CIFAR-100 with its 100 fine labels.
"""

from pathlib import Path

import numpy as np

from ..errors import DataError
from ..files.atomic_write import cache_folder
from ..photos.preprocessing import Preprocessing
from .labelled_images import LabelledImages
from .listed_photos import ListedPhotos
from .pixel_rows import with_x

SIDE = 32  # pixels
CIFAR10_LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100_LABELS = tuple(
    """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
    caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
    flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
    motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
    poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
    wardrobe whale willow_tree wolf woman worm
    """.split()  # noqa: SIM905, a list would take a hundred lines
)
LABELS = {"cifar10": CIFAR10_LABELS, "cifar100": CIFAR100_LABELS}


def cifar_cache(name: str) -> Path:
    """Return where "cifar10" or "cifar100" is cached, decoded (`edge-cifar train --data cifar10` fills it)."""
    return cache_folder() / f"{name}.npz"


def load_cifar(name: str, split: str, to: int | Preprocessing) -> LabelledImages:
    """Return the "train" (50,000) or "test" (10,000) images of "cifar10" or "cifar100" from the cache.

    Raises DataError when they are not there or damaged, or `to` asks for other pixels than their own.
    """
    path, labels, wanted = cifar_cache(name), LABELS[name], Preprocessing.of(to)
    if (wanted.size, wanted.crop_share) != (SIDE, 1):
        raise DataError(f"{name} images are {SIDE} pixels square, not {wanted.size}, and taken whole")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            pixels, targets = arrays[f"{split}_images"], arrays[f"{split}_targets"].astype(np.int64)
        expected_shape = (len(targets), SIDE, SIDE, 3)
        if pixels.dtype != np.uint8 or pixels.shape != expected_shape or targets.max() >= len(labels):
            raise ValueError(f"not the arrays of {name}")
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: {name} is not there yet; `edge-cifar train --data {name}` downloads it (extra [train]), "
            "or name a folder with train/<class>/* and test/<class>/*"
        ) from error
    except Exception as error:  # a damaged zip raises a dozen different errors
        raise DataError(f"{path}: damaged ({error}); delete it and run `edge-cifar train --data {name}`") from error
    ids = tuple(f"{split}/{i:05}" for i in range(len(targets)))
    return LabelledImages(with_x(pixels), targets, labels, ids)


def is_whole_cifar(train: LabelledImages | ListedPhotos) -> bool:
    """Return whether these are the 50,000 training images of CIFAR-10 or CIFAR-100 as a folder, by their classes.

    No photo comes or goes there, so that they are cut as they are under their name.
    """
    counts = set(train.counts().tolist())
    return (train.labels, counts) in ((CIFAR10_LABELS, {5_000}), (tuple(CIFAR100_LABELS), {500}))
