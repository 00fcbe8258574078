"""Batches that are read from a file ahead of the step: the same images, the same training, to the bit."""

import io
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.pixel_rows import Images, PixelRows, RowFile, image_hashes
from edge_cifar.edge.errors import DataError
from edge_cifar.train.loop.batches import THREAD, HeldImages, ReadImages, training_images
from edge_cifar.train.loop.training import Training
from edge_cifar.train.recipe.augment_batch import augment
from edge_cifar.train.recipe.augmentation import Augmentation
from edge_cifar.train.recipe.recipe import Recipe

CPU = torch.device("cpu")


def in_file(images: Images, damaged: int = -1) -> PixelRows:
    """Return images in a file, of which the one at `damaged` is not what was written."""
    rgb = np.ascontiguousarray(images[:][..., :3])
    hashes = image_hashes(images)
    if damaged >= 0:
        rgb[damaged] ^= 1
    return PixelRows((RowFile(io.BytesIO(rgb.tobytes()), 0, rgb.shape[1], hashes, None),), np.arange(len(rgb)))


@pytest.mark.parametrize("part", [slice(None), slice(0, None, 2), slice(1, None, 2)])
def test_read_batches_are_augmented_to_the_same_bits(synthetic: LabelledImages, part: slice) -> None:
    held, read = training_images(synthetic.images, CPU), training_images(in_file(synthetic.images), CPU)
    assert isinstance(held, HeldImages)
    assert isinstance(read, ReadImages)
    assert torch.equal(held.first(5), read.first(5))
    chosen = torch.split(torch.randperm(100, generator=torch.Generator().manual_seed(1)), [16] * 5 + [20])
    augmentation = Augmentation(crop=4, flip=True, cutout=8)
    one, two = (torch.Generator().manual_seed(0) for _ in range(2))
    for first, second in zip(held.batches(chosen, part), read.batches(chosen, part), strict=True):
        assert torch.equal(augment(*first, one, augmentation, part), augment(*second, two, augmentation, part))


def test_a_training_from_a_file_is_the_training_from_memory(synthetic: LabelledImages) -> None:
    recipe = Recipe(net="nano", epochs=1, batch_size=32, augment="crop=4,flip,mixup=0.2")
    few, nets = synthetic.take(np.arange(96)), []
    for images in (few, replace(few, images=in_file(few.images))):
        training = Training(recipe, images, CPU)
        losses = training.run_epoch(lambda _: None)
        nets.append((losses, training.evaluate(images), training.net.state_dict()))
    (losses, (loss, logits), state), (other_losses, (other_loss, other_logits), other_state) = nets
    assert losses == other_losses
    assert loss == other_loss
    assert np.array_equal(logits, other_logits)
    assert all(torch.equal(tensor, other_state[name]) for name, tensor in state.items())


def test_reading_ends_when_its_batches_are_closed(synthetic: LabelledImages) -> None:
    batches = training_images(in_file(synthetic.images), CPU).batches([torch.arange(4)] * 20, slice(None))
    next(batches)
    assert any(thread.name.startswith(THREAD) for thread in threading.enumerate())
    batches.close()
    assert not any(thread.name.startswith(THREAD) for thread in threading.enumerate())


def test_damage_that_the_reader_meets_ends_the_training_in_a_line(synthetic: LabelledImages) -> None:
    images = replace(synthetic, images=in_file(synthetic.images, damaged=7))
    with pytest.raises(DataError, match="damaged on the disk"):
        Training(Recipe(net="nano", batch_size=32), images, CPU).run_epoch(lambda _: None)
