"""The training images, a batch at a time: from the device that holds all, or read from their file ahead of the step."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from ...edge.data.pixel_rows import Images, PixelRows, chunks
from ...edge.errors import RunError
from ...edge.photos.contract import Pixels
from ...edge.stats.classification import Indices

AHEAD = 3  # batches that are read before they are needed
THREAD = "read ahead"
DEVICE_SHARE = 0.5  # of a GPU's free memory that images may take

Batch = tuple[torch.Tensor, torch.Tensor]
"""uint8 images (n, S, S, 3) on the device, and int64 (B,): where among them those of the batch are.

Of a batch that several processes share, only the places of this one's part count.
"""


class HeldImages:
    """Images that the device holds, all of them."""

    def __init__(self, pixels: torch.Tensor):
        self._pixels = pixels

    def first(self, count: int) -> torch.Tensor:
        """Return the first images, uint8 (count, S, S, 3), on the device."""
        return self._pixels[:count]

    def batches(self, chosen: Sequence[torch.Tensor], part: slice) -> Generator[Batch]:  # noqa: ARG002
        """Yield a batch for each of the `chosen`, int64 (B,), of which `part` is this process's."""
        for each in chosen:
            yield self._pixels, each


class ReadImages:
    """Images that are read from their file, a few batches ahead, by a thread of their own."""

    def __init__(self, images: PixelRows, device: torch.device):
        self._images, self._device = images, device

    def first(self, count: int) -> torch.Tensor:
        """Return the first images, uint8 (count, S, S, 3), on the device."""
        return torch.from_numpy(self._images.rgb(slice(count))).to(self._device)

    def batches(self, chosen: Sequence[torch.Tensor], part: slice) -> Generator[Batch]:
        """Yield a batch for each of the `chosen`, int64 (B,), of which `part` is this process's.

        Close it to end the reading early. Raises DataError when the file is damaged.
        """
        wanted = iter([each[part].cpu().numpy() for each in chosen])
        reads: deque[Future[torch.Tensor]] = deque()
        pool = ThreadPoolExecutor(1, THREAD)
        try:
            for each in chosen:
                while len(reads) < AHEAD and (rows := next(wanted, None)) is not None:
                    reads.append(pool.submit(self._read, rows))
                pixels = reads.popleft().result().to(self._device, non_blocking=True)
                yield pixels, torch.arange(len(each), device=self._device) // (part.step or 1)
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, rows: Indices) -> torch.Tensor:
        pixels = torch.from_numpy(self._images.rgb(rows))
        return pixels.pin_memory() if self._device.type == "cuda" else pixels


def batch_sizes(images: int, batch_size: int, processes: int = 1) -> list[int]:
    """Return the number of images of each batch of an epoch, shared by so many processes.

    Batchnorm needs two images in each process: a rest of fewer joins the batch before it. Raises RunError where a whole
    batch has fewer.
    """
    least = 2 * processes
    if min(batch_size, images) < least:
        name, value = ("--batch-size", batch_size) if batch_size < least else ("training images:", images)
        raise RunError(f"{name} {value}: too few; {processes} processes need {least} at least, two images each")
    whole, rest = divmod(images, batch_size)
    if rest >= least:
        return [batch_size] * whole + [rest]
    return [batch_size] * (whole - 1) + [batch_size + rest]


def training_images(images: Images, device: torch.device) -> HeldImages | ReadImages:
    """Return images as training on `device` takes them: held there, unless they are too many."""
    if not isinstance(images, PixelRows):
        return HeldImages(_rgb(images).to(device))
    count, side = images.shape[:2]
    if device.type != "cuda" or 3 * count * side**2 > DEVICE_SHARE * torch.cuda.mem_get_info(device)[0]:
        return ReadImages(images, device)
    held = torch.empty((count, side, side, 3), dtype=torch.uint8, device=device)
    start = 0
    for chunk in chunks(images):
        held[start : start + len(chunk)] = _rgb(chunk).to(device)
        start += len(chunk)
    return HeldImages(held)


def _rgb(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(pixels[..., :3].copy())
