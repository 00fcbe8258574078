"""What a photo costs on this device, measured on a batch before training begins."""

import time

import torch

from ..nets.torch_modules import build_net
from ..recipe.augment_batch import augment
from ..recipe.recipe import Recipe
from .frozen import freeze, train_mode
from .plan import Cost

BATCH = 8  # photos; on a GPU as many as a step has
TRIES = 2  # the first of which warms up


def measured_cost(recipe: Recipe, classes: int, device: torch.device, dtype: torch.dtype | None) -> Cost:
    """Return what the recipe's net costs on `device`, in `dtype` (None: float32); steps are measured when asked for.

    Time doesn't depend on what weights and photos are.
    """
    net = build_net(recipe.layers, size=recipe.size, classes=classes, dropout=recipe.dropout).to(device)
    count = BATCH if device.type == "cpu" else max(BATCH, recipe.batch_size)
    pixels = torch.randint(0, 256, (count, recipe.size, recipe.size, 3), dtype=torch.uint8).to(device)
    generator, chosen = torch.Generator(device), torch.arange(count, device=device)

    def answers() -> torch.Tensor:
        photos = augment(pixels, chosen, generator, recipe.augmentation)
        with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
            logits: torch.Tensor = net(photos).float()
        return logits

    def timed(learn: bool) -> float:
        seconds = 0.0
        for _ in range(TRIES):
            started = time.perf_counter()
            with torch.set_grad_enabled(learn):
                loss = answers().sum()
            if learn:
                loss.backward()  # type: ignore[no-untyped-call]
            loss.item()  # which waits for the device
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            seconds = time.perf_counter() - started
        return seconds / count

    def step(share: float) -> float:
        net.requires_grad_(True)
        train_mode(net, freeze(net, recipe.layers, share), recipe.freeze_statistics)
        return timed(learn=True)

    net.eval()
    return Cost(timed(learn=False), step)
