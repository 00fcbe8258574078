"""The first stage of fine-tuning: the net stays as it is, and its head is fitted to features computed once."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from torch import nn

from ...edge.data.labelled_images import LabelledImages
from ...edge.model.contract import Logits
from ..data.data_scan import class_weights
from ..recipe.recipe import Recipe
from .features import BATCH, PLAIN, FeatureMaker
from .fit_head import Examples, Head, fit_head


class Fitted(NamedTuple):
    """A head, its mean loss (nats) and its accuracy on the features that it was fitted to."""

    loss: float
    accuracy: float
    head: Head


class HeadStage:
    """Features of the training photos, a view an epoch, and the head that fits all views so far.

    The first view is the photos as they are, each further one augmented as the recipe says. Features are computed
    in `dtype` (None: float32), those of validation photos, which `val` holds, in float32.
    """

    def __init__(
        self,
        recipe: Recipe,
        net: nn.Sequential,
        train: LabelledImages,
        val: LabelledImages,
        device: torch.device,
        dtype: torch.dtype | None,
    ):
        self._recipe, self._device, self._classes = recipe, device, len(train.labels)
        self._maker = FeatureMaker(net, train, device, dtype)
        self._val_maker = FeatureMaker(net, val, device, None)
        self._val_targets = torch.from_numpy(val.targets).to(device)
        self._targets = torch.from_numpy(train.targets).to(device)
        head = net[-1]
        assert isinstance(head, nn.Linear)
        self._class_weights = torch.from_numpy(class_weights(train)).to(device) if recipe.class_weights else None
        self._views = torch.empty(recipe.head_epochs, len(train), head.in_features, device=device)
        self._val: Examples | None = None
        self._seen = 0  # views that are there
        self._head: Head | None = None

    def run_epoch(self, epoch: int, on_batch: Callable[[int, int], None]) -> Fitted:
        """Return the head that fits `epoch` views best.

        `on_batch` is told how many batches of photos are done, of how many, with those that a stop makes anew, and may
        raise: whole chunks are in the cache. Raises RunError for features that are no finite numbers.
        """
        val_batches, train_batches = (-(-len(targets) // BATCH) for targets in (self._val_targets, self._targets))
        total = (epoch - self._seen) * train_batches + (0 if self._val else val_batches)
        done = itertools.count(1)
        listener = lambda: on_batch(next(done), total)  # noqa: E731
        if self._val is None:
            self._val = Examples(self._val_maker.features(PLAIN, 0, 0, listener).to(self._device), self._val_targets)
        augmentation, seed = self._recipe.augmentation, self._recipe.seed
        for view in range(self._seen, epoch):
            self._views[view] = self._maker.features(PLAIN if view == 0 else augmentation, seed, view, listener)
            self._seen = view + 1
        train = Examples(self._views[:epoch].flatten(0, 1), self._targets.repeat(epoch))
        weights, smoothing = self._class_weights, self._recipe.label_smoothing
        head = fit_head(train, self._val, self._classes, weights, smoothing)
        answers = train.features @ head.weight.T + head.bias
        loss = F.cross_entropy(answers, train.targets, weights, label_smoothing=smoothing)
        accuracy = (answers.argmax(1) == train.targets).float().mean()
        self._head = head
        return Fitted(float(loss), float(accuracy), Head(head.weight.cpu(), head.bias.cpu(), head.decay))

    def validate(self) -> tuple[float, Logits]:
        """Return the mean cross-entropy (nats) and float32 logits (N, classes) of the head on the validation photos."""
        assert self._val is not None
        assert self._head is not None
        logits = self._val.features @ self._head.weight.T + self._head.bias
        return float(F.cross_entropy(logits, self._val.targets)), logits.cpu().numpy()
