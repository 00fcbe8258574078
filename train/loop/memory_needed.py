"""What a training needs at the least: memory, so that one that can't be done is refused early, and patience."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ...edge.errors import RunError
from ...edge.machine.description import this_machine
from ..nets.layers import (
    BatchNorm,
    Classify,
    Conv,
    Dense,
    Depthwise,
    Gate,
    HardSigmoid,
    HardSwish,
    Layer,
    Residual,
    count_macs,
    shapes,
)
from ..recipe.optimizers import OPTIMIZERS
from ..recipe.recipe import Recipe
from ..transfer.frozen import frozen_layers
from .device import autocast_dtype

MANY_WEIGHTS, MANY_MACS = 10**8, 10**12  # of a net; of a step: a laptop takes seconds to build it, or for a step
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
    """Return the bytes of the weights and of the values of a batch that the way back needs again.

    With the weights go what is as large: the moving average and, of those that aren't frozen, gradients and the
    optimizer's state. Before any step come the features that a head is fitted to.
    """
    front = recipe.layers[: frozen_layers(recipe.layers, recipe.freeze)]
    (weights, values), frozen = (_count(layers, recipe.size, 3, classes) for layers in (recipe.layers, front))
    learning = 1 + (OPTIMIZERS[recipe.optimizer].kept if recipe.momentum else 0)
    width = 2 if recipe.amp and autocast_dtype(device) else 4  # bytes of a value
    held = 4 * (weights * (1 + (recipe.ema > 0)) + (weights - frozen[0]) * learning)
    *_, (channels, side) = shapes(recipe.layers, recipe.size)
    features = 4 * recipe.head_epochs * images * channels * side**2
    return held + max(features, width * (values - frozen[1]) * min(recipe.batch_size, images))


def patience(recipe: Recipe, images: int, classes: int, device: torch.device) -> str | None:
    """Return a line on a net that is long in the making, or whose steps are; None for all others."""
    weights, _ = _count(recipe.layers, recipe.size, 3, classes)
    macs = 3 * count_macs(recipe.layers, size=recipe.size, classes=classes) * min(recipe.batch_size, images)
    words = [f"has {weights / 1e9:.1f} billion weights"] if weights > MANY_WEIGHTS else []
    if device.type == "cpu" and macs > MANY_MACS:  # the way back costs twice the way there
        words.append(f"needs {macs / 1e12:,.0f} million million multiply-accumulates a step, which takes a CPU a while")
    return f"this net {' and '.join(words)}; for a faster one {ADVICE}" if words else None


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
            case HardSigmoid() | HardSwish():
                more = 0
            case Dense(units):
                more = entering * area * units
            case Classify():
                more = entering * area * classes
            case Residual(body, shortcut):
                for part in (body, shortcut):
                    inner = _count(part, side, entering, classes)
                    weights, values = weights + inner[0], values + inner[1]
                continue
            case Gate(body):
                inner = _count(body, side, entering, classes)
                weights, values = weights + inner[0], values + inner[1] + entering * (area + 1)  # both of the factors
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
