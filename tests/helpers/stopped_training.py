"""Trainings without a command around them, stopped where a test wants it and begun again."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.loop.epochs import fit
from edge_cifar.train.loop.stop_signals import Stopped, StopSignals
from edge_cifar.train.loop.training import Step, Training
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.run_folder import Run

CPU = torch.device("cpu")


def new_run(folder: Path, recipe: Recipe, labels: tuple[str, ...]) -> Run:
    run = Run(folder, recipe, {"name": "synthetic", "labels": list(labels), "splits": {}}, {})
    run.create()
    return run


def train_stopped(
    run: Run,
    train: LabelledImages,
    val: LabelledImages,
    stops: list[tuple[int, int]],
    forget: Callable[[], Any] = lambda: None,
) -> Training:
    """Train to the end, stopped at each (epoch, step) and resumed by a new Training, as a new process would."""
    while True:
        training = Training(run.recipe, train, CPU, val=val)
        training.restore(run)
        run.forget_after(training.epoch - 1)
        stop = StopSignals()

        def on_step(step: Step, stop: StopSignals = stop) -> None:
            if (step.epoch, step.done) in stops:
                stops.remove((step.epoch, step.done))
                stop.received = signal.SIGTERM

        try:
            fit(training, run, val, stop, on_step, lambda _row: None)
        except Stopped:
            forget()
            continue
        return training
