"""Whether a training on this device is the same training: as on the CPU, as when it stops, as in a group of one."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from ...edge.data.labelled_images import LabelledImages
from ...edge.data.synthetic_shapes import synthetic_split
from ...train.loop.distributed import World, leave_world
from ...train.loop.epochs import fit
from ...train.loop.stop_signals import Stopped, StopSignals
from ...train.loop.training import READ_EVERY, Step, Training
from ...train.recipe.recipe import Recipe
from ...train.runs.run_folder import Run
from .findings import Finding, Job, judged

CPU = torch.device("cpu")
LEARNED = 0.8  # share of the first loss that the last one stays below
SAME_START = {False: 1e-3, True: 2e-2}  # how far the first loss may be from the CPU's, without and with --amp: a share
SAME_END = 0.02  # and the last one, by when training has magnified rounding: a share of the first
SAME_EPOCH = 0.01  # how far the loss of an epoch may be from that of the same training in a group of one
ROUNDING = 1e-6  # between weights, as a share of their length
NOISE = 10  # times that two trainings differ which nothing distinguishes: more, and a stop makes the difference
ANOTHER = 0.1  # of what a training of another seed differs by: as much, and nothing can be said
STEPS = 2 * READ_EVERY  # of an epoch, so that a stop may come in its middle


def learns(job: Job) -> Iterator[Finding]:
    """Compare the losses of steps on one batch, always the same, with those that the CPU comes to from the same seed.

    Nothing is random in them but the first weights, which are made on the CPU.
    """
    steps, images = (6, _images(32)) if job.miniature else (20, _images(128))
    recipe = Recipe(
        data="synthetic", net=_net(job), epochs=steps, batch_size=len(images), augment="none", dropout=0.0, lr=0.02
    )
    expected = _step_losses(replace(recipe, amp=False), images, CPU)
    figures: dict[str, object] = {"loss, cpu, float32": expected}
    same = learned = True
    for amp in (False, True):
        losses = _step_losses(replace(recipe, amp=amp), images, job.device)
        figures[f"loss, {job.device.type}, {'amp' if amp else 'float32'}"] = losses
        start, end = (abs(losses[i] - expected[i]) / expected[0] for i in (0, -1))
        same = same and start <= SAME_START[amp] and end <= SAME_END
        learned = learned and losses[-1] < LEARNED * losses[0]
    why = "the losses are not the CPU's" if learned else "the loss does not fall"
    yield judged(same and learned, figures, why)


def resumes(job: Job) -> Iterator[Finding]:
    """Compare a training that is stopped amid an epoch and gone on with to one that is not, and that to another such.

    What two that aren't stopped differ by comes from sums that the device takes in any order.
    """
    images = _images(40 if job.miniature else 2_000)
    recipe = Recipe(data="synthetic", net=_net(job), epochs=2, batch_size=len(images) // STEPS, ema=0.9, lr=0.02)
    with torch.backends.cudnn.flags(enabled=True, deterministic=True):
        whole = _weights(job, "whole", recipe, images, stop_at=None)
        again = _weights(job, "again", recipe, images, stop_at=None)
        stopped = _weights(job, "stopped", recipe, images, stop_at=(2, STEPS // 2))
        other = _weights(job, "other", replace(recipe, seed=1), images, stop_at=None)
    noise, difference, scale = (_distance(whole, weights) for weights in (again, stopped, other))
    figures = {"difference of two": noise, "when stopped": difference, "of another seed": scale}
    well = difference <= min(max(NOISE * noise, ROUNDING), ANOTHER * scale)
    yield judged(well, figures, "a stop changes the weights")


def one_process(job: Job) -> Iterator[Finding]:
    """Compare a training alone with the same one in a process group of one: NCCL on GPUs, gloo on CPUs."""
    images = _images(40 if job.miniature else 2_000)
    recipe = Recipe(data="synthetic", net=_net(job), epochs=1, batch_size=len(images) // STEPS, lr=0.02, amp=False)
    alone, again = (_epoch_loss(recipe, images, job.device, World()) for _ in range(2))
    with _group_of_one(job.device) as world:
        grouped = _epoch_loss(recipe, images, job.device, world)
    figures = {"loss alone": alone, "again": again, "in a group": grouped, "backend": _backend(job.device)}
    yield judged(abs(grouped / alone - 1) <= SAME_EPOCH, figures, "a group of one comes to another loss")


class GroupOfOne(World):
    """A process alone that computes as if there were others."""

    @property
    def grouped(self) -> bool:
        """True: gradients go through the group."""
        return True


@contextmanager
def _group_of_one(device: torch.device) -> Iterator[World]:
    dist.init_process_group(_backend(device), store=dist.HashStore(), rank=0, world_size=1)  # type: ignore[attr-defined]
    world = GroupOfOne()
    try:
        yield world
    finally:
        leave_world(world)


def _backend(device: torch.device) -> str:
    return "nccl" if device.type == "cuda" else "gloo"


def _net(job: Job) -> str:
    return "nano" if job.miniature else Recipe().net


def _images(count: int) -> LabelledImages:
    return synthetic_split("test", Recipe().size).take(np.arange(count, dtype=np.int64))


def _step_losses(recipe: Recipe, images: LabelledImages, device: torch.device) -> list[float]:
    training, losses = Training(recipe, images, device), []
    while not training.finished:
        losses.append(training.run_epoch(_ignore)[0])
        training.next_epoch(0.0, 0.0)
    return losses


def _epoch_loss(recipe: Recipe, images: LabelledImages, device: torch.device, world: World) -> float:
    return Training(recipe, images, device, world=world).run_epoch(_ignore)[0]


def _weights(
    job: Job, name: str, recipe: Recipe, images: LabelledImages, stop_at: tuple[int, int] | None
) -> torch.Tensor:
    """Return the weights that a run comes to, stopped at (epoch, step) and gone on with, as one vector."""
    run = _new_run(job.folder / name, recipe, images)
    stop = StopSignals()

    def on_step(step: Step) -> None:
        if (step.epoch, step.done) == stop_at:
            stop.received = signal.SIGTERM

    training = Training(recipe, images, job.device)
    try:
        fit(training, run, images, stop, on_step, _ignore)
    except Stopped:
        training = Training(recipe, images, job.device)
        training.restore(run)
        fit(training, run, images, StopSignals(), _ignore, _ignore)
    return torch.cat([tensor.detach().flatten().float().cpu() for tensor in training.net.state_dict().values()])


def _new_run(folder: Path, recipe: Recipe, images: LabelledImages) -> Run:
    run = Run(folder, recipe, {"name": recipe.data, "labels": list(images.labels), "splits": {}}, {})
    run.create()
    return run


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return how far two vectors are apart, as a share of the first one's length."""
    return float((one - other).norm() / one.norm())


def _ignore(_: object) -> None:
    """Stand for a display."""
