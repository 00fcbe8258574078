"""The training loop: train, validate, keep the best or the last, write a checkpoint; lose nothing when stopped."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ...edge.data.labelled_images import LabelledImages
from ..runs.run_folder import Run
from .stop_signals import Stopped, StopSignals
from .training import Step, Training


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to; losses in nats, accuracies 0 to 1. `train_accuracy` is on augmented images."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    lr: float
    seconds: float
    stage: str | None = None  # of two, "head" or "net"; None where there is one

    def figures(self) -> dict[str, Any]:
        """Return the row of `metrics.jsonl`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def fit(
    training: Training,
    run: Run,
    val: LabelledImages,
    stop: StopSignals,
    on_step: Callable[[Step], None],
    on_epoch: Callable[[Epoch], None],
) -> None:
    """Train by the run's recipe to its end, from wherever `training` stands.

    After each epoch the weights are kept if validation improved, or always where the recipe asks for the last ones; the
    epoch is logged and a checkpoint written. Raises Stopped, with a checkpoint written, when `stop` received a signal.
    Of several processes one writes.
    """
    first = training.world.first
    while not training.finished:
        try:
            losses = training.run_epoch(on_step, stop)
            row = training.world.from_first(_validated(training, val, *losses, stop) if first else None)
        except Stopped:
            if first:
                training.save(run)
            raise
        training.next_epoch(row.val_loss, row.val_accuracy)
        if first:
            if training.recipe.keep == "last" or row.val_accuracy > run.kept_epoch()[1]:
                run.save_weights(training.best_net, row.epoch, row.val_accuracy)
            run.log(row.figures())
            training.save(run)
            on_epoch(row)


def _validated(
    training: Training, val: LabelledImages, train_loss: float, train_accuracy: float, stop: StopSignals
) -> Epoch:
    started = time.perf_counter()
    alone = training.world.size == 1  # the others would wait for an answer that doesn't come
    val_loss, logits = training.evaluate(val, stop if alone else None)
    return Epoch(
        epoch=training.epoch,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        val_loss=val_loss,
        val_accuracy=float((logits.argmax(1) == val.targets).mean()),
        lr=training.learning_rate(training.step - 1),
        seconds=round(training.seconds + time.perf_counter() - started, 3),
        stage=training.stage,
    )
