"""What a net without its head makes of photos, computed once and kept in the cache of decoded photos."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ...edge.data.decoded_cache import load_arrays, store_arrays
from ...edge.data.labelled_images import LabelledImages
from ..recipe.augment_batch import augment
from ..recipe.augmentation import Augmentation

BATCH = 32  # photos
CHUNK = 64 * BATCH  # photos whose features are kept together: what a stop loses at most
PLAIN = Augmentation()


class FeatureMaker:
    """Features of `images` by the layers of `net` in front of its last one, in evaluation mode.

    What is kept is found by the weights, the photos, how they are changed, and all that decides the bits. Computed in
    `dtype`, or in float32 where it is None.
    """

    def __init__(self, net: nn.Sequential, images: LabelledImages, device: torch.device, dtype: torch.dtype | None):
        self._body, self._images = net[:-1], images
        self._device, self._dtype = device, dtype
        self._made_of = [
            *(_digest(self._body), images.digest(), _sources(), BATCH, CHUNK),
            *(torch.__version__, torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()),
            *(_name(device), str(dtype)),
        ]

    def features(self, augmentation: Augmentation, seed: int, view: int, on_batch: Callable[[], None]) -> torch.Tensor:
        """Return float32 (N, features) on the CPU, of the photos as `augmentation` changes them in this `view`.

        `on_batch` is called after each batch; what it raises ends the work, of which whole chunks are kept.
        """
        parts = []
        changes = [repr(augmentation), seed, view] if augmentation != PLAIN else []
        for start in range(0, len(self._images), CHUNK):
            key = hashlib.sha256(json.dumps([*self._made_of, *changes, start]).encode()).hexdigest()
            rows = range(start, min(start + CHUNK, len(self._images)))
            kept = load_arrays(key, "features")
            if kept is not None and len(kept[0]) == len(rows):
                part = kept[0]
                for _ in rows[::BATCH]:
                    on_batch()
            else:
                generator = torch.Generator(self._device).manual_seed(_seed(seed, view, start))
                part = np.concatenate(list(self._batches(rows, augmentation, generator, on_batch)))
                store_arrays(key, features=part)
            parts.append(torch.from_numpy(part))
        return torch.cat(parts)

    def _batches(
        self,
        rows: range,
        augmentation: Augmentation,
        generator: torch.Generator,
        on_batch: Callable[[], None],
    ) -> Iterator[npt.NDArray[np.float32]]:
        self._body.eval()
        for start in rows[::BATCH]:
            photos = self._images.images[start : min(start + BATCH, rows.stop)]
            pixels = torch.from_numpy(np.ascontiguousarray(photos[..., :3])).to(self._device)
            if augmentation != PLAIN:
                chosen = torch.arange(len(pixels), device=self._device)
                pixels = augment(pixels, chosen, generator, augmentation)
            with torch.inference_mode(), self._precision():
                made: torch.Tensor = self._body(pixels).float().flatten(1)
            yield made.cpu().numpy()
            on_batch()

    def _precision(self) -> Any:
        return torch.autocast(self._device.type, self._dtype or torch.bfloat16, enabled=self._dtype is not None)


def _digest(body: nn.Module) -> str:
    """Return the SHA-256 (hex) of the layers and of all that they multiply and add with."""
    digest = hashlib.sha256(repr(body).encode())
    for name, tensor in (*body.named_parameters(), *body.named_buffers()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _sources() -> str:
    """Return the SHA-256 (hex) of the modules that decide how photos are changed and in what order."""
    files = (Path(__file__), *sorted((Path(__file__).parents[1] / "recipe").glob("*.py")))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _seed(*numbers: int) -> int:
    """Return a seed of its own for each combination of numbers."""
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest(), "big")


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
