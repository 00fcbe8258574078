"""A training in progress: a net, its optimizer and its data, advanced step by step, saved and restored at any."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import RunError
from ...edge.model.contract import Logits
from ..nets.torch_modules import build_net
from ..recipe.augment_batch import augment
from ..recipe.loss import Loss
from ..recipe.make_optimizer import make_optimizer
from ..recipe.mixup import mix
from ..recipe.recipe import Recipe
from ..recipe.schedule import learning_rate, plateau_factor, should_stop
from ..runs import checkpoint
from ..runs.run_folder import Run
from ..transfer.frozen import freeze, train_mode
from ..transfer.head_stage import HeadStage
from .batches import Batch, batch_sizes, training_images
from .device import autocast_dtype
from .distributed import World
from .divergence import diverged
from .memory_needed import check_memory
from .stop_signals import Stopped, StopSignals

EVALUATION_BATCH = 512  # images at most
EVALUATION_PIXELS = 2**20  # of a batch: larger images go in smaller batches
VIEW_SEEDS = 1_000_003  # apart from a seed to the next; no run has so many views
READ_EVERY = 10  # steps; reading the sums waits for the device
READ_AFTER = 5  # seconds, where steps take long
PROGRESS = ("epoch", "step", "seconds", "val_losses", "val_accuracies")  # attributes that a checkpoint keeps


@dataclass(frozen=True)
class Step:
    """Where training stands, for a progress display: `loss` and `accuracy` are this epoch's so far, where known."""

    epoch: int
    done: int
    steps: int
    loss: float | None
    accuracy: float | None


class Training:
    """A net, its optimizer and its data on one device, advanced an epoch at a time.

    `epoch` is the one being trained, counted from 1; `step` how many of its steps are done. Where the recipe has epochs
    for the head alone, it is fitted with the weight decay that suits `val`.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: LabelledImages,
        device: torch.device,
        loss: Loss | None = None,
        world: World | None = None,
        val: LabelledImages | None = None,
    ):
        check_memory(recipe, len(data), len(data.labels), device)
        torch.manual_seed(recipe.seed)
        net = build_net(recipe.layers, size=recipe.size, classes=len(data.labels), dropout=recipe.dropout)
        self.recipe = recipe
        self.device = device
        self.world = world or World()
        self.net = net.to(device)
        self.average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema)) if recipe.ema else None  # type: ignore[no-untyped-call]
        self.images = training_images(data.images, device)
        self.targets = torch.from_numpy(data.targets).to(device)
        self.generator = torch.Generator(device).manual_seed(recipe.seed)
        self._front = freeze(net, recipe.layers, recipe.freeze)
        rates = recipe.lr, recipe.momentum, recipe.weight_decay, recipe.head_lr, recipe.layer_decay
        self.optimizer = make_optimizer(recipe.optimizer, net, *rates)
        self._batches = batch_sizes(len(data), recipe.batch_size, self.world.size)
        self.steps_per_epoch = len(self._batches)
        self.dtype = autocast_dtype(device) if recipe.amp else None
        # In float16 small gradients vanish, so they are computed of a larger loss; otherwise this does nothing.
        self._scaler = torch.amp.GradScaler(device.type, enabled=self.dtype is torch.float16)
        self.epoch, self.step, self.seconds = 1, 0, 0.0
        self.val_losses: list[float] = []  # of the epochs before
        self.val_accuracies: list[float] = []
        self._loss = loss or Loss(recipe)
        self._data, self._val = data, val
        self._head_stage: HeadStage | None = None  # where it is, its features are in memory
        self._augmentation = recipe.augmentation
        self._order = torch.empty(0, dtype=torch.int64, device=device)  # of this epoch's images
        self._sums = torch.zeros(2, device=device)  # loss, correct answers
        parallel = self.world.parallel(self.net)
        self._trained: Callable[[torch.Tensor], torch.Tensor] = torch.compile(parallel) if recipe.compile else parallel

    @property
    def best_net(self) -> torch.nn.Module:
        """What is validated and kept: the average of the weights where the recipe asks for one, else the net."""
        return self.net if self.average is None else self.average.module

    def take_best(self, run: Run) -> None:
        """Give `best_net` the weights that the run has kept, to be evaluated: training does not go on from here."""
        self._head_stage = None  # it answers as the last head does
        self.best_net.load_state_dict(run.load_net().state_dict())

    def run_epoch(self, on_step: Callable[[Step], None], stop: StopSignals | None = None) -> tuple[float, float]:
        """Train what is left of this epoch; return its mean loss and its accuracy.

        Raises Diverged when the loss is no longer a number, Stopped between two steps.
        """
        if self.epoch <= self.recipe.head_epochs:
            return self._fit_head(on_step, stop)
        self._head_stage = None
        train_mode(self.net, self._front, self.recipe.freeze_statistics)
        if self.step == 0:
            if self.recipe.views:
                self.generator.manual_seed(VIEW_SEEDS * self.recipe.seed + (self.epoch - 1) % self.recipe.views)
            self._order = torch.randperm(len(self.targets), generator=self.generator, device=self.device)
            self._sums.zero_()
        started = told = time.perf_counter()
        chosen = torch.split(self._order, self._batches)[self.step :]
        with closing(self.images.batches(chosen, self.world.part)) as batches:
            for own, batch in zip(chosen, batches, strict=True):
                self._train(own, batch)
                self.step += 1
                late = time.perf_counter() - told > READ_AFTER
                if late or self.step % READ_EVERY == 0 or self.step == self.steps_per_epoch:
                    self._report(on_step)
                    told = time.perf_counter()
                if self.world.any(stop is not None and stop.received is not None):
                    self.seconds += time.perf_counter() - started
                    raise Stopped
        self.seconds += time.perf_counter() - started
        loss, accuracy = (self.world.total(self._sums) / len(self.targets)).tolist()
        return loss, accuracy

    def evaluate(self, data: LabelledImages, stop: StopSignals | None = None) -> tuple[float, Logits]:
        """Return the mean cross-entropy (nats) and float32 logits (N, classes) of `best_net`, not augmented.

        In float32, as what is exported is: the accuracy is the exported file's. Raises Diverged when the loss is not a
        number, Stopped between two batches.
        """
        if self._head_stage and data is self._val:
            return self._head_stage.validate()
        net = self.best_net.eval()
        loss_sum, logits = 0.0, []
        with torch.inference_mode():
            size = max(1, min(EVALUATION_BATCH, EVALUATION_PIXELS // self.recipe.size**2))
            for start in range(0, len(data), size):
                if stop is not None and stop.received is not None:
                    raise Stopped
                part = slice(start, start + size)
                batch = net(torch.from_numpy(data.images[part]).to(self.device))
                targets = torch.from_numpy(data.targets[part]).to(self.device)
                loss_sum += float(F.cross_entropy(batch, targets, reduction="sum"))
                logits.append(batch.cpu().numpy())
        if not np.isfinite(loss_sum):
            raise diverged(self.recipe, self.epoch, self.step)
        return loss_sum / len(data), np.concatenate(logits)

    @property
    def stage(self) -> str | None:
        """Which of two stages the epoch belongs to, "head" or "net"; None where there is but one."""
        head = self.recipe.head_epochs
        return None if not head else "head" if self.epoch <= head else "net"

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the recipe's early stopping ends them."""
        head, rest = self.val_accuracies[: self.recipe.head_epochs], self.val_accuracies[self.recipe.head_epochs :]
        candidates = [max(head), *rest] if head else rest
        return self.epoch > self.recipe.epochs or should_stop(candidates, self.recipe.early_stopping)

    def next_epoch(self, val_loss: float, val_accuracy: float) -> None:
        """Go on to the next epoch."""
        self.val_losses.append(val_loss)
        self.val_accuracies.append(val_accuracy)
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0

    def save(self, run: Run) -> None:
        """Write everything that the next step depends on into the run's checkpoint."""
        tensors = {f"net.{name}": tensor for name, tensor in self.net.state_dict().items()}
        if self.average is not None:
            tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        tensors |= {
            f"optimizer.{name}": tensor for name, tensor in checkpoint.optimizer_tensors(self.optimizer).items()
        }
        tensors |= {"generator": self.generator.get_state(), "torch": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["cuda"] = torch.cuda.get_rng_state(self.device)
        tensors |= {"order": self._order, "sums": self._sums}
        progress = {name: getattr(self, name) for name in PROGRESS} | {"device": self.device.type}
        progress["scaler"] = self._scaler.state_dict()
        checkpoint.write_checkpoint(run.folder, tensors, progress)

    def restore(self, run: Run) -> None:
        """Go on from the run's checkpoint, if it has one. Raises RunError when it is damaged."""
        saved = checkpoint.read_checkpoint(run.folder)
        if saved is None:
            return
        tensors, progress = saved
        try:
            self.net.load_state_dict(checkpoint.under(tensors, "net."))
            if self.average is not None:
                self.average.load_state_dict(checkpoint.under(tensors, "average."))
            checkpoint.restore_optimizer(self.optimizer, checkpoint.under(tensors, "optimizer."))
            torch.set_rng_state(tensors["torch"])
            if progress.get("device", self.device.type) == self.device.type:
                self.generator.set_state(tensors["generator"])
                if "cuda" in tensors:
                    torch.cuda.set_rng_state(tensors["cuda"], self.device)
            else:  # another kind of device has another kind of random numbers
                self.generator.manual_seed(self.recipe.seed + 1)
            if scaler := progress.get("scaler"):  # of a training in float16; disabled, it takes nothing
                self._scaler.load_state_dict(scaler)
            self._order, self._sums = tensors["order"].to(self.device), tensors["sums"].to(self.device)
            for name in PROGRESS:
                setattr(self, name, progress[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise RunError(f"{run.folder / checkpoint.CHECKPOINT}: not of this run ({error})") from error

    def learning_rate(self, step: int) -> float:
        """Return the rate of a step of this epoch, counted from 0; 0 where only the head is fitted."""
        recipe, head = self.recipe, self.recipe.head_epochs
        if self.epoch <= head:
            return 0.0
        done = (self.epoch - 1 - head) * self.steps_per_epoch + step
        progress = (done + 1) / ((recipe.epochs - head) * self.steps_per_epoch + 1)
        rate = recipe.lr * learning_rate(recipe.schedule, progress, recipe.warmup)
        return rate * plateau_factor(self.val_losses[head:]) if recipe.schedule == "plateau" else rate

    def _fit_head(self, on_step: Callable[[Step], None], stop: StopSignals | None) -> tuple[float, float]:
        """Fit the head in the first process, for all; return its mean loss and accuracy. Raises Stopped."""
        started = time.perf_counter()

        def stopped() -> bool:
            return stop is not None and stop.received is not None

        def on_batch(done: int, batches: int) -> None:
            on_step(Step(self.epoch, done, batches, None, None))
            if self.world.size == 1 and stopped():  # several stop together, when the others have the head
                raise Stopped

        try:
            if self.world.first and self._head_stage is None:
                assert self._val is not None
                self._head_stage = HeadStage(self.recipe, self.net, self._data, self._val, self.device, self.dtype)
            fitted = self._head_stage.run_epoch(self.epoch, on_batch) if self._head_stage else None
        finally:
            self.seconds += time.perf_counter() - started
        loss, accuracy, head = self.world.from_first(fitted)
        head.give_to(self.net)
        if self.average is not None:
            self.average.module.load_state_dict(self.net.state_dict())
        if self.world.any(stopped()):
            raise Stopped
        return loss, accuracy

    def _train(self, chosen: torch.Tensor, batch: Batch) -> None:
        """Take one step on the images at `chosen`; of a batch shared by several processes, on this one's part."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * self.learning_rate(self.step)
        pixels = augment(*batch, self.generator, self._augmentation, self.world.part)
        targets = self.targets[chosen[self.world.part]]
        weighted = [(targets, 1.0)]
        if self._augmentation.mixup or self._augmentation.cutmix:
            pixels, partners, weight = mix(pixels, self._augmentation, self.generator)
            weighted = [(targets, weight), (targets[partners], 1 - weight)]
        logits = self._logits(self._trained, pixels)
        loss_sum = self._loss(logits, weighted, pixels)
        # Gradients are averaged over the processes, of which each has its share of the batch.
        self._scaler.scale(loss_sum * (self.world.size / len(chosen))).backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip:
            self._scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update_parameters(self.net)
        self._sums[0] += loss_sum.detach()
        self._sums[1] += (logits.detach().argmax(1) == targets).sum()

    def _report(self, on_step: Callable[[Step], None]) -> None:
        seen = sum(self._batches[: self.step]) / self.world.size
        loss, accuracy = (self._sums / seen).tolist()
        if not np.isfinite(loss):
            raise diverged(self.recipe, self.epoch, self.step)
        on_step(Step(self.epoch, self.step, self.steps_per_epoch, loss, accuracy))

    def _logits(self, net: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor) -> torch.Tensor:
        """Return float32 logits (B, classes) of uint8 pixels (B, S, S, 3 or more)."""
        with torch.autocast(self.device.type, self.dtype or torch.bfloat16, enabled=self.dtype is not None):
            return net(pixels).float()
