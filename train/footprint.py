"""What memory a training needs at the least, so that one that can't be done is refused before it begins."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..edge.errors import RunError
from ..edge.machine import this_machine
from .device import autocast_dtype
from .layers import BatchNorm, Classify, Conv, Dense, Depthwise, Layer, Residual, shapes
from .recipe import Recipe

ADVICE = "try a smaller --batch-size, --size or --width, or another --net"


class NotEnoughMemory(RunError):  # noqa: N818, an error of a run
    """A training needs more memory than there is."""


def check_memory(recipe: Recipe, images: int, classes: int, device: torch.device) -> None:
    """Raise NotEnoughMemory if a step can't fit into what `device` has free; `images` are those of the training."""
    needed, free = least_bytes(recipe, images, classes, device), _free_bytes(device)
    if needed > free:
        sizes = f"{needed / 1e9:,.1f} GB at least, of {free / 1e9:,.1f} GB that are free on {device.type}"
        raise NotEnoughMemory(f"training needs too much memory: {sizes}; {ADVICE}")


def least_bytes(recipe: Recipe, images: int, classes: int, device: torch.device) -> int:
    """Return the bytes of the weights, their gradients, and the values of a batch that the way back needs again."""
    weights, values = _count(recipe.layers, recipe.size, 3, classes)
    width = 2 if recipe.amp and autocast_dtype(device) else 4  # bytes of a value
    return 2 * 4 * weights + width * values * min(recipe.batch_size, images)


@contextmanager
def within_memory() -> Iterator[None]:
    """Within it, memory that can't be had is NotEnoughMemory."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise NotEnoughMemory(f"out of memory; {ADVICE}") from error
    except RuntimeError as error:
        if "memory" not in str(error):  # "DefaultCPUAllocator: can't allocate memory: you tried to allocate ..."
            raise
        raise NotEnoughMemory(f"out of memory; {ADVICE}") from error


def _count(layers: tuple[Layer, ...], size: int, channels: int, classes: int) -> tuple[int, int]:
    """Return the number of weights, and of the values of one image that enter a layer which keeps them."""
    weights = values = 0
    for layer, (entering, side) in zip(layers, shapes(layers, size, channels), strict=True):
        area = side**2
        match layer:
            case Conv(out, kernel):
                more = entering * kernel**2 * out
            case Depthwise(kernel):
                more = entering * kernel**2
            case BatchNorm():
                more = 2 * entering
            case Dense(units):
                more = entering * area * units
            case Classify():
                more = entering * area * classes
            case Residual(body, shortcut):
                for part in (body, shortcut):
                    inner = _count(part, side, entering, classes)
                    weights, values = weights + inner[0], values + inner[1]
                continue
            case _:
                continue
        weights, values = weights + more, values + entering * area
    return weights, values


def _free_bytes(device: torch.device) -> float:
    """Return what is free of the device's memory, in bytes; infinity where the system doesn't tell."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return this_machine().available_bytes or float("inf")
