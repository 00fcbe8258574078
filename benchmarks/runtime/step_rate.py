"""`python -m edge_cifar.benchmarks.runtime.step_rate`: what the training loop costs beside its arithmetic.

The real loop (shuffling, gathering, augmentation, schedule, bookkeeping) runs in turns with bare steps of the same
net, optimizer, precision and batch on one fixed batch. 100 % would be a loop that costs nothing.
"""

from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
import typer
from torch import nn

from ...edge.cli.exit_status import reporting
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.synthetic_shapes import synthetic_split
from ...edge.stats.paired_timing import Task, ratio, time_in_turns
from ...train.loop.allocator import keep_freed_memory
from ...train.loop.device import choose_device
from ...train.loop.training import Step, Training
from ...train.recipe.recipe import Recipe

STEPS = 10  # in a turn


def step_rate(
    batch_size: Annotated[int, typer.Option(min=2)] = Recipe().batch_size,
    rounds: Annotated[int, typer.Option(help="Turns that each side gets.", min=1)] = 5,
) -> None:
    """Compare the training loop's images/s with those of bare steps."""
    keep_freed_memory()  # as training does
    device = choose_device("auto")
    images = _images(STEPS * batch_size)
    recipe = Recipe(batch_size=batch_size)
    tasks = [_loop(Training(recipe, images, device)), _bare_steps(Training(recipe, images, device))]
    loop, bare = time_in_turns(tasks, rounds, calls=1)
    share = ratio(bare, loop)  # of durations; that of rates is its inverse
    typer.echo(f"{recipe.net}, batch {batch_size}, {device.type}, {torch.get_num_threads()} threads")
    typer.echo(f"bare steps     {len(images) / np.median(bare):8,.0f} images/s")
    typer.echo(f"training loop  {len(images) / np.median(loop):8,.0f} images/s")
    typer.echo(f"the loop runs at {share.median:.1%} of the bare rate (quartiles {share.low:.1%}-{share.high:.1%})")


def _images(count: int) -> LabelledImages:
    """Return `count` rendered training images, repeated when there are not enough."""
    split = synthetic_split("train", Recipe().size)
    return split.take(np.arange(count) % len(split))


def _loop(training: Training) -> Task:
    def epoch(_: int) -> None:
        training.run_epoch(_ignore)
        training.next_epoch(val_loss=0.0, val_accuracy=0.0)

    return epoch


def _ignore(step: Step) -> None:
    pass


def _bare_steps(training: Training) -> Task:
    """Return a task of as many steps as an epoch has, all on the first batch."""
    batch = training.recipe.batch_size
    pixels, targets = training.images.first(batch), training.targets[:batch]
    parameters = list(training.net.parameters())
    dtype = training.dtype

    def steps(_: int) -> None:
        training.net.train()
        for _step in range(training.steps_per_epoch):
            with torch.autocast(training.device.type, dtype or torch.bfloat16, enabled=dtype is not None):
                logits = training.net(pixels)
            loss = F.cross_entropy(logits.float(), targets, label_smoothing=training.recipe.label_smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, training.recipe.clip)
            training.optimizer.step()
            training.optimizer.zero_grad(set_to_none=True)
        loss.item()  # waits for the device

    return steps


if __name__ == "__main__":
    typer.run(reporting("step_rate")(step_rate))
