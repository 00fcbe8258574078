"""The training loop: one function that fits a net and keeps the weights of its best validation epoch.

Batchnorm CNN, CIFAR-10, batch 128: the loop's own work (gathering, augmentation, schedule, bookkeeping) is a few
per cent of a step; `python -m edge_cifar.benchmarks.step_rate` measures it against the bare step.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from torch import nn

from ..edge.errors import RunError
from ..edge.labelled import LabelledImages
from ..edge.metrics import Indices
from .augment import augment
from .nets import NETS, build_net
from .recipe import Recipe
from .run import Run

EVALUATION_BATCH = 512  # images


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


@dataclass(frozen=True)
class Step:
    """Where training stands, for a progress display: `loss` and `accuracy` are this epoch's so far."""

    epoch: int
    done: int
    steps: int
    loss: float
    accuracy: float


class Training:
    """A net, its optimizer and its data on one device, advanced an epoch at a time."""

    def __init__(self, recipe: Recipe, data: LabelledImages, device: torch.device):
        torch.manual_seed(recipe.seed)
        net = build_net(NETS[recipe.net], size=recipe.size, classes=len(data.labels), dropout=recipe.dropout)
        self.recipe = recipe
        self.device = device
        self.net = net.to(device)
        self.images = torch.from_numpy(data.images[..., :3].copy()).to(device)  # (N, S, S, 3)
        self.targets = torch.from_numpy(data.targets).to(device)
        self.generator = torch.Generator(device).manual_seed(recipe.seed)
        self.optimizer = _optimizer(net, recipe)
        self.steps_per_epoch = -(-len(data) // recipe.batch_size)
        self.autocast_dtype = _autocast_dtype(device)

    def run_epoch(self, epoch: int, on_step: Callable[[Step], None]) -> tuple[float, float, float]:
        """Train one epoch (counted from 1); return mean loss, accuracy and the last learning rate.

        Raises RunError when the loss is no longer a number.
        """
        self.net.train()
        recipe, rate = self.recipe, 0.0
        loss_sum = torch.zeros((), device=self.device)
        correct = torch.zeros((), device=self.device)
        seen = 0
        for step, chosen in enumerate(self._batches()):
            done = (epoch - 1) * self.steps_per_epoch + step
            rate = recipe.learning_rate((done + 1) / (recipe.epochs * self.steps_per_epoch + 1))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            pixels = augment(
                self.images, chosen, self.generator, crop=recipe.crop, flip=recipe.flip, cutout=recipe.cutout
            )
            targets = self.targets[chosen]
            logits = self._logits(pixels)
            loss = F.cross_entropy(logits, targets, label_smoothing=recipe.label_smoothing)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.net.parameters(), recipe.clip)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            loss_sum += loss.detach() * len(chosen)
            correct += (logits.detach().argmax(1) == targets).sum()
            seen += len(chosen)
            if step % 10 == 9 or step + 1 == self.steps_per_epoch:  # reading the sums waits for the device
                if not torch.isfinite(loss_sum):
                    raise RunError(
                        f"the loss is not a number any more (epoch {epoch}, step {step + 1}); "
                        f"try a lower --lr than {recipe.lr}"
                    )
                on_step(Step(epoch, step + 1, self.steps_per_epoch, float(loss_sum) / seen, float(correct) / seen))
        return float(loss_sum) / seen, float(correct) / seen, rate

    def evaluate(self, data: LabelledImages) -> tuple[float, Indices]:
        """Return mean cross-entropy (nats) and the predicted classes, int64 (N,), without augmentation."""
        self.net.eval()
        loss_sum, predicted = 0.0, []
        with torch.inference_mode():
            for start in range(0, len(data), EVALUATION_BATCH):
                part = slice(start, start + EVALUATION_BATCH)
                logits = self._logits(torch.from_numpy(data.images[part]).to(self.device))
                targets = torch.from_numpy(data.targets[part]).to(self.device)
                loss_sum += float(F.cross_entropy(logits, targets, reduction="sum"))
                predicted.append(logits.argmax(1).cpu().numpy())
        return loss_sum / len(data), np.concatenate(predicted)

    def _batches(self) -> Iterator[torch.Tensor]:
        """Yield the indices of each batch of an epoch, shuffled."""
        order = torch.randperm(len(self.targets), generator=self.generator, device=self.device)
        yield from torch.split(order, self.recipe.batch_size)

    def _logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, classes) of uint8 pixels (B, S, S, 3 or more)."""
        dtype = self.autocast_dtype
        with torch.autocast(self.device.type, dtype or torch.bfloat16, enabled=dtype is not None):
            logits: torch.Tensor = self.net(pixels)
        return logits.float()


def fit(
    run: Run,
    train: LabelledImages,
    val: LabelledImages,
    device: torch.device,
    on_step: Callable[[Step], None],
    on_epoch: Callable[[Epoch], None],
) -> None:
    """Train by the run's recipe, logging each epoch and saving the weights whenever validation improves.

    KeyboardInterrupt may be raised in any epoch: what was saved before it stays.
    """
    training = Training(run.recipe, train, device)
    best = -1.0
    for epoch in range(1, run.recipe.epochs + 1):
        started = time.perf_counter()
        train_loss, train_accuracy, lr = training.run_epoch(epoch, on_step)
        val_loss, predicted = training.evaluate(val)
        val_accuracy = float((predicted == val.targets).mean())
        if val_accuracy > best:
            best = val_accuracy
            run.save_weights(training.net, epoch, val_accuracy)
        seconds = round(time.perf_counter() - started, 3)
        row = Epoch(epoch, train_loss, train_accuracy, val_loss, val_accuracy, lr, seconds)
        run.log(asdict(row))
        on_epoch(row)


def choose_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "mps". Raises RunError when it isn't there."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available[name]:
        raise RunError(f"--device {name}: none found on this machine; use --device cpu (or auto)")
    return torch.device(name)


def _optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]  # biases and batchnorm
    groups = [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=True)


def _autocast_dtype(device: torch.device) -> torch.dtype | None:
    """Return bfloat16 where the hardware multiplies it faster than float32, else None."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"):
            return torch.bfloat16
    return None
